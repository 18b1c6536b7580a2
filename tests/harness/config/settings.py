"""The settings of a run from the environment, `.env` and options, validated before any request is sent."""

from __future__ import annotations

import os
import re
import secrets
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import httpx
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, create_model
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from contracts.errors import UsageError
from contracts.untrusted.bounded_files import read_settings
from contracts.untrusted.environment import require_utf8
from tests.harness.config.access import TOKEN, Access
from tests.harness.config.redis_url import REDIS_URL, parse_redis_url

MOCK = "mock"
"""The kind of the embedded mock, and its name in --target."""
SANDBOX = "https://api.sandbox.propexo.com"
PRODUCTION_HOST = "api.propexo.com"
CLIENT_CERT, CLIENT_KEY = "PROPEXO_CLIENT_CERT", "PROPEXO_CLIENT_KEY"
TOKEN_CHARACTERS = re.compile(r"[A-Za-z0-9._~+/=|:!*@-]+")
"""Those of RFC 6750, section 2.1, and others that frameworks put into tokens, as Laravel Sanctum does: 7|abc."""
MIN_TOKEN_CHARACTERS = 7
"""A shorter token may occur in ordinary text."""
WORD = re.compile(r"[A-Za-z]?[a-z]{,15}|[A-Z]{,16}")
"""Up to sixteen letters in lower case, in upper case, or with an initial capital."""
HOST_CHARACTERS = re.compile(r"[A-Za-z0-9._:-]+")
"""A name lookup would map other characters to these, and so contact a host that the URL does not show."""
ROOTS = ("SSL_CERT_FILE", "SSL_CERT_DIR")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
RANDOM_TOKEN_BYTES = 24


ENV_FILE = Path(".env")
"""The default settings file, in the working folder; it may be absent."""


class Profile(StrEnum):
    """The request budget of a run."""

    QUICK = "quick"
    NIGHTLY = "nightly"
    DEEP = "deep"

    @property
    def budget(self) -> int:
        """Return the maximum number of requests per operation, all of them counted."""
        return {Profile.QUICK: 45, Profile.NIGHTLY: 120, Profile.DEEP: 1000}[self]


class Secret(str):
    """A string whose repr is a placeholder, so that no traceback or log holds it."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return a placeholder."""
        return f"${TOKEN}"


@dataclass(frozen=True, slots=True)
class Target:
    """The target of a run. `known` maps an environment variable to the values that the target knows for it.

    If `access` is none, `token` is random, and the target never issued it. `allowed_writes` are the ids of operations
    that may be sent valid requests although the contract does not say how to undo them.
    """

    kind: str
    url: str
    token: Secret = field(repr=False)
    known: Mapping[str, tuple[str, ...]]
    access: Access = Access.WRITE
    allowed_writes: frozenset[str] = frozenset()

    @property
    def local(self) -> bool:
        """Return whether the target is on this machine, where no rate limit has to be shared."""
        return urlsplit(self.url).hostname in LOOPBACK


def _bare_token(value: object) -> object:
    token = str(value).strip()
    if token and not TOKEN_CHARACTERS.fullmatch(token):
        raise ValueError("holds characters that no bearer token has: give the bare token, without the scheme")
    if token and (len(token) < MIN_TOKEN_CHARACTERS or WORD.fullmatch(token)):
        raise ValueError(
            "is so short or so much like a word that it cannot be recognised and redacted in reports: "
            "give a token that nobody can guess"
        )
    return token or None


def _file(value: object) -> object:
    if not str(value).strip():
        return None
    file = Path(str(value).strip()).expanduser()
    if not file.is_file():
        raise ValueError("names no file: give the path of a PEM file")
    return file


def _values(value: object) -> object:
    if not str(value).strip():
        return ()
    values = tuple(part.strip() for part in str(value).split(","))
    if not all(values):
        raise ValueError("holds an empty value: separate the values by single commas")
    return values


Values = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_values)]


class Settings(BaseSettings):
    """The settings that every target may need; `settings_from` adds a field for each variable of the contract."""

    model_config = SettingsConfigDict(
        case_sensitive=True, extra="ignore", hide_input_in_errors=True, validate_default=False
    )

    token: Annotated[SecretStr | None, BeforeValidator(_bare_token)] = Field(default=None, validation_alias=TOKEN)
    client_cert: Annotated[Path | None, BeforeValidator(_file)] = Field(default=None, validation_alias=CLIENT_CERT)
    client_key: Annotated[Path | None, BeforeValidator(_file)] = Field(default=None, validation_alias=CLIENT_KEY)
    redis_url: Annotated[SecretStr | None, BeforeValidator(parse_redis_url)] = Field(
        default=None, validation_alias=REDIS_URL
    )

    @property
    def known(self) -> dict[str, tuple[str, ...]]:
        """Return the values that the target knows, by the variable that gives them."""
        added = sorted(type(self).model_fields.keys() - Settings.model_fields.keys())
        return {name: getattr(self, name) for name in added if getattr(self, name)}


def env_file_from(named: str | Path | None) -> Path:
    """Return the settings file: the named one, which has to exist, or `ENV_FILE`.

    Raises UsageError if the named file does not exist: without it, the run would test less than was meant.
    """
    if named is None:
        return ENV_FILE
    file = Path(named)
    if file.is_dir() or not file.exists():
        raise UsageError(
            f"--env-file {named} does not exist: name the file with your settings, or leave the option out to use .env."
        )
    return file


