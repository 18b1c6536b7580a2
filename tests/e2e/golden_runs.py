"""What runs against the healthy mock send, and what runs against seeded defects find: written down, to be compared.

`python -m tests.e2e.golden_runs` writes the files in `golden/` anew. A commit that changes one of them says why.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from starlette.requests import Request

from contracts.mock.data.state import State
from contracts.mock.http.api import MockApi
from contracts.openapi.document import Document
from contracts.standard_streams import run_command
from tests.detection.catalogue import operations
from tests.detection.defects import DEFECTS
from tests.support.suite_process import ROOT, TWO, FinishedRun, document, run, serving

FOLDER = Path(__file__).with_name("golden")
ALL_OPERATIONS = "requests-quick-all-operations.txt"
NAMES = "names.json"
FINDINGS = "findings.json"
REQUESTS = {
    "requests-nightly-seed-1.txt": (*TWO, "--profile", "nightly", "--hypothesis-seed", "1"),
    "requests-nightly-seed-2.txt": (*TWO, "--profile", "nightly", "--hypothesis-seed", "2"),
    ALL_OPERATIONS: ("--profile", "quick", "--hypothesis-seed", "1"),
}
DEFECT_NAMES = (
    "created-record-is-not-listed",
    "page-has-one-too-many",
    "any-scheme-is-taken",
    "any-token-is-taken",
    "code-is-empty-for-a-boolean",
    "missing-property-is-422",
    "problem-details-for-a-missing-property",
    "result-is-empty-for-an-unknown-event",
    "result-loses-control-characters",
    "status-is-wrapped",
    "trailing-comma-is-taken",
    "unknown-event-is-accepted-with-202",
)
LONGEST_TARGET = 100


class Recording(MockApi):
    """The healthy mock, which writes down each request that it reads."""

    def __init__(self, document: Document) -> None:
        super().__init__(document, state=State(seed=1))
        self.lines: list[str] = []

    async def read(self, request: Request) -> bytes:
        body = await super().read(request)
        target = request.scope["raw_path"].decode("latin-1") + "?" * bool(request.url.query) + request.url.query
        headers = [name for name, _ in request.headers.raw]
        whole = [request.method.encode(), target.encode(), *headers, body]
        digest = hashlib.sha256(b"\0".join(whole)).hexdigest()[:12]
        names = " ".join(name.decode("latin-1") for name in headers)
        self.lines.append(f"{digest} {request.method} {target[:LONGEST_TARGET]} [{names}] {len(body)}")
        return body


def sent(folder: Path, *options: str) -> tuple[str, FinishedRun]:
    """Return a line for each request of a run with these options, and what the run came to."""
    api = Recording(document())
    with serving(api) as (arguments, environment):
        finished = run(folder, "-p", "tests.e2e.repeatable", *arguments, *options, environment=environment)
    assert finished.code == 0, finished.output
    return "".join(f"{line}\n" for line in api.lines), finished


def found(folder: Path, name: str) -> list[str]:
    """Return the identities of the findings on a seeded defect."""
    defect = next(defect for defect in DEFECTS if defect.name == name)
    with defect.serve(document(), 1) as served:
        settings = {key: ",".join(values) for key, values in served.test_data.items()}
        file = folder / "summary.json"
        options = ("--target", served.url, "--summary", str(file), "--profile", "quick", "--hypothesis-seed", "1")
        chosen = [option for one in operations(document(), defect.affects) for option in ("--operation", one)]
        run(folder, *chosen, *options, environment=settings | {"PROPEXO_TOKEN": served.token})
    results = json.loads(file.read_text())["results"]
    return sorted({one["identity"] for result in results for one in result["findings"]})


def properties(schema: object, place: str = "") -> Iterator[str]:
    """Yield the place of each property that a JSON schema names."""
    if isinstance(schema, dict):
        for keyword, inner in schema.items():
            if keyword == "properties":
                yield from (f"{place}.{name}" for name in inner)
            named = inner.items() if keyword in ("properties", "$defs") else [("", inner)]
            for name, part in named:
                yield from properties(part, f"{place}.{name}" if name else place)


def names_that_users_rely_on(folder: Path, items: Iterable[str]) -> str:
    """Return the ids of items, the keys of summary.schema.json and the command line's options, as JSON."""
    usage = run(folder, "--help").output
    schema = json.loads((ROOT / "reports" / "summary.schema.json").read_text())
    ours = usage.partition("\nconformance:\n")[2].partition("\n\n")[0]
    stable = {
        "items": sorted(items),
        "options": sorted(set(re.findall(r"^ +(--[a-z-]+)", ours, re.MULTILINE))),
        "summary": sorted(properties(schema)),
    }
    return f"{json.dumps(stable, indent=1)}\n"


def of_all_operations(folder: Path) -> dict[str, str]:
    """Return the two files that a run over all operations makes: its requests, and the names."""
    lines, finished = sent(folder, *REQUESTS[ALL_OPERATIONS])
    return {ALL_OPERATIONS: lines, NAMES: names_that_users_rely_on(folder, finished.verdicts)}


def requests(name: str, folder: Path) -> str:
    """Return the requests of the run that a golden file is about."""
    return sent(folder, *REQUESTS[name])[0]


def findings(folder: Path) -> str:
    """Return the identities of the findings on all of the defects, as JSON."""
    return f"{json.dumps({name: found(folder, name) for name in DEFECT_NAMES}, indent=1)}\n"


FILES: dict[str, Callable[[Path], str]] = {
    **{name: partial(requests, name) for name in REQUESTS},
    FINDINGS: findings,
    NAMES: lambda folder: of_all_operations(folder)[NAMES],
}


def main() -> None:
    """Write all golden files anew."""
    for name, make in FILES.items():
        with tempfile.TemporaryDirectory() as folder:
            (FOLDER / name).write_text(make(Path(folder)))


if __name__ == "__main__":
    sys.exit(run_command(main))
