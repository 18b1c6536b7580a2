"""How far the suite may go with what it was given, and what may be judged where no control can be accepted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from http import HTTPStatus

from contracts.checks.errors import error_names_property
from contracts.errors import ConformanceError, Inconclusive, NotApplicable, UsageError
from contracts.model.http import Exchange
from contracts.model.result import ItemResult
from contracts.model.verdict import PASS
from contracts.openapi.operation import Operation
from contracts.requirements import Requirement

TOKEN = "PROPEXO_TOKEN"  # noqa: S105 - the name of a variable, not a token


class Access(StrEnum):
    """What the suite was given: nothing, a token, or a token and the values that an accepted write needs."""

    NONE = "none"
    TOKEN = "token"  # noqa: S105 - a level, not a token
    WRITE = "write"

    def covers(self, needed: Access) -> bool:
        """Return whether this level is at least the one that is needed."""
        order = list(Access)
        return order.index(self) >= order.index(needed)


def access_with(lacking: Iterable[str]) -> Access:
    """Return how far an operation can be tried that lacks these variables for an accepted control."""
    names = set(lacking)
    if TOKEN in names:
        return Access.NONE
    return Access.TOKEN if names else Access.WRITE


def access_of_run(lacking: Sequence[Sequence[str]], needs_values: Sequence[bool]) -> Access:
    """Return the level of a run from what each of its operations lacks, and whether it needs values at all.

    One operation that lacks nothing makes it `write`: what others lack is said of these.
    """
    able = [access_with(names) for names in lacking]
    telling = [level for level, needs in zip(able, needs_values, strict=True) if needs] or able
    return max(telling, key=list(Access).index)


def require(declared: Access | None, given: Access, lacking: Iterable[Sequence[str]]) -> None:
    """Raise `UsageError` where a level was declared that goes beyond what was given."""
    if declared is None or given.covers(declared):
        return
    wanted = [TOKEN] if given is Access.NONE and declared is Access.TOKEN else min(filter(None, lacking), key=len)
    raise UsageError(
        f"--access {declared} needs {' and '.join(wanted)}: set them in the environment or in .env, "
        f"or declare --access {given}."
    )


def skip_reason(
    requirement: Requirement, lacking: Sequence[str], declared: Access | None, *, in_use: Access
) -> ConformanceError | None:
    """Return why a requirement cannot be tried on an operation that lacks these variables, or None where it can.

    What lies beyond the declared level is not applicable. Otherwise it could not be told.
    """
    needed = Access(requirement.access)
    if access_with(lacking).covers(needed):
        return None
    if declared is not None and not declared.covers(needed):
        return NotApplicable(f"it needs access {needed}, and --access {declared} was declared")
    return Inconclusive(f"No control can be made: set {' and '.join(lacking)}. (Access is {in_use}.)")


def is_unambiguous_rejection(operation: Operation, exchange: Exchange, made_up: Collection[str]) -> bool:
    """Return whether a refusal tells its own cause, so that it needs no accepted twin.

    401 and 403 speak of the credentials, 405 of another method, 404 of a path that is spelled otherwise. A 400 speaks
    where it names the property that was edited, and where the request holds none of the values that were made up.
    """
    if exchange.status == HTTPStatus.NOT_FOUND and not operation.has_path(exchange.request.target):
        return True
    if not exchange.issued_token:
        return exchange.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    if exchange.status == HTTPStatus.BAD_REQUEST:
        sent = (exchange.request.body or b"") + exchange.request.target.encode()
        told = error_names_property(operation, exchange) is PASS
        return told or not any(value.encode() in sent for value in made_up)
    return exchange.status == HTTPStatus.METHOD_NOT_ALLOWED and exchange.request.method != operation.method


def is_ambiguous_rejection(operation: Operation, exchange: Exchange, made_up: Collection[str]) -> bool:
    """Return whether a request was refused for what may as well be the values that were made up."""
    refused = (
        exchange.status is not None and not exchange.accepted and exchange.status < HTTPStatus.INTERNAL_SERVER_ERROR
    )
    return refused and not is_unambiguous_rejection(operation, exchange, made_up)


def names_invalid_fields(operation: Operation, exchanges: Iterable[Exchange]) -> bool:
    """Return whether any answer names the property that was edited: a target that refuses everything reads nothing."""
    return any(error_names_property(operation, exchange) is PASS for exchange in exchanges)


def line(results: Sequence[ItemResult], access: Access) -> str:
    """Return the level of a run, and for how many of its checks it is enough."""
    enough = sum(not result.beyond_access for result in results)
    if enough == len(results):
        return f"{access}: enough for every check"
    return f"{access}: enough for {enough} of {len(results)} checks"
