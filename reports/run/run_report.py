"""All that is told of a run, gathered once: terminal, Markdown, JSON and badge put the same account into words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from contracts.model.result import FindingResult, ItemResult, LastRequest, process_stats
from contracts.model.verdict import Status
from reports.run.counts import explanation, requirements
from reports.run.history import DetectionPower, FindingRecord, Run
from reports.run.outcome import SUITE_FAILED, Outcome, meaning, outcome, sentence
from reports.run.proof import Proof
from reports.run.trend import Change

DECIDED = (Status.HELD, Status.VIOLATED, Status.NOT_MET)
"""The verdicts of a requirement that a run could tell about."""


@dataclass(frozen=True, slots=True)
class RunConfig:
    """What the run was made with. `began` is an ISO 8601 time in UTC, `contract` the digest of the document `file`."""

    began: str
    target: str
    title: str
    file: str
    contract: str
    suite: str
    profile: str
    seed: int


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run. `results` are those of its items, `last` the beginning of the run that `changes` compares with, if any.

    `notice` says what is amiss with the history. `not_cancelled` has a line for each record left at the target,
    `access` tells how far the run could go. `failure` is why the run ends with exit code 3, where it does. `files` are
    the reports that were asked for, by option.
    """

    setting: RunConfig
    results: Sequence[ItemResult]
    exit_code: int
    access: str
    refusals: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    last: str | None = None
    notice: str = ""
    proof: Proof | None = None
    not_cancelled: tuple[str, ...] = ()
    failure: str = SUITE_FAILED
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        """Return what came of the run, in the fewest words."""
        return outcome(self.results, self.exit_code)

    @property
    def headline(self) -> str:
        """Return the run in one line: what came of it, of which target, against which contract."""
        refused = "; the quality gate failed" if self.refusals else ""
        came = sentence(self.results, self.exit_code, self.failure)
        return f"{came}{refused} - {self.setting.target}, contract {self.setting.contract}"

    @property
    def exit_line(self) -> str:
        """Return the exit code and what it means of this run."""
        return f"Exit code {self.exit_code}: {self.meaning}."

    @property
    def meaning(self) -> str:
        """Return the exit code in words."""
        return meaning(self.results, self.exit_code, self.failure)

    def rest(self, *options: str) -> str:
        """Return where all of it is that a report shows a part of: the file of one of these options, or the option."""
        file = next((self.files[option] for option in options if option in self.files), None)
        return f"see {file}" if file else f"write them with {options[0]} FILE"

    @property
    def proof_line(self) -> str:
        """Return what this very suite is known to notice in this profile."""
        return proof_line(self.proof)

    @property
    def controls(self) -> int:
        """Return how many controls were accepted."""
        by_operation: dict[str, int] = {}
        for result in self.results:
            before = by_operation.get(result.operation, 0)
            by_operation[result.operation] = max(before, result.evidence.controls)
        return sum(by_operation.values())

    @property
    def decisions(self) -> int:
        """Return how many times a request reached a decision."""
        return sum(result.evidence.decided for result in self.results)

    @property
    def sent(self) -> int:
        """Return how many requests the run sent, over all its processes."""
        return sum(process.requests_sent for process in process_stats(self.results))

    @property
    def exercised(self) -> int:
        """Return how many requirements were decided on at least one operation."""
        return len({result.requirement for result in self.results if result.verdict in DECIDED})

    @property
    def requirements(self) -> int:
        """Return how many requirements were to be judged."""
        return len(requirements(self.results))

    @property
    def last_requests(self) -> list[LastRequest]:
        """Return what was in flight, in any process, when the target stopped answering, or else its last answers."""
        last = [request for result in self.results for request in result.last_requests]
        return [request for request in last if not request.answered] or last

    def facts(self) -> dict[str, str]:
        """Return the facts of the run for a report's first screen, the most telling first."""
        return {
            "Verdict": self.headline,
            "Outcome": f"exit code {self.exit_code}: {self.meaning}",
            **explanation(self.results),
            "Requests": f"{self.sent} sent, {self.controls} controls accepted",
            "Detection": self.proof_line,
            "Evidence": (
                f"{self.decisions} decisions on {self.sent} requests,"
                f" {self.exercised} of {self.requirements} requirements decided on at least one operation"
            ),
            "Target": self.setting.target,
            "Contract": self.setting.contract,
            "Profile": f"{self.setting.profile}, seed {self.setting.seed}",
            "Suite": self.setting.suite,
            "Access": self.access,
        }


def proof_line(proof: Proof | None) -> str:
    """Return what this very suite is known to notice in this profile."""
    return proof.line() if proof else "not measured for this version and profile: run make prove"


def as_run(
    setting: RunConfig, results: Sequence[ItemResult], exit_code: int, proof: Proof | None, *, whole: bool
) -> Run:
    """Return the run as history keeps it."""
    decided = [result for result in results if result.verdict in DECIDED]
    exercised: dict[str, list[str]] = {}
    for result in decided:
        exercised.setdefault(result.operation, []).append(result.requirement)
    return Run(
        when=setting.began,
        target=setting.target,
        contract=setting.contract,
        suite=setting.suite,
        profile=setting.profile,
        outcome=str(outcome(results, exit_code)),
        exit_code=exit_code,
        whole=whole,
        exercised={operation: tuple(sorted(set(ids))) for operation, ids in sorted(exercised.items())},
        musts=tuple(sorted({result.requirement for result in decided if result.gates})),
        findings=tuple(found for found, _ in findings(results)),
        power=None if proof is None else power(proof),
    )


def power(proof: Proof) -> DetectionPower:
    """Return the numbers of a proof."""
    return DetectionPower(proof.seeded, proof.noticed, proof.must_seeded, proof.must_noticed, len(proof.false_alarms))


def findings(results: Iterable[ItemResult]) -> list[tuple[FindingRecord, FindingResult]]:
    """Return each finding as history keeps it, and as the first item that has it reported it."""
    found: dict[str, tuple[FindingRecord, FindingResult]] = {}
    for result in results:
        for finding in result.findings:
            record = FindingRecord(
                identity=finding.identity,
                requirement=result.requirement,
                operation=result.operation,
                edit=finding.mutation,
                problem=finding.kind,
                gates=finding.gates,
            )
            found.setdefault(record.identity, (record, finding))
    return list(found.values())


def now() -> str:
    """Return the present time as runs are dated: ISO 8601, UTC, seconds."""
    return dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds")
