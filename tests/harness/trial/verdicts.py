"""The verdict on one requirement for one operation, from what its test collected. Sends nothing."""

from __future__ import annotations

import os
import traceback
from collections import Counter
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Final

from contracts.model.verdict import Evidence, Finding, Status, Verdict
from tests.harness.config.access import ALLOW_WRITES, TOKEN, how_to_supply, names_invalid_fields
from tests.harness.run.write_guard import withheld_reason
from tests.harness.trial.findings import findings
from tests.harness.trial.requirement_test import RequirementTest

NO_MUTATION: Final = "no request of this operation can be changed in that way, and be valid or invalid by that alone"
NO_DECISION: Final = "No exchange allowed a decision"
NO_CONTROL: Final = "No control was accepted, so that the rejections prove nothing"
MAX_MESSAGE_CHARACTERS: Final = 300
"""Of an exception's own text."""
ROOT: Final = Path(__file__).parents[3]
OWN_FOLDERS: Final = tuple(f"{ROOT / folder}{os.sep}" for folder in ("contracts", "strategies", "tests", "reports"))


def verdict_of(trial: RequirementTest) -> Verdict:
    """Return the verdict of a test that ran to its end."""
    evidence = Evidence.of(trial.decided, trial.run.log.accepted_control_count)
    related = [occurrence for dependency in trial.dependencies for occurrence in dependency.occurrences]
    found = tuple(findings(trial.requirement.id, trial.operation.id, trial.occurrences, related))
    if found:
        status = Status.VIOLATED if any(finding.gates for finding in found) else Status.NOT_MET
        reason = f"expected {found[0].violation.expected}, observed {found[0].violation.observed}"
    elif any(not exchange.issued_token for exchange in trial.unclear):
        status, reason = Status.COULD_NOT_TELL, _ambiguous_rejection_text(trial)
    elif not trial.decided and trial.has_no_mutation:
        status, reason = Status.NOT_APPLICABLE, NO_MUTATION
    elif not trial.decided:
        status, reason = Status.COULD_NOT_TELL, _undecided_text(trial)
    elif not trial.run.log.accepted_control_count and not _needs_no_control(trial):
        status, reason = Status.COULD_NOT_TELL, f"{NO_CONTROL}{_supply(trial, before=': ')}."
    else:
        status, reason = Status.HELD, ""
    if status is Status.COULD_NOT_TELL and ALLOW_WRITES in trial.run.missing_settings:
        status, reason = Status.NOT_APPLICABLE, f"{reason} {_withheld(trial)}"
    return _verdict(trial, status, reason, evidence, found)


def _undecided_text(trial: RequirementTest) -> str:
    """Return a sentence on what the exchanges were, and on what to do to have a decision."""
    if unread := trial.run.log.unread_answers():
        return f"{NO_DECISION}. {unread}"
    sent = [one for one in trial.run.exchanges if one.sent_for == trial.requirement.id] or trial.run.exchanges
    statuses = Counter(one.status_or_fault for one in sent)
    if not statuses:
        return f"{NO_DECISION}: none was sent{_supply(trial, before='; ')}. A larger --profile sends more."
    seen = ", ".join(f"{status} x {count}" for status, count in sorted(statuses.items()))
    return (
        f"{NO_DECISION} (answers: {seen}): mend what the other checks of this operation report, and try again; "
        f"the page of requirements says what {trial.requirement.id} looks at."
    )


def _supply(trial: RequirementTest, *, before: str) -> str:
    """Return what to do about missing settings; an empty text if none is missing."""
    missing = trial.run.missing_settings
    return f"{before}{how_to_supply(missing)}" if missing else ""


def _withheld(trial: RequirementTest) -> str:
    text = withheld_reason(trial.operation)
    return f"{text[0].upper()}{text[1:]}."


def early_verdict(trial: RequirementTest, status: Status, reason: str) -> Verdict:
    """Return the verdict of a test that ended early: what was found so far counts, or else `status` stands."""
    verdict = verdict_of(trial)
    return verdict if verdict.findings else _verdict(trial, status, reason, verdict.evidence, ())


def internal_error_verdict(trial: RequirementTest, error: Exception) -> Verdict:
    """Return the verdict of a test in which the suite itself failed: what was found before counts."""
    frames = traceback.extract_tb(error.__traceback__)
    place = [frame for frame in frames if frame.filename.startswith(OWN_FOLDERS)][-1]  # the harness called the test
    reason = (
        f"The suite itself failed here, which says nothing about the target: {type(error).__name__} at "
        f"{Path(place.filename).relative_to(ROOT)}:{place.lineno}: "
        f"{' '.join(str(error).split())[:MAX_MESSAGE_CHARACTERS]}. "
        "Please report this sentence with the requirement and the operation."
    )
    with suppress(Exception):
        return early_verdict(trial, Status.INTERNAL_ERROR, reason)
    return _verdict(trial, Status.INTERNAL_ERROR, reason, Evidence.of((), 0), ())


def is_beyond_access(trial: RequirementTest) -> bool:
    """Return whether only requests that need more access could have led to a verdict.

    So it is where every answer may be about placeholder values, and where the requirement looks at what others send.
    """
    if trial.decided:
        return False
    if not trial.unclear:
        missing = trial.run.missing_settings
        return bool(missing) and TOKEN not in missing and trial.requirement.checks_all_exchanges
    return all(one.issued_token and one.status == HTTPStatus.BAD_REQUEST for one in trial.unclear)


def _verdict(
    trial: RequirementTest, status: Status, reason: str, evidence: Evidence, found: tuple[Finding, ...]
) -> Verdict:
    return Verdict(trial.requirement.id, trial.operation.id, status, reason, evidence, found, tuple(trial.observations))


def _ambiguous_rejection_text(trial: RequirementTest) -> str:
    first = next(exchange for exchange in trial.unclear if not exchange.issued_token)
    return (
        f"{first.mutation} was answered {first.status_or_fault}, which may have another cause than the credentials: "
        f"without an accepted control request this rejection does not count{_supply(trial, before=': ')}."
    )


def _needs_no_control(trial: RequirementTest) -> bool:
    """Return whether what was decided counts without an accepted control, where no control can be made."""
    if not trial.run.missing_settings:
        return False
    if trial.requirement.checks_all_exchanges or all(one.status != HTTPStatus.BAD_REQUEST for one in trial.decided):
        return True
    return names_invalid_fields(trial.operation, trial.run.exchanges)
