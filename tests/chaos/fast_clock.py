"""A pytest plugin (`-p tests.chaos.fast_clock`) that speeds a run's clock up, and paces the run where asked to."""

from __future__ import annotations

import os

import pytest

from tests.harness.http.timing import ON_THIS_MACHINE, ClientPolicy, Clock
from tests.harness.pytest_plugin.stash import CLIENT_POLICY

SPEEDUP, PACED = "CHAOS_HURRY", "CHAOS_PACED"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Set how the target is treated, before the session is made."""
    config.stash[CLIENT_POLICY] = ClientPolicy(
        clock=Clock(float(os.environ.get(SPEEDUP, "1"))), timeouts=ON_THIS_MACHINE, paced=bool(os.environ.get(PACED))
    )
