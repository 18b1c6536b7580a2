"""Keeps valid requests from operations that write, unless the contract or the user says that they may be sent.

A contract that marks an operation (`x-record`, `x-supplied-by`, `x-not-supported`) says what its requests act on, or
how to undo them. Of any other write nobody knows that: it is only sent what every careful target rejects.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from contracts.errors import NotApplicable
from contracts.model.http import Request
from contracts.openapi.document import Document
from contracts.openapi.operation import Operation
from strategies.body import bodies, json_syntax
from strategies.core.mutation import Mutation
from strategies.safety import READS, may_act
from tests.harness.config.access import ALLOW_WRITES, WITHHELD
from tests.harness.config.settings import MOCK, Target

MAX_NAMED: Final = 3
"""Writes that a sentence names."""


def _without_end(request: Request) -> Request:
    body = request.body or b""
    return request.with_body(body[:-1]) if body.endswith(b"]") else request


LIST_WITHOUT_END: Final = Mutation("a list without its end", _without_end)
"""The other malformed bodies are made of objects."""


def may_write(document: Document, operation: Operation, target: Target) -> bool:
    """Return whether valid requests for an operation may be sent to the target. The embedded mock takes any."""
    if operation.method in READS or target.kind == MOCK or operation.id in target.allowed_writes:
        return True
    return _is_marked(document, operation)


def withheld_reason(operation: Operation) -> str:
    """Return why no valid request for an operation is sent; of one that reads jobs, which writes queue them."""
    if not operation.job_status:
        return WITHHELD
    writes = [name for name, _ in operation.queued_by]
    named = " or ".join(writes[:MAX_NAMED]) + (" or another that queues one" if len(writes) > MAX_NAMED else "")
    return (
        "it reads the job of a write, and valid requests are not sent to those, because the contract does not say how "
        f"to undo them (x-record, x-supplied-by): add {named} with --operation, and say {ALLOW_WRITES}"
    )


def can_be_rejected(operation: Operation) -> bool:
    """Return whether a request for an operation can be made that no careful target carries out."""
    return operation.body is not None or bool(operation.path_parameters)


def _is_marked(document: Document, operation: Operation) -> bool:
    cancels = any(one.record and one.record.cancelled_by == operation.id for one in document.operations)
    marked = operation.record is not None or operation.updates_record or not operation.supported
    return marked or cancels or bool(operation.supplied_by)


class WriteGuard:
    """Decides on each request of a run. `made_up_ids` belong to nobody."""

    def __init__(self, document: Document, target: Target, made_up_ids: Collection[str]) -> None:
        """Send nothing."""
        self._document = document
        self._target = target
        self._made_up_ids = frozenset(made_up_ids)

    def withholds(self, operation: Operation, request: Request, mutation: Mutation | None = None) -> bool:
        """Return whether a request must not be sent, because a target may carry it out.

        Where careful targets differ in whether they reject the mutation, one of them may.
        """
        if may_write(self._document, operation, self._target):
            return False
        is_certain = mutation is None or mutation.gates
        return not is_certain or may_act(operation, request, self._made_up_ids)

    def require(self, operation: Operation, request: Request) -> None:
        """Raise NotApplicable if a request must not be sent."""
        if self.withholds(operation, request):
            raise NotApplicable(WITHHELD)

    def harmless(self, operation: Operation, request: Request) -> Request:
        """Return the request, or else one with a body that every careful target rejects.

        Raises NotApplicable if there is none.
        """
        if not self.withholds(operation, request):
            return request
        return self.certain_rejection(operation, request).apply(request)

    def certain_rejection(self, operation: Operation, request: Request) -> Mutation:
        """Return a mutation of the body by which the target must reject the request, and which may be sent.

        Raises NotApplicable if there is none.
        """
        mutations: list[Mutation] = []
        if operation.body is not None:
            mutations += [*bodies.missing_properties(operation), *bodies.non_object_bodies(operation)]
            mutations += [*json_syntax.not_json(operation), LIST_WITHOUT_END]
        for mutation in mutations:
            if not self.withholds(operation, mutation.apply(request), mutation):
                return mutation
        raise NotApplicable(WITHHELD)
