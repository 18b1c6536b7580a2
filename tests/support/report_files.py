"""The files that a run writes, read by what their formats ask for."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator

from contracts.model.json_value import Json
from tests.support.suite_process import ROOT

TEXT, NUMBER = {"type": "string"}, {"type": "number"}
NAMED = {"type": "array", "items": {"type": "object", "required": ["name", "value"], "additionalProperties": TEXT}}


def shape(**properties: Json) -> Json:
    """Return the schema of an object that has all of these; a HAR may add `comment`."""
    return {
        "type": "object",
        "required": [name for name in properties if not name.endswith("_")],
        "additionalProperties": False,
        "properties": {name.rstrip("_"): value for name, value in properties.items()} | {"comment": TEXT},
    }


TIMES = dict.fromkeys(("send", "wait", "receive", "blocked", "dns", "connect", "ssl"), NUMBER)
MESSAGE = {"httpVersion": TEXT, "cookies": NAMED, "headers": NAMED, "headersSize": NUMBER, "bodySize": NUMBER}
REQUEST = shape(method=TEXT, url=TEXT, queryString=NAMED, postData_=shape(mimeType=TEXT, text=TEXT), **MESSAGE)
CONTENT = shape(size=NUMBER, mimeType=TEXT, text_=TEXT, encoding_=TEXT)
RESPONSE = shape(status={"type": "integer"}, statusText=TEXT, content=CONTENT, redirectURL=TEXT, **MESSAGE)
DATE = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$"}
ENTRY = shape(
    startedDateTime=DATE,
    time=NUMBER,
    request=REQUEST,
    response=RESPONSE,
    cache={"type": "object"},
    timings=shape(**TIMES),
)
PROGRAM = shape(name=TEXT, version=TEXT)
LOG = shape(version={"const": "1.2"}, creator=PROGRAM, browser=PROGRAM, entries={"type": "array", "items": ENTRY})
HAR_1_2 = Draft202012Validator(shape(log=LOG))
"""As http://www.softwareishard.com/blog/har-12-spec/ has it."""


def entries(file: Path) -> list[Json]:
    """Return the entries of a HAR file, which has to be valid."""
    value = json.loads(file.read_text())
    assert [error.message for error in HAR_1_2.iter_errors(value)] == []
    found: list[Json] = value["log"]["entries"]
    return found


DOCUMENTED = json.loads((ROOT / "reports" / "summary.schema.json").read_text())
VALIDATOR = Draft202012Validator(DOCUMENTED)


def schema_errors(value: Json) -> list[str]:
    """Return what summary.schema.json has against a summary."""
    return [error.message for error in VALIDATOR.iter_errors(value)]


FILLED = {'reason: ""': "reason: r", 'owner: ""': "owner: o", 'link: ""': "link: https://x.example"}


def filled(file: Path) -> str:
    """Fill in what `make accept` leaves empty in known-issues.yaml, and return the text."""
    text = file.read_text()
    for empty, value in FILLED.items():
        text = text.replace(empty, value)
    file.write_text(text)
    return text
