"""A run with a budget: plans its turns by the history, and reports what they came to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import pytest
from pydantic import TypeAdapter

from contracts.model.result import ItemResult
from contracts.model.verdict import DECIDED_STATUSES, INTERMITTENT
from contracts.openapi.operation_digest import operation_digests
from reports.pytest_plugin.stash import COMPARISON
from reports.run.history import FindingRecord, Run, TurnRecord
from reports.run.known_issues import KnownIssues
from reports.run.rotation_report import RotationReport, StandingOperation
from reports.run.trend import Comparison, FindingTrend
from reports.run.turns import last_decisions, last_turns, not_tried_again, open_findings, turn_records
from tests.harness.pytest_plugin.catalogue import requirements_that_need_others
from tests.harness.pytest_plugin.planned_turns import PlannedTurns, budget_in
from tests.harness.pytest_plugin.replay import ReplayedFinding
from tests.harness.pytest_plugin.stash import PLANNED_TURNS, SESSION
from tests.harness.pytest_plugin.workers import is_worker
from tests.harness.run.session import Session
from tests.harness.trial.rotation import Depth, PastTries, plan_rotation

TURNS_OF_THE_RUN: Final = "planned turns"
"""The key of xdist's `workerinput` that has the plan of the process that the user started, as JSON."""
PLAN_ADAPTER: Final = TypeAdapter(PlannedTurns)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give a worker the plan: another run may have written to the history when the worker comes to read it."""
    planned = node.config.stash.get(PLANNED_TURNS, None)
    if planned is not None:
        node.workerinput[TURNS_OF_THE_RUN] = PLAN_ADAPTER.dump_json(planned).decode()


def plan_turns(config: pytest.Config) -> PlannedTurns | None:
    """Return the turns of the run; None without a budget."""
    budget = budget_in(config)
    if budget is None:
        return None
    if is_worker(config):
        return PLAN_ADAPTER.validate_json(config.workerinput[TURNS_OF_THE_RUN])  # type: ignore[attr-defined]
    session, comparison = config.stash[SESSION], config.stash[COMPARISON]
    found = open_findings(comparison.runs)
    digests = operation_digests(session.document)
    profile = session.options.profile
    past = past_tries(session, comparison, found, digests, requirements_that_need_others())
    rotation = plan_rotation(past, budget, profile.budget)
    again = {turn.operation for turn in rotation.turns if turn.depth is Depth.AGAIN}
    return PlannedTurns(rotation, [_replayed(one) for one in found if one.operation in again], digests)


def past_tries(
    session: Session,
    comparison: Comparison,
    found: Sequence[FindingRecord],
    digests: Mapping[str, str],
    need_others: Collection[str],
) -> list[PastTries]:
    """Return what the earlier runs did with each operation of the session; `found` are the open findings."""
    last = last_turns(comparison.runs, str(session.options.profile))
    on: dict[str, list[FindingRecord]] = {}
    for finding in found:
        on.setdefault(finding.operation, []).append(finding)
    tries = []
    for operation in session.operations:
        when, turn = last.get(operation.id, (None, None))
        findings = on.get(operation.id, [])
        tries.append(
            PastTries(
                operation=operation.id,
                changed=turn is not None and turn.digest != digests[operation.id],
                last_turn=when,
                open_musts=sum(_fails_the_run(one, comparison.issues, comparison) for one in findings),
                open_findings=len(findings),
                needs_full_turn=any(one.requirement in need_others or one.edit == INTERMITTENT for one in findings),
            )
        )
    return tries


def _fails_the_run(finding: FindingRecord, issues: KnownIssues, comparison: Comparison) -> bool:
    issue = issues.of(finding)
    return finding.gates and not finding.follows_from and (issue is None or issue.expired(comparison.today))


def _replayed(finding: FindingRecord) -> ReplayedFinding:
    edits = frozenset({finding.edit, *finding.edits})
    return ReplayedFinding(finding.identity, finding.requirement, finding.operation, edits, finding.problem)


def recorded_turns(config: pytest.Config, results: Sequence[ItemResult]) -> dict[str, TurnRecord]:
    """Return the turns of the run as history keeps them; full ones without a budget."""
    planned = config.stash.get(PLANNED_TURNS, None)
    if planned is None:
        return turn_records(results, operation_digests(config.stash[SESSION].document), {}, {})
    return turn_records(results, planned.digests, _depths(planned), _tried_again(planned))


def _depths(planned: PlannedTurns) -> dict[str, str]:
    return {turn.operation: str(turn.depth) for turn in planned.rotation.turns}


def _tried_again(planned: PlannedTurns) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for finding in planned.findings:
        found.setdefault(finding.operation, set()).add(finding.requirement)
    return found


def has_full_turn(config: pytest.Config, operation: str) -> bool:
    """Return whether an operation, by its id, is tried in full: else nothing shows that a known issue is no more."""
    planned = config.stash.get(PLANNED_TURNS, None)
    turn = None if planned is None else planned.rotation.of(operation)
    return planned is None or (turn is not None and turn.depth is Depth.FULL)


def tried_in_full(config: pytest.Config, results: Sequence[ItemResult]) -> list[ItemResult]:
    """Return the results of operations that are tried in full."""
    return [result for result in results if has_full_turn(config, result.operation)]


def rotation_report(
    config: pytest.Config, run: Run, trends: Sequence[FindingTrend], results: Sequence[ItemResult]
) -> RotationReport | None:
    """Return what the turns of the run came to; None without a budget."""
    planned = config.stash.get(PLANNED_TURNS, None)
    if planned is None:
        return None
    session, comparison = config.stash[SESSION], config.stash[COMPARISON]
    runs, rotation, profile = (*comparison.runs, run), planned.rotation, str(session.options.profile)
    decisions, last = last_decisions(runs), last_turns(runs, profile)
    tried = {depth: tuple(turn.operation for turn in rotation.turns if turn.depth is depth) for depth in Depth}
    cited = [one for one in session.requirements.values() if any(map(one.applies, session.operations))]
    return RotationReport(
        budget=rotation.budget,
        planned=rotation.requests,
        operations=rotation.operations,
        requirements=len(cited),
        full=tried[Depth.FULL],
        part=tried[Depth.PART],
        again=tried[Depth.AGAIN],
        runs_for_all=rotation.runs_for_all,
        runs_at_most=rotation.runs_at_most,
        decided=len({result.requirement for result in results if result.verdict in DECIDED_STATUSES}),
        standing=tuple(
            StandingOperation(operation.id, last.get(operation.id, (None,))[0], decisions.get(operation.id, {}))
            for operation in session.operations
            if operation.id not in tried[Depth.FULL]
        ),
        not_tried=tuple(
            not_tried_again(
                trends,
                results,
                {operation.id for operation in session.operations},
                comparison.today,
                strict=bool(config.getini("strict")),
            )
        ),
    )
