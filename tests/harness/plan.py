"""Which edits fit into an allowance: the most telling first, the tail cut, never the head."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from contracts.document import Operation
from contracts.requirements import Requirement
from strategies.edit import Edit, Edits, Tier
from tests.harness.records import COST_OF_A_RECORD
from tests.harness.run import RESERVED_SHARE
from tests.harness.settings import Profile

OPENING = 3
"""A request without credentials, a control and its repeat."""
OPENING_WITH_IDS = 5
"""Where ids come from another operation: two requests of that one, a control and its repeat, a second control."""


CONTROLS_OF_AN_OPENING = 2


@dataclass(frozen=True, slots=True)
class Demand:
    """What one requirement wants to send for an operation: edits, and a fixed number of other requests per profile.

    `to_be_accepted` tells that a conforming target accepts most of them.
    """

    requirement: str
    edits: Edits | None
    sends: tuple[int, int, int]
    to_be_accepted: bool = False

    def cost(self, operation: Operation) -> int:
        """Return what one request of it costs in the end: what creates a record has it cancelled again."""
        return 1 + COST_OF_A_RECORD if self.to_be_accepted and operation.record else 1


AFTER_ALL_OTHERS = 2.0
SHOULDS_GIVE_WAY = 1.3
"""A should that judges only what it sends itself is cut this much sooner than a must."""


def share_out(
    operation: Operation,
    demands: Mapping[Requirement, Demand],
    profile: Profile,
    tried_elsewhere: Collection[str] = (),
    provisions: int = 0,
) -> Mapping[str, tuple[Edit, ...]]:
    """Return the edits that each requirement may try for the operation.

    Tier by tier, every requirement loses the same share of its list, from the tail: a small allowance costs depth
    everywhere rather than any requirement its voice. Recommendations lose somewhat more than what gates the run.
    Requirements in `tried_elsewhere`, which an operation with room to spare tries in depth in the same run, keep their
    first tier and then wait: what one layer does for all operations needs that depth only once.
    `provisions` are requests that have to make what the operation works on.
    """
    opening = provisions + (OPENING_WITH_IDS if operation.job_status else OPENING)
    opening += COST_OF_A_RECORD * CONTROLS_OF_AN_OPENING if operation.record else 0
    place = list(Profile).index(profile)
    fixed = sum(demand.sends[place] * demand.cost(operation) for demand in demands.values())
    left = profile.allowance - profile.allowance // RESERVED_SHARE - opening - fixed
    queue = []
    for requirement, demand in demands.items():
        edits = sorted(demand.edits(operation), key=lambda edit: edit.tier) if demand.edits else []
        for at, edit in enumerate(edits):
            alike = [other for other in edits if other.tier is edit.tier]
            share = alike.index(edit) / len(alike)
            # The first edit of each requirement goes before all else: without it there would be no verdict.
            turn = (0, 0.0) if at == 0 else (edit.tier, _turn(requirement, edit, share, tried_elsewhere))
            queue.append((turn, demand, edit))
    queue.sort(key=lambda entry: entry[0])
    chosen = []
    for _, demand, edit in queue:
        if demand.cost(operation) <= left:
            left -= demand.cost(operation)
            chosen.append((demand.requirement, edit))
    return {
        demand.requirement: tuple(edit for requirement, edit in chosen if requirement == demand.requirement)
        for demand in demands.values()
    }


def _turn(requirement: Requirement, edit: Edit, share: float, tried_elsewhere: Collection[str]) -> float:
    if requirement.id in tried_elsewhere and edit.tier is not Tier.FIRST:
        return AFTER_ALL_OTHERS + share
    return share if requirement.gates or requirement.judges == "all" else share * SHOULDS_GIVE_WAY
