"""The line on progress of a run that takes longer: rewritten on a terminal, now and then a line in a log."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Generator
from typing import Final

import pytest

from contracts.model.http import Exchange
from contracts.model.result import ItemResult
from tests.harness.pytest_plugin.not_run import named_check
from tests.harness.pytest_plugin.results import ResultCollector
from tests.harness.pytest_plugin.stash import RESULTS, SESSION
from tests.harness.pytest_plugin.terminal import write_line
from tests.harness.trial.pace import Progress

QUIET_SECONDS: Final = 10.0
"""Before it nothing is shown: a short run has ended by then."""
REWRITE_SECONDS: Final = 1.0
"""Between two texts of the line on a terminal."""
LOG_SECONDS: Final = 30.0
"""Between two lines in a log."""


class ProgressLine:
    """Shows the progress of a run in the process that the user started: of its own requests with each exchange.

    Workers send no word between the ends of their checks: what they sent is known from their results.
    """

    def __init__(self, config: pytest.Config, collector: ResultCollector) -> None:
        """Show nothing yet; `collector` has the checks that are going to run."""
        self._config, self._collector = config, collector
        self._began = self._shown_at = 0.0
        self._planned: Counter[str] = Counter()
        self._rewrites = self._running = False

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Show progress while items run; with -q nothing."""
        config = self._config
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None or SESSION not in config.stash or config.option.collectonly or config.option.verbose < 0:
            return (yield)
        self._began = self._now()
        self._running = True
        config.stash[SESSION].listeners.append(self._on_exchange)
        try:
            return (yield)
        finally:
            if self._rewrites and not session.shouldstop:
                self._show()
            self._running = False

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self) -> None:
        """Show what a check has added."""
        self._show_if_due()

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(
        self,
    ) -> Generator[None, tuple[str, str, str] | None, tuple[str, str, str] | None]:
        """Count a check without its letter while a line is rewritten, which the letter would tear."""
        status = yield
        return (status[0], "", status[2]) if self._rewrites and status is not None else status

    def _on_exchange(self, _: Exchange) -> None:
        if threading.current_thread() is threading.main_thread():
            self._show_if_due()

    def _show_if_due(self) -> None:
        if not self._running or (now := self._now()) - self._began < QUIET_SECONDS:
            return
        if not self._shown_at:
            self._begin()
        if not self._shown_at or now - self._shown_at >= (REWRITE_SECONDS if self._rewrites else LOG_SECONDS):
            self._shown_at = now
            self._show()

    def _begin(self) -> None:
        """Count the planned checks, and take the line over from pytest's letters where it can be rewritten."""
        session = self._config.stash[SESSION]
        for nodeid in self._collector.planned:
            if check := named_check(nodeid, session.requirements, session.operations):
                self._planned[check[1].id] += 1
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        assert reporter is not None, "the loop looked for it"
        # Without markup a carriage return is shown as text; with -v pytest writes a line for each check.
        self._rewrites = bool(reporter.isatty() and reporter.hasmarkup and reporter.verbosity == 0)
        if self._rewrites:
            reporter.showfspath = False
            reporter._show_progress_info = False  # noqa: SLF001 - no public way: it would count letters that are missing

    def _show(self) -> None:
        config, session = self._config, self._config.stash[SESSION]
        results: list[ItemResult] = config.stash[RESULTS]
        progress = Progress.of(
            results,
            self._planned,
            session.options.profile.budget,
            sent=session.requests_sent,
            seconds=self._now() - self._began,
            per_minute=session.per_minute,
        )
        if self._rewrites:
            self._rewrite(progress.text())
        else:
            write_line(config, f"{progress.text()}.")

    def _rewrite(self, text: str) -> None:
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        capture = self._config.pluginmanager.get_plugin("capturemanager")
        if reporter is None or capture is None:
            return
        with capture.global_and_fixture_disabled():
            if reporter.currentfspath != REWRITTEN:
                reporter.ensure_newline()
            width = reporter._tw.fullwidth  # noqa: SLF001 - there is no other way to learn it
            reporter.rewrite(text if len(text) < width else text.partition(", ")[2], erase=True)  # without the checks
            reporter.flush()
            reporter.currentfspath = REWRITTEN  # so that whoever writes next begins a new line

    def _now(self) -> float:
        return self._config.stash[SESSION].options.client_policy.clock.now()


REWRITTEN: Final = -2
"""What pytest itself notes where the current line is no path of a test."""
