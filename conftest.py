"""Wires the conformance plugin to the reports: what is decided there is put into words and pictures here."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reports import VERSION, keeping, proof, results, summary, terminal
from reports.redaction import Redactor
from reports.wording import explain
from tests.harness.session import EXIT_CODE, NOT_CANCELLED, SESSION, TOLD, not_written

if TYPE_CHECKING:
    from contracts.exchange import Verdict
    from tests.harness.session import Session
    from tests.harness.trial import Trial

pytest_plugins = ["tests.harness.plugin"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for the summary."""
    group = parser.getgroup("conformance")
    group.addoption("--summary", metavar="FILE", help="write verdicts, evidence and findings as JSON")


def pytest_configure(config: pytest.Config) -> None:
    """Tidy Allure's results while they are written."""
    results.register(config)
    keeping.register(config, partial(not_written, config))


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
        shown = proof.latest(options.profile)
        closing = terminal.closing(
            told, options.target, options.random_seed, code, width, shown, config.stash[NOT_CANCELLED]
        )
        terminalreporter.write(closing)


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
    if folder := config.getoption("--alluredir"):
        results.write_environment(Path(folder), facts)
        results.attach_proof(shown)
    if file := config.getoption("--summary"):
        summary.write(Path(file), told, facts, config.stash[EXIT_CODE], shown, config.stash[NOT_CANCELLED])
