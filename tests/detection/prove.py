"""Runs the conformance tests against every seeded defect and every conforming variant, and says what was noticed.

    python -m tests.detection.prove [--profile nightly] [--only GLOB] [--seed N]

Start-up is paid once per worker process: a worker serves one mock after the other and runs pytest on it in-process.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from contracts.model.result import ItemResult, process_stats
from contracts.model.verdict import Status
from contracts.openapi.loader import load_document
from contracts.requirements import Requirement, load_requirements
from reports.run.proof import Proof, store, suite_digest
from tests.detection.catalogue import Defect, Variant, operations, to_gate
from tests.detection.defects import DEFECTS, VARIANTS
from tests.detection.detection_curve import greedy_cover, noticed_by_request, requests_until
from tests.detection.probe import Kind
from tests.harness.pytest_plugin.results import result_of

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT / "contracts"
WORKERS = 6
"""Three for each of two cores: a run waits for jobs, and for answers that do not come, most of its time."""
USUAL_CODES = (0, 1, 6)
"""Held, violated, could not tell: any other exit code says that nothing was tried."""


@dataclass(frozen=True, slots=True)
class RequirementTest:
    """What the suite said of one server: requirements violated, not met, undecided; requests and seconds it took.

    `shown_by` are the edits that showed a problem, each with its operation; `first` is the number of the first request
    that showed one.
    """

    name: str
    violated: frozenset[str]
    not_met: frozenset[str]
    early_verdict: frozenset[str]
    requests: int
    seconds: float
    code: int
    shown_by: frozenset[str]
    first: int | None

    @property
    def noticed(self) -> frozenset[str]:
        """Return every requirement that was reported as broken."""
        return self.violated | self.not_met


class _ResultCollector:
    """A pytest plugin that keeps the result of each item."""

    def __init__(self) -> None:
        self.results: list[ItemResult] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        result = result_of(report)
        if result is not None:
            self.results.append(result)


def try_on(name: str, profile: str, seed: int) -> RequirementTest:
    """Serve the defect or variant of this name and run the conformance tests on the operations that it touches."""
    subject = _subjects()[name]
    document = load_document(CONTRACTS / "appointments.yaml")
    collector, began = _ResultCollector(), time.monotonic()
    with subject.serve(document, 1) as served:
        settings = {name: ",".join(values) for name, values in served.known.items()} | {"PROPEXO_TOKEN": served.token}
        with (
            _environment(settings),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            code = pytest.main(
                [
                    # Without tracebacks: CPython 3.11 can trip over two at once, and a mock that crashes logs its own.
                    *("tests/conformance", "-q", "--tb=no", "-p", "no:cacheprovider"),
                    *("--rootdir", str(ROOT), "--target", served.url, "--profile", profile),
                    *("--env-file", os.devnull, "--known-issues", os.devnull),
                    *("--hypothesis-seed", str(seed)),
                    *(f"--operation={name}" for name in operations(document, tried_with(subject.touches))),
                ],
                plugins=[collector],
            )
    by_verdict = {
        verdict: frozenset(result.requirement for result in collector.results if result.verdict is verdict)
        for verdict in (Status.VIOLATED, Status.NOT_MET, Status.COULD_NOT_TELL)
    }
    return RequirementTest(
        name=name,
        violated=by_verdict[Status.VIOLATED],
        not_met=by_verdict[Status.NOT_MET],
        early_verdict=by_verdict[Status.COULD_NOT_TELL],
        requests=max((process.requests_sent for process in process_stats(collector.results)), default=0),
        seconds=time.monotonic() - began,
        code=int(code),
        shown_by=frozenset(
            f"{result.operation}: {mutation}"
            for result in collector.results
            for finding in result.findings
            for mutation in finding.mutations
        ),
        first=min((finding.request for result in collector.results for finding in result.findings), default=None),
    )


def tried_with(touched: frozenset[Kind]) -> frozenset[Kind]:
    """Return the kinds of operations to run where these are touched.

    A cancellation and the status of its job go together: one tells how the other's job is known, the other has the room
    to try credentials in depth.
    """
    pair: frozenset[Kind] = frozenset({"write", "job-status"})
    return touched | pair if touched <= pair else touched


def prove(names: Sequence[str], profile: str, seed: int) -> dict[str, RequirementTest]:
    """Try all of the named servers, on two processes."""
    with ProcessPoolExecutor(WORKERS) as pool:
        trials = pool.map(try_on, names, [profile] * len(names), [seed] * len(names))
        return {trial.name: trial for trial in trials}


def report(trials: Mapping[str, RequirementTest]) -> str:
    """Return the proof as text: class by class, then each miss and each false alarm by name."""
    defects = [defect for defect in DEFECTS if defect.name in trials]
    gating = {defect.name for defect in to_gate(defects, _requirements())}
    table = Table(box=None, pad_edge=False)
    for column in ("class", "seeded", "as expected", "by another", "missed", "musts gate"):
        table.add_column(column, justify="left" if column == "class" else "right", no_wrap=True)
    for group in [*dict.fromkeys(defect.group for defect in defects), "all"]:
        members = [defect for defect in defects if group in (defect.group, "all")]
        ways = Counter(_how(defect, trials[defect.name]) for defect in members)
        musts = [defect for defect in members if defect.name in gating]
        gated = sum(bool(trials[defect.name].violated) for defect in musts)
        row = (ways["as expected"], ways["by another"], ways["missed"])
        table.add_row(group, str(len(members)), *(str(count or "") for count in row), f"{gated} of {len(musts)}")
    console = Console(width=120, no_color=True, highlight=False)
    with console.capture() as capture:
        console.print(table)
        for defect in defects:
            trial = trials[defect.name]
            if trial.code not in USUAL_CODES:
                console.print(f"not run  {defect.name}: pytest ended with {trial.code}", soft_wrap=True)
            elif not trial.noticed:
                console.print(
                    f"missed  {defect.name} ({defect.group}, {defect.requirement}): {defect.sentence}", soft_wrap=True
                )
            elif defect.name in gating and not trial.violated:
                noticed = ", ".join(sorted(trial.noticed))
                console.print(f"does not gate  {defect.name} ({defect.requirement}): only {noticed}", soft_wrap=True)
            elif defect.recommended and trial.violated:
                gated_by = ", ".join(sorted(trial.violated))
                console.print(f"gates  {defect.name}, which breaks a recommendation: {gated_by}", soft_wrap=True)
        variants = [variant for variant in VARIANTS if variant.name in trials]
        alarmed = [(variant, found) for variant in variants if (found := alarms(variant, trials[variant.name]))]
        for variant, found in alarmed:
            console.print(f"false alarm  {variant.name}: {', '.join(sorted(found))}", soft_wrap=True)
        console.print(f"{len(variants)} conforming variants, {len(alarmed)} with a false alarm")
        if any(trials[defect.name].first for defect in defects):
            console.print(_pace(_curves(trials)), soft_wrap=True)
        requests = [trial.requests for trial in trials.values()]
        seconds = sum(trial.seconds for trial in trials.values())
        console.print(f"{sum(requests)} requests, at most {max(requests, default=0)} in a run; {seconds:.0f} s of runs")
    return capture.get()


def proof_of(trials: Mapping[str, RequirementTest], profile: str) -> Proof:
    """Return the proof as later runs show it."""
    musts = to_gate(DEFECTS, _requirements())
    return Proof(
        suite=suite_digest(),
        profile=profile,
        seeded=len(DEFECTS),
        noticed=sum(bool(trials[defect.name].noticed) for defect in DEFECTS),
        must_seeded=len(musts),
        must_noticed=sum(bool(trials[defect.name].violated) for defect in musts),
        missed=tuple(f"{d.name}: {d.sentence}" for d in DEFECTS if not trials[d.name].noticed),
        variants=len(VARIANTS),
        false_alarms=tuple(variant.name for variant in VARIANTS if alarms(variant, trials[variant.name])),
    )


def _requirements() -> Mapping[str, Requirement]:
    return load_requirements(CONTRACTS / "requirements.yaml")


def _curves(trials: Mapping[str, RequirementTest]) -> dict[str, list[tuple[int, int]]]:
    noticed = [trials[defect.name] for defect in DEFECTS if defect.name in trials and trials[defect.name].first]
    return {
        "the suite": noticed_by_request([trial.first for trial in noticed if trial.first is not None]),
        "greedy cover of the catalogue, the same requests in the best order": greedy_cover(
            {trial.name: trial.shown_by for trial in noticed}
        ),
    }


def _pace(curves: Mapping[str, Sequence[tuple[int, int]]]) -> str:
    return "\n".join(
        f"{name}: half of what is noticed after {requests_until(points, 0.5)} requests, 85 % after "
        f"{requests_until(points, 0.85)}, 95 % after {requests_until(points, 0.95)}, all after {points[-1][0]}"
        for name, points in curves.items()
    )


def _how(defect: Defect, trial: RequirementTest) -> str:
    if defect.requirement in trial.noticed:
        return "as expected"
    return "by another" if trial.noticed else "missed"


def alarms(variant: Variant, trial: RequirementTest) -> frozenset[str]:
    """Return what was said of a variant and should not have been.

    That it violates a must is one always, whatever it departs from; so is what could not be decided, or was not tried.
    """
    early_verdict = frozenset(f"{name} undecided" for name in trial.early_verdict)
    broken = frozenset({"nothing was judged"}) if trial.code not in USUAL_CODES else frozenset()
    return trial.violated | (trial.not_met - variant.departs_from) | early_verdict | broken


def _subjects() -> dict[str, Defect | Variant]:
    return {**{one.name: one for one in DEFECTS}, **{one.name: one for one in VARIANTS}}


@contextlib.contextmanager
def _environment(settings: Mapping[str, str]) -> Any:
    before = dict(os.environ)
    os.environ.update(settings)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _named(patterns: Iterable[str]) -> list[str]:
    wanted = list(patterns) or ["*"]
    return [name for name in _subjects() if any(fnmatchcase(name, pattern) for pattern in wanted)]


def main() -> None:
    """Prove, and print the proof."""
    parser = argparse.ArgumentParser(prog="python -m tests.detection.prove", description=__doc__)
    parser.add_argument("--profile", default="nightly", choices=("quick", "nightly", "deep"))
    parser.add_argument("--only", action="append", default=[], metavar="GLOB", help="defects and variants of this name")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    began = time.monotonic()
    trials = prove(_named(options.only), options.profile, options.seed)
    print(report(trials), end="")  # noqa: T201 - its output
    if not options.only:
        store(proof_of(trials, options.profile))
    print(f"proved in {time.monotonic() - began:.0f} s")  # noqa: T201


if __name__ == "__main__":
    main()
