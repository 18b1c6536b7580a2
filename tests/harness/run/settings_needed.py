"""What the settings allow to test: the access level that they reach, and the checks that need more of them.

A run and `doctor` ask the same functions, so that `doctor` knows before with which exit code a run would end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from contracts.errors import ConformanceError, CouldNotTell, NotApplicable
from contracts.model.exit_codes import ExitCode
from contracts.openapi.document import Document
from contracts.openapi.operation import Operation
from contracts.requirements import Requirement
from tests.harness.config.access import ALLOW_WRITES, Access, access_of_run, require, skip_reason
from tests.harness.config.settings import Target
from tests.harness.run.relations import missing_settings, missing_variables
from tests.harness.run.write_guard import can_be_rejected, withheld_reason


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run could not decide for want of settings.

    `code` is the exit code that it ends with because of that. `missing` counts the checks that lack a setting, by its
    entry in `missing_settings`, and those of them that can fail a run.
    """

    code: ExitCode
    missing: Mapping[str, tuple[int, int]]


def access_given(document: Document, operations: Sequence[Operation], target: Target) -> Access:
    """Return the access level that the settings of a target reach on these operations."""
    needs_values = [bool(missing_variables(document, operation, {})) for operation in operations]
    return access_of_run([missing_settings(document, one, target) for one in operations], needs_values)


def require_access(
    document: Document, operations: Sequence[Operation], target: Target, declared: Access | None
) -> None:
    """Raise UsageError if the declared level needs more than the settings give."""
    missing = [missing_settings(document, operation, target) for operation in operations]
    require(declared, access_given(document, operations, target), missing)


def reason_to_skip(
    document: Document,
    requirement: Requirement,
    operation: Operation,
    target: Target,
    declared: Access | None,
    in_use: Access,
) -> ConformanceError | None:
    """Return why the settings do not allow to test the requirement on the operation; None if they do."""
    missing = missing_settings(document, operation, target)
    withheld = withheld_reason(operation)
    if ALLOW_WRITES in missing and not can_be_rejected(operation):
        return NotApplicable(withheld)
    return skip_reason(requirement, missing, declared, in_use=in_use, withheld=withheld)


def forecast(
    document: Document,
    operations: Sequence[Operation],
    requirements: Iterable[Requirement],
    target: Target,
    declared: Access | None,
) -> Forecast:
    """Return what a run of these operations could not decide for want of settings."""
    in_use = declared or access_given(document, operations, target)
    checks = [(cited, one) for cited in requirements for one in operations if cited.applies(one)]
    reasons = [reason_to_skip(document, *check, target, declared, in_use) for check in checks]
    undecided = [check for check, why in zip(checks, reasons, strict=True) if isinstance(why, CouldNotTell)]
    missing: dict[str, tuple[int, int]] = {}
    gating = 0
    for cited, operation in undecided:
        gates = cited.gates and cited.applies(operation.stated_only)
        gating += gates
        for name in missing_settings(document, operation, target):
            number, of_which = missing.get(name, (0, 0))
            missing[name] = number + 1, of_which + gates
    code = ExitCode.COULD_NOT_TELL if gating else ExitCode.HELD
    return Forecast(ExitCode.USAGE if checks and all(reasons) else code, missing)
