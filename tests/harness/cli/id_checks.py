"""Whether a run would find the ids of paths that no setting gives."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

import httpx

from contracts.errors import CouldNotTell
from contracts.model.exit_codes import ExitCode
from contracts.model.json_value import Json
from contracts.openapi.document import Document
from contracts.openapi.operation import Operation
from contracts.requirements import Requirement
from strategies.safety import READS
from tests.harness.cli.lines import Line, not_given
from tests.harness.cli.preflight_client import MAX_REQUESTS, PreflightClient
from tests.harness.config.access import Access
from tests.harness.run.path_ids import id_variables, ids_in, sources_of
from tests.harness.run.request_factory import request_for

REQUESTS_FOR_AN_ID: Final = 2
"""A listing, and the operation itself."""


def missing_ids(
    client: PreflightClient, document: Document, operations: Sequence[Operation], requirements: Collection[Requirement]
) -> Iterator[Line]:
    """Yield a line for each id of a path that a run would have to find, and for some of them whether it would.

    It reads the listing that a run would read, or else the operation itself with an id that is made up.
    """
    known = client.target.known
    asked: set[str] = set()
    for operation in operations:
        reads = operation.method in READS and operation.supported
        for name, variable in id_variables(operation).items() if reads else ():
            if variable in known or variable in asked or client.sent > MAX_REQUESTS - REQUESTS_FOR_AN_ID:
                continue
            asked.add(variable)
            yield _id(client, document, operation, name, requirements)


def _id(
    client: PreflightClient, document: Document, operation: Operation, name: str, requirements: Collection[Requirement]
) -> Line:
    variable = id_variables(operation)[name]
    for source in sources_of(document, operation, name)[:1]:
        if not id_variables(source.listing):
            answer = client.send(request_for(source.listing, client.target, client.target.known))
            values = ids_in(_json(answer), source) if answer.is_success else ()
            if values:
                return Line(variable, f"not given, but {source.listing.label} lists {len(values)} of them")
    cited = [one for one in requirements if one.applies(operation) and one.access != Access.NONE]
    gating = sum(one.gates and one.applies(operation.stated_only) for one in cited)
    try:
        answer = client.send(request_for(operation, client.target, client.target.known))
    except CouldNotTell:
        return not_given(variable, len(cited), gating, ExitCode.COULD_NOT_TELL)
    if answer.is_success:
        return Line(variable, f"not given, but {operation.label} answered {answer.status_code} to one that was made up")
    return not_given(variable, len(cited), gating, ExitCode.COULD_NOT_TELL)


def _json(answer: httpx.Response) -> Json:
    try:
        return answer.json()
    except ValueError:
        return None
