"""Find the differences between descriptions of operations, with the npm package `api-smart-diff`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contracts.drift.changes import Difference
from contracts.drift.pairing import Described
from reports.site.node import NodeError, install, run_node

HERE = Path(__file__).resolve().parent
COMPARE_SECONDS = 120
BEFORE_OPERATION = 3
"""Steps of a document to an operation: `paths`, the path, the method."""
VALUES = frozenset({"before", "after"})
"""A difference has one of them, or both; the package reports some that have none, where nothing changed."""


class ComparisonError(Exception):
    """The documents cannot be compared; the message is a sentence that says why."""


def differences(pairs: Sequence[tuple[Described, Described]]) -> list[list[Difference]]:
    """Return the differences of each pair of operations; of equal ones none, without asking Node.

    `ComparisonError` if Node or npm fails.
    """
    unequal = [pair for pair in pairs if pair[0].form != pair[1].form]
    found = iter(_compared(unequal) if unequal else [])
    return [next(found) if before.form != after.form else [] for before, after in pairs]


def _compared(pairs: Sequence[tuple[Described, Described]]) -> list[list[Difference]]:
    try:
        install(HERE)
    except NodeError as error:
        raise ComparisonError(f"api-smart-diff could not be installed: {error}") from None
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "pairs.json"), Path(folder, "differences.json")
        given.write_text(json.dumps([[_document(before), _document(after)] for before, after in pairs]), "utf-8")
        try:
            run_node([str(HERE / "compare.mjs"), str(given), str(made)], HERE, {"NO_COLOR": "1"}, COMPARE_SECONDS)
        except NodeError as error:
            raise ComparisonError(f"api-smart-diff failed:\n{error}") from None
        return [
            [_difference(one) for one in of_pair if one.keys() & VALUES]
            for of_pair in json.loads(made.read_text("utf-8"))
        ]


def _document(operation: Described) -> dict[str, Any]:
    """Return a document of this operation alone; its path is no part of the comparison."""
    paths = {"/": {operation.method.lower(): operation.form}}
    return {"openapi": "3.1.0", "info": {"title": "", "version": ""}, "paths": paths}


def _difference(one: dict[str, Any]) -> Difference:
    steps = tuple(one["path"][BEFORE_OPERATION:])
    return Difference(one["action"], steps, one.get("before"), one.get("after"), one["type"])
