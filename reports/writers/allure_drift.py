"""What changed in the published document, as Allure results: recommendations, none of which can fail the run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import allure_commons
from allure_commons.model2 import Label, Status, StatusDetails, TestResult
from allure_commons.utils import now, uuid4

from contracts.drift.report import Drift, Entry
from contracts.model.verdict import Status as VerdictStatus
from reports.render.drift import headline, places
from reports.writers.allure_results import VERDICT

GROUP = "The published document"
SENTENCE = "The contract is what its vendor publishes now."
USUALLY = "Read what changed, test it, and bring the contract up to date; or choose other operations to compare."


def write(api: str, drift: Drift) -> None:
    """Write, or replace, the results: one for each breaking change, or one that says that there is none."""
    for result in results(api, drift):
        allure_commons.plugin_manager.hook.report_result(result=result)


def results(api: str, drift: Drift) -> Iterator[TestResult]:
    """Yield the results; `api` is the name that the checks of the run have, too."""
    if drift.failure:
        yield _result(api, SENTENCE, SENTENCE, VerdictStatus.COULD_NOT_TELL, Status.BROKEN, headline(drift))
    elif not drift.breaking:
        yield _result(api, SENTENCE, SENTENCE, VerdictStatus.HELD, Status.PASSED, headline(drift))
    for entry in drift.breaking:
        name = f"{entry.operation}: {entry.sentence}"
        yield _result(api, name, f"{name} {entry.contract}", VerdictStatus.NOT_MET, Status.SKIPPED, _message(entry))


def _message(entry: Entry) -> str:
    change = (
        f"{entry.sentence[:1].upper()}{entry.sentence[1:]}, which breaks a client that was written by the contract."
    )
    return "\n".join([SENTENCE, "", f"{entry.operation}: {change}", *places(entry), "", USUALLY])


def _result(api: str, name: str, identity: str, verdict: VerdictStatus, status: str, message: str) -> TestResult:
    digest = hashlib.md5(f"drift {identity}".encode(), usedforsecurity=False).hexdigest()
    labels = {"epic": api, "feature": GROUP, "story": SENTENCE, "severity": "minor", VERDICT: str(verdict)}
    return TestResult(
        uuid=uuid4(),
        name=name,
        fullName=f"{GROUP}: {identity}",
        testCaseId=digest,
        historyId=digest,
        status=status,
        statusDetails=StatusDetails(message=message),
        start=now(),
        stop=now(),
        labels=[Label(label, value) for label, value in labels.items()],
    )
