"""Keys of what the plugins keep: in pytest's configuration for the run, and in an item for its report."""

from __future__ import annotations

from typing import Final

import pytest

from contracts.model.result import ItemResult, Presentation
from contracts.model.verdict import Status, Verdict
from tests.harness.http.timing import ClientPolicy
from tests.harness.pytest_plugin.catalogue import CataloguedTest
from tests.harness.pytest_plugin.planned_turns import PlannedTurns
from tests.harness.pytest_plugin.replay import Replay
from tests.harness.run.interruption import Interruption
from tests.harness.run.session import Session
from tests.harness.trial.plan import BudgetShare
from tests.harness.trial.requirement_test import RequirementTest

CLIENT_POLICY: Final = pytest.StashKey[ClientPolicy]()
"""How the client treats the target, where another plugin has set it before the session is made."""
SESSION: Final = pytest.StashKey[Session]()
"""Missing where the options or the settings were wrong."""
INTERRUPTION: Final = pytest.StashKey[Interruption]()
STOP_REASONS: Final = pytest.StashKey[list[str]]()
"""The signals and the time limit that ended the run early, the first one first."""
BUDGET_SHARES: Final = pytest.StashKey[dict[str, dict[str, BudgetShare]]]()
"""The share of each requirement in the request budget, by the ids of operation and requirement."""
REPLAY: Final = pytest.StashKey[Replay]()
"""The findings to try again; missing without --finding."""
PLANNED_TURNS: Final = pytest.StashKey[PlannedTurns]()
"""Which operations the run tries, and how thoroughly; missing without --budget."""
CATALOGUE: Final = pytest.StashKey[dict[str, CataloguedTest]]()
"""Every conformance test, by the id of its requirement."""
STARTED: Final = pytest.StashKey[dict[tuple[str, str], RequirementTest]]()
"""The tests that this process began and did not release yet, by the ids of operation and requirement."""
LAST_ITEMS: Final = pytest.StashKey[frozenset[pytest.Item]]()
"""The last item of each operation in this process."""
IMPLYING: Final = pytest.StashKey[dict[tuple[str, str], tuple[Status, str]]]()
"""By the ids of operation and requirement, the status of each verdict of this process, and the requirement that it
follows from, or else its own."""
RESULTS: Final = pytest.StashKey[list[ItemResult]]()
"""The result of each item, in the process that the user started."""
NOT_CANCELLED: Final = pytest.StashKey[list[str]]()
"""A line for each record that the run created and could not cancel, over all its processes."""
NOT_WRITTEN: Final = pytest.StashKey[list[str]]()
"""The reason for each failure to write a report."""

VERDICT: Final = pytest.StashKey[Verdict]()
"""Of an item."""
PRESENTATION: Final = pytest.StashKey[Presentation]()
"""Of an item."""
BEYOND_ACCESS: Final = pytest.StashKey[bool]()
"""Set on an item that needs more access than the settings give."""
