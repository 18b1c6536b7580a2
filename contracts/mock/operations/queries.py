"""The query of a request: strings -> JSON values of the types that the document's parameters have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from contracts.mock.http.refusal import Issue, Refusal
from contracts.mock.http.responses import Responses
from contracts.mock.operations.zod_issues import custom, issue, missing, query_validators
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation

NEEDS: Final = "x-needs"
COMPARES: Final = "x-compares"
WORDS: Final[Mapping[str, Json]] = {"true": True, "false": False}
INTEGER: Final = re.compile(r"-?[0-9]{1,300}")
"""An integer of at most 300 digits: more are beyond a double."""

NUMBER: Final = re.compile(r"-?[0-9]{1,300}(\.[0-9]{1,300})?")


class Queries(Responses):
    """The steps that parse and validate the query."""

    def query(self, request: Request, operation: Operation) -> dict[str, Json]:
        """Return the documented parameters of the request by name, without those that are null."""
        if not operation.query_parameters:
            return {}
        sent = self.parameters(request)
        read = {name: value(sent[name], schema) for name, schema in operation.query_parameters.items() if name in sent}
        if issues := [*self.query_issues(operation, read), *self.needs(operation, read)]:
            raise Refusal.invalid("query", issues)
        return {name: sent for name, sent in read.items() if sent is not None}

    def parameters(self, request: Request) -> dict[str, str]:
        """Return the decoded query; the last value of a repeated parameter wins."""
        return dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))

    def query_issues(self, operation: Operation, read: Mapping[str, Json]) -> list[Issue]:
        """Return the issues of invalid and of missing parameters."""
        checks = query_validators(self.document)[operation.id]
        required = [one for one in operation.parameters if one.required and one.location == "query"]
        issues = [missing(one.schema, one.name) for one in required if one.name not in read]
        for name, sent in read.items():
            found = [{**issue(error), "path": [name]} for error in checks[name].iter_errors(sent)]
            if not found and COMPARES in operation.query_parameters[name] and sent is not None:
                found = [] if parse_time(sent) else [custom("Invalid moment", name)]
            issues += found
        return issues

    def needs(self, operation: Operation, read: Mapping[str, Json]) -> list[Issue]:
        """Return an issue for each parameter that another one requires (`x-needs`) and that is missing."""
        return [
            custom(f"Required beside {name}", other)
            for name, schema in operation.query_parameters.items()
            for other in schema.get(NEEDS, ())
            if read.get(name) is not None and read.get(other) is None
        ]


def value(text: str, schema: Json) -> Json:
    """Convert a string to the type of the schema; return the string itself, to be rejected, if that is not possible.

    The empty string is null if null is allowed: a query has no other notation for it.
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


def parse_time(text: Json) -> datetime | None:
    """Parse an ISO 8601 date-time with an offset; None if the value is none."""
    try:
        when = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return when if when.tzinfo else None
