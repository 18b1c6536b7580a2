"""A pytest plugin (`-p tests.nights.simulated_night`): the date and the clock of a simulated run, and what it cost."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any, Final

import pytest

from reports.run import run_report
from tests.harness.http.timing import ON_THIS_MACHINE, ClientPolicy, Clock, Timeouts
from tests.harness.pytest_plugin.stash import CLIENT_POLICY, PLANNED_TURNS

BEGAN, SPEEDUP, COST = "NIGHTS_BEGAN", "NIGHTS_SPEEDUP", "NIGHTS_COST"
"""Environment variables: when the run begins (ISO 8601), how much faster time passes, and the file of the cost."""
NOTES: Final = pytest.StashKey[dict[str, Any]]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Set date and clock before the session is made. Requests are paced; how long an answer may take stays the same."""
    began, speedup = os.environ[BEGAN], float(os.environ[SPEEDUP])
    run_report.now = lambda: began
    timeouts = Timeouts(
        connect=ON_THIS_MACHINE.connect * speedup,
        read=ON_THIS_MACHINE.read * speedup,
        total=ON_THIS_MACHINE.total * speedup,
        outage=ON_THIS_MACHINE.outage * speedup,
        outage_total=ON_THIS_MACHINE.outage_total * speedup,
        startup=ON_THIS_MACHINE.startup * speedup,
    )
    config.stash[CLIENT_POLICY] = ClientPolicy(clock=Clock(speedup), timeouts=timeouts, paced=True)
    config.stash[NOTES] = {}


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Note the plan, the items in their order, and the CPU time until here."""
    rotation = session.config.stash[PLANNED_TURNS].rotation
    session.config.stash[NOTES].update(
        turns=[[turn.operation, str(turn.depth), turn.requests] for turn in rotation.turns],
        items=[item.name for item in session.items],
        planning_cpu_seconds=time.process_time(),
    )


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Write what was noted, and the CPU time of the whole run."""
    notes = config.stash[NOTES] | {"cpu_seconds": time.process_time()}
    Path(os.environ[COST]).write_text(json.dumps(notes))
