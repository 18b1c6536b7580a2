"""Retries, outages and waits between the suite and its target, counted and put into one line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Final

SHARED_BY_PROCESSES: Final = frozenset({"outages", "outage_seconds"})
"""All processes of a run meet the same outage of the target: these numbers are not added up."""


@dataclass(slots=True)
class TransportStats:
    """What the client met with. None of it is held against the target by itself.

    `retries` counts requests that were sent more than once, `outages` the times that the target was unavailable for
    every request, `outage_seconds` their length in all.
    """

    retries: int = 0
    outages: int = 0
    outage_seconds: float = 0.0

    def as_numbers(self) -> dict[str, float]:
        """Return the numbers by their names."""
        return asdict(self)


def transport_stats_line(processes: Iterable[Mapping[str, float]]) -> str:
    """Return the numbers of all processes of a run in one line; an empty text where there is nothing to say.

    Beside those of `TransportStats`, each process gives `throttled` (answers with 429), `delayed` (answers that the
    target delayed near its limit) and `waited` (seconds that the target or its limit asked for).
    """
    numbers: defaultdict[str, float] = defaultdict(float)
    for process in processes:
        for name, number in process.items():
            numbers[name] = max(numbers[name], number) if name in SHARED_BY_PROCESSES else numbers[name] + number
    retries = f"{numbers['retries']:.0f} {'retry' if numbers['retries'] == 1 else 'retries'}"
    outages = f"target unavailable {_times(numbers['outages'])} ({numbers['outage_seconds']:.0f} s)"
    parts = [
        retries if numbers["retries"] else "",
        outages if numbers["outages"] else "",
        f"{numbers['throttled']:.0f} answered 429" if numbers["throttled"] else "",
        f"{numbers['delayed']:.0f} delayed near the limit" if numbers["delayed"] else "",
        f"{numbers['waited']:.0f} s waited" if numbers["waited"] >= 1 else "",
    ]
    shown = ", ".join(part for part in parts if part)
    return f"Network: {shown}." if shown else ""


def _times(number: float) -> str:
    return {1: "once", 2: "twice"}.get(int(number), f"{number:.0f} times")
