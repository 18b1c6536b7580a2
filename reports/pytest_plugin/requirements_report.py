"""Writes the page of the requirements as soon as it is known what the run sends for each of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from contracts.requirements import Requirement
from reports.output.safe_files import replace_file
from reports.pytest_plugin.stash import write_errors_kept
from reports.render import requirements_page
from reports.render.requirements_page import Entry, Scope
from reports.run.contract_names import contract_name
from tests.harness.pytest_plugin.stash import BUDGET_SHARES, SESSION
from tests.harness.pytest_plugin.terminal import write_line
from tests.harness.pytest_plugin.workers import is_first_worker, is_worker
from tests.harness.run.session import Session
from tests.harness.trial.plan import BudgetShare

OPTION = "--requirements"


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Write the page; of xdist's workers, all of which collect the same, the first one does."""
    config = session.config
    file = config.getoption(OPTION)
    if not file or BUDGET_SHARES not in config.stash or (is_worker(config) and not is_first_worker(config)):
        return
    run = config.stash[SESSION]
    scope = Scope(
        run.document.title, contract_name(run.options.contract), str(run.options.profile), len(run.operations)
    )
    shares = config.stash[BUDGET_SHARES]
    entries = [entry_of(requirement, run, shares) for requirement in run.requirements.values()]
    with write_errors_kept(config):
        replace_file(Path(file), requirements_page.page(scope, entries).encode())
    if config.option.collectonly:
        for entry in entries:
            if entry.unfinished:
                write_line(config, f"Unfinished: {entry.requirement.id}: {entry.unfinished}.")


def entry_of(requirement: Requirement, session: Session, shares: Mapping[str, Mapping[str, BudgetShare]]) -> Entry:
    """Return what the page shows of a requirement; `shares` are those of the budget, by operation and requirement."""
    operations = [operation for operation in session.operations if requirement.applies(operation)]
    planned = [shares[one.id][requirement.id] for one in operations if requirement.id in shares[one.id]]
    untested = "none of the collected tests cites it" if operations and not planned else ""
    return Entry(
        requirement=requirement,
        operations=tuple(operation.label for operation in operations),
        mutations=tuple(dict.fromkeys(mutation.name for share in planned for mutation in share.mutations)),
        other_requests=max((share.extra_requests for share in planned), default=0),
        unfinished=requirement.unfinished or untested,
    )
