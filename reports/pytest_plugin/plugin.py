"""Pytest hooks of the reports: options, what is shown of a verdict, and all files that a run writes."""

from __future__ import annotations

import datetime as dt
import os
import sys
import tempfile
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import allure
import pytest

from contracts.errors import UsageError
from contracts.model.exit_codes import ExitCode, decide_exit_code
from contracts.model.result import Presentation, stop_reason
from contracts.model.verdict import Status
from reports import VERSION
from reports.redaction import output_filter, scan
from reports.redaction.redactor import Redactor
from reports.render import last_requests, markdown, terminal
from reports.render.wording import failure_text, finding_text
from reports.run import history, known_issues, proof, quality_gate, run_report, trend
from reports.run.history import Run
from reports.run.outcome import failure
from reports.run.run_report import RunConfig, RunReport
from reports.run.trend import Comparison
from reports.writers import allure_results, allure_run_files, allure_write_guard, badge, har, summary
from tests.harness.config import access
from tests.harness.config.settings import SANDBOX
from tests.harness.pytest_plugin import not_run
from tests.harness.run.session import (
    EXIT_CODE,
    INTERRUPTION,
    NOT_CANCELLED,
    NOT_WRITTEN,
    RESULTS,
    SESSION,
    not_written,
)

if TYPE_CHECKING:
    from contracts.model.http import Exchange
    from contracts.model.verdict import Verdict
    from contracts.openapi.operation import Operation
    from contracts.requirements import Requirement
    from tests.harness.run.session import Session
    from tests.harness.trial.requirement_test import RequirementTest

ROOT = Path(__file__).parents[2]
ACCOUNT: Final = pytest.StashKey[RunReport]()
RUN: Final = pytest.StashKey[Run]()
PLANNED: Final = pytest.StashKey[bool]()
"""Set once what is going to run was written as not run."""
PAST: Final = pytest.StashKey[Comparison]()
ALLURE: Final = pytest.StashKey[allure_results.AllureResults]()
HAR: Final = pytest.StashKey[har.OutputFile]()
HAR_PARTS: Final = pytest.StashKey[Path]()
"""The folder in which workers write their parts, in the process that the user started."""
RECORDER: Final = pytest.StashKey[har.HarRecorder]()
PARTS: Final = "har parts"
"""The key by which a worker is told of that folder."""


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options for what a run writes and what it is compared with."""
    pluginmanager.register(output_filter.EarlyOutputFilter(), "conformance-writing")
    group = parser.getgroup("conformance")
    group.addoption("--summary", metavar="FILE", help="write verdicts, evidence and findings as JSON")
    group.addoption(
        "--redact", choices=["ids"], help="write neither the given ids, nor those of records, nor names of people"
    )
    group.addoption("--markdown", metavar="FILE", help="write what changed, for a job summary or a chat")
    group.addoption("--badge", metavar="FILE", help="write a badge for shields.io's endpoint")
    group.addoption("--har", metavar="FILE", help="write every exchange, redacted, for a browser's tools")
    group.addoption("--history", metavar="FILE", help="compare with the earlier runs of this file, and add this one")
    group.addoption(
        "--known-issues",
        metavar="FILE",
        default=str(known_issues.FILE),
        help="findings that are known (default: contracts/known-issues.yaml)",
    )


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Read what the run is compared with; tidy Allure's results while they are written."""
    config.stash[ALLURE] = allure_results.register(config)
    allure_write_guard.register(config, partial(not_written, config))
    scan.set_canary()
    config.option.no_header = True  # no setting of pytest's: with `-p no:terminal` there is no such option
    if SESSION not in config.stash:
        return
    session = config.stash[SESSION]
    try:
        config.stash[PAST] = _past(config, session)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


