"""The access level of a run, and which rejections count if no control can be accepted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from http import HTTPStatus

from contracts.checks.errors import error_names_property
from contracts.errors import ConformanceError, CouldNotTell, NotApplicable, UsageError
from contracts.model.http import Exchange
from contracts.model.result import ItemResult
from contracts.model.verdict import PASS, Status
from contracts.openapi.operation import Operation
from contracts.requirements import Requirement

TOKEN = "PROPEXO_TOKEN"  # noqa: S105 - the name of a variable, not a token


ALLOW_WRITES = "--allow-writes"
"""The option without which no valid request goes to a write that the contract does not mark."""
WITHHELD = (
    "valid requests are not sent, because the contract does not say how to undo them (x-record, x-supplied-by): "
    f"name the operation in --operation and say {ALLOW_WRITES}"
)
"""Why a requirement does not apply to such a write."""


class Access(StrEnum):
    """The level of the settings: nothing, a token, or a token and the values that an accepted write needs."""

    NONE = "none"
    TOKEN = "token"  # noqa: S105 - a level, not a token
    WRITE = "write"

    def covers(self, needed: Access) -> bool:
        """Return whether this level is at least the one that is needed."""
        order = list(Access)
        return order.index(self) >= order.index(needed)


def access_with(missing_settings: Iterable[str]) -> Access:
    """Return the level at which an operation can be tested without these settings."""
    names = set(missing_settings)
    if TOKEN in names:
        return Access.NONE
    return Access.TOKEN if names else Access.WRITE


def access_of_run(missing_settings: Sequence[Sequence[str]], needs_values: Sequence[bool]) -> Access:
    """Return the level of a run, from the settings that each operation misses and whether it needs values at all.

    One operation that misses none makes it `write`: what others miss is reported with their items.
    """
    able = [access_with(names) for names in missing_settings]
    with_values = [level for level, needs in zip(able, needs_values, strict=True) if needs] or able
    return max(with_values, key=list(Access).index)


def require(declared: Access | None, given: Access, missing_settings: Iterable[Sequence[str]]) -> None:
    """Raise UsageError if the declared level needs more than the settings give."""
    if declared is None or given.covers(declared):
        return
    wanted = (
        [TOKEN] if given is Access.NONE and declared is Access.TOKEN else min(filter(None, missing_settings), key=len)
    )
    if ALLOW_WRITES in wanted:
        raise UsageError(f"--access {declared} needs more: {how_to_supply(wanted)}, or declare --access {given}.")
    raise UsageError(
        f"--access {declared} needs {' and '.join(wanted)}: set them in the environment or in .env, "
        f"or declare --access {given}."
    )


def how_to_supply(missing_settings: Iterable[str]) -> str:
    """Return what to do about missing settings, as an imperative without a full stop."""
    missing = list(missing_settings)
    names = [name for name in missing if name != ALLOW_WRITES]
    alternatives = [name for name in names if " or " in name]
    plain = " and ".join(name for name in names if name not in alternatives)
    parts = [f"set {', and '.join(filter(None, (plain, *alternatives)))}"] if names else []
    if ALLOW_WRITES in missing:
        parts.append(f"name the operation in --operation and say {ALLOW_WRITES}")
    return ", and ".join(parts)


def skip_reason(
    requirement: Requirement,
    missing_settings: Sequence[str],
    declared: Access | None,
    *,
    in_use: Access,
    withheld: str = WITHHELD,
) -> ConformanceError | None:
    """Return why a requirement cannot be tested on an operation without these settings; None if it can.

    It is not applicable beyond the declared level, or where valid requests are `withheld`, and inconclusive otherwise.
    """
    needed = Access(requirement.access)
    if access_with(missing_settings).covers(needed):
        return None
    if declared is not None and not declared.covers(needed):
        return NotApplicable(f"it needs access {needed}, and --access {declared} was declared")
    if needed is Access.WRITE and ALLOW_WRITES in missing_settings:
        return NotApplicable(withheld)
    return CouldNotTell(
        f"No control request can be made: {how_to_supply(missing_settings)}. (The access level is {in_use}.)"
    )


def is_unambiguous_rejection(operation: Operation, exchange: Exchange, made_up_values: Collection[str]) -> bool:
    """Return whether a rejection shows its own cause, so that it counts without an accepted control.

    401 and 403 are about the credentials, 405 about the method, 404 about a path that the API does not have. A 400
    counts if it names the mutated property, or if the request holds none of the made-up values.
    """
    if exchange.status == HTTPStatus.NOT_FOUND and not operation.has_path(exchange.request.target):
        return True
    if not exchange.issued_token:
        return exchange.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    if exchange.status == HTTPStatus.BAD_REQUEST:
        sent = (exchange.request.body or b"") + exchange.request.target.encode()
        named = error_names_property(operation, exchange) is PASS
        return named or not any(value.encode() in sent for value in made_up_values)
    return exchange.status == HTTPStatus.METHOD_NOT_ALLOWED and exchange.request.method != operation.method


def is_ambiguous_rejection(operation: Operation, exchange: Exchange, made_up_values: Collection[str]) -> bool:
    """Return whether a request may have been rejected for its made-up values."""
    refused = (
        exchange.status is not None and not exchange.accepted and exchange.status < HTTPStatus.INTERNAL_SERVER_ERROR
    )
    return refused and not is_unambiguous_rejection(operation, exchange, made_up_values)


def names_invalid_fields(operation: Operation, exchanges: Iterable[Exchange]) -> bool:
    """Return whether any response names the mutated property: a target that rejects everything would not."""
    return any(error_names_property(operation, exchange) is PASS for exchange in exchanges)


def access_line(results: Sequence[ItemResult], access: Access) -> str:
    """Return the level of a run, and for how many of its checks it is sufficient, as far as they were run."""
    ran = [result for result in results if result.verdict is not Status.NOT_RUN]
    enough = sum(not result.beyond_access for result in ran)
    if not ran:
        return f"{access}: no check was run"
    was_run = " that was run" if len(ran) < len(results) else ""
    return f"{access}: enough for {'every check' if enough == len(ran) else f'{enough} of {len(ran)} checks'}{was_run}"
