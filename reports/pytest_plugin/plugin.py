"""The pytest plugin of the reports: registers its parts, and calls them at the end of a run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from contracts.errors import UsageError
from contracts.model.exit_codes import ExitCode
from contracts.untrusted import sanitize
from reports.pytest_plugin import merging, options, presentation, requirements_report, rotation, shard_recording
from reports.pytest_plugin.har_recording import HarRecording
from reports.pytest_plugin.options import output_files
from reports.pytest_plugin.presentation import WorkersPlan
from reports.pytest_plugin.rotation import plan_turns
from reports.pytest_plugin.run_names import target_name
from reports.pytest_plugin.run_reports import RunReports, report_leaks
from reports.pytest_plugin.shard_recording import ShardRecording
from reports.pytest_plugin.stash import ALLURE, COMPARISON, DRIFT, MERGED, stop_unwritten
from reports.redaction import output_filter, scan
from reports.redaction.redactor import Redactor
from reports.render import terminal
from reports.run import history, known_issues, run_report
from reports.run.contract_names import contract_name
from reports.run.outcome import LEAKED
from reports.run.run_report import RunReport
from reports.run.trend import Comparison
from reports.site.published_document import compare_in_run
from reports.writers import allure_results, allure_write_guard
from tests.harness.pytest_plugin.planned_turns import budget_in
from tests.harness.pytest_plugin.replay import outcome_lines
from tests.harness.pytest_plugin.stash import PLANNED_TURNS, REPLAY, RESULTS, SESSION
from tests.harness.pytest_plugin.terminal import write_line
from tests.harness.pytest_plugin.workers import is_worker
from tests.harness.run.session import Session

RECORDING: Final = pytest.StashKey[HarRecording]()
SHARD_RECORDING: Final = pytest.StashKey[ShardRecording]()
REPORT: Final = pytest.StashKey[RunReport]()


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Register the modules with hooks of their own."""
    for part in (options, presentation, requirements_report, rotation):
        pluginmanager.register(part)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Read what the run is compared with, and register what writes during the run."""
    config.stash[ALLURE] = allure_results.register(config)
    allure_write_guard.register(config, partial(stop_unwritten, config))
    config.stash[RECORDING] = HarRecording(config)
    config.pluginmanager.register(config.stash[RECORDING], "conformance-har")
    config.pluginmanager.register(WorkersPlan(), "conformance-workers-plan")
    scan.set_canary()
    config.option.no_header = True  # no setting of pytest's: with `-p no:terminal` there is no such option
    if SESSION not in config.stash:
        return
    try:
        merging.register(config)
        config.stash[COMPARISON] = _comparison(config, config.stash[SESSION])
        if planned := plan_turns(config):
            config.stash[PLANNED_TURNS] = planned
        merging.require_same_turns(config)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    if MERGED in config.stash:
        parts = {
            f"shard-{one.head.number}": file for one in config.stash[MERGED].shards if (file := one.output("--har"))
        }
        config.stash[RECORDING].take_parts(parts)
    if not is_worker(config) and (recording := shard_recording.register(config)):
        config.stash[SHARD_RECORDING] = recording


def _comparison(config: pytest.Config, session: Session) -> Comparison:
    file, target = config.getoption("--history"), target_name(session)
    document, title = session.document, "" if budget_in(config) is None else session.document.title
    past = history.read(Path(file), target, document.digest, title) if file else history.History(())
    issues = Path(config.getoption("--known-issues"))
    return Comparison(
        began=config.stash[MERGED].config.began if MERGED in config.stash else run_report.now(),
        today=dt.datetime.now(tz=dt.UTC).date(),
        runs=past.runs,
        notice=past.notice,
        issues=known_issues.matching_issues(
            known_issues.load(issues),
            issues,
            target,
            contract_name(session.options.contract),
            session.document,
            session.requirements,
        ),
        has_history=file is not None,
    )


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Give the token to the filter of all output: settings are read after the first stream is open."""
    config, token = session.config, session.config.stash[SESSION].given_token
    if token:
        config.stash[output_filter.OUTPUT_FILTER].redactor = Redactor(token)
        output_filter.redact_log_file(config, config.stash[output_filter.OUTPUT_FILTER])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Compare the contract with the published document before the first check."""
    config = session.config
    published = config.getoption("--published")
    if published and not is_worker(config) and not config.option.collectonly:
        options = config.stash[SESSION].options
        drift = compare_in_run(options.contract, options.overlays, published, config.option.operation)
        config.stash[DRIFT] = drift
        if drift.failure:
            write_line(config, f"The published document was not compared: {drift.failure}")
    return (yield)


def pytest_conformance_before_clean_up(session: pytest.Session, pytest_status: int) -> None:
    """Write the reports if anything is left to cancel, and record the clean-up."""
    config = session.config
    results = config.stash[RESULTS]
    if results and config.stash[SESSION].left:
        RunReports(session, pytest_status).write_before_clean_up()
    config.stash[RECORDING].record_clean_up()


def pytest_conformance_reports(session: pytest.Session, pytest_status: int) -> ExitCode | None:
    """Write the reports of a run; where it has no results, look for secrets in what pytest has written."""
    config = session.config
    report = RunReports(session, pytest_status).write() if config.stash[RESULTS] else None
    leaked = report.failure_reason == LEAKED if report else report_leaks(config, output_files(config))
    if SHARD_RECORDING in config.stash:
        config.stash[SHARD_RECORDING].end(session, pytest_status, report, leaked=leaked)
    if report:
        config.stash[REPORT] = report
        return ExitCode(report.exit_code)
    return ExitCode.SUITE_FAILED if leaked else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write the closing text of the run; where findings are tried again, what became of each."""
    width = terminalreporter._tw.fullwidth  # noqa: SLF001 - there is no other way to learn it
    if REPORT in config.stash and REPLAY in config.stash:
        report = config.stash[REPORT]
        verdicts = {
            (result.requirement, result.operation): (str(result.verdict), [one.kind for one in result.findings])
            for result in report.results
        }
        terminalreporter.ensure_newline()
        undecided = terminal.undecided_lines(report, width)
        for line in (*outcome_lines(config.stash[REPLAY], verdicts), *undecided, report.exit_line):
            terminalreporter.write_line(sanitize.text(line))
    elif REPORT in config.stash:
        terminalreporter.section("conformance")
        headline, _, rest = terminal.closing_text(report := config.stash[REPORT], width).partition("\n")
        terminalreporter.line(headline, bold=True, **{terminal.colour(report): True})
        terminalreporter.write(rest)
