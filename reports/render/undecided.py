"""What a run could not tell, and why: the reasons, each with its checks and operations."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from contracts.model.result import ItemResult
from reports.render.wording import one_line
from reports.run.counts import pluralize

OPENING = re.compile(r"[^:,.;(]*")
"""Of a reason: what is the same for each operation, as in `No control was accepted: …`."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason without a full stop, and the numbers of checks and operations that it is about."""

    text: str
    checks: int
    operations: int

    def line(self) -> str:
        """Return the reason with its numbers: `22 checks on 2 operations: no control was accepted`."""
        return f"{pluralize(self.checks, 'check')} on {pluralize(self.operations, 'operation')}: {self.text}"


def reasons(items: Iterable[ItemResult]) -> list[Reason]:
    """Return why these checks have no verdict, the reason of most checks first.

    Reasons that begin alike are one, and the one that says most is its example. What needs more access stays apart, for
    each of these reasons names other settings.
    """
    groups: dict[str, list[tuple[str, ItemResult]]] = {}
    for item in items:
        text = reason_of(item)
        opening = OPENING.match(text)
        key = text if item.beyond_access or opening is None else opening.group().strip()
        groups.setdefault(key, []).append((text, item))
    found = [
        Reason(
            _example(key, Counter(text for text, _ in group)), len(group), len({item.operation for _, item in group})
        )
        for key, group in groups.items()
    ]
    return sorted(found, key=lambda reason: -reason.checks)


def _example(opening: str, texts: Counter[str]) -> str:
    """Return the text of a reason: the longest, since it names what to do."""
    longest = max(texts, key=len)
    rest = longest.removeprefix(f"{opening}: ")
    return longest if rest == longest or len(texts) == 1 else f"{opening}; for example: {rest}"


def reason_of(item: ItemResult) -> str:
    """Return why a check has no verdict: the first line of its text, without verdict, requirement and full stop."""
    line = one_line(item.text.partition("\n")[0])
    without = line.removeprefix(f"{item.verdict}: ").partition(f"{item.requirement} ")[2] or line.partition(": ")[2]
    return (without or line).removesuffix(".")
