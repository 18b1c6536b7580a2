"""The API in Django REST framework.

Start it with: DJANGO_SETTINGS_MODULE=django_settings uvicorn django_app:application.
"""

from collections.abc import Callable
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from rest_framework import authentication, exceptions, serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler
from state import (
    AUDIENCES,
    FILTERS,
    MAX_LIMIT,
    MOMENTS,
    NOT_SUPPORTED,
    STATE,
    TIME,
    TITLE_LENGTH,
    VENDORS,
    InvalidQueryError,
    envelope,
    is_date,
)


class TextField(serializers.CharField):
    """A text; a CharField would take a number, too, and make a text of it."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


def date_or_moment(text: str) -> None:
    """Validate without a change: a DateTimeField would be answered in its own spelling."""
    if not is_date(text):
        raise serializers.ValidationError("Not a valid date or date-time.")


class Appointment(serializers.Serializer):
    """What a create and an update have in common."""

    appointment_date = TextField(validators=[date_or_moment])
    appointment_time = serializers.RegexField(TIME)
    appointment_duration_minutes = serializers.IntegerField(min_value=1)
    title = TextField(max_length=TITLE_LENGTH)
    notes = TextField(required=False)


class Creation(Appointment):
    """What all creates have in common."""

    integration_id = TextField()
    employee_id = TextField(required=False)


class LeadCreation(Creation):
    """An appointment of a lead."""

    lead_id = TextField()


class ApplicantCreation(Creation):
    """An appointment of an applicant."""

    applicant_id = TextField()


class ResidentCreation(Creation):
    """An appointment of a resident."""

    resident_id = TextField()


class Cancellation(serializers.Serializer):
    """Which appointment is to be removed."""

    integration_id = TextField()
    event_id = TextField()


class Page(serializers.Serializer):
    """What the listing can be asked for."""

    limit = serializers.IntegerField(min_value=0, max_value=MAX_LIMIT, required=False)
    offset = serializers.IntegerField(min_value=0, required=False)

    def get_fields(self) -> dict[str, serializers.Field]:
        return {
            **super().get_fields(),
            "order-by": TextField(required=False),
            **{name: serializers.DateTimeField(required=False) for name in MOMENTS},
            **{name: TextField(required=False) for name in FILTERS},
            "integration_vendor": serializers.ChoiceField(VENDORS, required=False),
        }


class BearerAuthentication(authentication.BaseAuthentication):
    """Knows the issued token and no other. Its header is why the framework answers 401 and not 403."""

    def authenticate(self, request: Request) -> tuple[SimpleNamespace, str] | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        if not STATE.is_issued(token):
            raise exceptions.AuthenticationFailed
        return SimpleNamespace(is_authenticated=True), token

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - the framework's signature
        return "Bearer"


def tell_the_rate(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Have the rate numbers on every answer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in STATE.rate_headers().items():
            response[name] = value
        return response

    return middleware


def refuse(error: Exception, context: dict[str, Any]) -> Response | None:
    """Use the documented envelope for whatever the framework refuses."""
    if isinstance(error, InvalidQueryError):
        error = exceptions.ValidationError({error.parameter: [error.message]})
    if isinstance(error, RecursionError):  # from the parser, which lets this one pass
        error = exceptions.ParseError("JSON parse error - nested too deep")
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        issues = [{"path": [name], "message": found} for name, found in response.data.items()]
        response.data = envelope(response.status_code, "invalid request", issues)
    else:
        response.data = envelope(response.status_code, response.data["detail"])
    return response


def validated(serializer: type[serializers.Serializer], data: Any) -> dict[str, Any]:
    """Return what was sent, or have 400 answered."""
    checked = serializer(data=data)
    checked.is_valid(raise_exception=True)
    return checked.validated_data


def queued(job_id: str, result: dict[str, Any]) -> Response:
    """Return the answer to a write."""
    return Response({"meta": {"job_id": job_id}, "result": result})


class BearerView(APIView):
    """Takes requests with the issued token only."""

    authentication_classes = (BearerAuthentication,)
    permission_classes = (IsAuthenticated,)


class CreateView(BearerView):
    """Creates an appointment; the answer has every property, null where it was not sent."""

    creation: type[Creation] = Creation

    def post(self, request: Request) -> Response:
        body = validated(self.creation, request.data)
        return queued(STATE.create(body), dict.fromkeys(self.creation().fields) | body)


class UpdateView(BearerView):
    """Changes an appointment."""

    def put(self, request: Request, event_id: str) -> Response:
        body = validated(Appointment, request.data)
        return queued(STATE.update(event_id, body), {"event_id": event_id, **body})


class CancelView(BearerView):
    """Removes an appointment."""

    def post(self, request: Request) -> Response:
        body = validated(Cancellation, request.data)
        return queued(STATE.cancel(body), body)


class AppointmentsView(BearerView):
    """Lists appointments."""

    def get(self, request: Request) -> Response:
        return Response(STATE.page(validated(Page, request.query_params)))


class WriteStatusView(BearerView):
    """Tells what became of a write."""

    def get(self, request: Request, root_job_id: str) -> Response:  # noqa: ARG002 - the framework's signature
        if (status := STATE.write_status(root_job_id)) is None:
            raise exceptions.NotFound
        return Response(status)


class AvailabilityView(BearerView):
    """Is documented as not supported."""

    def post(self, request: Request) -> Response:
        raise exceptions.MethodNotAllowed(request.method, NOT_SUPPORTED)


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:  # noqa: ARG001 - the framework's signature
    """Have the envelope also where no path fits, which the framework is not asked about."""
    return JsonResponse(envelope(HTTPStatus.NOT_FOUND, "Not found."), status=HTTPStatus.NOT_FOUND)


EVENTS = "v1/events/appointments"
CREATIONS = dict(zip(AUDIENCES, (LeadCreation, ApplicantCreation, ResidentCreation), strict=True))

handler404 = not_found
urlpatterns = [
    *(path(f"{EVENTS}/{name}/rentmanager/", CreateView.as_view(creation=kind)) for name, kind in CREATIONS.items()),
    *(path(f"{EVENTS}/{name}/rentmanager/<str:event_id>", UpdateView.as_view()) for name in AUDIENCES),
    *(path(f"{EVENTS}/{name}/cancel/rentmanager", CancelView.as_view()) for name in AUDIENCES),
    path("v1/appointments/", AppointmentsView.as_view()),
    path("v1/admin/write-status/<str:root_job_id>", WriteStatusView.as_view()),
    path("v1/appointment-availability/rentmanager/", AvailabilityView.as_view()),
]
application = get_asgi_application()
