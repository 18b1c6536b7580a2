"""Which edits fit into an allowance: the most telling first, the tail cut, never the head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contracts.document import Operation
from contracts.requirements import Requirement
from strategies.edit import Edit, Edits, Tier
from tests.harness.run import RESERVED_SHARE
from tests.harness.settings import Profile

OPENING_CONTROLS = 3
"""A control and its repeat, and the request of another operation that some take their ids from."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What one requirement wants to send for an operation: edits, and a fixed number of other requests per profile."""

    requirement: str
    edits: Edits | None
    sends: tuple[int, int, int]


SHOULDS_GIVE_WAY = 1.3
"""A should that judges only what it sends itself is cut this much sooner than a must."""


def share_out(
    operation: Operation, demands: Mapping[Requirement, Demand], profile: Profile
) -> Mapping[str, tuple[Edit, ...]]:
    """Return the edits that each requirement may try for the operation.

    Tier by tier, every requirement loses the same share of its list, from the tail: a small allowance costs depth
    everywhere rather than any requirement its voice. Recommendations lose somewhat more than what gates the run.
    """
    fixed = sum(demand.sends[list(Profile).index(profile)] for demand in demands.values())
    left = profile.allowance - profile.allowance // RESERVED_SHARE - OPENING_CONTROLS - fixed
    queue = [
        (edit.tier, place / len(alike) * _haste(requirement), demand.requirement, edit)
        for requirement, demand in demands.items()
        if demand.edits
        for alike in _tiers(demand.edits(operation))
        for place, edit in enumerate(alike)
    ]
    queue.sort(key=lambda entry: entry[:2])
    chosen = queue[: max(left, 0)]
    return {
        demand.requirement: tuple(edit for _, _, requirement, edit in chosen if requirement == demand.requirement)
        for demand in demands.values()
    }


def _haste(requirement: Requirement) -> float:
    return 1.0 if requirement.gates or requirement.judges == "all" else SHOULDS_GIVE_WAY


def _tiers(edits: Sequence[Edit]) -> list[list[Edit]]:
    return [[edit for edit in edits if edit.tier is tier] for tier in Tier]
