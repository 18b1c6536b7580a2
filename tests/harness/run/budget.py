"""How many requests may still be sent for one operation, and which of them are spoken for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from contracts.errors import CouldNotTell
from contracts.requirements import Requirement
from tests.harness.run.created_record import Record

CONFIRMATION_SHARE: Final = 30
"""One request in thirty is reserved for sending again what violated a requirement."""
ENOUGH_FOR_A_VERDICT: Final = 2
"""Requests that each gating requirement keeps, whatever those before it take beyond their own."""
MAX_UNANSWERED: Final = 2
"""Requests of one requirement that may stay unanswered: each takes two deadlines, and a third shows nothing new."""
MANY_UNANSWERED: Final = 8
"""Unanswered requests of one operation, after which one for each requirement is enough."""


class BudgetSpent(CouldNotTell):
    """The operation may send nothing more in this profile."""


class TooManyUnanswered(BudgetSpent):
    """The target left several requests of one requirement without an answer: no more of them are sent."""


class Budget:
    """Counts the requests of one operation. The cancellation of what the operation creates is part of its budget."""

    def __init__(self, total: int, label: str) -> None:
        """Begin with `total` requests; `label` names the operation in errors."""
        self.total = total
        self.spent = 0
        self.confirmations = total // CONFIRMATION_SHARE
        self._label = label
        self._created: list[Record] = []
        self._reserved: dict[str, int] = {}
        self._only_spare = False
        self._unanswered = self._unanswered_in_all = 0

    def reserve(self, reserved: Mapping[str, int]) -> None:
        """Reserve requests for each of these requirements, by id: what only narrows a finding down leaves them."""
        self._reserved = dict(reserved)

    def begin(self, requirement: Requirement) -> None:
        """Release what was reserved for the requirement; one that does not gate may only use spare requests."""
        self._reserved.pop(requirement.id, None)
        self._only_spare = not requirement.gates and not requirement.checks_all_exchanges
        self._unanswered = 0

    @property
    def left(self) -> int:
        """Return how many requests may still be sent, without those that clean-up will take."""
        return self.total - self.spent - sum(record.cleanup_cost for record in self._created)

    @property
    def spare(self) -> int:
        """Return how many requests may be sent that are reserved for no gating requirement."""
        return self.left - sum(self._reserved.values())

    @property
    def available(self) -> int:
        """Return how many requests the current requirement may still send."""
        if self._only_spare:
            return self.spare
        return self.left - sum(min(ENOUGH_FOR_A_VERDICT, reserved) for reserved in self._reserved.values())

    def require(self) -> None:
        """Raise BudgetSpent if the current requirement may send nothing more."""
        if self.available <= 0:
            raise self.exhausted()
        if self._unanswered >= (MAX_UNANSWERED if self._unanswered_in_all < MANY_UNANSWERED else 1):
            raise TooManyUnanswered(
                "Requests got no response, each of them twice: the suite sends no more of them for this requirement."
            )

    def exhausted(self) -> BudgetSpent:
        """Return the error for a request that the budget does not allow."""
        return BudgetSpent(
            f"The budget of {self.total} requests for {self._label} is used up: choose a larger --profile."
        )

    def owe_cleanup(self, record: Record) -> None:
        """Count from now on what it takes to cancel a record."""
        self._created.append(record)

    def note_unanswered(self) -> None:
        """Count a request of the current requirement that stayed unanswered."""
        self._unanswered += 1
        self._unanswered_in_all += 1

    def forgive_unanswered(self) -> None:
        """Forget unanswered requests that were sent for no requirement of its own."""
        self._unanswered = 0
