"""The report of a run, which terminal, Markdown, JSON, badge and Allure show."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from contracts.drift.report import Drift
from contracts.model.result import EvidenceResult, FindingResult, ItemResult, LastRequest, process_stats
from contracts.model.verdict import DECIDED_STATUSES, Status
from contracts.reader_commands import IN_CHECKOUT, command
from contracts.requirements import FixHint
from reports.run.causes import Cause
from reports.run.counts import explanation, pluralize, requirements
from reports.run.history import EDITS_KEPT, DetectionPower, FindingRecord, Run, TurnRecord
from reports.run.outcome import SUITE_FAILED, CauseCounts, Outcome, headline_text, meaning, outcome
from reports.run.output_folder import OutputFolder, default_folder
from reports.run.proof import Proof
from reports.run.rotation_report import RotationReport
from reports.run.trend import FindingTrend, State

FEWEST_FOR_A_RATE: Final = 20
"""Fewer requests rule out so little that their number says more."""


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Target, contract, profile and seed of a run. `began` is ISO 8601 in UTC, `contract` the digest of `file`.

    `options` are those of `reports.run.repeated_options`, by their key. `shard` is the part of a run that was tested,
    such as `2/5`; empty for a whole one.
    """

    began: str
    target: str
    title: str
    file: str
    contract: str
    suite: str
    profile: str
    seed: int
    options: Mapping[str, Any] = field(default_factory=dict)
    shard: str = ""


@dataclass(frozen=True, slots=True)
class RunReport:
    """The results of a run, its exit code, and its comparison with earlier runs.

    `access`: the access level, and the number of checks that it is enough for. `refusals`: a sentence for each rule of
    the quality gate that the run fails. `last`: when the run began that `trends` compares with, if there is one.
    `notice`: what is wrong with the history. `not_cancelled`: a line for each record that is left at the target.
    `not_judged`: a line for each part of the document that was not tested, with the reason.
    `drift`: what changed in the published document, where the run was given one.
    `failure_reason`: the reason for exit code 3, if that is the exit code. `files`: the output paths by option.
    `selects_checks`: the user selected some of the checks on the operations.
    `hints`: how to mend what violates a requirement, by the requirement's id. `rotation`: the turns of a run with a
    budget, None without one.
    """

    config: RunConfig
    results: Sequence[ItemResult]
    exit_code: int
    access: str
    refusals: tuple[str, ...] = ()
    trends: tuple[FindingTrend, ...] = ()
    causes: tuple[Cause, ...] = ()
    last: str | None = None
    notice: str = ""
    proof: Proof | None = None
    not_cancelled: tuple[str, ...] = ()
    not_judged: tuple[str, ...] = ()
    drift: Drift | None = None
    failure_reason: str = SUITE_FAILED
    files: Mapping[str, str] = field(default_factory=dict)
    selects_checks: bool = False
    hints: Mapping[str, FixHint] = field(default_factory=dict)
    rotation: RotationReport | None = None

    @property
    def outcome(self) -> Outcome:
        """Return the outcome of the run."""
        return outcome(self.results, self.exit_code, self._not_tried)

    @property
    def _not_tried(self) -> int:
        """Return the number of open findings that fail the run although it had no room to try them again."""
        return len(self.rotation.not_tried) if self.rotation else 0

    @property
    def headline(self) -> str:
        """Return outcome, target and contract in one line."""
        refused = "; the quality gate failed" if self.refusals else ""
        parts = pluralize(len(self.not_judged), "part")
        untested = f"; {parts} of the document not judged" if self.not_judged else ""
        text = headline_text(self.results, self.exit_code, self.cause_counts, self.failure_reason, self._not_tried)
        return f"{text}{self._share}{refused}{untested} - {self.config.target}, contract {self.config.contract}"

    @property
    def _share(self) -> str:
        turns = self.rotation
        all_in_full = turns is None or len(turns.full) == turns.operations
        return "" if turns is None or all_in_full else f"; {turns.tried} of {turns.operations} operations tried"

    @property
    def cause_counts(self) -> CauseCounts:
        """Return the numbers of causes that the run has."""
        present = [cause for cause in self.causes if cause.is_present]
        known = sum(cause.trend.state is State.KNOWN for cause in present)
        violated = sum(cause.gates and cause.trend.state is not State.KNOWN for cause in present)
        return CauseCounts(violated, len(present) - violated - known, known)

    @property
    def exit_line(self) -> str:
        """Return the exit code and its meaning, as a sentence."""
        return f"Exit code {self.exit_code}: {self.meaning}."

    @property
    def meaning(self) -> str:
        """Return the meaning of the exit code, without a full stop."""
        return meaning(self.results, self.exit_code, self.failure_reason, self._not_tried)

    def full_list_hint(self, *options: str) -> str:
        """Return where the reader finds the complete list: the file of one of the options, or the first option."""
        file = next((self.files[option] for option in options if option in self.files), None)
        return f"see {file}" if file else f"write them with {options[0]} FILE"

    @property
    def replayable(self) -> int:
        """Return the number of the first cause that the run has; 0 if it has none."""
        numbered = enumerate(self.causes, start=1)
        return next((number for number, cause in numbered if cause.example is not None), 0)

    def replay_command(self, cause: int) -> str:
        """Return the command that tries a cause again, by its number; empty where the run writes no summary for it."""
        file = self.files.get("--summary")
        if file is None:
            return ""
        is_found = Path(file).absolute().parents[1] == OutputFolder(default_folder()).results.absolute()
        return command("replay", *([] if is_found else ["--summary", file]), cause=str(cause))

    @property
    def proof_line(self) -> str:
        """Return the detection power of this version of the suite in this profile, in one line."""
        return proof_line(self.proof)

    @property
    def controls(self) -> int:
        """Return the number of accepted controls."""
        by_operation: dict[str, int] = {}
        for result in self.results:
            before = by_operation.get(result.operation, 0)
            by_operation[result.operation] = max(before, result.evidence.controls)
        return sum(by_operation.values())

    @property
    def decisions(self) -> int:
        """Return the number of times that a request decided about a requirement."""
        return sum(result.evidence.decided for result in self.results)

    @property
    def sent(self) -> int:
        """Return the number of requests that all processes of the run sent."""
        return sum(process.requests_sent for process in process_stats(self.results))

    @property
    def exercised(self) -> int:
        """Return the number of requirements that were decided on at least one operation."""
        return len({result.requirement for result in self.results if result.verdict in DECIDED_STATUSES})

    @property
    def requirements(self) -> int:
        """Return the number of requirements that were selected."""
        return len(requirements(self.results))

    @property
    def last_requests(self) -> list[LastRequest]:
        """Return the requests in flight when the target stopped answering, or else those that it answered last."""
        last = [request for result in self.results for request in result.last_requests]
        return [request for request in last if not request.answered] or last

    @property
    def _part(self) -> str:
        """Return which part of the operations was tested, in words; empty if all of them were."""
        return f", shard {self.config.shard.replace('/', ' of ')}" if self.config.shard else ""

    def facts(self) -> dict[str, str]:
        """Return the facts of the run by name, for the first screen of a report, the most important first."""
        return {
            "Verdict": self.headline,
            "Outcome": f"exit code {self.exit_code}: {self.meaning}",
            **explanation(self.results),
            **(self.rotation.facts() if self.rotation else {}),
            "Requests": f"{self.sent} sent, {self.controls} controls accepted",
            "Detection": self.proof_line,
            "Evidence": (
                f"{self.decisions} decisions on {self.sent} requests,"
                f" {self.exercised} of {self.requirements} requirements decided on at least one operation"
            ),
            "Target": self.config.target,
            "Contract": self.config.contract,
            "Profile": f"{self.config.profile}, seed {self.config.seed}{self._part}",
            "Suite": self.config.suite,
            "Access": self.access,
            **({"Ruled out": ruled} if (ruled := ruled_out(self.results)) else {}),
        }


