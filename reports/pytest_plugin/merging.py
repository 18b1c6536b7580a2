"""Merges shards: in place of running the checks, their results are taken from the files of the shards.

From there on the session goes on as if its workers had sent them: the same functions decide the exit code and write the
reports. A check without a result is one that was not run.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import UsageError
from contracts.model.exit_codes import ExitCode
from reports.pytest_plugin.shard_recording import issues_digest, turns_digest
from reports.pytest_plugin.stash import MERGED, write_errors_kept
from reports.run.shard_results import MergedShards
from reports.writers import allure_run_files
from tests.harness.pytest_plugin.stash import NOT_CANCELLED, NOT_WRITTEN, SESSION, STOP_REASONS
from tests.harness.pytest_plugin.terminal import write_line


class ShardMerging:
    """Takes the place of pytest's own loop over the items."""

    def __init__(self, config: pytest.Config, merged: MergedShards) -> None:
        """Read nothing yet."""
        self._config, self._merged = config, merged

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Report the results of all shards, and end the run as they did."""
        config, merged = self._config, self._merged
        if config.option.collectonly:
            return None
        if folder := config.getoption("--alluredir", None):
            for results in merged.outputs("--alluredir").values():
                with write_errors_kept(config):
                    allure_run_files.copy_results(results, Path(folder))
        for shard in merged.shards:
            for data in shard.reports:
                report = _report(config, data)
                config.hook.pytest_runtest_logstart(nodeid=report.nodeid, location=report.location)
                config.hook.pytest_runtest_logreport(report=report)
                config.hook.pytest_runtest_logfinish(nodeid=report.nodeid, location=report.location)
        for end in merged.ends:
            config.stash[NOT_CANCELLED] += end.not_cancelled
            config.stash[NOT_WRITTEN] += end.not_written
            config.stash[STOP_REASONS] += end.ended_by
        if stops := merged.stops:
            session.shouldstop = "; ".join(stops)
            for line in stops:
                write_line(config, f"{line[0].upper()}{line[1:]}.")
        if merged.status != ExitCode.HELD:
            pytest.exit(str(session.shouldstop or "a shard ended early"), returncode=merged.status)
        return True


def _report(config: pytest.Config, data: Mapping[str, Any]) -> pytest.TestReport:
    """Return a report of pytest; JSON has lists where pytest expects tuples."""
    texts = {
        name: tuple(data[name]) if isinstance(data[name], list) else data[name] for name in ("longrepr", "location")
    }
    properties = [tuple(pair) for pair in data["user_properties"]]
    report: pytest.TestReport = config.hook.pytest_report_from_serializable(
        config=config, data={**data, **texts, "user_properties": properties}
    )
    return report


def require_same_turns(config: pytest.Config) -> None:
    """Raise UsageError with a sentence if the shards that are merged tried something else than is planned here."""
    if MERGED in config.stash and turns_digest(config) != config.stash[MERGED].head.turns:
        raise UsageError("The shards planned their turns by another history: name theirs with --history.")


def register(config: pytest.Config) -> None:
    """Read the shards to merge, if there are any, and register what takes their results.

    Raises UsageError with a sentence if they cannot be merged, or not with what is here.
    """
    if not (files := config.getoption("--merge")):
        return
    merged = config.stash[MERGED] = MergedShards.of(map(Path, files))
    document = config.stash[SESSION].document
    if document.digest != merged.head.config.contract:
        raise UsageError(
            f"The shards were tested by contract {merged.head.config.contract}, and here it is {document.digest}: "
            "merge them where the same document is."
        )
    if issues_digest(config) != merged.head.known_issues:
        raise UsageError("The shards took other known issues into account: merge them with the same --known-issues.")
    config.pluginmanager.register(ShardMerging(config, merged), "conformance-shard-merging")
