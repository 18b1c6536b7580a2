"""The parameters of a request in its query, its headers and its cookies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl

from starlette.requests import Request

from contracts.mock.http.refusal import Issue, Refusal
from contracts.mock.http.responses import Responses
from contracts.mock.operations.parameter_texts import cookies_of, in_query, in_text, pairs_of, value
from contracts.mock.operations.zod_issues import custom, issue, missing, parameter_validators
from contracts.model.json_value import Json
from contracts.openapi.extensions import COMPARES, NEEDS
from contracts.openapi.operation import Operation
from contracts.openapi.parameters import Parameter


class Queries(Responses):
    """The steps that parse and validate the parameters outside the path."""

    def check_headers(self, request: Request, operation: Operation) -> None:
        """Refuse a request whose header and cookie parameters are missing or invalid."""
        checks = parameter_validators(self.document)[operation.id]
        issues: list[Issue] = []
        for parameter in operation.parameters_in("header", "cookie"):
            text = self.header_or_cookie(request, parameter)
            if text is None:
                issues += [missing(parameter.schema, parameter.name)] if parameter.required else []
            else:
                errors = checks[parameter.location, parameter.name].iter_errors(in_text(parameter, text))
                issues += [{**issue(error), "path": [parameter.name]} for error in errors]
        if issues:
            raise Refusal.invalid("header", issues)

    def header_or_cookie(self, request: Request, parameter: Parameter) -> str | None:
        """Return the text of a header or cookie parameter, or None; the first of two cookies of a name wins."""
        if parameter.location == "header":
            sent = request.headers.getlist(parameter.name)
        else:
            sent = [raw for line in request.headers.getlist("cookie") for raw in _named(parameter.name, line)][:1]
        return ",".join(sent).encode("latin-1").decode(errors="replace") if sent else None

    def query(self, request: Request, operation: Operation) -> dict[str, Json]:
        """Return the documented parameters of the request by name, without those that are null."""
        if not operation.query_parameters:
            return {}
        sent, pairs = self.parameters(request), pairs_of(request.scope["query_string"].decode("latin-1"))
        read: dict[str, Json] = {}
        for parameter in operation.parameters_in("query"):
            if parameter.kind != "scalar" or parameter.media_type is not None:
                read |= [(parameter.name, found) for found in in_query(parameter, pairs)]
            elif parameter.name in sent:
                read[parameter.name] = value(sent[parameter.name], parameter.schema)
        if issues := [*self.query_issues(operation, read), *self.needs(operation, read)]:
            raise Refusal.invalid("query", issues)
        return {name: sent for name, sent in read.items() if sent is not None}

    def parameters(self, request: Request) -> dict[str, str]:
        """Return the decoded query; the last value of a repeated parameter wins."""
        return dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))

    def query_issues(self, operation: Operation, read: Mapping[str, Json]) -> list[Issue]:
        """Return the issues of invalid and of missing parameters."""
        checks = parameter_validators(self.document)[operation.id]
        required = [one for one in operation.parameters_in("query") if one.required]
        issues = [missing(one.schema, one.name) for one in required if one.name not in read]
        for name, sent in read.items():
            found = [{**issue(error), "path": [name]} for error in checks["query", name].iter_errors(sent)]
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


def _named(name: str, line: str) -> list[str]:
    return [raw for sent, raw in cookies_of(line) if sent == name]


def parse_time(text: Json) -> datetime | None:
    """Parse an ISO 8601 date-time with an offset; None if the value is none."""
    try:
        when = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return when if when.tzinfo else None
