"""Wires the conformance plugin to the reports: what is decided there is put into words and pictures here."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Generator
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from contracts.errors import UsageError
from reports import (
    VERSION,
    account,
    badge,
    changes,
    gate,
    har,
    history,
    keeping,
    known_issues,
    last_requests,
    markdown,
    proof,
    results,
    run_files,
    scan,
    summary,
    terminal,
    writing,
)
from reports.account import Account, Setting
from reports.changes import Past
from reports.redaction import Redactor
from reports.wording import explain, in_words
from tests.harness import access
from tests.harness.session import EXIT_CODE, NOT_CANCELLED, SESSION, TOLD, Shown, not_written
from tests.harness.settings import SANDBOX

if TYPE_CHECKING:
    from contracts.exchange import Verdict
    from tests.harness.session import Session
    from tests.harness.trial import Trial

pytest_plugins = ["tests.harness.plugin"]

ROOT = Path(__file__).parent
ACCOUNT: Final = pytest.StashKey[Account]()
PAST: Final = pytest.StashKey[Past]()
RESULTS: Final = pytest.StashKey[results.Results]()
RECORDER: Final = pytest.StashKey[har.Recorder]()


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options for what a run writes and what it is compared with."""
    pluginmanager.register(writing.First(), "conformance-writing")
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
    config.stash[RESULTS] = results.register(config)
    keeping.register(config, partial(not_written, config))
    scan.plant()
    if SESSION not in config.stash:
        return
    session = config.stash[SESSION]
    try:
        config.stash[PAST] = _past(config, session)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    if (file := config.getoption("--har")) and not hasattr(config, "workerinput"):
        har.clear(Path(file))


