"""How reports, history and known issues name the target, and what they redact."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

import pytest

from contracts.openapi.operation import Operation
from contracts.requirements import Requirement
from reports.redaction.redactor import Redactor
from reports.writers.allure_results import AllureCheck
from tests.harness.config.settings import SANDBOX
from tests.harness.pytest_plugin.stash import SESSION
from tests.harness.run.session import Session


def target_name(session: Session) -> str:
    """Return `mock`, `sandbox`, or the base URL."""
    name = session.options.target.rstrip("/")
    return "sandbox" if name == SANDBOX else name


def allure_check(config: pytest.Config, requirement: Requirement, operation: Operation) -> AllureCheck:
    """Return a check for Allure: `AllureCheck` makes its title and its other labels.

    Its link to the page of requirements is relative: that page belongs beside the report.
    """
    file = config.getoption("--requirements")
    return AllureCheck(
        api=config.stash[SESSION].document.title,
        requirement=requirement,
        operation=operation,
        gates=requirement.gates and requirement.applies(operation.stated_only),
        requirements_page=quote(Path(file).name) if file else "",
    )


def redactor_of(session: Session) -> Redactor:
    """Return the redactor for the token, and with `--redact ids` for ids and names, too."""
    if not session.options.redact_ids:
        return _redactor(session.target.token, None)
    given = [*session.target.known.items(), *session.context.found_ids.items()]
    known = {value: f"[{name}]" for name, values in given for value in values}
    return _redactor(session.target.token, tuple((known | dict.fromkeys(session.records.ids, "[record]")).items()))


@lru_cache(maxsize=1)
def _redactor(token: str, ids: tuple[tuple[str, str], ...] | None) -> Redactor:
    """Make a redactor once for the same ids: there are more of them later, but not with every exchange."""
    return Redactor(token, None if ids is None else dict(ids))
