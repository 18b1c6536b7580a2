"""Settings for django_app: no database, no sessions, JSON and nothing else."""

import secrets

SECRET_KEY = secrets.token_hex()  # signs nothing here
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "django_app"
INSTALLED_APPS = ["rest_framework"]
MIDDLEWARE = ["django_app.tell_the_rate", "django.middleware.common.CommonMiddleware"]
USE_TZ = True

REST_FRAMEWORK = {
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "django_app.refuse",
    "UNAUTHENTICATED_USER": None,
}