def settings_from(variables: Iterable[str], environment: Mapping[str, str], env_file: Path | None) -> Settings:
    """Read the settings from an environment, and those that it lacks from a file in the format of `.env`.

    The file need not exist. Raises UsageError, without the value, if a setting cannot be used.
    """
    given = {name: value for name, value in environment.items() if value.strip()}
    try:
        filed = read_settings(env_file, given) if env_file is not None else {}
    except FileNotFoundError:
        filed = {}
    except OSError as error:
        raise UsageError(f"{env_file} cannot be read as settings ({error.strerror}).") from None
    except ValueError as error:
        raise UsageError(f"{env_file} cannot be read as settings ({error}).") from None
    values = filed | given
    named: dict[str, Any] = dict.fromkeys(variables, (Values, ()))
    for name in (TOKEN, CLIENT_CERT, CLIENT_KEY, REDIS_URL, *named):
        require_utf8(name, values.get(name, ""))

    class Given(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            del init_settings, env_settings, dotenv_settings, file_secret_settings  # they read the process environment
            source = EnvSettingsSource(settings_cls)
            source.env_vars = values
            return (source,)

    try:
        return create_model("Given", __base__=Given, **named)()
    except ValidationError as refused:
        first = refused.errors(include_input=False, include_url=False, include_context=False)[0]
        raise UsageError(f"{first['loc'][0]} {first['msg'].removeprefix('Value error, ')}.") from None


def url_of(name: str, *, allow_production: bool = False) -> str:
    """Return the base URL of the target `sandbox`, or of one that is given by its URL.

    Raises UsageError if it is not a base URL, or is production and that is not allowed.
    """
    url = SANDBOX if name == "sandbox" else name.rstrip("/")
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        whole = parts.scheme in {"http", "https"} and bool(HOST_CHARACTERS.fullmatch(host)) and (parts.port or 1) > 0
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        whole = False
    if not whole or any(character.isspace() or character == "\\" for character in url):
        # A text with an @ may hold a password, even if it is not a URL.
        given = "what was given, which is not repeated: it may hold a password" if "@" in name else repr(name)
        raise UsageError(f"--target takes mock, sandbox or a base URL such as http://127.0.0.1:4010, not {given}.")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise UsageError(f"--target takes a base URL without credentials and query; the token goes into {TOKEN}.")
    if host.lower().rstrip(".") == PRODUCTION_HOST and not allow_production:
        raise UsageError(
            f"{PRODUCTION_HOST} is production, where writes reach real people: test the sandbox, "
            "or add --allow-production to test production all the same."
        )
    return url


def target_from(name: str, settings: Settings, *, allow_production: bool = False) -> Target:
    """Return the target `sandbox`, or one that is given by its URL, with the token and values of the settings."""
    url = url_of(name, allow_production=allow_production)
    kind = "sandbox" if name == "sandbox" else "url"
    if settings.token is None:
        return Target(kind, url, never_issued(), settings.known, Access.NONE)
    return Target(kind, url, Secret(settings.token.get_secret_value()), settings.known)


def limited_to(target: Target, declared: Access | None) -> Target:
    """Return the target without the token or the values that a declared access level does not use."""
    if declared is Access.NONE:
        return replace(target, token=never_issued(), known={}, access=Access.NONE)
    return replace(target, known={}) if declared is Access.TOKEN else target


def never_issued() -> Secret:
    """Return a random token, for requests whose mutations remove or replace it."""
    return Secret(secrets.token_urlsafe(RANDOM_TOKEN_BYTES))


def _roots() -> ssl.SSLContext:
    folder = os.environ.get("SSL_CERT_DIR", "")
    if folder and not os.environ.get("SSL_CERT_FILE") and not Path(folder).is_dir():
        raise UsageError("SSL_CERT_DIR names no folder: give one of certificates in PEM, or leave the variable out.")
    try:
        return httpx.create_ssl_context()
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        raise UsageError(
            f"SSL_CERT_FILE cannot be used ({reason}): give a file of certificates in PEM, or leave the variable out."
        ) from None


def tls_of(settings: Settings, url: str) -> ssl.SSLContext | None:
    """Return the TLS context with the client's certificate; SSL_CERT_FILE and SSL_CERT_DIR replace the usual roots.

    None if the target at `url` needs none and the settings name no file: to load the usual roots takes 50 ms.
    Raises UsageError if one of them, or the client's certificate, cannot be used.
    """
    named = [settings.client_key, settings.client_cert, *(os.environ.get(name) for name in ROOTS)]
    if not url.lower().startswith("https:") and not any(named):
        return None
    context = _roots()
    if settings.client_key is not None and settings.client_cert is None:
        raise UsageError(f"{CLIENT_KEY} needs {CLIENT_CERT}, the certificate that it belongs to.")
    if settings.client_cert is not None:
        try:
            context.load_cert_chain(settings.client_cert, settings.client_key, password="")
        except (OSError, ssl.SSLError) as error:
            reason = getattr(error, "reason", None) or type(error).__name__
            raise UsageError(
                f"{CLIENT_CERT} and {CLIENT_KEY} cannot be used ({reason}): give a certificate and its key in PEM, "
                "without a passphrase."
            ) from None
    return context
