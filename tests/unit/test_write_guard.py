"""Writes that the contract does not mark: what may be sent to them, and that nothing else is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts.errors import NotApplicable
from contracts.model.http import Request
from contracts.openapi.document import Document
from contracts.openapi.operation import Operation
from strategies.core.mutation import Mutation
from tests.harness.config.settings import MOCK, Secret, Target
from tests.harness.run.write_guard import WriteGuard, can_be_rejected, may_write
from tests.support.documents import ANSWERS, described, loaded, taking
from tests.support.factories import DOCUMENT, TOKEN, objects, table

BODY = objects({"name": {"type": "string"}, "rooms": {"type": "integer"}, "note": {"type": "string"}}, ["name"])
REAL = Target("url", "http://127.0.0.1:9", Secret(TOKEN), {})


def document_of(folder: Path, details: dict[str, Any], path: str = "/things", method: str = "post") -> Document:
    operation = {"operationId": "make", "responses": ANSWERS} | details
    return loaded(folder, described() | {"paths": {path: {method: operation}}})


def withheld(document: Document, body: bytes | None = None, target: str = "/things") -> bool:
    operation = document.operation("make")
    return WriteGuard(document, REAL, ["made-up"]).withholds(operation, Request(operation.method, target, (), body))


@pytest.mark.parametrize("operation", DOCUMENT.operations, ids=str)
def test_our_own_contract_marks_every_write(operation: Operation) -> None:
    assert may_write(DOCUMENT, operation, REAL)


def test_unmarked_write_is_for_the_mock_or_for_who_names_it(tmp_path: Path) -> None:
    document = document_of(tmp_path, taking(BODY))
    operation = document.operation("make")
    assert not may_write(document, operation, REAL)
    assert may_write(document, operation, Target(MOCK, REAL.url, REAL.token, {}))
    assert may_write(document, operation, Target("url", REAL.url, REAL.token, {}, allowed_writes=frozenset({"make"})))
    assert not may_write(document, operation, Target("url", REAL.url, REAL.token, {}, allowed_writes=frozenset({"x"})))


@table(
    "details, marked",
    {
        "a value to supply": (taking(objects({"id": {"type": "string", "x-supplied-by": "IDS"}})), True),
        "never supported": ({"x-not-supported": True}, True),
        "an extension of somebody else": ({"x-internal": True}, False),
    },
)
def test_extension_marks_a_write(tmp_path: Path, details: dict[str, Any], *, marked: bool) -> None:
    document = document_of(tmp_path, details)
    assert may_write(document, document.operation("make"), REAL) is marked


@table(
    "body, kept_back",
    {
        "valid": (b'{"name": "a"}', True),
        "an unknown property": (b'{"name": "a", "x": 1}', True),
        "null for an optional property": (b'{"name": "a", "note": null}', True),
        "a number as a text": (b'{"name": "a", "rooms": "3"}', True),
        "a required property missing": (b"{}", False),
        "a wrong type": (b'{"name": 7}', False),
        "no object": (b"[]", False),
        "no JSON": (b'{"name": "a"', False),
        "nothing": (b"", False),
    },
)
def test_body_is_sent_only_if_it_is_malformed_by_any_reading(tmp_path: Path, body: bytes, *, kept_back: bool) -> None:
    assert withheld(document_of(tmp_path, taking(BODY)), body) is kept_back


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_write_without_a_body_is_sent_with_made_up_ids_only(tmp_path: Path, method: str) -> None:
    document = document_of(tmp_path, {}, "/things/{id}", method)
    assert not withheld(document, target="/things/made-up")
    assert withheld(document, target="/things/7")
    assert withheld(document, target="/things/made-up%2Fx")
    assert withheld(document, target="/things/")
    assert can_be_rejected(document.operation("make"))


def test_write_without_body_and_id_is_never_sent(tmp_path: Path) -> None:
    document = document_of(tmp_path, {})
    assert withheld(document)
    assert not can_be_rejected(document.operation("make"))
    with pytest.raises(NotApplicable, match="name the operation in --operation and say --allow-writes"):
        WriteGuard(document, REAL, []).require(document.operation("make"), Request("POST", "/things", ()))


def test_mutation_that_careful_targets_may_accept_is_not_sent(tmp_path: Path) -> None:
    document = document_of(tmp_path, taking(BODY))
    operation, guard = document.operation("make"), WriteGuard(document, REAL, [])
    request = Request("POST", "/things", (), b'{"name": "a"} // text')
    assert guard.withholds(operation, request, Mutation("a comment", lambda unchanged: unchanged, gates=False))
    assert not guard.withholds(operation, request, Mutation("not JSON", lambda unchanged: unchanged))


@table(
    "schema, body",
    {
        "with a required property": (BODY, b'{"name": "a"}'),
        "with optional properties": (objects({"name": {"type": "string"}}), b"{}"),
        "with none": ({"type": "object"}, b"{}"),
        "of anything": ({}, b'{"name": "a"}'),
        "of a list": ({"type": "array"}, b"[]"),
    },
)
def test_some_request_is_harmless_for_every_schema_of_a_body(tmp_path: Path, schema: Any, body: bytes) -> None:
    document = document_of(tmp_path, taking(schema))
    operation, guard = document.operation("make"), WriteGuard(document, REAL, [])
    request = Request("POST", "/things", (), body)
    harmless = guard.harmless(operation, request)
    assert harmless != request
    assert not guard.withholds(operation, harmless)
    assert guard.harmless(operation, harmless) == harmless


def test_where_no_body_is_certain_to_be_rejected_nothing_is_sent(tmp_path: Path) -> None:
    document = document_of(tmp_path, taking({}))
    with pytest.raises(NotApplicable):
        WriteGuard(document, REAL, []).harmless(document.operation("make"), Request("POST", "/things", (), b"1"))
