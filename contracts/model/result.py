"""The result of one check, as the harness hands it to the reports: in a pytest process, and from xdist's workers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

from pydantic import TypeAdapter

from contracts.model.verdict import Evidence, Finding, Status, Verdict
from contracts.openapi.operation import Operation
from contracts.requirements import Requirement


@dataclass(frozen=True, slots=True)
class FindingText:
    """A finding in words: what was expected, what was observed, and a curl command that reproduces it."""

    expected: str = ""
    observed: str = ""
    curl: str = ""


@dataclass(frozen=True, slots=True)
class FindingResult:
    """One finding. `request` is the number of the request that shows it, in its process.

    `gates_if_stated`: it would fail the run if the documentation stated what it shows by example.
    """

    identity: str
    mutation: str
    kind: str
    seen: int
    tried: int
    gates: bool
    mutations: tuple[str, ...]
    request: int
    text: FindingText = FindingText()
    gates_if_stated: bool = False

    @classmethod
    def of(cls, finding: Finding, text: FindingText) -> Self:
        """Return the result of a finding."""
        return cls(
            identity=finding.identity,
            mutation=finding.mutation,
            kind=finding.violation.kind,
            seen=finding.seen,
            tried=finding.tried,
            gates=finding.gates,
            mutations=finding.mutations,
            request=finding.exchange.number,
            text=text,
            gates_if_stated=finding.gates_if_stated,
        )


@dataclass(frozen=True, slots=True)
class EvidenceResult:
    """The evidence of a verdict; `statuses` counts statuses and faults, `ruled_out` is a fault rate between 0 and 1."""

    decided: int = 0
    controls: int = 0
    mutations: tuple[str, ...] = ()
    statuses: Mapping[str, int] = field(default_factory=dict)
    ruled_out: float | None = None

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Return the result of some evidence."""
        return cls(evidence.decided, evidence.controls, evidence.mutations, dict(evidence.statuses), evidence.ruled_out)


@dataclass(frozen=True, slots=True)
class LastRequest:
    """A request that was in flight, or was answered last, when the target stopped answering.

    `status_or_fault` is the status of its answer, or the fault that came instead.
    """

    operation: str
    method: str
    target: str
    mutation: str
    request: int
    status_or_fault: str
    curl: str

    @property
    def answered(self) -> bool:
        """Return whether the target answered it."""
        return self.status_or_fault.isdigit()


@dataclass(frozen=True, slots=True)
class ProcessStats:
    """What a pytest process had done when an item ended: `worker` is xdist's id of it, empty without workers.

    `transport` has the numbers of `tests.harness.http.transport_stats`.
    """

    worker: str
    requests_sent: int
    transport: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Presentation:
    """How the reports present a verdict.

    `suppressed`: known issues hold every finding that would fail the run. `stale_issues` is a sentence about known
    issues that are no longer violated, empty without any. `finding_texts` are by the finding's identity.
    """

    text: str
    suppressed: bool = False
    stale_issues: str = ""
    finding_texts: Mapping[str, FindingText] = field(default_factory=dict)
    last_requests: tuple[LastRequest, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemResult:
    """The result of one check, which is one requirement on one operation.

    `gates`: a violation fails the run. `expects_success`: the document says that the operation can succeed.
    `follows_from`: the id of the requirement whose violation on the operation implies the findings, or empty. `text` is
    what pytest shows, empty where the requirement held. `beyond_access`: the check needs more than the settings give.
    `stop` is why the target ended the whole run with this item, or empty. `process` is None where no process came to
    the end of the item. An item in which pytest itself failed has its pytest id as `requirement`, and no operation.
    """

    requirement: str
    verdict: Status
    operation: str = ""
    group: str = ""
    level: str = ""
    sentence: str = ""
    gates: bool = False
    expects_success: bool = False
    text: str = ""
    suppressed: bool = False
    stale_issues: str = ""
    follows_from: str = ""
    evidence: EvidenceResult = field(default_factory=EvidenceResult)
    beyond_access: bool = False
    findings: tuple[FindingResult, ...] = ()
    observations: tuple[str, ...] = ()
    last_requests: tuple[LastRequest, ...] = ()
    stop: str = ""
    process: ProcessStats | None = None

    @classmethod
    def of(
        cls, requirement: Requirement, operation: Operation, verdict: Verdict, presentation: Presentation, **rest: Any
    ) -> Self:
        """Return the result of a verdict; `rest` are the fields that neither the verdict nor the reports know."""
        return cls(
            **_about(requirement, operation),
            verdict=verdict.status,
            suppressed=presentation.suppressed,
            stale_issues=presentation.stale_issues,
            follows_from=verdict.follows_from,
            evidence=EvidenceResult.of(verdict.evidence),
            findings=tuple(
                FindingResult.of(finding, presentation.finding_texts.get(finding.identity, FindingText()))
                for finding in verdict.findings
            ),
            observations=verdict.observations,
            last_requests=presentation.last_requests,
            **rest,
        )

    @classmethod
    def not_run(cls, requirement: Requirement, operation: Operation, reason: str) -> Self:
        """Return the result of a check that the run ended before, or in the middle of."""
        return cls(**_about(requirement, operation), verdict=Status.NOT_RUN, text=f"{Status.NOT_RUN}: {reason}")

    @classmethod
    def crashed(cls, item: str) -> Self:
        """Return the result of an item, by its pytest id, in which pytest or a worker failed."""
        return cls(requirement=item, verdict=Status.INTERNAL_ERROR)

    @property
    def is_check(self) -> bool:
        """Return whether it is the result of a check; an item in which pytest failed has none."""
        return bool(self.operation)

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON, for xdist."""
        return ADAPTER.dump_python(self, mode="json")  # type: ignore[no-any-return]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ItemResult:
        """Return the result that `to_json` gave; raises `pydantic.ValidationError` for anything else."""
        return ADAPTER.validate_python(value)


ADAPTER: Final[TypeAdapter[ItemResult]] = TypeAdapter(ItemResult)


def _about(requirement: Requirement, operation: Operation) -> dict[str, Any]:
    return {
        "requirement": requirement.id,
        "operation": operation.id,
        "group": requirement.group,
        "level": requirement.level,
        "sentence": requirement.sentence,
        "gates": requirement.gates and requirement.applies(operation.stated_only),
        "expects_success": operation.supported,
    }


def stop_reason(results: Iterable[ItemResult]) -> str:
    """Return why the target ended the run; empty if it did not."""
    return next((result.stop for result in results if result.stop), "")


def process_stats(results: Sequence[ItemResult]) -> list[ProcessStats]:
    """Return the latest numbers of each process."""
    latest: dict[str, ProcessStats] = {}
    for result in results:
        if result.process is not None:
            latest[result.process.worker] = result.process
    return list(latest.values())