def _past(config: pytest.Config, session: Session) -> Comparison:
    file, target = config.getoption("--history"), _target(session)
    kept = history.read(Path(file), target, session.document.digest) if file else history.History(())
    issues = Path(config.getoption("--known-issues"))
    return Comparison(
        began=run_report.now(),
        today=dt.datetime.now(tz=dt.UTC).date(),
        runs=kept.runs,
        notice=kept.notice,
        issues=known_issues.applying(
            known_issues.load(issues), issues, target, _contract(session), session.document, session.requirements
        ),
        kept=file is not None,
    )


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Tell what is to be kept out of everything that is written."""
    config, token = session.config, session.config.stash[SESSION].given_token
    if token:
        config.stash[output_filter.OUTPUT_FILTER].redactor = Redactor(token)
        output_filter.redact_log_file(config, config.stash[output_filter.OUTPUT_FILTER])


def _files(config: pytest.Config) -> dict[str, str]:
    """Return what this run was asked to write, by option."""
    options = ("--alluredir", "--junitxml", "--log-file", "--summary", "--markdown", "--badge", "--har", "--history")
    return {name: file for name in options if (file := config.getoption(name, None))}


def _redactor(session: Session) -> Redactor:
    """Return what keeps the token out of what is shown, and ids and names where that was asked for."""
    if not session.options.redact_ids:
        return _redactor_for(session.target.token, None)
    known = {value: f"[{name}]" for name, values in session.target.known.items() for value in values}
    return _redactor_for(session.target.token, tuple((known | dict.fromkeys(session.records.ids, "[record]")).items()))


@lru_cache(maxsize=1)
def _redactor_for(token: str, ids: tuple[tuple[str, str], ...] | None) -> Redactor:
    """Make it once: ids become more, but not with every exchange."""
    return Redactor(token, None if ids is None else dict(ids))


def _target(session: Session) -> str:
    """Return the target as history and known issues name it."""
    name = session.options.target.rstrip("/")
    return "sandbox" if name == SANDBOX else name


def _contract(session: Session) -> str:
    """Return the contract's file as known issues name it: from the checkout's root where it is in there."""
    file = session.options.contract.resolve()
    return str(file.relative_to(ROOT) if file.is_relative_to(ROOT) else file)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tell Allure which check begins. Record exchanges where that was asked for, each with what it was sent for."""
    config = item.config
    if SESSION not in config.stash or not hasattr(item, "callspec"):
        return
    session = config.stash[SESSION]
    if check := not_run.cited(item.nodeid, session.requirements, session.operations):
        config.stash[ALLURE].start(_check(session, *check))
    _record(config, item.callspec.id.partition(" ")[0])


def _record(config: pytest.Config, sent_for: str) -> None:
    """Record exchanges from now on, where that was asked for, with what they are sent for."""
    session = config.stash[SESSION]
    with _noted(config):
        if RECORDER not in config.stash and (output := _har_output(config)):
            config.stash[RECORDER] = har.HarRecorder(output, session.target.url, partial(_redactor, session))
            session.on_exchange = partial(_heard, config)
    if RECORDER in config.stash:
        config.stash[RECORDER].sent_for = sent_for


def _heard(config: pytest.Config, exchange: Exchange) -> None:
    with _noted(config):
        config.stash[RECORDER].record(exchange)


def _har_output(config: pytest.Config) -> har.OutputFile | None:
    """Return what this process records in; who has started workers adds a part of its own to theirs."""
    if HAR_PARTS in config.stash and HAR in config.stash:
        return har.open_part(config.stash[HAR_PARTS], "clean-up")
    return config.stash.get(HAR, None)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker where to write its part of the HAR."""
    config = node.config
    if file := config.getoption("--har"):
        if HAR_PARTS not in config.stash:
            config.stash[HAR_PARTS] = Path(tempfile.mkdtemp(prefix="har-parts-", dir=Path(file).absolute().parent))
        node.workerinput[PARTS] = str(config.stash[HAR_PARTS])


def _open_har(config: pytest.Config) -> None:
    """Open what this process is to record exchanges in, or to make one of its workers' parts in."""
    if worker := getattr(config, "workerinput", None):
        if PARTS in worker:
            config.stash[HAR] = har.open_part(Path(worker[PARTS]), worker["workerid"])
    elif file := config.getoption("--har"):
        config.stash[HAR] = output = har.open_exclusively(Path(file))
        if output.name != Path(file):
            config.stash[SESSION].options.tell(f"{file} is another run's: the HAR of this one is {output.name}.")
            config.option.har = str(output.name)


def _close_har(config: pytest.Config) -> None:
    with _noted(config):
        if RECORDER in config.stash:
            config.stash[RECORDER].close()
        if HAR_PARTS in config.stash and HAR in config.stash:
            har.merge_parts(config.stash[HAR_PARTS], config.stash[HAR])


def pytest_conformance_verdict(config: pytest.Config, trial: RequirementTest, verdict: Verdict) -> Presentation:
    """Show a verdict in Allure, and return what to show of it elsewhere."""
    session, past, strict = config.stash[SESSION], config.stash[PAST], bool(config.getini("strict"))
    redactor, url = _redactor(session), session.target.url
    standings = past.standings(verdict.findings)
    suppressed = known_issues.suppressed(verdict.findings, past.known, strict=strict)
    check = _check(session, trial.requirement, trial.operation)
    config.stash[ALLURE].add_verdict(
        verdict, check, url, redactor, trial.run.controls.first, standings, suppressed=suppressed
    )
    return Presentation(
        text=failure_text(verdict, trial.requirement, trial.operation, url, redactor, standings),
        suppressed=suppressed,
        stale_issues=known_issues.stale_issues(verdict, past.issues.values(), str(session.options.profile)),
        finding_texts={finding.identity: finding_text(finding, url, redactor) for finding in verdict.findings},
        last_requests=tuple(last_requests.last_request(exchange, url, redactor) for exchange in verdict.last_requests),
    )


