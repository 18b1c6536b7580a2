"""Which operations of the document a run tests, and to which of them it may write although nothing marks them."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from contracts.errors import UsageError
from contracts.mock.data.served import not_served
from contracts.openapi.descriptions import NotJudged
from contracts.openapi.operation import Operation
from contracts.untrusted.similar_names import choices
from tests.harness.config.access import ALLOW_WRITES


def select(
    operations: Sequence[Operation], patterns: Sequence[str], *, may_be_gone: bool = False
) -> tuple[Operation, ...]:
    """Return the operations whose id matches one of the patterns, all without patterns.

    Raises NothingSelected for a pattern that matches none, since the run would test less than was meant; with
    `may_be_gone` only if no pattern matches any.
    """
    ids = [operation.id for operation in operations]
    unmatched = [pattern for pattern in patterns if not any(fnmatchcase(one, pattern) for one in ids)]
    if unmatched and not (may_be_gone and len(unmatched) < len(patterns)):
        raise NothingSelected(f"--operation {unmatched[0]} matches no operation: {choices(unmatched[0], ids)}")
    return tuple(o for o in operations if not patterns or any(fnmatchcase(o.id, pattern) for pattern in patterns))


class NothingSelected(UsageError):
    """The selection is empty: pytest's exit code 5."""


def without_unserved(operations: Sequence[Operation]) -> tuple[tuple[Operation, ...], tuple[NotJudged, ...]]:
    """Return the operations that the embedded mock can serve, and the others; `UsageError` if it can serve none."""
    unserved = not_served(operations)
    labels = {one.part for one in unserved}
    served = tuple(operation for operation in operations if operation.label not in labels)
    if not served:
        raise UsageError(f"The mock can serve none of the operations; {unserved[0]}.")
    return served, unserved


def allowed_writes(selected: frozenset[str], patterns: Sequence[str]) -> frozenset[str]:
    """Return the ids of the operations that --allow-writes is about: those that --operation names in full.

    Raises UsageError if it names none: a glob may select more writes than its author thought of.
    """
    named = selected & {*patterns}
    if not named:
        raise UsageError(f"{ALLOW_WRITES} needs --operation with the id of each operation, in full and without globs.")
    return named
