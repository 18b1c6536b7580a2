"""What a check says it observed is fit for a reader: what is not there is said not to be there."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from itertools import permutations, product
from pkgutil import iter_modules

import pytest

import contracts.checks
from contracts.checks import authentication, errors, http_methods
from contracts.checks.base import CheckFunction
from contracts.checks.schema import schema_error
from contracts.model.http import Exchange
from contracts.model.json_value import Json
from contracts.model.verdict import Violation
from tests.support.factories import CANCEL, LIST, STATUS, exchange, refusal, table

BODIES: tuple[Json, ...] = (b"", b"<html>", b"null", {}, [], {"error": None}, {"error": {}}, {"results": [{}, {}]})
STATUSES = (None, 200, 204, 302, 400, 401, 404, 405, 429, 500)
SENT = (
    {},
    {"method": "TRACE"},
    {"authorization": ()},
    {"mutation": "event_id missing", "mutated_property": "event_id"},
)


def check_functions() -> Iterator[tuple[str, CheckFunction]]:
    """Yield every check function of one exchange that takes no other argument."""
    for module in (
        import_module(f"contracts.checks.{found.name}") for found in iter_modules(contracts.checks.__path__)
    ):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            signature = inspect.signature(function)
            of_an_exchange = len(signature.parameters) == 2 and signature.return_annotation == "Decision"
            if function.__module__ == module.__name__ and of_an_exchange:
                yield name, function


def test_check_functions_are_found() -> None:
    assert {"success_is_200", "rejection_is_401", "page_matches_query"} <= {name for name, _ in check_functions()}


def bare_answers() -> Iterator[Exchange]:
    """Yield answers that lack what there could be of headers and bodies."""
    for operation, status, body, sent in product((CANCEL, LIST, STATUS), STATUSES, BODIES, SENT):
        for issued in (True, False):
            fields = {"operation": operation.id, "target": operation.path, "method": operation.method} | sent
            fault = "no answer" if status is None else None
            yield exchange(status, body, {"content-type": None}, issued_token=issued, fault=fault, **fields)


PYTHON = re.compile(r"\b(None|True|False)\b|[\[{]'")
"""Values as Python writes them, which were JSON."""
CODES: tuple[Json, ...] = (None, True, 4001, ["a"], {"a": "b"})


@pytest.mark.parametrize(
    "check", [check for _, check in check_functions()], ids=[name for name, _ in check_functions()]
)
def test_nothing_is_observed_to_be_none(check: CheckFunction) -> None:
    for one in bare_answers():
        for operation in (CANCEL, LIST, STATUS):
            if operation.id == one.operation and isinstance(decision := check(operation, one), Violation):
                assert not PYTHON.search(f"{decision.expected} {decision.observed}")


def test_answer_that_changes_is_told_in_json() -> None:
    codes = [exchange(400, {"error": {"code": code}}, mutation="empty") for code in CODES]
    for pair in permutations([*codes, exchange(422, b"", mutation="empty"), exchange(None, mutation="empty")], 2):
        found = [decision for _, decision in errors.rejection_is_deterministic(CANCEL, pair)]
        assert len(found) == 1
        assert isinstance(found[0], Violation)
        assert not PYTHON.search(f"{found[0].expected} {found[0].observed}")


@table(
    "schema, value, sentence",
    {
        "enum": ({"enum": ["a", None]}, "b", "the body: 'b' is not one of [\"a\", null]"),
        "const": ({"const": True}, "b", "the body: true was expected"),
        "value": ({"type": "string"}, None, "the body: null is not of type 'string'"),
    },
)
def test_schema_is_quoted_in_json(schema: Json, value: Json, sentence: str) -> None:
    made = replace(CANCEL, responses={"200": schema}, id=f"quoted {sentence}")
    error = schema_error(made, "200", value)
    assert error is not None
    assert error[1] == sentence


@table(
    "check, answer, observed",
    {
        "405 without Allow": (http_methods.other_method_rejected, exchange(405, method="PUT"), "no such header: Allow"),
        "405 with another Allow": (
            http_methods.other_method_rejected,
            exchange(405, method="PUT", headers={"allow": "GET"}),
            "Allow: GET",
        ),
        "401 without a challenge": (
            authentication.rejection_is_401,
            refusal(401, headers={"www-authenticate": None}),
            "no such header: WWW-Authenticate",
        ),
        "401 with another challenge": (
            authentication.rejection_is_401,
            refusal(401, headers={"www-authenticate": "Basic"}),
            "WWW-Authenticate: Basic",
        ),
        "400 without a type": (
            errors.error_matches_envelope,
            exchange(400, headers={"content-type": None}),
            'no such header: Content-Type; {"error": {"code": "invalid_request", "message": "invalid request"}}',
        ),
    },
)
def test_header_that_is_not_there_is_said_not_to_be_there(
    check: CheckFunction, answer: Exchange, observed: str
) -> None:
    decision = check(CANCEL, answer)
    assert isinstance(decision, Violation)
    assert decision.observed == observed
