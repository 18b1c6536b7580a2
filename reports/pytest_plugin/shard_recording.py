"""Writes the results of a shard to a file as they come, from which `merge` makes one report."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from contracts.untrusted import sanitize
from reports.output import safe_files
from reports.pytest_plugin.options import output_files
from reports.pytest_plugin.run_facts import run_config
from reports.pytest_plugin.stash import write_errors_kept
from reports.redaction import output_filter
from reports.run import known_issues
from reports.run.run_report import RunReport
from reports.run.shard_results import ShardEnd, ShardHead, line_of
from tests.harness.pytest_plugin.planned_turns import budget_in
from tests.harness.pytest_plugin.sharding import shard_in
from tests.harness.pytest_plugin.stash import NOT_CANCELLED, NOT_WRITTEN, PLANNED_TURNS, SESSION, STOP_REASONS
from tests.harness.run.shards import Shard, shards_in

OF_THE_PROCESS = ("node", "worker_id", "testrun_uid", "item_index")
"""What xdist adds to a report."""


class ShardRecording:
    """Writes the file in the process that the user started."""

    def __init__(self, config: pytest.Config, shard: Shard, file: Path) -> None:
        """Open no file yet."""
        self._config, self._shard, self._file = config, shard, file
        self._output: safe_files.OutputFile | None = None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Write what the shard is part of, before anything is sent."""
        if not self._config.option.collectonly:
            with write_errors_kept(self._config):
                self._output = safe_files.open_exclusively(self._file)
            self._write(line_of(self._head()))
        return (yield)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write a report; those of setting up and tearing down are what JUnit needs for the times."""
        config = self._config
        data: dict[str, Any] = config.hook.pytest_report_to_serializable(config=config, report=report)
        kept = {name: value for name, value in data.items() if name not in OF_THE_PROCESS}
        if (result := kept.get("conformance")) and result["process"]:
            # Each shard numbers its own workers.
            worker = f"{self._shard.number} {result['process']['worker']}".strip()
            kept["conformance"] = result | {"process": result["process"] | {"worker": worker}}
        self._write(line_of(kept))

    def end(self, session: pytest.Session, pytest_status: int, report: RunReport | None, *, leaked: bool) -> None:
        """Write how the shard ended, and close the file; `report` is None for a shard without results."""
        stash = self._config.stash
        not_cancelled, not_written, ended_by = stash[NOT_CANCELLED], stash[NOT_WRITTEN], stash[STOP_REASONS]
        ended = ShardEnd(
            status=pytest_status,
            stop=str(session.shouldstop or session.shouldfail or ""),
            leaked=leaked,
            not_judged=() if report is None else report.not_judged,
            not_cancelled=tuple(not_cancelled),
            not_written=tuple(not_written),
            ended_by=tuple(ended_by),
        )
        self._write(line_of(ended))
        if self._output is not None:
            self._output.close()

    def _head(self) -> ShardHead:
        config, session = self._config, self._config.stash[SESSION]
        option = config.option
        return ShardHead(
            number=self._shard.number,
            of=self._shard.of,
            config=run_config(config),
            access=str(session.access),
            strict=bool(config.getini("strict")),
            selection=(option.keyword, option.markexpr),
            known_issues=issues_digest(config),
            shards=shards_in(session, self._shard.of),
            budget=budget_in(config),
            turns=turns_digest(config),
            files={name: os.path.relpath(path, self._file.parent) for name, path in output_files(config).items()},
        )

    def _write(self, line: str) -> None:
        with write_errors_kept(self._config):
            if self._output is not None:
                redact = self._config.stash[output_filter.OUTPUT_FILTER].redact
                self._output.write(sanitize.json(redact(line)))


def issues_digest(config: pytest.Config) -> str:
    """Return a digest of the known issues that a run takes into account."""
    return hashlib.sha256(known_issues.content_of(Path(config.getoption("--known-issues")))).hexdigest()[:12]


def turns_digest(config: pytest.Config) -> str:
    """Return a digest of what a run with a budget tries; empty without one."""
    planned = config.stash.get(PLANNED_TURNS, None)
    return "" if planned is None else planned.digest


def register(config: pytest.Config) -> ShardRecording | None:
    """Register the recording where the run is a shard whose results are to be written."""
    shard, file = shard_in(config), config.getoption("--shard-results")
    if shard is None or not file:
        return None
    recording = ShardRecording(config, shard, Path(file))
    config.pluginmanager.register(recording, "conformance-shard-recording")
    return recording
