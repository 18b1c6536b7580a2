"""What Schemathesis is given to generate from costs little, whatever numbers and patterns a document holds."""

from pathlib import Path

import pytest

from strategies.generated import schema_of, schema_to_generate_from
from tests.support.documents import described, loaded, taking
from tests.support.factories import DOCUMENT, table

SLOW = "^(a+)+$"
TEXT = {"type": "string"}


def given(folder: Path, schema: object, **components: object) -> dict:
    """Return what is generated from for a property of this schema: it may be left out where it has no sample."""
    body = {"type": "object", "properties": {"x": schema}}
    document = loaded(folder, described(taking(body), components={"schemas": components}))
    (operation,) = document.operations
    found = schema_to_generate_from(document).raw_schema["paths"][operation.path]["post"]["requestBody"]
    return found["content"]["application/json"]["schema"]["properties"]["x"]


@table(
    "schema, left",
    {
        "a pattern": (TEXT | {"pattern": SLOW}, TEXT),
        "a pattern of names": ({"patternProperties": {SLOW: TEXT, "^a$": TEXT}}, {"patternProperties": {"^a$": TEXT}}),
        "a long text": (TEXT | {"minLength": 10**9}, TEXT),
        "many items": ({"type": "array", "minItems": 101, "items": TEXT}, {"type": "array", "items": TEXT}),
        "many properties": ({"type": "object", "minProperties": 10**9}, {"type": "object"}),
        "long texts in items": (
            {"type": "array", "minItems": 50, "items": TEXT | {"minLength": 21}},
            {"type": "array", "minItems": 50, "items": TEXT},
        ),
    },
)
def test_costly_keyword_is_left_out(tmp_path: Path, schema: dict, left: dict) -> None:
    assert given(tmp_path, schema) == left


def test_costly_keyword_behind_a_reference_is_left_out(tmp_path: Path) -> None:
    ten = {"type": "array", "minItems": 10}
    found = given(
        tmp_path, ten | {"items": {"$ref": "#/components/schemas/B"}}, B=ten | {"items": ten | {"items": TEXT}}
    )
    assert found == ten | {"items": ten | {"items": {"type": "array", "items": TEXT}}}


@pytest.mark.parametrize("keywords", [{"pattern": "^[a-z]+$"}, {"minLength": 1_000}, {"maxLength": 10**9}, {}])
def test_document_without_any_is_given_as_it_is(tmp_path: Path, keywords: dict) -> None:
    document = loaded(tmp_path, described(taking(TEXT | keywords)))
    assert schema_to_generate_from(document) is schema_of(document)


def test_document_of_the_project_is_given_as_it_is() -> None:
    assert schema_to_generate_from(DOCUMENT) is schema_of(DOCUMENT)
