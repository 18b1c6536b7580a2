"""The quality gate: rules that a run can fail although the target keeps its contract.

Each rule returns a sentence for each reason, none if the run passes.
"""

from __future__ import annotations

from collections.abc import Sequence

from reports.run.counts import pluralize
from reports.run.history import Run
from reports.run.trend import day


def refusals(run: Run, earlier: Sequence[Run], stale_issues: Sequence[str]) -> tuple[str, ...]:
    """Return the reasons why the run fails the gate, one sentence each.

    `earlier` are the runs of the same target and contract, the oldest first; `stale_issues` are sentences about known
    issues that are no longer violated.
    """
    return (*stale_issues, *proof_regressions(run, earlier), *fewer_musts_exercised(run, earlier))


def proof_regressions(run: Run, earlier: Sequence[Run]) -> list[str]:
    """Compare with the last proof of the same profile: fewer defects detected and more missed, or more false alarms.

    A catalogue that grows or shrinks is no regression by itself, and neither is a run without a proof.
    """
    before = next((r for r in reversed(earlier) if r.profile == run.profile and r.power is not None), None)
    now = run.power
    if now is None or before is None or before.power is None:
        return []
    then, regressions = before.power, []
    for what, noticed, seeded, noticed_then, seeded_then in (
        ("seeded defects", now.noticed, now.seeded, then.noticed, then.seeded),
        ("defects that break a must", now.must_noticed, now.must_seeded, then.must_noticed, then.must_seeded),
    ):
        if noticed < noticed_then and seeded - noticed > seeded_then - noticed_then:
            regressions.append(f"{noticed} of {seeded} {what} detected, {noticed_then} of {seeded_then} before")
    if now.false_alarms > then.false_alarms:
        regressions.append(f"{pluralize(now.false_alarms, 'false alarm')}, {then.false_alarms} before")
    if not regressions:
        return []
    return [f"The detection rate fell since the run of {day(before.when)}: {'; '.join(regressions)}."]


def fewer_musts_exercised(run: Run, earlier: Sequence[Run]) -> list[str]:
    """Compare the exercised musts with the last whole run of the same profile; a partial run always passes."""
    before = next((r for r in reversed(earlier) if r.profile == run.profile and r.whole), None)
    if before is None or not run.whole:
        return []
    lost = [requirement for requirement in before.musts if requirement not in run.musts]
    if not lost:
        return []
    return [f"Fewer musts were tested than in the run of {day(before.when)}: {', '.join(lost)} not."]
