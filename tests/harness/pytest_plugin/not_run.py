"""What a run that ended early did not run: reported like what it did."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import pytest

from contracts.model.result import ItemResult
from contracts.openapi.operation import Operation
from contracts.requirements import Requirement

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
    results: Iterable[ItemResult],
    requirements: Mapping[str, Requirement],
    operations: Sequence[Operation],
    reason: str,
) -> Iterator[tuple[str, ItemResult]]:
    """Yield the pytest id and a result for each planned item without a result; `planned` are pytest ids."""
    finished = {(result.requirement, result.operation) for result in results}
    for name in dict.fromkeys(planned):
        check = cited(name, requirements, operations)
        if check is None or (check[0].id, check[1].id) in finished or (name, "") in finished:
            continue
        yield name, ItemResult.not_run(*check, reason)


def report_of(name: str, result: ItemResult) -> pytest.TestReport:
    """Return pytest's report of a check that was not run: JUnit shows it as skipped, the terminal counts it."""
    file, _, item = name.partition("::")
    report = pytest.TestReport(
        nodeid=name,
        location=(file, None, item),
        keywords={},
        outcome="skipped",
        longrepr=(file, 0, f"Skipped: {result.text}"),
        when="teardown",
        user_properties=[
            ("requirement", result.requirement),
            ("level", result.level),
            ("operation", result.operation),
            ("verdict", str(result.verdict)),
        ],
    )
    report.conformance = result.to_json()  # type: ignore[attr-defined]
    return report


def result_of(report: object) -> ItemResult | None:
    """Return the result that a report of pytest carries; None where it is of no check, or of another phase."""
    value = getattr(report, "conformance", None)
    return None if value is None else ItemResult.from_json(value)
