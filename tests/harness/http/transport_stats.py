"""What stood between the suite and its target, counted and put into one line.

An absence is told with its length; `waited` counts what the target asked for, such as the rest of a window.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Final

SEEN_BY_ALL: Final = frozenset({"away", "away_seconds"})
"""Each process meets with the same absence of the target: they are not added up."""


@dataclass(slots=True)
class Weather:
    """None of it is held against the target by itself.

    `again` counts requests that were sent again, `away` the absences of the target, `away_seconds` their length.
    """

    again: int = 0
    away: int = 0
    away_seconds: float = 0.0

    def numbers(self) -> dict[str, float]:
        """Return the numbers by their names."""
        return asdict(self)


def transport_stats_line(processes: Iterable[Mapping[str, float]]) -> str:
    """Return what all processes of a run met with, in one line; an empty text for fair weather."""
    numbers: defaultdict[str, float] = defaultdict(float)
    for told in processes:
        for name, number in told.items():
            numbers[name] = max(numbers[name], number) if name in SEEN_BY_ALL else numbers[name] + number
    lines = [
        f"{numbers['again']:.0f} sent again" if numbers["again"] else "",
        f"the target away {_times(numbers['away'])}, {numbers['away_seconds']:.0f} s in all" if numbers["away"] else "",
        f"{numbers['refused']:.0f} refused with 429" if numbers["refused"] else "",
        f"{numbers['slowed']:.0f} delayed near the limit" if numbers["slowed"] else "",
        f"{numbers['waited']:.0f} s waited" if numbers["waited"] >= 1 else "",
    ]
    shown = ", ".join(line for line in lines if line)
    return f"On the way: {shown}." if shown else ""


def _times(number: float) -> str:
    return "once" if number == 1 else f"{number:.0f} times"
