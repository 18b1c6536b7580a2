"""Nightly runs against a mock with seeded defects, each followed by its report, as `make conformance` does it."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from contracts.mock.http.api import MockApi
from contracts.mock.http.rate_limit import Usage
from contracts.mock.http.serve import MockServer
from reports.cli.accept import entry
from reports.run.trend import State as Standing
from reports.site.render import Rendered, render
from tests.detection.defects.bearer import AnySchemeIsTaken
from tests.detection.defects.errors import ProblemDetailsForAMissingProperty
from tests.detection.defects.response import UnknownEventIsAcceptedWith202
from tests.support.suite_process import TWO, run

CHOSEN = ("--profile", "nightly", *TWO)

ANSWER_SECONDS = 0.05
LITTLE_TIME = ("--max-minutes", "0.03")


class FirstRunTarget(ProblemDetailsForAMissingProperty, AnySchemeIsTaken):
    """Breaks ERR-05 on one operation and AUTH-04 on two, which is then accepted as known."""


class Slow(MockApi):
    """Keeps the contract, and responds slowly: no machine is fast enough to finish a run within `LITTLE_TIME`."""

    async def throttle(self, usage: Usage) -> None:
        await asyncio.sleep(ANSWER_SECONDS)
        await super().throttle(usage)


class SecondRunTarget(UnknownEventIsAcceptedWith202, FirstRunTarget):
    """Breaks RESP-05, too."""


@dataclass(frozen=True, slots=True)
class ReportedRun:
    """One run: its exit code, its Allure results, its summary and its report."""

    code: int
    results: Path
    summary: Mapping[str, Any]
    report: Rendered

    def findings(self, state: Standing) -> list[dict[str, Any]]:
        """Return the findings in this state."""
        return [found for found in self.summary["findings"] if found["state"] == state]


def run_and_report(folder: Path, name: str, server: MockServer, *options: str) -> ReportedRun:
    """Run the suite against what is served, and render the report; runs in the same folder share a history."""
    mine = folder / name
    mine.mkdir()
    files = [("--alluredir", "allure"), ("--summary", "summary.json"), ("--requirements", "html/requirements.html")]
    written = [word for option, file in files for word in (option, str(mine / file))]
    history = ("--history", str(folder / "history" / "findings.jsonl"))
    settings = {"PROPEXO_TOKEN": server.token} | {key: ",".join(values) for key, values in server.known.items()}
    ended = run(mine, *CHOSEN, "--target", server.url, *written, *history, *options, environment=settings)
    summary = json.loads((mine / "summary.json").read_text())
    report = render(mine / "allure", mine / "html", folder / "history")
    return ReportedRun(ended.code, mine / "allure", summary, report)


def known(folder: Path, of: ReportedRun, requirement: str) -> tuple[str, ...]:
    """Accept what a run found against a requirement; return the option that names the list."""
    entries = [
        yaml.safe_load(entry(of.summary, found["identity"], dt.datetime.now(tz=dt.UTC).date()))[0]
        | {"reason": "Until the next release.", "owner": "platform team", "link": "https://tracker.example/GW-12"}
        for found in of.summary["findings"]
        if found["requirement"] == requirement
    ]
    file = folder / f"known-{requirement}.yaml"
    file.write_text(yaml.safe_dump(entries, sort_keys=False))
    return "--known-issues", str(file)
