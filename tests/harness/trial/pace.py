"""How far a run is, and how long it still takes: from the results so far, the plan and the pace. Sends nothing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.model.result import ItemResult

SECONDS_PER_MINUTE: Final = 60
MINUTES_PER_HOUR: Final = 60
STEP_SECONDS: Final = 10
"""Less than a minute is given in these steps."""
MAX_MINUTES: Final = 120
"""Beyond it, time is given in hours."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: `checks` of `planned` are done, `sent` requests are sent in `seconds`, `left` are to come.

    `per_minute` is the pace that the run keeps, or None where nothing is paced.
    """

    checks: int
    planned: int
    sent: int
    left: int
    seconds: float
    per_minute: int | None = None

    @classmethod
    def of(
        cls,
        results: Sequence[ItemResult],
        planned: Mapping[str, int],
        budget: int,
        *,
        sent: int,
        seconds: float,
        per_minute: int | None,
    ) -> Progress:
        """Return the progress of a run; `planned` are the numbers of checks by the operation's id.

        `budget` requests are planned for an operation, until some are done: then it is what these took on average.
        `sent` counts the requests of this process; those of workers stand in their results.
        """
        by_operation = requests_by_operation(results)
        done = Counter(result.operation for result in results if result.is_check)
        finished = [name for name, number in planned.items() if done[name] >= number]
        expected = sum(by_operation[name] for name in finished) / len(finished) if finished else budget
        to_come = sum(max(0.0, expected - by_operation[name]) for name in planned if name not in finished)
        in_results = by_operation.total()
        since = max(0, sent - in_results)
        left = max(0, math.ceil(to_come) - since)
        return cls(done.total(), sum(planned.values()), in_results + since, left, seconds, per_minute)

    @property
    def pace(self) -> float:
        """Return the requests a minute so far, at most those that a minute allows: its first ones go out at once."""
        seen = self.sent * SECONDS_PER_MINUTE / self.seconds if self.seconds > 0 else 0.0
        return seen if self.per_minute is None else min(seen, self.per_minute)

    def text(self) -> str:
        """Return it in one line: `40 of 152 checks, 412 requests sent, 98 a minute, about 2 minutes left`."""
        checks = f"{self.checks} of {self.planned} checks, {self.sent:,} requests sent"
        if not self.sent:
            return checks
        line = f"{checks}, {self.pace:,.0f} a minute"
        return f"{line}, {time_left(self.left / self.pace)}" if self.checks < self.planned else line


def requests_by_operation(results: Iterable[ItemResult]) -> Counter[str]:
    """Return how many requests were sent for each operation, over all processes of a run."""
    counted: Counter[str] = Counter()
    before: dict[str, int] = {}
    for result in results:
        if result.process is not None:
            worker, sent = result.process.worker, result.process.requests_sent
            counted[result.operation] += sent - before.get(worker, 0)
            before[worker] = sent
    return counted


def time_left(minutes: float) -> str:
    """Return a time as it is said: `about 20 seconds left`, `about 2 minutes left`, `about 3 hours left`."""
    seconds = minutes * SECONDS_PER_MINUTE
    if seconds <= SECONDS_PER_MINUTE - STEP_SECONDS:
        return f"about {max(1, math.ceil(seconds / STEP_SECONDS)) * STEP_SECONDS} seconds left"
    if minutes <= MAX_MINUTES:
        whole = math.ceil(minutes)
        return f"about {whole} minute{'s' * (whole != 1)} left"
    return f"about {math.ceil(minutes / MINUTES_PER_HOUR)} hours left"
