"""Runs the conformance tests against every seeded defect and conforming variant, and reports what was detected.

    python -m tests.detection.prove [--profile nightly] [--only GLOB] [--seed N]

The first run is on the healthy mock: it must find nothing, and all workers are forked from its process, so that the
imports are paid once. A worker serves one mock after the other and runs pytest on it in-process.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import math
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from contracts.model.exit_codes import ExitCode
from contracts.model.result import ItemResult, process_stats
from contracts.model.verdict import Status
from contracts.openapi.loader import load_document
from contracts.requirements import Requirement, load_requirements
from contracts.standard_streams import run_command
from reports.run.proof import Proof, run_seconds, store, suite_digest
from tests.detection.catalogue import Defect, Serve, Variant, must_gate, operations, serve_healthy
from tests.detection.defects import DEFECTS, VARIANTS
from tests.detection.detection_curve import detected_by_request, greedy_cover, requests_until
from tests.detection.probe import Kind
from tests.harness.pytest_plugin.results import result_of

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT / "contracts"
WORKERS = 8
"""Four for each of two cores: some runs wait most of their time, for answers that do not come. With more workers, the
answer of a slow defect can take so long that it counts as none."""
LONGEST_RUNS = 10
"""How many of the longest runs the report names."""
HEALTHY = "the healthy mock"
USUAL_CODES = (0, 1, 6)
"""Held, violated, could not tell: after any other exit code, nothing was tested."""


@dataclass(frozen=True, slots=True)
class ServerRun:
    """The suite's results on one server: requirements by verdict, and the requests, seconds and CPU seconds of the run.

    `detected_by` are the mutations of its findings, each with its operation; `first` is the number of the first request
    that led to a finding. `code` is pytest's exit code.
    """

    name: str
    violated: frozenset[str]
    not_met: frozenset[str]
    could_not_tell: frozenset[str]
    requests: int
    seconds: float
    cpu_seconds: float
    code: int
    detected_by: frozenset[str]
    first: int | None

    @property
    def detected(self) -> frozenset[str]:
        """Return every requirement that was reported as violated or not met."""
        return self.violated | self.not_met


class _ResultCollector:
    """A pytest plugin that collects the result of each item."""

    def __init__(self) -> None:
        self.results: list[ItemResult] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        result = result_of(report)
        if result is not None:
            self.results.append(result)


def run_suite_on(name: str, profile: str, seed: int) -> ServerRun:
    """Serve the defect or variant of this name and run the conformance tests on the operations that it affects."""
    subject = _subjects()[name]
    return run_suite(name, subject.serve, subject.affects, profile, seed)


def run_on_healthy_mock(profile: str, seed: int) -> None:
    """Run the conformance tests on the healthy mock; SystemExit if they do not hold, for then nothing is proved."""
    run = run_suite(HEALTHY, serve_healthy, frozenset({"write"}), profile, seed)
    if run.code != ExitCode.HELD:
        found = ", ".join(sorted(run.detected | run.could_not_tell)) or "nothing was tested"
        raise SystemExit(
            f"The suite ends with exit code {run.code} on {HEALTHY} ({found}), so that the rest would prove nothing: "
            "run `make conformance` and mend that first."
        )


def run_suite(name: str, serve: Serve, affected: frozenset[Kind], profile: str, seed: int) -> ServerRun:
    """Serve a mock and run the conformance tests on its operations of these kinds, in this process."""
    document = load_document(CONTRACTS / "appointments.yaml")
    collector, began, cpu_began = _ResultCollector(), time.monotonic(), time.process_time()
    with serve(document, 1) as served:
        settings = {name: ",".join(values) for name, values in served.test_data.items()} | {
            "PROPEXO_TOKEN": served.token
        }
        with (
            _environment(settings),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            code = pytest.main(
                [
                    # Without tracebacks: CPython 3.11 can trip over two at once, and a mock that crashes logs its own.
                    *("tests/conformance", "-q", "--tb=no", "-p", "no:cacheprovider"),
                    # They look at each item and take a twentieth of a run, and nobody reads what they collect.
                    *("-p", "no:logging", "-p", "no:anyio"),
                    # Without --rootdir: beside paths outside the project, pytest would not find its configuration.
                    *("--target", served.url, "--profile", profile),
                    *("--env-file", os.devnull, "--known-issues", os.devnull),
                    *("--hypothesis-seed", str(seed)),
                    *(f"--operation={name}" for name in operations(document, run_together(affected))),
                ],
                plugins=[collector],
            )
    by_verdict = {
        verdict: frozenset(result.requirement for result in collector.results if result.verdict is verdict)
        for verdict in (Status.VIOLATED, Status.NOT_MET, Status.COULD_NOT_TELL)
    }
    return ServerRun(
        name=name,
        violated=by_verdict[Status.VIOLATED],
        not_met=by_verdict[Status.NOT_MET],
        could_not_tell=by_verdict[Status.COULD_NOT_TELL],
        requests=max((process.requests_sent for process in process_stats(collector.results)), default=0),
        seconds=time.monotonic() - began,
        cpu_seconds=time.process_time() - cpu_began,
        code=int(code),
        detected_by=frozenset(
            f"{result.operation}: {mutation}"
            for result in collector.results
            for finding in result.findings
            for mutation in finding.mutations
        ),
        first=min((finding.request for result in collector.results for finding in result.findings), default=None),
    )


def run_together(affected: frozenset[Kind]) -> frozenset[Kind]:
    """Return the kinds of operations to run if these are affected.

    A cancellation and the status of its job run together: the one creates the jobs that the other reads, and both share
    the mutations of credentials.
    """
    pair: frozenset[Kind] = frozenset({"write", "job-status"})
    return affected | pair if affected <= pair else affected


def prove(names: Sequence[str], profile: str, seed: int) -> dict[str, ServerRun]:
    """Run the suite on the healthy mock, then on each of these servers, in parallel."""
    run_on_healthy_mock(profile, seed)
    ordered = longest_first(names, run_seconds(profile))
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("fork")) as pool:
        server_runs = pool.map(run_suite_on, ordered, [profile] * len(names), [seed] * len(names))
        return {server_run.name: server_run for server_run in server_runs}


def longest_first(names: Sequence[str], seconds: Mapping[str, float]) -> list[str]:
    """Return the names in the order to start their runs: a long one that starts last would run alone.

    `seconds` are those of earlier runs. A server without one comes first, and the more kinds it affects the earlier.
    """
    subjects = _subjects()
    return sorted(names, key=lambda name: (seconds.get(name, math.inf), len(subjects[name].affects)), reverse=True)


def report(server_runs: Mapping[str, ServerRun]) -> str:
    """Return the proof as text: class by class, then each miss and each false alarm by name."""
    defects = [defect for defect in DEFECTS if defect.name in server_runs]
    gating = {defect.name for defect in must_gate(defects, _requirements())}
    table = Table(box=None, pad_edge=False)
    for column in ("class", "seeded", "as expected", "by another", "missed", "musts gate"):
        table.add_column(column, justify="left" if column == "class" else "right", no_wrap=True)
    for group in [*dict.fromkeys(defect.group for defect in defects), "all"]:
        members = [defect for defect in defects if group in (defect.group, "all")]
        ways = Counter(_how(defect, server_runs[defect.name]) for defect in members)
        musts = [defect for defect in members if defect.name in gating]
        gated = sum(bool(server_runs[defect.name].violated) for defect in musts)
        row = (ways["as expected"], ways["by another"], ways["missed"])
        table.add_row(group, str(len(members)), *(str(count or "") for count in row), f"{gated} of {len(musts)}")
    console = Console(width=120, no_color=True, highlight=False)
    with console.capture() as capture:
        console.print(table)
        for defect in defects:
            server_run = server_runs[defect.name]
            if server_run.code not in USUAL_CODES:
                console.print(f"not run  {defect.name}: pytest ended with {server_run.code}", soft_wrap=True)
            elif not server_run.detected:
                console.print(
                    f"missed  {defect.name} ({defect.group}, {defect.requirement}): {defect.sentence}", soft_wrap=True
                )
            elif defect.name in gating and not server_run.violated:
                detected = ", ".join(sorted(server_run.detected))
                console.print(f"does not gate  {defect.name} ({defect.requirement}): only {detected}", soft_wrap=True)
            elif defect.recommended and server_run.violated:
                gated_by = ", ".join(sorted(server_run.violated))
                console.print(f"gates  {defect.name}, which breaks a recommendation: {gated_by}", soft_wrap=True)
        variants = [variant for variant in VARIANTS if variant.name in server_runs]
        alarming = [
            (variant, found) for variant in variants if (found := false_alarms(variant, server_runs[variant.name]))
        ]
        for variant, found in alarming:
            console.print(f"false alarm  {variant.name}: {', '.join(sorted(found))}", soft_wrap=True)
        console.print(f"{len(variants)} conforming variants, {len(alarming)} with a false alarm")
        if any(server_runs[defect.name].first for defect in defects):
            console.print(_detection_speed(_curves(server_runs)), soft_wrap=True)
        requests = [server_run.requests for server_run in server_runs.values()]
        seconds = sum(server_run.seconds for server_run in server_runs.values())
        cpu = sum(server_run.cpu_seconds for server_run in server_runs.values())
        console.print(
            f"{sum(requests)} requests, at most {max(requests, default=0)} in a run; "
            f"{seconds:.0f} s of runs, {cpu:.0f} s of CPU"
        )
        longest = sorted(server_runs.values(), key=lambda run: run.seconds, reverse=True)[:LONGEST_RUNS]
        named = (f"{run.name} {run.seconds:.1f} s ({run.cpu_seconds:.1f} s of CPU)" for run in longest)
        console.print(f"longest: {', '.join(named)}", soft_wrap=True)
    return capture.get()


def proof_of(server_runs: Mapping[str, ServerRun], profile: str) -> Proof:
    """Return the proof as later runs show it."""
    musts = must_gate(DEFECTS, _requirements())
    return Proof(
        suite=suite_digest(),
        profile=profile,
        seeded=len(DEFECTS),
        noticed=sum(bool(server_runs[defect.name].detected) for defect in DEFECTS),
        must_seeded=len(musts),
        must_noticed=sum(bool(server_runs[defect.name].violated) for defect in musts),
        missed=tuple(f"{d.name}: {d.sentence}" for d in DEFECTS if not server_runs[d.name].detected),
        variants=len(VARIANTS),
        false_alarms=tuple(variant.name for variant in VARIANTS if false_alarms(variant, server_runs[variant.name])),
        seconds={name: round(server_run.seconds, 1) for name, server_run in server_runs.items()},
    )


def _requirements() -> Mapping[str, Requirement]:
    return load_requirements(CONTRACTS / "requirements.yaml")


def _curves(server_runs: Mapping[str, ServerRun]) -> dict[str, list[tuple[int, int]]]:
    detected = [
        server_runs[defect.name] for defect in DEFECTS if defect.name in server_runs and server_runs[defect.name].first
    ]
    return {
        "the suite": detected_by_request([server_run.first for server_run in detected if server_run.first is not None]),
        "greedy cover of the catalogue, the same requests in the best order": greedy_cover(
            {server_run.name: server_run.detected_by for server_run in detected}
        ),
    }


def _detection_speed(curves: Mapping[str, Sequence[tuple[int, int]]]) -> str:
    return "\n".join(
        f"{name}: half of what is detected after {requests_until(points, 0.5)} requests, 85 % after "
        f"{requests_until(points, 0.85)}, 95 % after {requests_until(points, 0.95)}, all after {points[-1][0]}"
        for name, points in curves.items()
    )


def _how(defect: Defect, server_run: ServerRun) -> str:
    if defect.requirement in server_run.detected:
        return "as expected"
    return "by another" if server_run.detected else "missed"


def false_alarms(variant: Variant, server_run: ServerRun) -> frozenset[str]:
    """Return what was reported on a variant and should not have been.

    A violated must is a false alarm whatever the variant departs from; so is a "could not tell", or no tests.
    """
    could_not_tell = frozenset(f"{name} could not tell" for name in server_run.could_not_tell)
    broken = frozenset({"nothing was tested"}) if server_run.code not in USUAL_CODES else frozenset()
    return server_run.violated | (server_run.not_met - variant.departs_from) | could_not_tell | broken


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
    """Run the proof, and print it."""
    parser = argparse.ArgumentParser(prog="python -m tests.detection.prove", description=__doc__)
    parser.add_argument("--profile", default="nightly", choices=("quick", "nightly", "deep"))
    parser.add_argument("--only", action="append", default=[], metavar="GLOB", help="defects and variants of this name")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    began = time.monotonic()
    server_runs = prove(_named(options.only), options.profile, options.seed)
    print(report(server_runs), end="")  # noqa: T201 - its output
    if not options.only:
        store(proof_of(server_runs, options.profile))
    print(f"proved in {time.monotonic() - began:.0f} s")  # noqa: T201


if __name__ == "__main__":
    sys.exit(run_command(main))
