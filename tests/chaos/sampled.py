"""A pytest plugin that runs all items in many rounds, and notes after each how much was sent and what memory is in use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.harness.session import SESSION

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
    if nextitem is None or nextitem is item.session.items[0]:
        with Path(os.environ[SAMPLES]).open("a") as file:
            file.write(f"{session.requests_sent} {memory()}\n")
        session.restart()
