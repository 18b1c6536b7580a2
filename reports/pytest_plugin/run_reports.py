"""At the end of a run: builds the run's report, and writes it to every file that was asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import allure
import pytest

from contracts.model.exit_codes import ExitCode, decide_exit_code
from contracts.model.result import stop_reason
from contracts.model.verdict import Status
from reports.pytest_plugin.options import output_files
from reports.pytest_plugin.rotation import recorded_turns, rotation_report, tried_in_full
from reports.pytest_plugin.run_facts import access_level, not_judged, run_config
from reports.pytest_plugin.run_names import allure_check
from reports.pytest_plugin.stash import ALLURE, COMPARISON, DRIFT, MERGED, write_errors_kept
from reports.redaction import output_filter, scan
from reports.render import markdown
from reports.run import causes, history, known_issues, proof, quality_gate, trend
from reports.run.contract_names import ROOT
from reports.run.history import Run
from reports.run.outcome import failure_reason
from reports.run.run_report import RunReport, as_run
from reports.writers import allure_drift, allure_run_files, badge, summary
from tests.harness.config import access
from tests.harness.pytest_plugin.sharding import shard_in
from tests.harness.pytest_plugin.stash import NOT_CANCELLED, NOT_WRITTEN, PLANNED_TURNS, RESULTS, SESSION


class RunReports:
    """Builds and writes the reports of a run with at least one result.

    `pytest_status` is the exit status of pytest itself.
    """

    def __init__(self, session: pytest.Session, pytest_status: int) -> None:
        """Read the proof of the suite; write nothing yet."""
        self._pytest_session, self._pytest_status = session, pytest_status
        self._config, self._session = session.config, session.config.stash[SESSION]
        self._proof = proof.latest(self._session.options.profile)
        self._is_shard = shard_in(self._config) is not None

    def write_before_clean_up(self) -> None:
        """Write all reports but the history, with what the clean-up is going to cancel."""
        self._write_not_run()
        not_cancelled = [*self._config.stash[NOT_CANCELLED], *self._session.left]
        self._write(self._report(self._run(), not_cancelled))

    def write(self) -> RunReport:
        """Write all reports, and return what they show.

        A report that cannot be written, or that holds a secret, changes the exit code: then all of them are written
        again, so that they agree.
        """
        self._write_not_run()
        run = self._run()
        not_cancelled = self._config.stash[NOT_CANCELLED]
        first = self._report(run, not_cancelled)
        self._write(first)
        files = output_files(self._config)
        history_file = {option: files.pop(option) for option in ("--history",) if option in files}
        of_a_shard = MERGED in self._config.stash and self._config.stash[MERGED].leaked
        leaked = report_leaks(self._config, files, self._attachments(first)) or of_a_shard
        final = self._add_to_history(self._with_exit_code(first, leaked=leaked), run)
        final = self._with_exit_code(final, leaked=report_leaks(self._config, history_file) or leaked)
        if final != first:
            self._write(final)
        if self._config.getoption("--alluredir", None):
            for error in allure_run_files.run_level_errors(final):
                allure.global_error(error)
            for name, text in self._attachments(final).items():
                allure_run_files.attach(name, text)
        return final

    def _run(self) -> Run:
        """Return the run as history keeps it, as far as it is known before reports are written."""
        results = self._config.stash[RESULTS]
        code = self._exit_code(refused=False, leaked=False)
        turns = {} if self._selects_checks() else recorded_turns(self._config, results)
        return as_run(run_config(self._config), results, code, self._proof, whole=self._is_whole(code), turns=turns)

    def _report(self, run: Run, not_cancelled: Sequence[str]) -> RunReport:
        comparison, results = self._config.stash[COMPARISON], self._config.stash[RESULTS]
        stale_issues = [
            *(result.stale_issues for result in results if result.stale_issues),
            *known_issues.stale_causes(
                tried_in_full(self._config, results),
                comparison.issues.issues,
                str(self._session.options.profile),
                self._applies_on,
            ),
        ]
        trends = trend.all_trends(run, comparison.runs, comparison.issues, comparison.today)
        report = RunReport(
            config=run_config(self._config),
            results=results,
            exit_code=run.exit_code,
            refusals=() if self._is_shard else quality_gate.refusals(run, comparison.runs, stale_issues),
            trends=trends,
            causes=causes.all_causes(trends, results, comparison.runs, self._session.requirements, comparison.names),
            last=comparison.last,
            notice=comparison.notice,
            proof=self._proof,
            not_cancelled=tuple(not_cancelled),
            not_judged=not_judged(self._config),
            access=access.access_line(results, access_level(self._config)),
            drift=self._config.stash.get(DRIFT, None),
            files=output_files(self._config),
            selects_checks=self._selects_checks(),
            hints={name: requirement.fix for name, requirement in self._session.requirements.items()},
            rotation=None if self._is_shard else rotation_report(self._config, run, trends, results),
        )
        return self._with_exit_code(report, leaked=False)

    def _applies_on(self, requirement: str) -> list[str]:
        """Return the operations of the document that a requirement applies to."""
        found = self._session.requirements[requirement]
        return [operation.id for operation in self._session.document.operations if found.applies(operation)]

    def _is_whole(self, code: ExitCode) -> bool:
        """Return whether the user selected the whole suite, and the run came to its end."""
        session, results = self._pytest_session, self._config.stash[RESULTS]
        stopped = session.shouldstop or session.shouldfail or stop_reason(results)
        finished = code not in (ExitCode.INTERRUPTED, ExitCode.SUITE_FAILED)
        selects = self._config.option.operation or PLANNED_TURNS in self._config.stash or self._selects_checks()
        return not selects and not stopped and finished

    def _selects_checks(self) -> bool:
        """Return whether the user selected some of the checks on the operations, as somebody does who mends one."""
        config, option = self._config, self._config.option
        selected = (
            option.keyword or option.markexpr or option.deselect or getattr(option, "lf", False) or self._is_shard
        )
        folders = {(config.invocation_params.dir / argument).resolve() for argument in config.args}
        return bool(selected or option.finding) or folders != {ROOT / "tests" / "conformance"}

    def _exit_code(self, *, refused: bool, leaked: bool, not_tried: bool = False) -> ExitCode:
        results, not_written = self._config.stash[RESULTS], self._config.stash[NOT_WRITTEN]
        return decide_exit_code(
            results,
            self._pytest_status,
            strict=bool(self._config.getini("strict")),
            unwritten=bool(not_written),
            leaked=leaked,
            refused=refused,
            not_tried=not_tried,
        )

    def _with_exit_code(self, report: RunReport, *, leaked: bool) -> RunReport:
        """Return the report with the exit code that follows from what became of the reports by now."""
        not_tried = report.rotation is not None and bool(report.rotation.not_tried)
        code = self._exit_code(refused=bool(report.refusals), leaked=leaked, not_tried=not_tried)
        not_written = self._config.stash[NOT_WRITTEN]
        why = failure_reason(report.results, unwritten=bool(not_written), leaked=leaked)
        return replace(report, exit_code=code, failure_reason=why)

    def _add_to_history(self, report: RunReport, run: Run) -> RunReport:
        """Add the run to the history; return the report, with a notice if it cannot be added."""
        if self._is_shard or not (file := self._config.getoption("--history")):
            return report
        try:
            run = causes.recorded(run, report.causes)
            history.append(Path(file), replace(run, exit_code=report.exit_code, outcome=str(report.outcome)))
        except OSError as error:
            return replace(report, notice=f"This run is not in the history: {file} cannot be written ({error})")
        return report

    def _write_not_run(self) -> None:
        """Write Allure's results of the checks that were not run, now that the reason is known."""
        results = self._config.stash[RESULTS]
        not_run = [result for result in results if result.verdict is Status.NOT_RUN]
        if not_run and self._config.getoption("--alluredir", None):
            requirements = self._session.requirements
            operations = {operation.id: operation for operation in self._session.operations}
            checks = [
                allure_check(self._config, requirements[result.requirement], operations[result.operation])
                for result in not_run
            ]
            self._config.stash[ALLURE].write_not_run(checks, not_run[0].text.partition(": ")[2])

    def _write(self, report: RunReport) -> None:
        """Write all reports but the history and the attachments of Allure."""
        redact = self._config.stash[output_filter.OUTPUT_FILTER].redact
        if folder := self._config.getoption("--alluredir", None):
            with write_errors_kept(self._config):
                executor = allure_run_files.executor(os.environ, f"seed {report.config.seed}")
                allure_run_files.write(Path(folder), report, executor, redact)
                if report.drift is not None:
                    allure_drift.write(report.config.title, report.drift)
        for option, writer in (("--summary", summary), ("--markdown", markdown), ("--badge", badge)):
            if file := self._config.getoption(option):
                with write_errors_kept(self._config):
                    writer.write(Path(file), report, redact)

    def _attachments(self, report: RunReport) -> dict[str, str]:
        """Return what Allure shows for the run as a whole, in Markdown by name; a path may hold a part of the token."""
        redact = self._config.stash[output_filter.OUTPUT_FILTER].redact
        proof_text = allure_run_files.proof_text(report.proof, report.proof_line)
        return {"Summary": redact(f"{markdown.page(report)}\n{proof_text}")}


def report_leaks(config: pytest.Config, files: Mapping[str, str], texts: Mapping[str, str] | None = None) -> bool:
    """Return whether a secret stands in these files or texts, and write a line for each that holds one."""
    found = scan.leaks(map(Path, files.values()), config.stash[SESSION].given_token, scan.set_canary(), texts)
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    for sentence in found:
        if reporter is not None:
            reporter.write_line(f"ERROR: {sentence}.", red=True)
        else:
            print(f"ERROR: {sentence}.", file=sys.stderr)  # noqa: T201 - with `-p no:terminal`
    return bool(found)
