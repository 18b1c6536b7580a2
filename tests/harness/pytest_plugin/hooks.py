"""The hooks by which the harness calls the reports."""

from __future__ import annotations

import pytest

from contracts.model.exit_codes import ExitCode
from contracts.model.result import Presentation
from contracts.model.verdict import Verdict
from tests.harness.trial.requirement_test import RequirementTest


class ConformanceHooks:
    """What a plugin that reports implements."""

    @pytest.hookspec(firstresult=True)
    def pytest_conformance_verdict(
        self, config: pytest.Config, test: RequirementTest, verdict: Verdict
    ) -> Presentation | None:
        """Report a verdict as soon as it is reached, and return its presentation."""

    @pytest.hookspec
    def pytest_conformance_before_clean_up(self, session: pytest.Session, pytest_status: int) -> None:
        """Write reports before the clean-up begins: a user who ends the clean-up has them."""

    @pytest.hookspec
    def pytest_conformance_traffic_end(self, config: pytest.Config) -> None:
        """Close what records requests: this process sends no more of them."""

    @pytest.hookspec(firstresult=True)
    def pytest_conformance_reports(self, session: pytest.Session, pytest_status: int) -> ExitCode | None:
        """Write all reports, and return the exit code that they show; None where they show none.

        `pytest_status` is the exit status of pytest itself, from which the exit code follows beside the results.
        """
