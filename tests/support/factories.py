"""Values in one line each: exchanges, requests, operations, and tables of cases."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields as fields_of
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

import tests.conformance
from contracts.model.http import CONTROL, Exchange, Request, Response
from contracts.model.json_value import Json
from contracts.model.verdict import Decision, Violation
from contracts.openapi.operation import JSON_MEDIA_TYPE, Operation
from contracts.requirements import Requirement, load_requirements
from strategies.core.mutation import Mutation, MutationSource
from strategies.request import credentials
from tests.harness.trial.plan import RequestDemand
from tests.support.suite_process import CONTRACT, document

DOCUMENT = document()
CANCEL = DOCUMENT.operation("cancel_lead_appointment_rentmanager")
CREATE = DOCUMENT.operation("create_lead_appointment_rentmanager")
UPDATE = DOCUMENT.operation("update_lead_appointment_rentmanager")
AVAILABILITY = DOCUMENT.operation("query_appointment_availability_rentmanager")
LIST = DOCUMENT.operation("get_all_appointments")
STATUS = DOCUMENT.operation("get_write_status")
REQUIREMENTS = load_requirements(CONTRACT.with_name("requirements.yaml"))

TOKEN = "kA9dQ2-m.X7~p_R4sT6wZ1bN8"
SECRET = "pl4nted/Token_0123-456789|ab:cd!ef*@.~XYZ="
"""A token with every mark that one may hold."""
WRONG = "Bearer 0123456789abcdef"
BODY = {"integration_id": "rm-1", "event_id": "evt-1"}
ACCEPTED = {"meta": {"job_id": "job-1"}, "result": BODY}
REFUSED = {"error": {"code": "invalid_request", "message": "invalid request"}}
TYPED = {"content-type": "application/json"}
ABSENT: Any = object()
WAYS_TO_BE_REFUSED = (
    *(
        credentials.no_credentials,
        credentials.unissued_tokens,
        credentials.near_miss_tokens,
        credentials.malformed_header,
    ),
    *(credentials.wrong_location, credentials.auth_bypass),
)
"""Every strategy of credentials but the one whose edits are valid."""

replayable = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.nested_given],
)
"""For property tests: the same examples every time, so that a failure is caused by the last change."""


def exchange(
    status: int | None = 200,
    body: Json = ABSENT,
    headers: Mapping[str, str | None] | None = None,
    request_body: Json = BODY,
    *,
    authorization: str | Sequence[str] = f"Bearer {TOKEN}",
    method: str = CANCEL.method,
    target: str = CANCEL.path,
    **fields: Any,
) -> Exchange:
    """Return an unedited request for CANCEL and its answer: a good one of that status unless told otherwise.

    Bodies are JSON values, or bytes as they are. A header that is None is not sent, a status that is None is no answer.
    """
    values = [authorization] if isinstance(authorization, str) else authorization
    request = Request(method, target, tuple(("Authorization", value) for value in values), _bytes(request_body))
    answer = (ACCEPTED if status == 200 else REFUSED) if body is ABSENT else body
    reported = {**TYPED, **(headers or {})}
    sent = tuple((name, value) for name, value in reported.items() if value is not None)
    response = None if status is None else Response(status, sent, _bytes(answer) or b"")
    given = {"operation": CANCEL.id, "mutation": CONTROL, "fault": None, "began": 0.0, "elapsed": 0.1} | fields
    return Exchange(request=request, response=response, **given)


def refusal(status: int, **fields: Any) -> Exchange:
    """Return the refusal of a well-formed token that was never issued."""
    challenge = {"www-authenticate": "Bearer"} if status == 401 else {}
    headers = challenge | fields.pop("headers", {})
    return exchange(status, **{"authorization": WRONG, "issued_token": False, "headers": headers} | fields)


def control(operation: Operation = CANCEL, token: str = TOKEN) -> Request:
    """Return a request as the harness makes it."""
    headers = [("Accept", "application/json"), ("User-Agent", "propexo-conformance")]
    headers.append(("Authorization", f"Bearer {token}"))
    if operation.body is None:
        return Request(operation.method, operation.path.replace("{root_job_id}", "job-1a"), tuple(headers))
    return Request(operation.method, operation.path, (*headers, ("Content-Type", "application/json"))).with_json(BODY)


def operation(body: Json = None, **fields: Any) -> Operation:
    """Return an operation that takes `body`, a JSON Schema."""
    named = {"id": "make", "method": "POST", "path": "/things", "summary": "", "source": "", "secured": True}
    nothing = dict.fromkeys(field.name for field in fields_of(Operation)) | {"base_path": ""}
    answered = {"supported": True, "parameters": (), "responses": {}, "response_headers": frozenset(), "links": ()}
    paths = {"queued_by": (), "path_methods": frozenset({"POST"}), "ids_elsewhere": {}}
    statuses = fields.get("responses", {"200": {}})
    media = {"body_media_type": JSON_MEDIA_TYPE, "response_media_types": dict.fromkeys(statuses, JSON_MEDIA_TYPE)}
    values: dict[str, Any] = nothing | named | answered | paths | media | {"body": body} | fields
    return Operation(**values)


def objects(properties: Mapping[str, Json], required: Iterable[str] = ()) -> Json:
    """Return the schema of an object with these properties."""
    return {"type": "object", "properties": dict(properties), "required": list(required)}


def decided(decision: Decision) -> str | bool | None:
    """Return the kind of a problem, and any other judgement as it is."""
    return decision.kind if isinstance(decision, Violation) else decision


def all_decided(decisions: Iterable[tuple[Exchange, Decision]]) -> list[str | bool | None]:
    """Return what a series check said, in order."""
    return [decided(decision) for _, decision in decisions]


def table(names: str, rows: Mapping[str, Any]) -> pytest.MarkDecorator:
    """Return parameters whose ids are the phrases that say what each row is."""
    return pytest.mark.parametrize(names.split(", "), list(rows.values()), ids=list(rows))


def flat(mutations: Iterable[Mutation]) -> Iterator[Mutation]:
    """Yield edits and the parts that they are made of."""
    for mutation in mutations:
        yield mutation
        yield from flat(mutation.parts)


def every_edit(*strategies: MutationSource, of: Operation = CANCEL) -> list[Mutation]:
    """Return all edits of some strategies for an operation, with their parts."""
    return list(flat(mutation for strategy in strategies for mutation in strategy(of)))


def conformance_tests() -> Iterator[tuple[str, list[RequestDemand]]]:
    """Yield each conformance test's name with all that it demands."""
    for module in iter_modules(tests.conformance.__path__, "tests.conformance."):
        for name, function in vars(import_module(module.name)).items():
            if name.startswith("test_"):
                marks = getattr(function, "pytestmark", [])
                yield name, [mark.args[0] for mark in marks if mark.name == "requirement"]


def demands(operation: Operation) -> dict[Requirement, RequestDemand]:
    """Return what the conformance tests that apply to an operation demand of it, by requirement."""
    every = [demand for _, demanded in conformance_tests() for demand in demanded]
    cited = {REQUIREMENTS[demand.requirement]: demand for demand in every}
    return {requirement: demand for requirement, demand in cited.items() if requirement.applies(operation)}


def number_of_checks(*operations: Operation) -> int:
    """Return how many items a run on these operations has: each requirement on each that it applies to."""
    return sum(len(demands(operation)) for operation in operations)


def _bytes(body: Json) -> bytes | None:
    return body if body is None or isinstance(body, bytes) else json.dumps(body).encode()


def with_rate_limit(limit: object, remaining: object) -> Response:
    """Return a response with these two rate-limit headers."""
    return Response(200, (("X-RateLimit-Limit", str(limit)), ("x-ratelimit-remaining", str(remaining))), b"")