def _past(config: pytest.Config, session: Session) -> Past:
    file, target = config.getoption("--history"), _target(session)
    kept = history.read(Path(file), target, session.document.digest) if file else history.History(())
    issues = Path(config.getoption("--known-issues"))
    return Past(
        began=account.now(),
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
    """Tell what is to be kept out of everything that is written, and have a last look at it arranged."""
    config, token = session.config, session.config.stash[SESSION].given_token
    if token:
        config.stash[writing.WRITER].redactor = Redactor(token)
        writing.clean_log_file(config, config.stash[writing.WRITER])
    if not hasattr(config, "workerinput"):
        last_look = scan.Scan(partial(_written, config), token, partial(_leaked, config))
        config.pluginmanager.register(last_look, "conformance-scan")


def _written(config: pytest.Config) -> list[Path]:
    """Return what this run was asked to write."""
    reports = ("--summary", "--markdown", "--badge", "--har", "--history")
    options = ("--alluredir", "--junitxml", "--log-file", *reports)
    return [Path(file) for name in options if (file := config.getoption(name, None))]


def _leaked(config: pytest.Config, code: int) -> None:
    config.stash[EXIT_CODE] = code


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
    """Record exchanges where that was asked for, each with what it was sent for."""
    config = item.config
    if not (file := config.getoption("--har")) or not hasattr(item, "callspec") or SESSION not in config.stash:
        return
    if RECORDER not in config.stash:
        session = config.stash[SESSION]
        worker = getattr(config, "workerinput", {}).get("workerid", "")
        config.stash[RECORDER] = har.Recorder(
            har.part(Path(file), worker), session.target.url, partial(_redactor, session)
        )
        session.heard = config.stash[RECORDER].record
    config.stash[RECORDER].sent_for = item.callspec.id.partition(" ")[0]


def pytest_conformance_verdict(config: pytest.Config, trial: Trial, verdict: Verdict) -> Shown:
    """Show a verdict in Allure, and return what to show of it elsewhere."""
    session, past, strict = config.stash[SESSION], config.stash[PAST], bool(config.getini("strict"))
    redactor, url = _redactor(session), session.target.url
    standings = past.standings(verdict.findings)
    excused = known_issues.excused(verdict.findings, past.known, strict=strict)
    config.stash[RESULTS].record(
        verdict,
        trial.requirement,
        trial.operation,
        session.document.title,
        url,
        redactor,
        trial.run.opening,
        standings,
        gates=trial.gates,
        excused=excused,
    )
    return Shown(
        text=explain(verdict, trial.requirement, trial.operation, url, redactor, standings),
        excused=excused,
        outdated=known_issues.outdated(verdict, past.issues.values(), str(session.options.profile)),
        details={finding.identity: in_words(finding, url, redactor) for finding in verdict.findings},
        last_requests=[last_requests.in_words(exchange, url, redactor) for exchange in verdict.last_requests],
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Close the run: the verdict, what changed, can I believe it, groups and verdicts."""
    if ACCOUNT not in config.stash and config.stash.get(TOLD, []):
        # Another's file could not be written, which ended the hook before it was our turn.
        config.stash[ACCOUNT] = _account(config.pluginmanager.get_plugin("session"))
    if ACCOUNT in config.stash:
        width = terminalreporter._tw.fullwidth  # noqa: SLF001 - there is no other way to learn it
        terminalreporter.section("conformance")
        # A report that could not be written, or that gives a secret away, changes the code after all is accounted for.
        told = replace(config.stash[ACCOUNT], exit_code=config.stash[EXIT_CODE])
        terminalreporter.write(terminal.closing(told, width))


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Tell what is sent after the last item: it cancels what the run created."""
    result = yield
    if RECORDER in session.config.stash:
        session.config.stash[RECORDER].sent_for = "clean-up"
    return result


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Once the run is over, write what was asked for, and let the gate have its say."""
    config = session.config
    if RECORDER in config.stash:
        config.stash[RECORDER].close()
    if not config.stash.get(TOLD, []) or hasattr(config, "workerinput"):
        return
    if file := config.getoption("--har"):
        har.merge(Path(file))
    config.stash[ACCOUNT] = told = _account(session)
    session.exitstatus = config.stash[EXIT_CODE] = told.exit_code
    if folder := config.getoption("--alluredir"):
        who = run_files.executor(os.environ, f"seed {told.setting.seed}")
        run_files.write(Path(folder), told, who)
        run_files.attach("What changed", markdown.page(told))
        run_files.attach("Can I believe it", run_files.proof_text(told.proof, told.proof_line))
    for option, writer in (("--summary", summary), ("--markdown", markdown), ("--badge", badge)):
        if file := config.getoption(option):
            writer.write(Path(file), told)


def _account(session: Any) -> Account:
    """Return the account of the run, by what it is compared with, and add the run to the history."""
    config = session.config
    ours, past, told, code = (config.stash[key] for key in (SESSION, PAST, TOLD, EXIT_CODE))
    about = ours.options
    setting = Setting(
        began=past.began,
        target=_target(ours),
        title=ours.document.title,
        file=_contract(ours),
        contract=ours.document.digest,
        suite=VERSION,
        profile=str(about.profile),
        seed=about.random_seed,
    )
    shown = proof.latest(about.profile)
    run = account.as_run(setting, told, code, shown, whole=_whole(session))
    outdated = [entry["outdated"] for entry in told if entry.get("outdated")]
    refused = gate.refusals(run, past.runs, outdated)
    code = gate.REFUSED if refused and code == 0 else code
    run = replace(run, exit_code=code)
    notice = past.notice
    if file := config.getoption("--history"):
        try:
            history.append(Path(file), run)
        except OSError as error:
            notice = f"This run is not in the history: {file} cannot be written ({error})"
    return Account(
        setting=setting,
        told=told,
        exit_code=code,
        refusals=refused,
        changes=changes.changes(run, past.runs, past.issues, past.today),
        last=past.last,
        notice=notice,
        proof=shown,
        not_cancelled=tuple(config.stash[NOT_CANCELLED]),
        access=access.line(told, ours.access),
    )


def _whole(session: pytest.Session) -> bool:
    """Return whether nothing was left out by the caller, and the run came to its end."""
    config = session.config
    option = config.option
    narrowed = option.operation or option.keyword or option.markexpr or option.deselect or getattr(option, "lf", False)
    folders = {(config.invocation_params.dir / argument).resolve() for argument in config.args}
    stopped = session.shouldstop or session.shouldfail or any(entry.get("stop") for entry in config.stash[TOLD])
    ended = session.config.stash[EXIT_CODE] not in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
    return not narrowed and folders == {ROOT / "tests" / "conformance"} and not stopped and ended
