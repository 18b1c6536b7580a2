"""The ids of items name requirement and operation, which workers send nothing else of."""

from __future__ import annotations

import pytest

from tests.harness.pytest_plugin.item_ids import CheckName, check_id, check_name
from tests.harness.pytest_plugin.not_run import named_check
from tests.support.factories import DOCUMENT, REQUIREMENTS


def test_every_check_is_found_by_its_id() -> None:
    for requirement in REQUIREMENTS.values():
        for operation in DOCUMENT.operations:
            nodeid = f"tests/conformance/test_x.py::test_y[{check_id(requirement, operation)}]"
            assert named_check(nodeid, REQUIREMENTS, DOCUMENT.operations) == (requirement, operation)


@pytest.mark.parametrize("nodeid", ["tests/unit/test_plan.py::test_x[a case]", "t.py::test_y", "x[]"])
def test_other_ids_name_no_check(nodeid: str) -> None:
    assert check_name(nodeid) is None


def test_check_of_another_run_is_not_found() -> None:
    nodeid = "t.py::test_y[ERR-01 POST /v9/elsewhere]"
    assert check_name(nodeid) == CheckName("ERR-01", "POST", "/v9/elsewhere")
    assert named_check(nodeid, REQUIREMENTS, DOCUMENT.operations) is None
