"""A pytest plugin that runs all items in many rounds, and notes what was sent and what memory is in use after each."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.harness.pytest_plugin.stash import RESULTS, SESSION

ROUNDS, SAMPLES = "CHAOS_ROUNDS", "CHAOS_SAMPLES"


def memory() -> int:
    """Return the memory of this process in kibibytes."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Repeat what was collected."""
    items[:] = items * int(os.environ[ROUNDS])


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Take a sample after the last item of a round, and start the next one afresh."""
    session = item.config.stash[SESSION]
    item.user_properties.clear()
    if nextitem is None or nextitem is item.session.items[0]:
        with Path(os.environ[SAMPLES]).open("a") as file:
            file.write(f"{session.requests_sent} {memory()}\n")
        session.restart()
        _let_go_of_results(item.config)


def _let_go_of_results(config: pytest.Config) -> None:
    """Keep nothing of what held: an ordinary run has each result once, and that is not what is looked at."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    assert reporter is not None, "this is a run in a terminal"
    for kind in ("", "passed", "skipped"):
        reporter.stats.pop(kind, None)
    results = config.stash[RESULTS]
    results[:] = {(result.requirement, result.operation, result.verdict): result for result in results}.values()
