"""Makes requests that the target should accept, from an operation's schemas and the values that the target knows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from contracts.errors import CouldNotTell
from contracts.model.http import Exchange, Request
from contracts.model.json_value import Json
from contracts.openapi.document import Document
from contracts.openapi.extensions import SUPPLIED_BY
from contracts.openapi.operation import Link, Operation
from contracts.openapi.parameters import Parameter, path_segment
from contracts.openapi.samples import completed, sample
from contracts.openapi.schemas import properties
from strategies.body import string_payloads
from strategies.core.parameters import parameter_sample, with_parameter
from tests.harness.config.settings import Target
from tests.harness.run.created_resources import CreatedResources
from tests.harness.run.path_ids import body_variables, id_variables
from tests.harness.run.relations import TestData, creator_for

LONGEST_TARGET = 32 * 1024
"""Characters of path and query: servers take 8 KiB or so, the client twice as much as this."""


class RequestFactory:
    """Makes requests for any operation of a document. Sends nothing."""

    def __init__(
        self, document: Document, target: Target, test_data: dict[str, tuple[str, ...]], resources: CreatedResources
    ) -> None:
        """Use these values; `test_data` may gain ids of records that the run creates."""
        self.test_data = test_data
        self.document = document
        self._target = target
        self._resources = resources

    def request_for(self, operation: Operation, overrides: Mapping[str, Json] | None = None, index: int = 0) -> Request:
        """Return a request that the target should accept, with the value at `index` of each variable.

        `overrides` are values by the name of the path parameter or of the property. A request that creates a record
        carries this process's mark, by which a listing shows whose record it is.
        """
        request = request_for(operation, self._target, self.test_data, index, overrides)
        if operation.record is None:
            return request
        shows = self.document.operation(operation.record.listed_by).listed_as
        return string_payloads.with_mark(operation, shows, self._resources.mark_of(operation)).apply(request)

    def id_params_for(self, operation: Operation, record: str) -> Mapping[str, Json]:
        """Return the overrides that make a request for an operation one about this record, by its id."""
        creation = creator_for(self.document, operation)
        return {creation[1].name: record} if creation else {}

    def status_request_for(self, write: Exchange) -> tuple[Operation, Request]:
        """Return the operation that reads the job of an accepted write, and the request for it."""
        link = self.document.operation(write.operation).job_link
        assert link is not None, "asked only of operations that queue jobs"
        status = self.document.operation(link.target)
        return status, self.status_request(status, link, write)

    def status_request(self, status: Operation, link: Link, write: Exchange | None) -> Request:
        """Return the request for the status of a write's job; for a job that does not exist if there is no write."""
        job = link.follow(write.response.json()) if write and write.response else None
        overrides = {link.name: str(job if job is not None else "none")}
        return request_for(status, self._target, self.test_data, overrides=overrides)


def request_for(
    operation: Operation,
    target: Target,
    test_data: TestData,
    index: int = 0,
    overrides: Mapping[str, Json] | None = None,
) -> Request:
    """Return a request that the target should accept, with the value at `index` of each variable.

    `overrides` are values by the name of the path parameter or of the property: only the run itself can know them.
    Raises CouldNotTell if an id is too long for any path, or if a required parameter has no value that can be sent.
    """
    overrides = overrides or {}
    ids = id_variables(operation)
    path = {
        one.name: path_segment(
            one, overrides[one.name] if one.name in overrides else _required_value(one, ids, test_data, index)
        )
        for one in operation.parameters_in("path")
    }
    request = Request(operation.method, operation.target_with(path), _headers(operation, target))
    for parameter in operation.parameters_in("query", "header", "cookie"):
        if parameter.required:
            request = _with_required(request, parameter, _required_value(parameter, ids, test_data, index))
    if len(request.target) > LONGEST_TARGET:
        raise CouldNotTell(
            f"A request for {operation.label} would have {len(request.target):,} characters in its path, because of an "
            "id that the target returned: more than servers accept."
        )
    if operation.body is None:
        return request
    if "properties" not in operation.body and (value := sample(operation.body)) is not None:
        return request.with_json(value)
    names = dict(properties(operation.body))
    body = control_body(operation.body, test_data, index, body_variables(operation))
    return request.with_json(body | {name: value for name, value in overrides.items() if name in names})


def control_body(
    schema: Json, test_data: TestData, index: int = 0, variables: Mapping[str, str] = MappingProxyType({})
) -> Json:
    """Return a body that the schema admits: what it requires, and what else the document or the user gives a value.

    `variables` gives the variable of a property that the contract names none for, by the property's name.
    """
    required = schema.get("required", ())
    body = {}
    for name, keywords in properties(schema):
        variable = keywords.get(SUPPLIED_BY, variables.get(name, ""))
        if name in required or "x-control" in keywords or variable in test_data:
            body[name] = _value(keywords, test_data, index, variable)
    return completed(schema, body)


def _value(schema: Json, test_data: TestData, index: int, variable: str) -> Json:
    values = test_data.get(variable, ())
    if values:
        value = values[index % len(values)]
        return int(value) if "integer" in schema.get("type", ()) and value.isdecimal() else value
    return control_body(schema, test_data, index) if "properties" in schema else sample(schema)


def _required_value(parameter: Parameter, ids: Mapping[str, str], test_data: TestData, index: int) -> Json:
    """Return a value of a parameter; `ids` are the variables of those that the contract names none for."""
    values = test_data.get(parameter.schema.get(SUPPLIED_BY, ids.get(parameter.name, "")), ())
    value = values[index % len(values)] if values else parameter_sample(parameter)
    if value is None:
        raise CouldNotTell(f"No value was found for {_spelled(parameter)}: give an example of it in the document.")
    return value


def _with_required(request: Request, parameter: Parameter, value: Json) -> Request:
    try:
        return with_parameter(request, parameter, value)
    except ValueError:
        raise CouldNotTell(f"No header can hold the value of {_spelled(parameter)}: give it another example.") from None


def _spelled(parameter: Parameter) -> str:
    return f"the required {parameter.location} parameter {parameter.name}"


def _headers(operation: Operation, target: Target) -> tuple[tuple[str, str], ...]:
    headers = [("Accept", "application/json"), ("Accept-Encoding", "gzip"), ("User-Agent", "propexo-conformance")]
    if operation.secured:
        headers.append(("Authorization", f"Bearer {target.token}"))
    if operation.body is not None:
        headers.append(("Content-Type", operation.body_media_type))
    return tuple(headers)
