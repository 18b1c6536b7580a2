"""The part of a pytest id that names a check: `test_x[ERR-01 POST /v1/leads]`."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from contracts.openapi.operation import Operation
from contracts.requirements import Requirement

ITEM_ID: Final = re.compile(r"\[([A-Z]+-\d\d) (\S+) (.+)\]$")


class CheckName(NamedTuple):
    """The id of a requirement, and method and path of an operation."""

    requirement: str
    method: str
    path: str


def check_id(requirement: Requirement, operation: Operation) -> str:
    """Return the parameter id of a check, which `check_name` reads."""
    return f"{requirement.id} {operation.label}"


def check_name(nodeid: str) -> CheckName | None:
    """Return what a pytest id names; None where it is no check. Workers send nothing but these ids."""
    found = ITEM_ID.search(nodeid)
    return None if found is None else CheckName(*found.groups())
