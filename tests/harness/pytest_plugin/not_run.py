"""Results and reports for the checks that a run ended before, or in the middle of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pytest

from contracts.model.result import ItemResult
from contracts.openapi.operation import Operation
from contracts.requirements import Requirement
from tests.harness.pytest_plugin.item_ids import check_name


def named_check(
    nodeid: str, requirements: Mapping[str, Requirement], operations: Sequence[Operation]
) -> tuple[Requirement, Operation] | None:
    """Return the requirement and the operation that a pytest id names; None where it is no check of this run."""
    name = check_name(nodeid)
    if name is None or name.requirement not in requirements:
        return None
    label = f"{name.method} {name.path}"
    operation = next((operation for operation in operations if operation.label == label), None)
    return None if operation is None else (requirements[name.requirement], operation)


def left_out(
    planned: Iterable[str],
    results: Iterable[ItemResult],
    requirements: Mapping[str, Requirement],
    operations: Sequence[Operation],
    reason: str,
) -> Iterator[tuple[str, ItemResult]]:
    """Yield the pytest id and a result for each planned check without a result; `planned` are pytest ids."""
    finished = {(result.requirement, result.operation) for result in results}
    for nodeid in dict.fromkeys(planned):
        check = named_check(nodeid, requirements, operations)
        if check is None or (check[0].id, check[1].id) in finished or (nodeid, "") in finished:
            continue
        yield nodeid, ItemResult.not_run(*check, reason)


def report_of(nodeid: str, result: ItemResult) -> pytest.TestReport:
    """Return pytest's report of a check that was not run: JUnit shows it as skipped, the terminal counts it."""
    file, _, item = nodeid.partition("::")
    report = pytest.TestReport(
        nodeid=nodeid,
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