def _check(session: Session, requirement: Requirement, operation: Operation) -> allure_results.Check:
    gates = requirement.gates and requirement.applies(operation.stated_only)
    return allure_results.Check(session.document.title, requirement, operation, gates)


def _write_planned(config: pytest.Config, names: Iterable[str]) -> None:
    """Write Allure's results of these items, which are pytest's ids, as not run: their own results replace them."""
    if not config.getoption("--alluredir", None) or SESSION not in config.stash:
        return
    session = config.stash[SESSION]
    planned = (not_run.cited(name, session.requirements, session.operations) for name in names)
    config.stash[ALLURE].write_not_run([_check(session, *check) for check in planned if check], allure_results.PLANNED)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: Sequence[str]) -> None:
    """Write what workers are going to run as not run, once: each of them collects all of it."""
    config = node.config
    if not config.stash.get(PLANNED, False):
        config.stash[PLANNED] = True
        _write_planned(config, ids)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Close the run: the verdict, what changed, evidence, results by group."""
    if ACCOUNT in config.stash:
        width = terminalreporter._tw.fullwidth  # noqa: SLF001 - there is no other way to learn it
        terminalreporter.section("conformance")
        terminalreporter.write(terminal.closing_text(config.stash[ACCOUNT], width))


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Write what is going to run as not run."""
    config = session.config
    if not config.option.collectonly and not hasattr(config, "workerinput"):
        _write_planned(config, [item.nodeid for item in session.items])
    if not config.option.collectonly and (session.items or HAR_PARTS in config.stash):
        with _noted(config):
            _open_har(config)
    return (yield)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, object, object]:
    """Once everybody else has finished, write what was asked for, and look through it for secrets."""
    result = yield
    config = session.config
    if not hasattr(config, "workerinput"):
        _clean_up(session)
    _close_har(config)
    if hasattr(config, "workerinput"):
        return result
    if config.stash.get(RESULTS, []):
        config.stash[ACCOUNT] = account = _report(session)
        session.exitstatus = config.stash[EXIT_CODE] = account.exit_code
    elif _leaks(config, _files(config)):
        session.exitstatus = ExitCode.SUITE_FAILED
    return result


def _clean_up(session: pytest.Session) -> None:
    """Cancel what the run created. Reports are written before: whoever ends the run meanwhile has them."""
    config, ours = session.config, session.config.stash[SESSION]
    with _noted(config):
        ours.adopt()
    if ours.left and RESULTS in config.stash and config.stash[RESULTS]:
        from_others = config.stash[NOT_CANCELLED]
        config.stash[NOT_CANCELLED] = [*from_others, *ours.left]
        _write_unrun(config)
        _write(config, _account(session))
        config.stash[NOT_CANCELLED] = from_others
    if ours.left or RECORDER in config.stash:
        _record(config, "clean-up")
    config.stash[INTERRUPTION].clean_up(ours.clean_up)
    config.stash[NOT_CANCELLED] += ours.left


def _report(session: pytest.Session) -> RunReport:
    """Write all reports of a run, and return what they tell.

    A report that cannot be written, or that holds a secret, shows only then: all of them are written anew, to agree.
    """
    config = session.config
    _write_unrun(config)
    account = _account(session)
    _write(config, account)
    files = _files(config)
    history_file = {option: files.pop(option) for option in ("--history",) if option in files}
    leaked = _leaks(config, files, _attachments(account))
    final = _added_to_history(config, _final(config, account, leaked=leaked))
    final = _final(config, final, leaked=_leaks(config, history_file) or leaked)
    if final != account:
        _write(config, final)
    if config.getoption("--alluredir", None):
        for error_text in allure_run_files.run_level_errors(final):
            allure.global_error(error_text)
        for name, text in _attachments(final).items():
            allure_run_files.attach(name, text)
    return final


def _attachments(account: RunReport) -> dict[str, str]:
    """Return what Allure shows for the run as a whole, in Markdown by name."""
    return {
        "What changed": markdown.page(account),
        "Evidence": allure_run_files.proof_text(account.proof, account.proof_line),
    }


