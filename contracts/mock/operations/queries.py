"""What a request's query asks for: text -> the JSON values that the document's parameters take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from contracts.mock.http.refusal import Issue, Refusal
from contracts.mock.http.responses import Replies
from contracts.mock.operations.zod_issues import custom, issue, missing, query_validators
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation

NEEDS: Final = "x-needs"
COMPARES: Final = "x-compares"
WORDS: Final[Mapping[str, Json]] = {"true": True, "false": False}
INTEGER: Final = re.compile(r"-?[0-9]{1,300}")
"""More digits than these are beyond every number that a computer has without asking for it."""

NUMBER: Final = re.compile(r"-?[0-9]{1,300}(\.[0-9]{1,300})?")


class Queries(Replies):
    """The steps that read the query."""

    def query(self, request: Request, operation: Operation) -> dict[str, Json]:
        """Return the parameters that the operation has and the request gives, but for those that are null."""
        if not operation.query_parameters:
            return {}
        given = self.parameters(request)
        read = {
            name: value(given[name], schema) for name, schema in operation.query_parameters.items() if name in given
        }
        if issues := [*self.query_issues(operation, read), *self.needs(operation, read)]:
            raise Refusal.invalid("query", issues)
        return {name: sent for name, sent in read.items() if sent is not None}

    def parameters(self, request: Request) -> dict[str, str]:
        """Return the query, decoded; of a parameter that is repeated, the last one counts."""
        return dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))

    def query_issues(self, operation: Operation, read: Mapping[str, Json]) -> list[Issue]:
        """Return what the schemas of the parameters say against these values, and which of them are missing."""
        checks = query_validators(self.document)[operation.id]
        required = [one for one in operation.parameters if one.required and one.location == "query"]
        issues = [missing(one.schema, one.name) for one in required if one.name not in read]
        for name, sent in read.items():
            found = [{**issue(error), "path": [name]} for error in checks[name].iter_errors(sent)]
            if not found and COMPARES in operation.query_parameters[name] and sent is not None:
                found = [] if moment_of(sent) else [custom("Invalid moment", name)]
            issues += found
        return issues

    def needs(self, operation: Operation, read: Mapping[str, Json]) -> list[Issue]:
        """Return an issue for each parameter that has to stand beside another one and does not."""
        return [
            custom(f"Required beside {name}", other)
            for name, schema in operation.query_parameters.items()
            for other in schema.get(NEEDS, ())
            if read.get(name) is not None and read.get(other) is None
        ]


def value(text: str, schema: Json) -> Json:
    """Return what a text means where the schema's type is another one; the text, to be refused, where it means nothing.

    Nothing at all is null where null is allowed, for a query has no other way to say it.
    """
    kinds = schema.get("type", "string")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not text and "null" in kinds:
        return None
    if "boolean" in kinds and text in WORDS:
        return WORDS[text]
    if "integer" in kinds and INTEGER.fullmatch(text):
        return int(text)
    if "number" in kinds and NUMBER.fullmatch(text):
        return float(text)
    return text


def moment_of(text: Json) -> datetime | None:
    """Return the moment that an ISO 8601 text with an offset names, or None."""
    try:
        when = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return when if when.tzinfo else None
