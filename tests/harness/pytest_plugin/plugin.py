"""The pytest plugin of the harness: registers its parts."""

from __future__ import annotations

import pytest

from tests.harness.pytest_plugin import (
    collection,
    configuration,
    keywords,
    options,
    outcomes,
    requirement_fixture,
    results,
    sharding,
    terminal,
    workers,
)
from tests.harness.pytest_plugin.hooks import ConformanceHooks
from tests.harness.pytest_plugin.outcomes import BudgetSkips
from tests.harness.pytest_plugin.progress import ProgressLine
from tests.harness.pytest_plugin.results import ResultCollector
from tests.harness.pytest_plugin.session_finish import SessionFinisher, SignalShield
from tests.harness.pytest_plugin.terminal import UndecidedErrors
from tests.harness.pytest_plugin.workers import is_worker

PARTS = (
    options,
    configuration,
    collection,
    keywords,
    requirement_fixture,
    outcomes,
    results,
    workers,
    sharding,
    terminal,
)
"""Modules with hooks. Not in `pytest_plugins`, which warns of a module that another one has imported before."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the hooks that the reports implement, and register the parts."""
    pluginmanager.add_hookspecs(ConformanceHooks)
    for part in PARTS:
        pluginmanager.register(part)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register what has a state, or has to come before or after other plugins."""
    collector = ResultCollector(config)
    config.pluginmanager.register(collector, "conformance-results")
    config.pluginmanager.register(UndecidedErrors(), "conformance-undecided-errors")
    config.pluginmanager.register(BudgetSkips(), "conformance-budget-skips")
    if not is_worker(config):
        config.pluginmanager.register(ProgressLine(config, collector), "conformance-progress")
    config.pluginmanager.register(SessionFinisher(collector), "conformance-session-finisher")
    config.pluginmanager.register(SignalShield(), "conformance-signal-shield")
