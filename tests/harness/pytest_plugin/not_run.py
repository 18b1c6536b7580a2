"""What a run that ended early did not run: reported like what it did."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import pytest

from contracts.openapi.operation import Operation
from contracts.requirements import Requirement

NOT_RUN: Final = "not run"
"""Stands where a verdict would: the run ended before the check was tried, or while it was."""
ITEM: Final = re.compile(r"\[(\S+) (.+)\]$")


def cited(
    name: str, requirements: Mapping[str, Requirement], operations: Sequence[Operation]
) -> tuple[Requirement, Operation] | None:
    """Return the requirement and the operation that pytest's id of an item names; None if it is no check."""
    found = ITEM.search(name)
    by_label = {operation.label: operation for operation in operations}
    if found is None or found[1] not in requirements or found[2] not in by_label:
        return None
    return requirements[found[1]], by_label[found[2]]


def left_out(
    planned: Iterable[str],
    told: Iterable[Mapping[str, Any]],
    requirements: Mapping[str, Requirement],
    operations: Sequence[Operation],
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each item of `planned`, which are pytest's ids, that told nothing, with an entry for it."""
    on_exchange = {(entry["requirement"], entry.get("operation")) for entry in told}
    for name in dict.fromkeys(planned):
        check = cited(name, requirements, operations)
        if check is None or (check[0].id, check[1].id) in on_exchange or (name, None) in on_exchange:
            continue
        yield name, entry_of(*check)


def entry_of(requirement: Requirement, operation: Operation) -> dict[str, Any]:
    """Return what a check tells that was not run."""
    return {
        "requirement": requirement.id,
        "group": requirement.group,
        "gates": requirement.gates and requirement.applies(operation.stated_only),
        "level": requirement.level,
        "sentence": requirement.sentence,
        "operation": operation.id,
        "verdict": NOT_RUN,
        "text": "",
        "excused": False,
        "outdated": "",
        "evidence": {"decided": 0, "controls": 0, "edits": [], "statuses": {}, "fault_rate_ruled_out": None},
        "findings": [],
        "observations": [],
    }


def report_of(name: str, entry: Mapping[str, Any], reason: str) -> pytest.TestReport:
    """Return pytest's report of a check that was not run: JUnit shows it as skipped, the terminal counts it."""
    file, _, item = name.partition("::")
    properties = [(key, entry[key]) for key in ("requirement", "level", "operation", "verdict")]
    report = pytest.TestReport(
        nodeid=name,
        location=(file, None, item),
        keywords={},
        outcome="skipped",
        longrepr=(file, 0, f"Skipped: {NOT_RUN}: {reason}"),
        when="teardown",
        user_properties=properties,
    )
    report.conformance = dict(entry) | {"text": f"{NOT_RUN}: {reason}"}  # type: ignore[attr-defined]
    return report
