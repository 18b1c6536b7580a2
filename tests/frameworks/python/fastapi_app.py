"""The API in FastAPI and pydantic. Start it with: uvicorn fastapi_app:app."""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StrictInt
from starlette.exceptions import HTTPException as StarletteHTTPException
from state import (
    AUDIENCES,
    DEFAULT_LIMIT,
    DEFAULT_ORDER,
    MAX_LIMIT,
    NOT_SUPPORTED,
    STATE,
    TIME,
    TITLE_LENGTH,
    VENDORS,
    InvalidQueryError,
    envelope,
    is_date,
)


def date_or_moment(text: str) -> str:
    """Keep the text as it was sent: a datetime would be answered in pydantic's own spelling."""
    if not is_date(text):
        raise ValueError("Input should be a date or a date-time")
    return text


class Body(BaseModel):
    """A body that has no other properties than its own."""

    model_config = ConfigDict(extra="forbid")


class Appointment(Body):
    """What a create and an update have in common."""

    appointment_date: Annotated[str, AfterValidator(date_or_moment)]
    appointment_time: Annotated[str, Field(pattern=TIME)]
    appointment_duration_minutes: Annotated[StrictInt, Field(gt=0)]  # an int would take true and "30", too
    title: Annotated[str, Field(max_length=TITLE_LENGTH)]
    notes: str | None = None


class Creation(Appointment):
    """What all creates have in common."""

    integration_id: str
    employee_id: str | None = None


class LeadCreation(Creation):
    """An appointment of a lead."""

    lead_id: str


class ApplicantCreation(Creation):
    """An appointment of an applicant."""

    applicant_id: str


class ResidentCreation(Creation):
    """An appointment of a resident."""

    resident_id: str


class Cancellation(Body):
    """Which appointment is to be removed."""

    integration_id: str
    event_id: str


class Page(BaseModel):
    """What the listing can be asked for."""

    order_by: Annotated[str, Field(alias="order-by")] = DEFAULT_ORDER
    limit: Annotated[int, Field(ge=0, le=MAX_LIMIT)] = DEFAULT_LIMIT
    offset: Annotated[int, Field(ge=0)] = 0
    updated_at_gte: AwareDatetime | None = None
    updated_at_lte: AwareDatetime | None = None
    last_seen_gte: AwareDatetime | None = None
    last_seen_lte: AwareDatetime | None = None
    integration_vendor: Literal[*VENDORS] | None = None
    integration_id: str | None = None
    property_id: str | None = None
    location_id: str | None = None
    lead_id: str | None = None
    applicant_id: str | None = None
    resident_id: str | None = None
    x_id: str | None = None
    x_property_id: str | None = None
    x_type_id: str | None = None


def authenticate(credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> None:
    """Refuse every token but the issued one."""
    if not STATE.is_issued(credentials.credentials):
        raise HTTPException(HTTPStatus.UNAUTHORIZED, "Invalid token", {"www-authenticate": "Bearer"})


class AsciiResponse(JSONResponse):
    """JSON in ASCII: a text may hold half of a surrogate pair, which JSON can say and UTF-8 cannot."""

    def render(self, content: Any) -> bytes:
        """Escape all else."""
        return json.dumps(content).encode()


app = FastAPI(dependencies=[Depends(authenticate)], default_response_class=AsciiResponse)


@app.middleware("http")
async def tell_the_rate(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Have the rate numbers on every answer."""
    response = await call_next(request)
    response.headers.update(STATE.rate_headers())
    return response


@app.exception_handler(StarletteHTTPException)
async def refuse(_: Request, error: StarletteHTTPException) -> JSONResponse:
    """Use the documented envelope for whatever FastAPI and Starlette refuse."""
    return AsciiResponse(envelope(error.status_code, error.detail), error.status_code, error.headers)


@app.exception_handler(RequestValidationError)
async def refuse_as_invalid(_: Request, error: RequestValidationError) -> JSONResponse:
    """Answer 400, which is documented, where FastAPI would answer 422."""
    issues = [{"code": found["type"], "path": found["loc"][1:], "message": found["msg"]} for found in error.errors()]
    return AsciiResponse(envelope(HTTPStatus.BAD_REQUEST, "invalid request", issues), HTTPStatus.BAD_REQUEST)


@app.exception_handler(InvalidQueryError)
async def refuse_as_unusable(_: Request, error: InvalidQueryError) -> JSONResponse:
    """Answer as above where only the state can tell."""
    issues = [{"code": "custom", "path": [error.parameter], "message": error.message}]
    return AsciiResponse(envelope(HTTPStatus.BAD_REQUEST, "invalid request", issues), HTTPStatus.BAD_REQUEST)


def queued(job_id: str, result: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to a write."""
    return {"meta": {"job_id": job_id}, "result": result}


def appointments_of(audience: str, creation: type[Creation]) -> APIRouter:
    """Return what can be done with the appointments of one kind of person."""
    router = APIRouter(prefix=f"/v1/events/appointments/{audience}")

    @router.post("/rentmanager/")
    def create(body: creation) -> dict[str, Any]:
        return queued(STATE.create(body.model_dump(exclude_none=True)), body.model_dump())

    @router.put("/rentmanager/{event_id}")
    def update(event_id: str, body: Appointment) -> dict[str, Any]:
        sent = body.model_dump(exclude_none=True)
        return queued(STATE.update(event_id, sent), {"event_id": event_id, **sent})

    @router.post("/cancel/rentmanager")
    def cancel(body: Cancellation) -> dict[str, Any]:
        return queued(STATE.cancel(body.model_dump()), body.model_dump())

    return router


for audience, creation in zip(AUDIENCES, (LeadCreation, ApplicantCreation, ResidentCreation), strict=True):
    app.include_router(appointments_of(audience, creation))


@app.get("/v1/appointments/")
def get_appointments(page: Annotated[Page, Query()]) -> dict[str, Any]:
    """List appointments."""
    return STATE.page(page.model_dump(by_alias=True))


@app.get("/v1/admin/write-status/{root_job_id}")
def get_write_status(root_job_id: str) -> dict[str, Any]:
    """Tell what became of a write."""
    if (status := STATE.write_status(root_job_id)) is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "No such job")
    return status


@app.post("/v1/appointment-availability/rentmanager/")
def query_availability() -> None:
    """Refuse, as documented."""
    raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, NOT_SUPPORTED)
