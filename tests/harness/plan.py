"""Which edits fit into an allowance: the most telling first, the tail cut, never the head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contracts.document import Operation
from strategies.edit import Edit, Edits
from tests.harness.run import RESERVED_SHARE
from tests.harness.settings import Profile

OPENING_CONTROLS = 3
"""A control and its repeat; where the control is an id from another operation's answer, that one's request too."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What one requirement wants to send for an operation: edits, and a fixed number of other requests per profile."""

    requirement: str
    edits: Edits | None
    sends: tuple[int, int, int]


def share_out(operation: Operation, demands: Sequence[Demand], profile: Profile) -> Mapping[str, tuple[Edit, ...]]:
    """Return the edits that each requirement may try for the operation.

    A twelfth of the allowance stays in reserve for sending again what failed. The rest goes round: each requirement
    in turn gets its next edit, first those of the first tier, until nothing is left. So a small allowance loses
    depth in every requirement rather than any requirement.
    """
    fixed = sum(demand.sends[list(Profile).index(profile)] for demand in demands)
    left = profile.allowance - profile.allowance // RESERVED_SHARE - OPENING_CONTROLS - fixed
    wanted = {demand.requirement: list(demand.edits(operation)) for demand in demands if demand.edits}
    queue = sorted(
        (
            (edit.tier, place, requirement, edit)
            for requirement, edits in wanted.items()
            for place, edit in enumerate(_by_tier(edits))
        ),
        key=lambda entry: (entry[0], entry[1]),
    )
    chosen = queue[: max(left, 0)]
    return {requirement: tuple(edit for _, _, name, edit in chosen if name == requirement) for requirement in wanted}


def _by_tier(edits: Sequence[Edit]) -> list[Edit]:
    return sorted(edits, key=lambda edit: edit.tier)
