"""`make drift`: which changes between two documents break a client, each as the kind of change a real API made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.drift.changes import Kind
from contracts.drift.report import Drift
from contracts.model.exit_codes import ExitCode
from reports.cli import drift as command
from reports.site.node import NodeError
from reports.site.published_document import compare

Json = Any
TEXT = {"type": "string"}
NUMBER = {"type": "number"}
VENDOR = {"type": "string", "enum": ["ONE", "TWO"]}
MORE_VENDORS = {"type": "string", "enum": ["ONE", "THREE", "TWO"]}
CSV = {"text/csv": {"schema": TEXT}}
ERROR = {"description": "Bad request", "content": {"application/json": {"schema": {"type": "object"}}}}


def takes(schema: Json, *, required: bool = True) -> Json:
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}


def of(required: tuple[str, ...] = (), **properties: Json) -> Json:
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}


def answers(schema: Json) -> Json:
    return {"responses": {"200": {"description": "Done", "content": {"application/json": {"schema": schema}}}}}


def listing(item: Json) -> Json:
    return answers(of(results={"type": "array", "items": item}))


def queries(*parameters: Json) -> Json:
    return {"parameters": list(parameters)}


def query(name: str, schema: Json, **rest: Json) -> Json:
    return {"name": name, "in": "query", "schema": schema, **rest}


def referring(schema: Json) -> Json:
    """Return an answer whose schema is a component; `document` puts it there."""
    return {"x-component": schema, **answers({"$ref": "#/components/schemas/{name}"})}


BREAKS, FINE, WORDS = Kind.BREAKING, Kind.NOT_BREAKING, Kind.WORDING
CASES: dict[str, tuple[Json, Json, list[tuple[Kind, str]]]] = {
    "request property is replaced": (
        takes(of(at=TEXT, notes=TEXT)),
        takes(of(date=TEXT, notes=TEXT)),
        [(BREAKS, "request body, at is gone"), (FINE, "request body, date is new")],
    ),
    "required request property is gone": (
        takes(of(("account",), account=TEXT, notes=TEXT)),
        takes(of(notes=TEXT)),
        [(BREAKS, "request body, account is gone")],
    ),
    "response is gone": (
        {"responses": {"200": {"description": "Done"}, "400": ERROR}},
        {"responses": {"200": {"description": "Done"}}},
        [(BREAKS, "response 400 is gone")],
    ),
    "response is new": (
        {"responses": {"200": {"description": "Done"}}},
        {"responses": {"200": {"description": "Done"}, "400": ERROR}},
        [(FINE, "response 400 is new")],
    ),
    "request is limited": (
        takes(of(title=TEXT)),
        takes(of(title=TEXT | {"maxLength": 50})),
        [(BREAKS, "request body, title: maxLength none → 50")],
    ),
    "limit of a request is gone": (
        takes(of(title=TEXT | {"maxLength": 50})),
        takes(of(title=TEXT)),
        [(FINE, "request body, title: maxLength 50 → none")],
    ),
    "required response property is new": (
        listing(of(("id",), id=TEXT)),
        listing(of(("id", "leads"), id=TEXT, leads={"type": ["array", "null"]})),
        [(FINE, "response 200, results[].leads is new")],
    ),
    "response text becomes an enum": (
        listing(of(vendor=TEXT)),
        listing(of(vendor=VENDOR)),
        [(FINE, "response 200, results[].vendor: enum none → ONE or TWO")],
    ),
    "enum of a response and of a query is widened": (
        queries(query("vendor", VENDOR)) | listing(of(vendor=VENDOR)),
        queries(query("vendor", MORE_VENDORS)) | listing(of(vendor=MORE_VENDORS)),
        [
            (FINE, "query parameter vendor: enum gains THREE"),
            (BREAKS, "response 200, results[].vendor: enum gains THREE"),
        ],
    ),
    "enum of a response and of a query is narrowed": (
        queries(query("vendor", MORE_VENDORS)) | listing(of(vendor=MORE_VENDORS)),
        queries(query("vendor", VENDOR)) | listing(of(vendor=VENDOR)),
        [
            (BREAKS, "query parameter vendor: enum loses THREE"),
            (FINE, "response 200, results[].vendor: enum loses THREE"),
        ],
    ),
    "response may be null": (
        listing(of(end=TEXT)),
        listing(of(end={"type": ["string", "null"]})),
        [(BREAKS, "response 200, results[].end: type string → string or null")],
    ),
    "response is no longer null": (
        listing({"type": ["object", "null"]}),
        listing({"type": "object"}),
        [(FINE, "response 200, results[]: type object or null → object")],
    ),
    "optional query parameter is new": (
        queries(query("limit", TEXT)),
        queries(query("type", TEXT), query("limit", TEXT)),
        [(FINE, "query parameter type is new")],
    ),
    "required query parameter is new": (
        queries(),
        queries(query("type", TEXT, required=True)),
        [(BREAKS, "query parameter type is new")],
    ),
    "query parameter becomes required": (
        queries(query("a", TEXT), query("b", TEXT)),
        queries(query("b", TEXT, required=True), query("a", TEXT)),
        [(BREAKS, "query parameter b, required: none → true")],
    ),
    "query parameter is gone": (
        queries(query("a", TEXT), query("b", TEXT)),
        queries(query("b", TEXT)),
        [(BREAKS, "query parameter a is gone")],
    ),
    "query parameter is written in another style": (
        queries(query("ids", {"type": "array", "items": TEXT})),
        queries(query("ids", {"type": "array", "items": TEXT}, explode=False)),
        [(BREAKS, "query parameter ids is written in another style: form, exploded → form")],
    ),
    "response property is no longer promised": (
        answers(of(("total",), total=NUMBER)),
        answers(of(total=NUMBER)),
        [(BREAKS, "response 200: required loses total")],
    ),
    "response type is another": (
        answers(of(amount={"type": ["string", "null"]})),
        answers(of(amount={"type": ["number", "null"]})),
        [(BREAKS, "response 200, amount: type string or null → null or number")],
    ),
    "response number becomes an integer": (
        answers(of(total=NUMBER)),
        answers(of(total={"type": "integer"})),
        [(FINE, "response 200, total: type number → integer")],
    ),
    "request number becomes an integer": (
        takes(of(rent=NUMBER)),
        takes(of(rent={"type": "integer"})),
        [(BREAKS, "request body, rent: type number → integer")],
    ),
    "request may be null": (
        takes(of(rent=NUMBER)),
        takes(of(rent={"anyOf": [NUMBER, {"type": "null"}]})),
        [(FINE, "request body, rent: type number → number or null")],
    ),
    "response property is gone": (
        answers(of(id=TEXT, employee=of(name=TEXT))),
        answers(of(id=TEXT)),
        [(BREAKS, "response 200, employee is gone")],
    ),
    "first properties are new": (
        takes({"type": "object"}) | answers({"type": "object"}),
        takes(of(("a",), a=TEXT)) | answers(of(("a",), a=TEXT)),
        [(BREAKS, "request body, a is new and required"), (FINE, "response 200, a is new")],
    ),
    "last properties are gone": (
        takes(of(("a",), a=TEXT)) | answers(of(("a",), a=TEXT)),
        takes({"type": "object"}) | answers({"type": "object"}),
        [(BREAKS, "request body, a is gone"), (BREAKS, "response 200, a is gone")],
    ),
    "anything becomes one of two": (
        takes(of(a={})) | answers(of(a={})),
        takes(of(a={"anyOf": [NUMBER, TEXT]})) | answers(of(a={"anyOf": [NUMBER, TEXT]})),
        [
            (BREAKS, 'request body, a: the alternative {"type": "number"} is new'),
            (BREAKS, 'request body, a: the alternative {"type": "string"} is new'),
            (FINE, 'response 200, a: the alternative {"type": "number"} is new'),
            (FINE, 'response 200, a: the alternative {"type": "string"} is new'),
        ],
    ),
    "one of two becomes anything": (
        takes(of(a={"anyOf": [NUMBER, TEXT]})) | answers(of(a={"anyOf": [NUMBER, TEXT]})),
        takes(of(a={})) | answers(of(a={})),
        [
            (FINE, 'request body, a: the alternative {"type": "number"} is gone'),
            (FINE, 'request body, a: the alternative {"type": "string"} is gone'),
            (BREAKS, 'response 200, a: the alternative {"type": "number"} is gone'),
            (BREAKS, 'response 200, a: the alternative {"type": "string"} is gone'),
        ],
    ),
    "null is new in an enum": (
        takes(of(a={"enum": ["x"]})) | answers(of(a={"enum": ["x"]})),
        takes(of(a={"enum": ["x", None]})) | answers(of(a={"enum": ["x", None]})),
        [(FINE, "request body, a: enum gains null"), (BREAKS, "response 200, a: enum gains null")],
    ),
    "property is called like a keyword": (
        answers(of(description=TEXT, items=TEXT, title=TEXT)),
        answers(of(description=NUMBER, items=TEXT)),
        [
            (BREAKS, "response 200, description: type string → number"),
            (BREAKS, "response 200, title is gone"),
        ],
    ),
    "response header is gone, another is new": (
        {"responses": {"200": {"description": "Done", "headers": {"title": {"schema": TEXT}}}}},
        {"responses": {"200": {"description": "Done", "headers": {"x-b": {"schema": TEXT}}}}},
        [(BREAKS, "header title of response 200 is gone"), (FINE, "header x-b of response 200 is new")],
    ),
    "last header is gone, and the content": (
        {"responses": {"200": {"description": "Done", "headers": {"x-a": {"schema": TEXT}}, "content": CSV}}},
        {"responses": {"200": {"description": "Done"}}},
        [(BREAKS, "header x-a of response 200 is gone"), (BREAKS, "response 200, content text/csv is gone")],
    ),
    "first header is new, and the content": (
        {"responses": {"200": {"description": "Done"}}},
        {"responses": {"200": {"description": "Done", "headers": {"x-a": {"schema": TEXT}}, "content": CSV}}},
        [(FINE, "header x-a of response 200 is new"), (FINE, "response 200, content text/csv is new")],
    ),
    "status is another": (
        {"responses": {"200": {"description": "Done"}}},
        {"responses": {"201": {"description": "Done"}}},
        [(BREAKS, "response 200 is gone"), (FINE, "response 201 is new")],
    ),
    "media type is another": (
        answers(of(a=TEXT)),
        {"responses": {"200": {"description": "Done", "content": CSV}}},
        [
            (BREAKS, "response 200, content application/json is gone"),
            (FINE, "response 200, content text/csv is new"),
        ],
    ),
    "operation is deprecated": ({}, {"deprecated": True}, [(FINE, "deprecated: none → true")]),
    "bounds of a request and a response": (
        takes(of(a={"type": "integer", "minimum": 1, "maximum": 9}))
        | answers(of(a={"type": "integer", "minimum": 1, "maximum": 9})),
        takes(of(a={"type": "integer", "minimum": 2, "maximum": 10}))
        | answers(of(a={"type": "integer", "minimum": 2, "maximum": 10})),
        [
            (BREAKS, "request body, a: minimum 1 → 2"),
            (FINE, "request body, a: maximum 9 → 10"),
            (FINE, "response 200, a: minimum 1 → 2"),
            (BREAKS, "response 200, a: maximum 9 → 10"),
        ],
    ),
    "default is another": (
        queries(query("limit", TEXT | {"default": "1"})),
        queries(query("limit", TEXT | {"default": "2"})),
        [(BREAKS, "query parameter limit: default 1 → 2")],
    ),
    "request property becomes required": (
        takes(of(at=TEXT)),
        takes(of(("at",), at=TEXT)),
        [(BREAKS, "request body: required gains at")],
    ),
    "required request property is new": (
        takes(of(at=TEXT)),
        takes(of(("cadence",), at=TEXT, cadence=TEXT)),
        [(BREAKS, "request body, cadence is new and required")],
    ),
    "request text becomes an enum": (
        takes(of(name=TEXT)),
        takes(of(name=VENDOR)),
        [(BREAKS, "request body, name: enum none → ONE or TWO")],
    ),
    "request enum becomes any text": (
        takes(of(name=VENDOR)),
        takes(of(name=TEXT)),
        [(FINE, "request body, name: enum ONE or TWO → none")],
    ),
    "request rejects unknown properties": (
        takes(of(at=TEXT)),
        takes(of(at=TEXT) | {"additionalProperties": False}),
        [(BREAKS, "request body: additionalProperties none → false")],
    ),
    "required request body is new": ({}, takes(of(at=TEXT)), [(BREAKS, "request body is new")]),
    "optional request body is new": ({}, takes(of(at=TEXT), required=False), [(FINE, "request body is new")]),
    "alternative of a response is new": (
        answers(of(id={"anyOf": [TEXT, NUMBER]})),
        answers(of(id={"anyOf": [NUMBER, {"type": "boolean"}, TEXT]})),
        [(BREAKS, 'response 200, id: the alternative {"type": "boolean"} is new')],
    ),
    "token is no longer needed": (
        {},
        {"security": []},
        [(FINE, "credentials: http bearer → none")],
    ),
    "another credential is needed": (
        {},
        {"security": [{"bearerAuth": [], "key": []}]},
        [(BREAKS, "credentials: http bearer → apiKey header x-key with http bearer")],
    ),
    "optional request property is new": (
        takes(of(at=TEXT)),
        takes(of(at=TEXT, employee=TEXT)),
        [(FINE, "request body, employee is new")],
    ),
    "descriptions only": (
        queries(query("limit", TEXT)) | takes(of(at=TEXT)),
        {"description": "It does."}
        | queries(query("limit", TEXT, description="At most"))
        | takes(of(at=TEXT | {"description": "When"})),
        [
            (WORDS, "the operation: description has other words"),
            (WORDS, "query parameter limit: description has other words"),
            (WORDS, "request body, at: description has other words"),
        ],
    ),
    "examples only": (
        takes(of(at=TEXT)),
        takes(of(at=TEXT | {"example": "now"})),
        [],
    ),
    "extension only": (listing(of(id=TEXT)), listing(of(id=TEXT | {"x-derived": {"from": "table"}})), []),
    "schema moves to the components": (
        listing(of(id=TEXT)),
        referring(of(results={"type": "array", "items": of(id=TEXT)})),
        [],
    ),
    "null is written as an alternative": (
        answers(of(id={"type": ["string", "null"]})),
        answers(of(id={"anyOf": [TEXT, {"type": "null"}]})),
        [],
    ),
    "lists are in another order": (
        queries(query("a", TEXT), query("b", TEXT)) | takes(of(("x", "y"), x=VENDOR, y=TEXT)),
        queries(query("b", TEXT), query("a", TEXT, required=False))
        | takes(of(("y", "x"), y=TEXT, x={"type": "string", "enum": ["TWO", "ONE"]})),
        [],
    ),
    "security scheme has another name": ({}, {"security": [{"token": []}]}, []),
}
SECURITY = {
    "bearerAuth": {"type": "http", "scheme": "bearer"},
    "token": {"type": "http", "scheme": "Bearer"},
    "key": {"type": "apiKey", "in": "header", "name": "x-key"},
}


def document(folder: Path, name: str, operations: dict[str, Json], parameter: str = "id") -> Path:
    """Write a document with each operation under a path of its own, which ends in a parameter."""
    paths: dict[str, Json] = {}
    schemas: dict[str, Json] = {}
    for number, operation in enumerate(operations.values()):
        own = json.loads(json.dumps(operation).replace("{name}", f"Of{number}"))
        schemas |= {f"Of{number}": own.pop("x-component")} if "x-component" in own else {}
        paths[f"/case-{number}/{{{parameter}}}"] = {"post": {"responses": {"200": {"description": "Done"}}} | own}
    file = folder / f"{name}.json"
    content = {
        "openapi": "3.1.0",
        "info": {"title": name, "version": "1"},
        "security": [{"bearerAuth": []}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": SECURITY},
    }
    file.write_text(json.dumps(content))
    return file


@pytest.fixture(scope="module")
def drift(tmp_path_factory: pytest.TempPathFactory) -> Drift:
    """Return the comparison of all cases at once, which starts Node once."""
    folder = tmp_path_factory.mktemp("documents")
    before = document(folder, "before", {name: case[0] for name, case in CASES.items()})
    after = document(folder, "after", {name: case[1] for name, case in CASES.items()}, "event_id")
    return compare(before, [], str(after))


@pytest.mark.parametrize("name", CASES)
def test_change_is_of_its_kind(name: str, drift: Drift) -> None:
    path = f"POST /case-{[*CASES].index(name)}/{{id}}"
    found = [(entry.kind, entry.sentence) for entry in drift.entries if entry.operation == path]
    assert sorted(found) == sorted(CASES[name][2])


def test_every_operation_is_compared(drift: Drift) -> None:
    assert drift.compared == len(CASES)
    assert drift.not_compared == []


def run(contract: Path, published: str, out: Path, *options: str) -> int:
    return command.main([published, "--contract", str(contract), "--out", str(out), *options])


TWO = {"changed": takes(of(title=TEXT)), "as it was": answers(of(id=TEXT))}
LIMITED = TWO | {"changed": takes(of(title=TEXT | {"maxLength": 50}))}


def test_breaking_change_ends_with_1_and_stands_in_every_report_with_its_places(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contract = document(tmp_path, "contract", TWO)
    published = document(tmp_path, "published", LIMITED, "event_id")
    assert run(contract, str(published), tmp_path) == ExitCode.VIOLATED
    shown = capsys.readouterr().out
    page = (tmp_path / "results" / "drift.md").read_text()
    (change,) = json.loads((tmp_path / "results" / "drift.json").read_text())["changes"]
    inner = "post/requestBody/content/application~1json/schema/properties/title"
    assert change == {
        "kind": "breaking",
        "operation": "POST /case-0/{id}",
        "operation_id": "post_case_0_id",
        "sentence": "request body, title: maxLength none → 50",
        "contract": f"#/paths/~1case-0~1{{id}}/{inner}",
        "published": f"#/paths/~1case-0~1{{event_id}}/{inner}/maxLength",
    }
    for text in (shown, page):
        for part in ("Breaking for a client", change["sentence"], change["contract"], change["published"]):
            assert part in text
        assert "1 breaking, 0 not breaking, 0 wording: 2 operations compared." in text


def test_document_is_no_change_of_itself_and_needs_no_node(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.site.comparison.run_node", None)
    contract = document(tmp_path, "contract", TWO)
    assert run(contract, str(contract), tmp_path) == ExitCode.HELD
    assert "No change: 2 operations compared." in capsys.readouterr().out


def test_operation_that_is_gone_breaks_and_one_that_the_contract_lacks_does_not(tmp_path: Path) -> None:
    two, one = document(tmp_path, "two", TWO), document(tmp_path, "one", {"changed": TWO["changed"]})
    (gone,) = compare(two, [], str(one)).entries
    assert (gone.kind, gone.operation, gone.published) == (BREAKS, "POST /case-1/{id}", None)
    (new,) = compare(one, [], str(two)).entries
    assert (new.kind, new.operation, new.contract) == (FINE, "POST /case-1/{id}", None)


def test_operation_that_cannot_be_read_is_not_taken_for_gone(tmp_path: Path) -> None:
    contract = document(tmp_path, "contract", TWO)
    dangling = TWO | {"changed": takes({"$ref": "#/components/schemas/None"})}
    for before, after in ((contract, document(tmp_path, "other", dangling)), (tmp_path / "other.json", contract)):
        drift = compare(before, [], str(after))
        assert drift.entries == []
        (unread,) = drift.not_compared
        assert unread.part == "POST /case-0/{id}"
        assert "it cannot be read in the" in unread.reason


def test_what_the_contract_only_infers_breaks_nothing(tmp_path: Path) -> None:
    inferred = TWO | {"changed": takes(of(title=TEXT | {"x-basis": "inferred"}))}
    contract, published = document(tmp_path, "contract", inferred), document(tmp_path, "published", LIMITED)
    (change,) = compare(contract, [], str(published)).entries
    assert (change.kind, change.sentence) == (
        FINE,
        "request body, title: maxLength none → 50; the contract only infers this",
    )


def test_only_chosen_operations_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract, published = document(tmp_path, "contract", TWO), document(tmp_path, "published", LIMITED)
    assert run(contract, str(published), tmp_path, "--operation", "*case_1*") == ExitCode.HELD
    assert "No change: 1 operation compared." in capsys.readouterr().out
    assert run(contract, str(published), tmp_path, "--operation", "none") == ExitCode.NOTHING_SELECTED
    assert "the contract has no operation none." in capsys.readouterr().err


def test_overlay_changes_the_contract(tmp_path: Path) -> None:
    contract, published = document(tmp_path, "contract", TWO), document(tmp_path, "published", LIMITED)
    overlay = tmp_path / "overlay.yaml"
    update = takes({"properties": {"title": {"maxLength": 50}}})
    actions = [{"target": "$.paths['/case-0/{id}'].post", "update": update}]
    overlay.write_text(json.dumps({"overlay": "1.0.0", "info": {"title": "t", "version": "1"}, "actions": actions}))
    assert compare(contract, [overlay], str(published)).entries == []


@pytest.mark.parametrize("published", ["none.yaml", "file:///etc/passwd", ""])
def test_document_that_cannot_be_read_is_one_sentence(
    published: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(document(tmp_path, "contract", TWO), published, tmp_path) == ExitCode.USAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("not compared: ")
    assert line.endswith("name an OpenAPI document.")


def test_comparison_that_fails_is_a_fault_of_the_suite(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise NodeError("npm could not reach its registry (ENOTFOUND)")

    monkeypatch.setattr("reports.site.comparison.install", fails)
    contract, published = document(tmp_path, "contract", TWO), document(tmp_path, "published", LIMITED)
    assert run(contract, str(published), tmp_path) == ExitCode.SUITE_FAILED
    assert "api-smart-diff could not be installed: npm could not reach its registry" in capsys.readouterr().err


def test_results_that_cannot_be_written_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract = document(tmp_path, "contract", TWO)
    assert run(contract, str(contract), contract) == ExitCode.USAGE
    assert capsys.readouterr().err.endswith("name a folder with --out.\n")


def test_same_schema_in_another_version_is_no_change(tmp_path: Path) -> None:
    old, new = {"openapi": "3.0.3"}, {"openapi": "3.1.0"}
    limited = NUMBER | {"minimum": 0, "exclusiveMinimum": True}
    before = answers(of(a=TEXT | {"nullable": True}, b=limited))
    after = answers({"allOf": [of(a={"type": ["string", "null"]}), of(b=NUMBER | {"exclusiveMinimum": 0})]})
    files = [document(tmp_path, name, {"": one}) for name, one in (("before", before), ("after", after))]
    for file, version in zip(files, (old, new), strict=True):
        file.write_text(json.dumps(json.loads(file.read_text()) | version))
    assert compare(files[0], [], str(files[1])).entries == []


def test_operations_that_were_always_published_elsewhere_are_not_gone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = document(tmp_path, "contract", TWO | {"of another page": {}, "of another page, too": {}})
    contract = json.loads(file.read_text())
    paths = contract["paths"]
    paths["/case-1/vendor"], paths["/vendor/{id}"] = paths.pop("/case-2/{id}"), paths.pop("/case-3/{id}")
    file.write_text(json.dumps(contract))
    published = document(tmp_path, "published", TWO)
    assert run(file, str(published), tmp_path) == ExitCode.VIOLATED, "the contract does not say so"
    file.write_text(json.dumps(contract | {"x-published-elsewhere": ["vendor"]}))
    assert run(file, str(published), tmp_path) == ExitCode.HELD
    shown = capsys.readouterr().out
    assert "0 breaking, 0 not breaking, 2 published elsewhere, 0 wording: 2 operations compared." in shown
    assert "Published elsewhere, as the contract says:\n  POST /case-1/vendor\n" in shown
    had = json.loads(published.read_text())
    had["paths"]["/vendor/{number}"] = paths["/vendor/{id}"]
    published.write_text(json.dumps(had))
    (gone,) = compare(file, [], str(published)).breaking
    assert (gone.operation, gone.sentence) == (
        "POST /case-1/vendor",
        "the published document does not have this operation",
    )


def test_parts_that_were_always_published_elsewhere_are_not_gone(tmp_path: Path) -> None:
    headers = {"x-a": {"schema": TEXT, "x-published-elsewhere": True}, "x-b": {"schema": TEXT}}
    ours = queries(query("a", TEXT, **{"x-published-elsewhere": True}), query("b", TEXT))
    ours |= {"responses": {"200": {"description": "Done", "headers": headers}}}
    contract, published = document(tmp_path, "contract", {"": ours}), document(tmp_path, "published", {"": {}})
    found = {(entry.kind, entry.sentence) for entry in compare(contract, [], str(published)).entries}
    assert found == {
        (Kind.ELSEWHERE, "query parameter a is gone"),
        (Kind.ELSEWHERE, "header x-a of response 200 is gone"),
        (BREAKS, "query parameter b is gone"),
        (BREAKS, "header x-b of response 200 is gone"),
    }


def test_what_an_entry_of_a_schema_infers_breaks_nothing(tmp_path: Path) -> None:
    inferred = {"format": "date-time", "x-basis": "example"}
    contract = document(tmp_path, "contract", {"": answers(of(at=TEXT | {"allOf": [inferred]}))})
    published = document(tmp_path, "published", {"": answers(of(at=TEXT))})
    (change,) = compare(contract, [], str(published)).entries
    assert change.kind is FINE
    assert change.sentence.endswith("format date-time → none; the contract only infers this")


@pytest.mark.parametrize("ends", [("", "/"), ("/", "")], ids=["gains a slash", "loses its slash"])
def test_path_that_moved_by_a_slash_is_breaking_and_its_operations_are_compared(
    ends: tuple[str, str], tmp_path: Path
) -> None:
    files = [document(tmp_path, name, one) for name, one in (("contract", TWO), ("published", LIMITED))]
    for file, end in zip(files, ends, strict=True):
        content = json.loads(file.read_text())
        file.write_text(json.dumps(content | {"paths": {f"{path}{end}": it for path, it in content["paths"].items()}}))
    drift = compare(files[0], [], str(files[1]))
    assert drift.compared == 2
    assert [(entry.kind, entry.operation, entry.sentence) for entry in drift.entries] == [
        (BREAKS, f"POST /case-0/{{id}}{ends[0]}", f"the path is /case-0/{{id}}{ends[1]} now"),
        (BREAKS, f"POST /case-0/{{id}}{ends[0]}", "request body, title: maxLength none → 50"),
        (BREAKS, f"POST /case-1/{{id}}{ends[0]}", f"the path is /case-1/{{id}}{ends[1]} now"),
    ]


def test_paths_with_and_without_a_slash_that_both_have_are_apart(tmp_path: Path) -> None:
    both = json.loads(document(tmp_path, "contract", {"": takes(of(title=TEXT))}).read_text())
    (path,) = both["paths"]
    both["paths"][f"{path}/"] = {"post": {"responses": {"200": {"description": "Done"}}}}
    contract, published = tmp_path / "both.json", tmp_path / "one.json"
    contract.write_text(json.dumps(both))
    published.write_text(json.dumps(both | {"paths": {path: both["paths"][path]}}))
    (gone,) = compare(contract, [], str(published)).entries
    assert (gone.operation, gone.kind) == (f"POST {path}/", BREAKS)
