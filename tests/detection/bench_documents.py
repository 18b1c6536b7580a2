"""What documents of 12, 211 and 1,000 operations cost to read and to plan: CPU seconds and peak memory.

    python -m tests.detection.bench_documents [DOCUMENT]

Each document is read in a process of its own, which collects the checks of a run and sends nothing. The generated
documents have the same kinds of operations in the same proportions, so that the cost of an operation should not depend
on their number. A DOCUMENT is measured beside them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from contracts.openapi.loader import load_document

ROOT: Final = Path(__file__).parents[2]
SIZES: Final = (12, 211, 1_000)
TIMEOUT_SECONDS: Final = 600
OPERATIONS_PER_PATH: Final = 2
TEXT: Final[Any] = {"type": "string"}
ERROR: Final[Any] = {"$ref": "#/components/schemas/Error"}


@dataclass(frozen=True, slots=True)
class ReadingCost:
    """What it costs to read and plan a document: CPU seconds, peak memory in MiB."""

    name: str
    operations: int
    cpu: float
    memory: float

    @property
    def cpu_per_operation(self) -> float:
        """Return the CPU milliseconds of one operation, start-up included."""
        return 1000 * self.cpu / self.operations


def generated(operations: int) -> dict[str, Any]:
    """Return a document with so many operations: for each kind of record a listing and a create."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {"Error": _objects({"error": _objects({"code": TEXT, "message": TEXT})})}
    for number in range(operations):
        kind = number // OPERATIONS_PER_PATH
        path, name = f"/v1/kind-{kind}/", f"Kind{kind}"
        schemas[name] = _objects({f"field_{at}": TEXT | {"maxLength": 20 + at} for at in range(20)})
        if number % OPERATIONS_PER_PATH == 0:
            limit = {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 250}}
            results = _objects({"results": {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}})
            paths[path] = {"get": {"parameters": [limit], "responses": _responses(results)}}
        else:
            body = {"content": _json({"$ref": f"#/components/schemas/{name}"})}
            answer = _responses({"$ref": f"#/components/schemas/{name}"})
            paths[path]["post"] = {"requestBody": body, "responses": answer}
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{operations} operations", "version": "1"},
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    }


def _objects(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)[:1]}


def _json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _responses(schema: Any) -> dict[str, Any]:
    return {
        "200": {"description": "Done.", "content": _json(schema)},
        "400": {"description": "Rejected.", "content": _json(ERROR)},
    }


def reading_cost(file: Path, operations: int) -> ReadingCost:
    """Collect the checks of a document in a new process; raises `subprocess.CalledProcessError` if that fails."""
    command = [sys.executable, "-m", "pytest", "tests/conformance", "--collect-only", "-qq", "-p", "no:cacheprovider"]
    command += ["--env-file", os.devnull, "--contract", str(file.resolve()), "--profile", "quick"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: S603 - pytest
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return ReadingCost(file.stem, operations, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def measured(document: Path | None) -> list[ReadingCost]:
    """Return the cost of each generated document, and of the given one."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            file = Path(folder) / f"generated {size}.json"
            file.write_text(json.dumps(generated(size)))
            found.append(reading_cost(file, size))
    if document is not None:
        found.append(reading_cost(document, len(load_document(document).operations)))
    return found


def table(costs: Sequence[ReadingCost]) -> Table:
    """Return the costs, each with its ratio to that of the smallest document."""
    first = costs[0]
    shown = Table(title="Reading and planning a document")
    for heading in ("document", "operations", "CPU, s", "x", "memory, MiB", "x", "CPU per operation, ms"):
        shown.add_column(heading, justify="left" if heading == "document" else "right")
    for one in costs:
        shown.add_row(
            *(one.name, f"{one.operations:,}", f"{one.cpu:.1f}", f"{one.cpu / first.cpu:.1f}"),
            *(f"{one.memory:.0f}", f"{one.memory / first.memory:.1f}", f"{one.cpu_per_operation:.1f}"),
        )
    return shown


def main(arguments: Sequence[str]) -> None:
    """Measure, and print the table; DOCUMENT may stand in the environment, as make gives it."""
    given = arguments[0] if arguments else os.environ.get("DOCUMENT", "")
    Console(width=100).print(table(measured(Path(given) if given else None)))


if __name__ == "__main__":
    main(sys.argv[1:])
