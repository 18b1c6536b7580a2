"""Which edits fit into an allowance: the most telling first, the tail cut, never the head."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from contracts.document import Operation
from contracts.requirements import Requirement
from strategies.edit import Edit, Edits, Tier
from tests.harness.run import RESERVED_SHARE
from tests.harness.settings import Profile

OPENING = 3
"""A request without credentials, a control and its repeat."""
OPENING_WITH_IDS = 5
"""Where ids come from another operation: two requests of that one, a control and its repeat, a second control."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What one requirement wants to send for an operation: edits, and a fixed number of other requests per profile."""

    requirement: str
    edits: Edits | None
    sends: tuple[int, int, int]


AFTER_ALL_OTHERS = 2.0
SHOULDS_GIVE_WAY = 1.3
"""A should that judges only what it sends itself is cut this much sooner than a must."""


def share_out(
    operation: Operation,
    demands: Mapping[Requirement, Demand],
    profile: Profile,
    tried_elsewhere: Collection[str] = (),
) -> Mapping[str, tuple[Edit, ...]]:
    """Return the edits that each requirement may try for the operation.

    Tier by tier, every requirement loses the same share of its list, from the tail: a small allowance costs depth
    everywhere rather than any requirement its voice. Recommendations lose somewhat more than what gates the run.
    Requirements in `tried_elsewhere`, which an operation with room to spare tries in depth in the same run, keep their
    first tier and then wait: what one layer does for all operations needs that depth only once.
    """
    opening = OPENING_WITH_IDS if operation.leads_here else OPENING
    fixed = sum(demand.sends[list(Profile).index(profile)] for demand in demands.values())
    left = profile.allowance - profile.allowance // RESERVED_SHARE - opening - fixed
    queue = []
    for requirement, demand in demands.items():
        edits = sorted(demand.edits(operation), key=lambda edit: edit.tier) if demand.edits else []
        for place, edit in enumerate(edits):
            alike = [other for other in edits if other.tier is edit.tier]
            share = alike.index(edit) / len(alike)
            # The first edit of each requirement goes before all else: without it there would be no verdict.
            turn = (0, 0.0) if place == 0 else (edit.tier, _turn(requirement, edit, share, tried_elsewhere))
            queue.append((turn, demand.requirement, edit))
    queue.sort(key=lambda entry: entry[0])
    chosen = queue[: max(left, 0)]
    return {
        demand.requirement: tuple(edit for _, requirement, edit in chosen if requirement == demand.requirement)
        for demand in demands.values()
    }


def _turn(requirement: Requirement, edit: Edit, share: float, tried_elsewhere: Collection[str]) -> float:
    if requirement.id in tried_elsewhere and edit.tier is not Tier.FIRST:
        return AFTER_ALL_OTHERS + share
    return share if requirement.gates or requirement.judges == "all" else share * SHOULDS_GIVE_WAY
