"""The API in Flask and marshmallow. Start it with: waitress-serve flask_app:app."""

from datetime import UTC
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, abort, request
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
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
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed, Unauthorized


def date_or_moment(text: str) -> None:
    """Validate without a change: a DateTime would be answered in marshmallow's own spelling."""
    if not is_date(text):
        raise ValidationError("Not a valid date or date-time.")


class Appointment(Schema):
    """What a create and an update have in common."""

    appointment_date = fields.String(required=True, validate=date_or_moment)
    appointment_time = fields.String(required=True, validate=validate.Regexp(TIME))
    # Not strict, it would take "30", and cut 30.5 down to 30.
    appointment_duration_minutes = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=0, min_inclusive=False)
    )
    title = fields.String(required=True, validate=validate.Length(max=TITLE_LENGTH))
    notes = fields.String()


class Creation(Appointment):
    """What all creates have in common."""

    integration_id = fields.String(required=True)
    employee_id = fields.String()


class Cancellation(Schema):
    """Which appointment is to be removed."""

    integration_id = fields.String(required=True)
    event_id = fields.String(required=True)


Page = Schema.from_dict(
    {
        "order-by": fields.String(),
        "limit": fields.Integer(validate=validate.Range(0, MAX_LIMIT)),
        "offset": fields.Integer(validate=validate.Range(0)),
        **{name: fields.AwareDateTime(format="iso", default_timezone=UTC) for name in MOMENTS},
        **{name: fields.String() for name in FILTERS},
        "integration_vendor": fields.String(validate=validate.OneOf(VENDORS)),
    }
)

app = Flask(__name__)


@app.before_request
def authenticate() -> None:
    """Refuse whatever does not bring the issued token."""
    given = request.authorization
    if given is None or given.type != "bearer" or not STATE.is_issued(given.token or ""):
        raise Unauthorized("Bearer token missing or unknown", www_authenticate=WWWAuthenticate("bearer"))


@app.after_request
def tell_the_rate(response: Response) -> Response:
    """Have the rate numbers on every answer."""
    response.headers.update(STATE.rate_headers())
    return response


@app.errorhandler(HTTPException)
def refuse(error: HTTPException) -> Response:
    """Use the documented envelope for whatever Flask and Werkzeug refuse, headers and all."""
    response = error.get_response()
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    response.data = app.json.dumps(envelope(status, error.description or ""))
    response.content_type = "application/json"
    return response


@app.errorhandler(ValidationError)
def refuse_as_invalid(error: ValidationError) -> tuple[dict[str, Any], int]:
    """Answer 400 with what marshmallow found."""
    issues = [{"path": [name], "message": found} for name, found in error.normalized_messages().items()]
    return envelope(HTTPStatus.BAD_REQUEST, "invalid request", issues), HTTPStatus.BAD_REQUEST


@app.errorhandler(RecursionError)
def refuse_as_too_deep(_: RecursionError) -> Response:
    """Answer 400 to what json, unlike Flask, does not take for a client's fault."""
    return refuse(BadRequest("The body is nested too deep."))


@app.errorhandler(InvalidQueryError)
def refuse_as_unusable(error: InvalidQueryError) -> tuple[dict[str, Any], int]:
    """Answer as above where only the state can tell."""
    return refuse_as_invalid(ValidationError({error.parameter: [error.message]}))


def queued(job_id: str, result: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to a write."""
    return {"meta": {"job_id": job_id}, "result": result}


def appointments_of(audience: str, person: str) -> Blueprint:
    """Return what can be done with the appointments of one kind of person."""
    blueprint = Blueprint(audience, __name__, url_prefix=f"/v1/events/appointments/{audience}")
    creation = Creation.from_dict({person: fields.String(required=True)})()

    @blueprint.post("/rentmanager/")
    def create() -> dict[str, Any]:
        body = creation.load(request.get_json())
        return queued(STATE.create(body), dict.fromkeys(creation.fields) | body)

    @blueprint.put("/rentmanager/<event_id>")
    def update(event_id: str) -> dict[str, Any]:
        body = Appointment().load(request.get_json())
        return queued(STATE.update(event_id, body), {"event_id": event_id, **body})

    @blueprint.post("/cancel/rentmanager")
    def cancel() -> dict[str, Any]:
        body = Cancellation().load(request.get_json())
        return queued(STATE.cancel(body), body)

    return blueprint


for audience, person in AUDIENCES.items():
    app.register_blueprint(appointments_of(audience, person))


@app.get("/v1/appointments/")
def get_appointments() -> dict[str, Any]:
    """List appointments."""
    return STATE.page(Page(unknown=EXCLUDE).load(request.args))


@app.get("/v1/admin/write-status/<root_job_id>")
def get_write_status(root_job_id: str) -> dict[str, Any]:
    """Tell what became of a write."""
    return STATE.write_status(root_job_id) or abort(HTTPStatus.NOT_FOUND, "No such job")


@app.post("/v1/appointment-availability/rentmanager/")
def query_availability() -> None:
    """Refuse, as documented."""
    raise MethodNotAllowed(description=NOT_SUPPORTED)
