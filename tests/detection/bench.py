"""Compares the suite with Schemathesis's own command line on the same servers, with the same contract and token.

    python -m tests.detection.bench [--every N] [--runs N] [--curve FILE]

Speed is measured on the healthy mock, in turns, one process at a time: wall and CPU seconds and peak memory of the
whole process, as medians, over a cancellation and the status of its job. Detection is measured on every N-th defect and
variant, over the operations that each affects. The peer detects a defect if it reports a failure there that it does not
report in any of three runs on the healthy mock.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, get_args

import yaml
from rich.console import Console
from rich.table import Table

from contracts.mock.http.api import MockApi
from contracts.openapi.loader import load_document
from contracts.requirements import load_requirements
from contracts.standard_streams import run_command
from tests.detection.catalogue import Defect, Variant, must_gate, operations, serve_mock
from tests.detection.defects import DEFECTS, VARIANTS
from tests.detection.detection_curve import detected_by_request, greedy_cover, svg
from tests.detection.probe import Kind, Served
from tests.detection.prove import CONTRACTS, ROOT, false_alarms, prove, run_together

CONTRACT = CONTRACTS / "appointments.yaml"
HEALTHY_RUNS = 3
PEER_PROCESSES = 6
TIMEOUT_SECONDS = 180
PEERS = {
    "st run": (),
    "st run, best": ("--continue-on-failure", "--checks", "all"),
}
"""The defaults, and the settings that detected most: continue after a failure, and run every check."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process cost: seconds of wall and CPU, peak memory in MiB, requests."""

    wall: float
    cpu: float
    memory: float
    requests: int


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What one tool detected: defects with the number of the first request, false alarms on variants, requests."""

    firsts: dict[str, int]
    false_alarms: int
    requests: list[int]


Reported: TypeAlias = dict[str, int]
"""A failure as a tool names it -> the number of the first request that led to it."""

Tool: TypeAlias = Callable[[Served, Path, Sequence[str]], tuple[Cost, Reported]]
"""Tests the operations of these ids on a server, in a folder of its own."""


def run_suite(served: Served, folder: Path, operations: Sequence[str]) -> tuple[Cost, Reported]:
    """Run the conformance tests as a process; the second value is not used: prove.py judges the suite."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "tests/conformance",
        "-q",
        "-p",
        "no:cacheprovider",
        "--target",
        served.url,
        *(f"--operation={name}" for name in operations),
    ]
    settings = {name: ",".join(values) for name, values in served.test_data.items()} | {"PROPEXO_TOKEN": served.token}
    output, spent = _run(command, ROOT, settings, folder)
    sent = re.search(r"(\d+) requests sent", output)
    return Cost(*spent, int(sent.group(1)) if sent else 0), {}


def run_peer(arguments: Sequence[str]) -> Tool:
    """Return a function that runs `st run` with these arguments and returns the failures that it reports."""

    def run(served: Served, folder: Path, operations: Sequence[str]) -> tuple[Cost, Reported]:
        contract, events = folder / "contract.yaml", folder / "events.ndjson"
        contract.write_text(yaml.safe_dump(_with_known_examples(served)))
        command = [str(Path(sys.executable).with_name("st")), "run", str(contract), "--url", served.url]
        command += ["-H", f"Authorization: Bearer {served.token}", "--report-ndjson-path", str(events), *arguments]
        command += [f"--include-operation-id={name}" for name in operations]
        _, spent = _run(command, folder, {}, folder)
        requests, reported = _reported(events.read_text().splitlines() if events.exists() else ())
        return Cost(*spent, requests), reported

    return run