def ruled_out(results: Iterable[ItemResult]) -> str:
    """Return above which share of an operation's requests a fault would have been seen, on whichever operation.

    It is that of the held requirement that most requests of the operation decided. Operations with too few of them are
    left out; summary.json has the share of each check.
    """
    decided: dict[str, EvidenceResult] = {}
    for result in results:
        if result.verdict is Status.HELD and result.evidence.decided >= FEWEST_FOR_A_RATE:
            best = decided.setdefault(result.operation, result.evidence)
            decided[result.operation] = max(best, result.evidence, key=lambda evidence: evidence.decided)
    if not decided:
        return ""
    rate, worst = max((evidence.ruled_out or 0.0, name) for name, evidence in decided.items())
    where = worst if len(decided) == 1 else f"any of {len(decided)} operations"
    least = f"; least is known of {worst}" if len(decided) > 1 else ""
    share = f"{math.ceil(rate * 1000) / 10:g} %"
    return f"a fault in more than {share} of the requests of {where} would have been seen (95 % confidence{least})"


def proof_line(proof: Proof | None) -> str:
    """Return the detection power of this version of the suite in this profile, in one line."""
    how = f": run {command('prove')}" if IN_CHECKOUT else ""
    return proof.line() if proof else f"not measured for this version and profile{how}"


def as_run(
    config: RunConfig,
    results: Sequence[ItemResult],
    exit_code: int,
    proof: Proof | None,
    *,
    whole: bool,
    turns: Mapping[str, TurnRecord] | None = None,
) -> Run:
    """Return the run as history keeps it. `whole` and `turns` are as in `Run`."""
    decided = [result for result in results if result.verdict in DECIDED_STATUSES]
    exercised: dict[str, list[str]] = {}
    for result in decided:
        exercised.setdefault(result.operation, []).append(result.requirement)
    return Run(
        when=config.began,
        target=config.target,
        contract=config.contract,
        suite=config.suite,
        profile=config.profile,
        outcome=str(outcome(results, exit_code)),
        exit_code=exit_code,
        whole=whole,
        exercised={operation: tuple(sorted(set(ids))) for operation, ids in sorted(exercised.items())},
        musts=tuple(sorted({result.requirement for result in decided if result.gates})),
        findings=tuple(found for found, _ in findings(results)),
        power=None if proof is None else power(proof),
        title=config.title,
        turns=turns or {},
    )


def power(proof: Proof) -> DetectionPower:
    """Return the detection power that a proof shows."""
    return DetectionPower(proof.seeded, proof.noticed, proof.must_seeded, proof.must_noticed, len(proof.false_alarms))


def findings(results: Iterable[ItemResult]) -> list[tuple[FindingRecord, FindingResult]]:
    """Return each finding once: as history keeps it, and with the details of the first check that has it."""
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
                edits=finding.mutations[:EDITS_KEPT],
                follows_from=result.follows_from,
            )
            found.setdefault(record.identity, (record, finding))
    return list(found.values())


def now() -> str:
    """Return the time in ISO 8601, UTC, to the second."""
    return dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds")
