"""Wires the conformance plugin to the reports: what is decided there is put into words and pictures here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reports import VERSION, results, terminal
from reports.redaction import Redactor
from reports.wording import explain
from tests.harness.session import EXIT_CODE, SESSION, TOLD

if TYPE_CHECKING:
    from contracts.exchange import Verdict
    from tests.harness.session import Session
    from tests.harness.trial import Trial

pytest_plugins = ["tests.harness.plugin"]


def pytest_configure(config: pytest.Config) -> None:
    """Tidy Allure's results while they are written."""
    results.register(config)


def pytest_conformance_verdict(session: Session, trial: Trial, verdict: Verdict) -> str:
    """Show a verdict in Allure, and return its text."""
    redactor, url = Redactor(session.target.token), session.target.url
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
        terminalreporter.write(terminal.closing(told, options.target, options.random_seed, code, width))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the facts of the run beside its results, where results were asked for."""
    folder, told = session.config.getoption("--alluredir"), session.config.stash.get(TOLD, [])
    if folder and told and not hasattr(session.config, "workerinput"):
        run = session.config.stash[SESSION]
        about = run.options
        facts = terminal.facts(told, about.target, run.document.digest, VERSION, about.random_seed, about.profile)
        results.write_environment(Path(folder), facts)
