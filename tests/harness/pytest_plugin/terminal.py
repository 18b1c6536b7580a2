"""Lines in the terminal: during the run, and before the summary of the reports."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

from contracts.model.result import process_stats
from contracts.model.verdict import Status
from contracts.untrusted import sanitize
from tests.harness.http.transport_stats import transport_stats_line
from tests.harness.pytest_plugin.results import result_of
from tests.harness.pytest_plugin.stash import NOT_CANCELLED, NOT_WRITTEN, RESULTS, SESSION, STOP_REASONS


def write_line(config: pytest.Config, line: str) -> None:
    """Write a line between pytest's dots. Lines of a worker are lost: it has no terminal."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if reporter is not None and capture is not None:
        with capture.global_and_fixture_disabled():
            reporter.ensure_newline()
            if reporter._tw.width_of_current_line:  # noqa: SLF001 - the letters of workers belong to no path
                reporter.line("")
            reporter.write_line(sanitize.text(line))


@pytest.hookimpl(tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write why the run ended early, what happened on the network, and which reports are missing."""
    for line in _summary_lines(config):
        terminalreporter.write_line(line)
    if config.stash.get(RESULTS, []) and not config.option.fulltrace:
        _leave_out_keyboard_interrupt(terminalreporter)


@pytest.hookimpl(tryfirst=True)
def pytest_keyboard_interrupt(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Leave out of the traceback what has no line: a signal may come at such an instruction, and pytest fails on it."""
    excinfo.traceback = excinfo.traceback.filter(lambda entry: entry._rawentry.tb_lineno is not None)  # noqa: SLF001


def _leave_out_keyboard_interrupt(terminalreporter: pytest.TerminalReporter) -> None:
    """Keep pytest from writing, below the exit code, at which line of the suite Ctrl-C came."""
    interrupt = terminalreporter._keyboardinterrupt_memo  # noqa: SLF001 - there is no public way
    place = getattr(interrupt, "reprcrash", None)
    if place is not None and place.message.startswith(KeyboardInterrupt.__name__):
        terminalreporter._report_keyboardinterrupt = lambda: None  # type: ignore[method-assign]  # noqa: SLF001


class UndecidedErrors:
    """Keeps what could not be told out of pytest's list of errors: the reports show each reason once."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Generator[None]:
        """Leave these errors out while pytest writes its list, which has two lines for each check."""
        errors = terminalreporter.stats.get("error", [])
        kept = [report for report in errors if not _is_undecided(report)]
        if kept == errors:
            return (yield)
        terminalreporter.stats["error"] = kept
        try:
            return (yield)
        finally:
            terminalreporter.stats["error"] = errors


def _is_undecided(report: object) -> bool:
    result = result_of(report)
    return result is not None and result.verdict is Status.COULD_NOT_TELL


def _summary_lines(config: pytest.Config) -> Iterator[str]:
    results = config.stash.get(RESULTS, [])
    stop_reasons = config.stash.get(STOP_REASONS, [])
    yield from (f"Ended by {reason}." for reason in stop_reasons[:1])
    if not_run := sum(result.verdict is Status.NOT_RUN for result in results):
        yield f"Not run: {not_run} of {len(results)} checks."
    if network := transport_stats_line(process.transport for process in process_stats(results)):
        yield network
    not_written = config.stash.get(NOT_WRITTEN, [])
    for reason in dict.fromkeys(not_written):
        yield f"Reports could not be written: {reason}. What was written before is kept."
    yield from _journal_lines(config)


def _journal_lines(config: pytest.Config) -> Iterator[str]:
    """Yield why the run had no journal, or how to cancel later what is left at the target."""
    session = config.stash.get(SESSION, None)
    if session is None or session.journal is None:
        return
    if session.journal.failure:
        yield (
            f"The run has no journal of the records that it creates ({session.journal.failure}): if it is killed, they "
            "cannot be cancelled later. Set XDG_STATE_HOME to a folder that can be written to."
        )
    elif config.stash[NOT_CANCELLED]:
        command = session.options.clean_up_command
        yield f"{command} tries again to cancel the records that are left; so does the next run."
