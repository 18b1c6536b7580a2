"""The decision of a check function, the verdict about a requirement on an operation, and its evidence. No I/O here."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from contracts.model.http import CONTROL, Exchange

INTERMITTENT: Final = "now and then"
"""The mutation of an intermittent finding: the same request sometimes gets a correct answer. Part of identities."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A violation of a requirement by one exchange. `kind` names it without any generated value.

    `gates` is False if the documentation leaves the behaviour open, or careful servers differ in it: such a violation
    is reported, but fails no run.
    """

    kind: str
    expected: str
    observed: str
    gates: bool = True


Decision: TypeAlias = Violation | bool | None
"""The decision of a check function: `PASS`, a `Violation`, or `NOT_CONCERNED` if it does not apply to the exchange."""

PASS: Final = True
NOT_CONCERNED: Final = None


class Status(StrEnum):
    """The verdicts.

    `NOT_REACHED`: the request budget was spent before anything could be decided. `NOT_RUN` and `INTERNAL_ERROR` stand
    in the place of a verdict: the run ended before the check, or during it; or the suite itself failed in it.
    """

    HELD = "held"
    VIOLATED = "violated"
    NOT_MET = "not met"
    COULD_NOT_TELL = "inconclusive"
    NOT_APPLICABLE = "not applicable"
    NOT_REACHED = "not reached"
    NOT_RUN = "not run"
    INTERNAL_ERROR = "internal error"


DECIDED_STATUSES: Final = (Status.HELD, Status.VIOLATED, Status.NOT_MET)
"""The verdicts that decide about a requirement."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One violation. Its `identity` is the same in every run: no seed and no generated value enters it.

    `gates`: it fails the run. A finding is reported but does not gate if it rests on nothing but an example or an
    inference, if careful servers differ in the behaviour, or if no client but a fuzzer sends such a request.
    `gates_if_stated`: it would fail the run if the documentation stated what it shows by example.
    """

    requirement: str
    operation: str
    mutation: str
    violation: Violation
    exchange: Exchange
    seen: int
    tried: int
    mutations: tuple[str, ...] = ()
    gates: bool = True
    gates_if_stated: bool = False

    @property
    def identity(self) -> str:
        """Return twelve hex digits of a hash over requirement, operation, mutation and kind of violation."""
        parts = f"{self.requirement}\n{self.operation}\n{self.mutation}\n{self.violation.kind}"
        return hashlib.sha256(parts.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence of a verdict: the numbers of deciding requests, and of accepted controls beside them."""

    decided: int
    controls: int
    mutations: tuple[str, ...]
    statuses: Mapping[str, int]

    @property
    def ruled_out(self) -> float | None:
        """Return the fault rate that `decided` independent requests without a fault rule out at 95 %, or None."""
        return None if self.decided == 0 else 1 - 0.05 ** (1 / self.decided)

    @classmethod
    def of(cls, exchanges: Iterable[Exchange], controls: int) -> Evidence:
        """Return the evidence of the exchanges that decided."""
        seen = list(exchanges)
        return cls(
            decided=len(seen),
            controls=controls,
            mutations=tuple(dict.fromkeys(exchange.mutation for exchange in seen if exchange.mutation != CONTROL)),
            statuses=dict(sorted(Counter(exchange.status_or_fault for exchange in seen).items())),
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict about one requirement on one operation. `reason` is one sentence, empty when held.

    `observations` are sentences about behaviour that the documentation leaves open. `follows_from` is the id of the
    requirement whose violation on the operation implies the findings, or empty. If the target stopped answering,
    `last_requests` are the requests in flight, or else the one that it answered last.
    """

    requirement: str
    operation: str
    status: Status
    reason: str
    evidence: Evidence
    findings: tuple[Finding, ...] = ()
    observations: tuple[str, ...] = ()
    last_requests: tuple[Exchange, ...] = ()
    follows_from: str = ""
