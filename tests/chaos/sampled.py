"""A pytest plugin that notes, after each of a run's items, how many requests were sent and what memory is in use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.harness.session import SESSION

SAMPLES = "CHAOS_SAMPLES"


def memory() -> int:
    """Return the memory of this process in kibibytes."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Take a sample."""
    with Path(os.environ[SAMPLES]).open("a") as file:
        file.write(f"{item.config.stash[SESSION].requests_sent} {memory()}\n")
