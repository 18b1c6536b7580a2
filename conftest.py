"""Wires the conformance plugin to the reports: what is decided there is put into words and pictures here."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from reports import VERSION, keeping, proof, results, scan, summary, terminal, writing
from reports.redaction import Redactor
from reports.wording import explain
from tests.harness import access
from tests.harness.session import EXIT_CODE, NOT_CANCELLED, SESSION, TOLD, not_written

if TYPE_CHECKING:
    from contracts.exchange import Verdict
    from tests.harness.session import Session
    from tests.harness.trial import Trial

pytest_plugins = ["tests.harness.plugin"]

WRITER: Final = pytest.StashKey[writing.Writer]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for the summary."""
    group = parser.getgroup("conformance")
    group.addoption("--summary", metavar="FILE", help="write verdicts, evidence and findings as JSON")
    group.addoption(
        "--redact", choices=["ids"], help="write neither the given ids, nor those of records, nor names of people"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Clean what is written from before the first file is opened; tidy Allure's results."""
    config.stash[WRITER] = writing.register(config)
    results.register(config)
    keeping.register(config, partial(not_written, config))
    scan.plant()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Tell what is to be kept out of everything that is written, and have a last look at it arranged."""
    config, token = session.config, session.config.stash[SESSION].given_token
    if token:
        config.stash[WRITER].redactor = Redactor(token)
        writing.clean_log_file(config, config.stash[WRITER])
    if not hasattr(config, "workerinput"):
        last_look = scan.Scan(partial(_written, config), token, partial(_leaked, config))
        config.pluginmanager.register(last_look, "conformance-scan")


def _written(config: pytest.Config) -> list[Path]:
    """Return what this run was asked to write."""
    options = ("--alluredir", "--junitxml", "--summary", "--log-file")
    return [Path(file) for name in options if (file := config.getoption(name, None))]


def _leaked(config: pytest.Config, code: int) -> None:
    config.stash[EXIT_CODE] = code


def _redactor(session: Session) -> Redactor:
    """Return what keeps the token out of what is shown, and ids and names where that was asked for."""
    ids = None
    if session.options.redact_ids:
        known = {value: f"[{name}]" for name, values in session.target.known.items() for value in values}
        ids = known | dict.fromkeys(session.records.ids, "[record]")
    return Redactor(session.target.token, ids)


def pytest_conformance_verdict(session: Session, trial: Trial, verdict: Verdict) -> str:
    """Show a verdict in Allure, and return its text."""
    redactor, url = _redactor(session), session.target.url
    results.record(
        verdict, trial.requirement, trial.operation, session.document.title, url, redactor, trial.run.opening
    )
    return explain(verdict, trial.requirement, trial.operation, url, redactor)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Close the run with the table of groups and verdicts."""
    told = config.stash.get(TOLD, [])
    if told:
        options, code = config.stash[SESSION].options, config.stash[EXIT_CODE]
        width = terminalreporter._tw.fullwidth  # noqa: SLF001 - there is no other way to learn it
        terminalreporter.section("conformance")
        shown = proof.latest(options.profile)
        closing = terminal.closing(
            told, options.target, options.random_seed, code, width, shown, config.stash[NOT_CANCELLED]
        )
        terminalreporter.write(closing)
        terminalreporter.write_line(f"Access {access.line(told, config.stash[SESSION].access)}.")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the facts of the run beside its results, and the summary, where they were asked for."""
    config, told = session.config, session.config.stash.get(TOLD, [])
    if not told or hasattr(config, "workerinput"):
        return
    run, shown = config.stash[SESSION], proof.latest(config.getoption("--profile"))
    about = run.options
    facts = terminal.facts(
        told, about.target, run.document.digest, VERSION, about.random_seed, str(about.profile), shown
    )
    facts["Access"] = access.line(told, run.access)
    if folder := config.getoption("--alluredir"):
        results.write_environment(Path(folder), facts)
        results.attach_proof(shown)
    if file := config.getoption("--summary"):
        summary.write(Path(file), told, facts, config.stash[EXIT_CODE], shown, config.stash[NOT_CANCELLED])
