"""The end of a session, as one sequence.

In the process that the user started:

1. Signals are ignored from the end of the loop over the items, before any plugin finishes.
2. Each planned check without a result is reported as not run: JUnit and the terminal show it.
3. The exit code is decided by the results, before any file is written: a full disk must not lose it.
4. The other plugins finish: JUnit writes its file, xdist ends its workers.
5. Reports are written if something has to be cancelled: the clean-up may be ended by the user.
6. The records that the run created are cancelled.
7. The files of requests are closed.
8. All reports are written. What became of them may change the exit code.

The terminal prints its summary after that. A worker of xdist has steps 1, 4, 6 and 7 only, and then hands over what it
could not cancel or write.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest

from contracts.model.exit_codes import ExitCode, decide_exit_code
from tests.harness.pytest_plugin.results import ResultCollector
from tests.harness.pytest_plugin.sharding import is_empty_shard
from tests.harness.pytest_plugin.stash import (
    INTERRUPTION,
    NOT_CANCELLED,
    NOT_WRITTEN,
    RESULTS,
    SESSION,
    STOP_REASONS,
)
from tests.harness.pytest_plugin.workers import hand_over, is_worker, was_interrupted


class SignalShield:
    """Step 1. A class of its own: it comes before all plugins, and the other steps after most of them."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Ignore signals once the loop has ended: workers end it, too, and pytest takes no second interrupt then."""
        try:
            return (yield)
        finally:
            _ignore_signals(session)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """Ignore signals where there was no loop: a collection may fail."""
        _ignore_signals(session)
        yield


def _ignore_signals(session: pytest.Session) -> None:
    if INTERRUPTION in session.config.stash:
        session.config.stash[INTERRUPTION].report()


class SessionFinisher:
    """Steps 2 to 8."""

    def __init__(self, collector: ResultCollector) -> None:
        """Report what `collector` has no result of."""
        self._collector = collector

    @pytest.hookimpl(wrapper=True, trylast=True)  # within the terminal's hook, which prints the final exit code
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """Finish the session around the other plugins."""
        config = session.config
        pytest_status = int(pytest.ExitCode.INTERRUPTED if was_interrupted(session) else session.exitstatus)
        if not is_worker(config):
            if _ran(session):
                self._collector.report_not_run(_reason(session))
            _set_exit_code(session, pytest_status)
        try:
            yield
        except OSError as error:
            config.stash[NOT_WRITTEN].append(str(error))
        if is_worker(config):
            _finish_worker(session)
            return
        _set_exit_code(session, pytest_status)
        _clean_up(session, pytest_status)
        config.hook.pytest_conformance_traffic_end(config=config)
        code = config.hook.pytest_conformance_reports(session=session, pytest_status=pytest_status)
        if code is not None:
            session.exitstatus = code


def _ran(session: pytest.Session) -> bool:
    """Return whether items were going to run: not where an option was wrong, or they were only listed."""
    config = session.config
    wrong = SESSION not in config.stash or session.exitstatus == pytest.ExitCode.USAGE_ERROR
    return not wrong and not config.option.collectonly


def _reason(session: pytest.Session) -> str:
    """Return why a run ended before all of its items."""
    if stop_reasons := session.config.stash.get(STOP_REASONS, []):
        return f"the run was ended by {stop_reasons[0]}"
    stopped = session.shouldstop or session.shouldfail
    return f"the run ended: {stopped}" if stopped else "the run was interrupted"


def _set_exit_code(session: pytest.Session, pytest_status: int) -> None:
    """Set the exit code by the results, where there are any: otherwise pytest's own is right."""
    config = session.config
    results, not_written = config.stash[RESULTS], config.stash[NOT_WRITTEN]
    if results:
        strict = bool(config.getini("strict"))
        session.exitstatus = decide_exit_code(results, pytest_status, strict=strict, unwritten=bool(not_written))
    elif is_empty_shard(config, pytest_status):
        session.exitstatus = ExitCode.HELD


def _clean_up(session: pytest.Session, pytest_status: int) -> None:
    """Cancel the records of all processes of the run, which have ended by now."""
    config = session.config
    ours = config.stash[SESSION]
    try:
        ours.adopt()
    except OSError as error:
        config.stash[NOT_WRITTEN].append(str(error))
    config.hook.pytest_conformance_before_clean_up(session=session, pytest_status=pytest_status)
    config.stash[INTERRUPTION].clean_up(ours.clean_up)
    config.stash[NOT_CANCELLED] += ours.left


def _finish_worker(session: pytest.Session) -> None:
    """Cancel the worker's records where no journal leaves that to the process that the user started; hand over."""
    config = session.config
    ours = config.stash[SESSION]
    if ours.journal is None or not ours.journal.kept:
        config.stash[INTERRUPTION].clean_up(ours.clean_up)
        config.stash[NOT_CANCELLED] += ours.left
    config.hook.pytest_conformance_traffic_end(config=config)
    hand_over(session)