def _write_unrun(config: pytest.Config) -> None:
    """Write Allure's results of what was not run, now that it is known why."""
    session, entries = config.stash[SESSION], [e for e in config.stash[RESULTS] if e.verdict is Status.NOT_RUN]
    if entries and config.getoption("--alluredir", None):
        operations = {operation.id: operation for operation in session.operations}
        checks = [_check(session, session.requirements[e.requirement], operations[e.operation]) for e in entries]
        config.stash[ALLURE].write_not_run(checks, entries[0].text.partition(": ")[2])


def _write(config: pytest.Config, account: RunReport) -> None:
    clean = config.stash[output_filter.OUTPUT_FILTER].redact
    if folder := config.getoption("--alluredir", None):
        with _noted(config):
            who = allure_run_files.executor(os.environ, f"seed {account.setting.seed}")
            allure_run_files.write(Path(folder), account, who, clean)
    for option, writer in (("--summary", summary), ("--markdown", markdown), ("--badge", badge)):
        if file := config.getoption(option):
            with _noted(config):
                writer.write(Path(file), account, clean)


@contextmanager
def _noted(config: pytest.Config) -> Iterator[None]:
    """Note what cannot be written, and go on: it costs no other report."""
    try:
        yield
    except OSError as error:
        config.stash[NOT_WRITTEN].append(str(error))


def _leaks(config: pytest.Config, files: Mapping[str, str], texts: Mapping[str, str] | None = None) -> bool:
    """Return whether a secret stands in what was written, or in texts that are going to be, and say so."""
    found = scan.leaks(map(Path, files.values()), config.stash[SESSION].given_token, scan.set_canary(), texts)
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    for sentence in found:
        if reporter is not None:
            reporter.write_line(f"ERROR: {sentence}.", red=True)
        else:
            print(f"ERROR: {sentence}.", file=sys.stderr)  # noqa: T201 - with `-p no:terminal`
    return bool(found)


def _final(config: pytest.Config, account: RunReport, *, leaked: bool) -> RunReport:
    """Return the account with the exit code that what became of the reports leads to."""
    unwritten = bool(config.stash[NOT_WRITTEN])
    code = decide_exit_code(
        account.results,
        config.stash[EXIT_CODE],
        strict=bool(config.getini("strict")),
        unwritten=unwritten,
        leaked=leaked,
        refused=bool(account.refusals),
    )
    return replace(account, exit_code=code, failure=failure(account.results, unwritten=unwritten, leaked=leaked))


def _added_to_history(config: pytest.Config, account: RunReport) -> RunReport:
    """Add the run to the history; return the account, with a notice where it cannot be added."""
    if not (file := config.getoption("--history")):
        return account
    run = config.stash[RUN]
    try:
        history.append(Path(file), replace(run, exit_code=account.exit_code, outcome=str(account.outcome)))
    except OSError as error:
        return replace(account, notice=f"This run is not in the history: {file} cannot be written ({error})")
    return account


def _account(session: pytest.Session) -> RunReport:
    """Return the account of the run, by what it is compared with."""
    config = session.config
    ours, past, results, code = (
        config.stash[SESSION],
        config.stash[PAST],
        config.stash[RESULTS],
        config.stash[EXIT_CODE],
    )
    about = ours.options
    setting = RunConfig(
        began=past.began,
        target=_target(ours),
        title=ours.document.title,
        file=_contract(ours),
        contract=ours.document.digest,
        suite=VERSION,
        profile=str(about.profile),
        seed=about.random_seed,
    )
    shown, not_cancelled = proof.latest(about.profile), config.stash[NOT_CANCELLED]
    config.stash[RUN] = run = run_report.as_run(setting, results, code, shown, whole=_whole(session))
    stale_issues = [result.stale_issues for result in results if result.stale_issues]
    made = RunReport(
        setting=setting,
        results=results,
        exit_code=code,
        refusals=quality_gate.refusals(run, past.runs, stale_issues),
        changes=trend.changes(run, past.runs, past.issues, past.today),
        last=past.last,
        notice=past.notice,
        proof=shown,
        not_cancelled=tuple(not_cancelled),
        access=access.line(results, ours.access),
        files=_files(config),
    )
    return _final(config, made, leaked=False)


def _whole(session: pytest.Session) -> bool:
    """Return whether nothing was left out by the caller, and the run came to its end."""
    config = session.config
    option = config.option
    narrowed = option.operation or option.keyword or option.markexpr or option.deselect or getattr(option, "lf", False)
    folders = {(config.invocation_params.dir / argument).resolve() for argument in config.args}
    results = config.stash[RESULTS]
    stopped = session.shouldstop or session.shouldfail or stop_reason(results)
    ended = session.config.stash[EXIT_CODE] not in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
    return not narrowed and folders == {ROOT / "tests" / "conformance"} and not stopped and ended