def _run(
    command: Sequence[str], cwd: Path, settings: dict[str, str], folder: Path
) -> tuple[str, tuple[float, float, float]]:
    log = folder / "output.txt"
    began = time.monotonic()
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=cwd, env=dict(os.environ) | settings, stdout=output, stderr=output)  # noqa: S603
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            if time.monotonic() > deadline:
                process.kill()
            time.sleep(0.02)
    process.returncode = os.waitstatus_to_exitcode(ended[1])
    used: resource.struct_rusage = ended[2]
    return log.read_text(), (time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _with_known_examples(served: Served) -> Any:
    """Return the contract with ids that this server knows as its examples: the suite gets them, too."""
    raw = yaml.safe_load(CONTRACT.read_text())
    for schema in raw["components"]["schemas"].values():
        for keywords in schema.get("properties", {}).values():
            if "x-supplied-by" in keywords:
                keywords["example"] = served.test_data[keywords["x-supplied-by"]][0]
    for operation in (operation for item in raw["paths"].values() for operation in item.values()):
        for media in operation.get("requestBody", {}).get("content", {}).values():
            media.pop("example", None)
        for parameter in operation.get("parameters", ()):
            if "x-supplied-by" in parameter.get("schema", {}):
                parameter["example"] = served.test_data[parameter["schema"]["x-supplied-by"]][0]
    return raw


def _reported(lines: Iterable[str]) -> tuple[int, Reported]:
    """Return the number of requests in these events, and each failure as operation, title and received status."""
    requests, found = 0, Reported()
    for line in lines:
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        for case, exchange in recorder.get("interactions", {}).items():
            requests += 1
            status = (exchange.get("response") or {}).get("status_code", "no answer")
            for check in recorder.get("checks", {}).get(case, ()):
                if failure := check.get("failure_info", {}).get("failure"):
                    found.setdefault(f"{failure['operation']} {failure['title']} {status}", requests)
    return requests, found


def speed(runs: int) -> str:
    """Return a table of what each tool costs on the healthy mock, in turns."""
    tools: dict[str, Tool] = {"suite": run_suite} | {name: run_peer(arguments) for name, arguments in PEERS.items()}
    costs: dict[str, list[Cost]] = {name: [] for name in tools}
    document = load_document(CONTRACT)
    two = operations(document, run_together(frozenset({"write"})))
    for _ in range(runs):
        for name, tool in tools.items():
            with serve_mock(MockApi(document)) as served, tempfile.TemporaryDirectory() as folder:
                costs[name].append(tool(served, Path(folder), two)[0])
    table = Table(box=None, pad_edge=False)
    for column in ("healthy mock", "requests", "wall s", "CPU s", "peak MiB", "wall ratio", "CPU ratio"):
        table.add_column(column, justify="left" if column == "healthy mock" else "right", no_wrap=True)
    base = costs["st run"]
    for name, spent in costs.items():
        wall, cpu = (statistics.median(getattr(cost, part) for cost in spent) for part in ("wall", "cpu"))
        ratio_wall, ratio_cpu = (
            statistics.median(getattr(mine, part) / getattr(peer, part) for mine, peer in zip(spent, base, strict=True))
            for part in ("wall", "cpu")
        )
        requests, memory = (statistics.median(getattr(cost, part) for cost in spent) for part in ("requests", "memory"))
        row = (f"{requests:.0f}", f"{wall:.1f}", f"{cpu:.1f}", f"{memory:.0f}", f"{ratio_wall:.2f}", f"{ratio_cpu:.2f}")
        table.add_row(name, *row)
    return _text(table) + f"medians of {runs} runs; ratios to st run, run by run\n"


def detection(every: int) -> tuple[str, str]:
    """Return a table of what each tool detects on every N-th defect and variant, and a picture of it."""
    defects, variants = DEFECTS[::every], VARIANTS[::every]
    musts = must_gate(defects, load_requirements(CONTRACTS / "requirements.yaml"))
    server_runs = prove([*(one.name for one in defects), *(one.name for one in variants)], "nightly", 0)
    by_tool = {
        "suite": ToolResult(
            firsts={
                d.name: server_runs[d.name].first or server_runs[d.name].requests
                for d in defects
                if server_runs[d.name].detected
            },
            false_alarms=sum(bool(false_alarms(v, server_runs[v.name])) for v in variants),
            requests=[server_runs[d.name].requests for d in defects],
        )
    }
    for name, arguments in PEERS.items():
        by_tool[name] = _peer_detection(run_peer(arguments), defects, variants)
    table = Table(box=None, pad_edge=False)
    for column in ("defects detected", *by_tool):
        table.add_column(column, justify="left" if column == "defects detected" else "right", no_wrap=True)
    for group in [*dict.fromkeys(d.group for d in defects), "those that break a must", "all"]:
        wanted = {"all": defects, "those that break a must": musts}
        members = wanted.get(group, [d for d in defects if d.group == group])
        shares = (f"{sum(d.name in tool.firsts for d in members)} of {len(members)}" for tool in by_tool.values())
        table.add_row(group, *shares)
    table.add_row("false alarms on variants", *(f"{tool.false_alarms} of {len(variants)}" for tool in by_tool.values()))
    table.add_row("requests a run, median", *(f"{statistics.median(tool.requests):.0f}" for tool in by_tool.values()))
    per = (f"{1000 * len(tool.firsts) / max(sum(tool.requests), 1):.2f}" for tool in by_tool.values())
    table.add_row("defects detected per 1,000 requests", *per)
    curves = {name: detected_by_request(list(tool.firsts.values())) for name, tool in by_tool.items() if tool.firsts}
    cover = greedy_cover({d.name: server_runs[d.name].detected_by for d in defects})
    return _text(table), svg(curves | {"greedy cover, the suite's requests in the best order": cover}, len(defects))


def _peer_detection(tool: Tool, defects: Sequence[Defect], variants: Sequence[Variant]) -> ToolResult:
    document = load_document(CONTRACT)

    def on(subject: Defect | Variant | None) -> Reported:
        serving = serve_mock(MockApi(document)) if subject is None else subject.serve(document, 1)
        affected = run_together(subject.affects) if subject else frozenset[Kind](get_args(Kind))
        with serving as served, tempfile.TemporaryDirectory() as folder:
            cost, reported = tool(served, Path(folder), operations(document, affected))
        if isinstance(subject, Defect):
            sent.append(cost.requests)
        return reported

    sent: list[int] = []
    with ThreadPoolExecutor(PEER_PROCESSES) as pool:
        healthy = frozenset[str]().union(*pool.map(on, [None] * HEALTHY_RUNS))
        on_defects = list(pool.map(on, defects))
        on_variants = list(pool.map(on, variants))
    detecting = {
        d.name: [request for failure, request in reported.items() if failure not in healthy]
        for d, reported in zip(defects, on_defects, strict=True)
    }
    return ToolResult(
        firsts={name: min(requests) for name, requests in detecting.items() if requests},
        false_alarms=sum(bool(reported.keys() - healthy) for reported in on_variants),
        requests=sent,
    )


def _text(table: Table) -> str:
    console = Console(width=140, no_color=True, highlight=False)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.detection.bench", description=__doc__)
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="take every N-th defect and variant; 0 for none"
    )
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="runs for each speed")
    parser.add_argument(
        "--curve", type=Path, metavar="FILE", help="draw the defects that each detects over its requests, as SVG"
    )
    options = parser.parse_args()
    print(speed(options.runs), flush=True)  # noqa: T201 - its output
    if options.every:
        table, picture = detection(options.every)
        print(table)  # noqa: T201
        if options.curve:
            options.curve.write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(run_command(main))
