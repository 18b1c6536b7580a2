"""What the violations of one requirement on one operation amount to: one finding for each kind.

The identity of a finding is `contracts.model.verdict.Finding.identity`. No I/O here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contracts.model.http import Exchange
from contracts.model.verdict import INTERMITTENT, Decision, Finding, Violation


@dataclass(slots=True)
class Occurrence:
    """A violation as one exchange shows it: `seen` times of the `tried` times that its request was sent.

    `gates` is whether it is a violation by what the vendor states, without examples and inferences, `gates_if_stated`
    whether it is one that would gate with these.
    """

    violation: Violation
    exchange: Exchange
    gates: bool
    seen: int = 1
    tried: int = 1
    gates_if_stated: bool = False


def is_gating(decision: Decision) -> bool:
    """Return whether this is a violation that fails the run if its requirement does."""
    return isinstance(decision, Violation) and decision.gates


def is_intermittent(occurrences: Sequence[Occurrence], related: Sequence[Occurrence] = ()) -> bool:
    """Return whether violations of one kind come and go: a request did not show it each time, and none always did.

    `occurrences` are the requirement's own, `related` those of the requirements that it depends on, which have always
    run before: the result depends neither on the order of other requirements nor on which of them are selected. A
    request that was sent once confirms nothing. Requirements that check all exchanges see all of the operation's, the
    repeated controls included.
    """
    confirmed = any(occurrence.seen == occurrence.tried > 1 for occurrence in occurrences)
    return not confirmed and any(occurrence.seen < occurrence.tried for occurrence in (*occurrences, *related))


def findings(
    requirement: str, operation: str, occurrences: Sequence[Occurrence], related: Sequence[Occurrence] = ()
) -> Iterator[Finding]:
    """Yield a finding for each kind of violation; `requirement` and `operation` are ids.

    `related` are the occurrences of the requirements that this one depends on: they make no finding.

    A finding is named after the mutation of its first occurrence, a gating one and no generated one if there is any; an
    intermittent one is about no mutation.
    """
    for kind in dict.fromkeys(occurrence.violation.kind for occurrence in occurrences):
        alike = [occurrence for occurrence in occurrences if occurrence.violation.kind == kind]
        related_alike = [occurrence for occurrence in related if occurrence.violation.kind == kind]
        gating = [occurrence for occurrence in alike if occurrence.gates] or alike
        named = [occurrence for occurrence in gating if not occurrence.exchange.generated]
        first = (named or gating)[0]
        yield Finding(
            requirement=requirement,
            operation=operation,
            mutation=INTERMITTENT if is_intermittent(alike, related_alike) else first.exchange.mutation,
            violation=first.violation,
            exchange=first.exchange,
            seen=first.seen,
            tried=first.tried,
            mutations=tuple(dict.fromkeys(occurrence.exchange.mutation for occurrence in alike)),
            gates=first.gates,
            gates_if_stated=not first.gates and any(occurrence.gates_if_stated for occurrence in alike),
        )
