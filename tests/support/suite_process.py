"""The suite as its users run it: a process of its own, against a mock that this process serves."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from contracts.mock.http.api import MockApi
from contracts.mock.http.serve import serve
from contracts.openapi.document import Document
from contracts.openapi.loader import load_document

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT / "contracts" / "appointments.yaml"
GENERIC = ROOT / "contracts" / "generic-appointments.yaml"

TWO = ("--operation", "cancel_lead_appointment_rentmanager", "--operation", "get_write_status")
"""A write and the status of its job: what most of the suite can be shown on."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to. `verdicts` maps "REQ-01 METHOD /path" to JUnit's word for it."""

    code: int
    output: str
    verdicts: Mapping[str, str]

    def named(self, word: str) -> set[str]:
        """Return the ids of the requirements with this JUnit outcome."""
        return {name.partition(" ")[0] for name, outcome in self.verdicts.items() if outcome == word}


def document() -> Document:
    return load_document(CONTRACT)


def run(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Outcome:
    """Run the conformance tests with these arguments; the settings of this process's environment do not reach them."""
    with started(folder, *arguments, environment=environment) as process:
        return outcome_of(process, folder)


@contextmanager
def started(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Start what `run` runs to its end; `outcome_of` waits for that."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PROPEXO_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "tests/conformance", "-p", "no:cacheprovider"]
    command += ["--env-file", os.devnull, "--known-issues", os.devnull, "--junitxml"]
    with subprocess.Popen(  # noqa: S603 - our own command
        [*command, str(folder / "junit.xml"), *arguments],
        cwd=ROOT,
        env=kept | {"XDG_STATE_HOME": str(folder / "state")} | dict(environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()  # if it has not ended by itself


def outcome_of(process: subprocess.Popen[str], folder: Path) -> Outcome:
    """Wait for the end of a run and return what it came to."""
    output, _ = process.communicate(timeout=120)
    junit = folder / "junit.xml"
    return Outcome(process.returncode, output, dict(verdicts_of(junit)) if junit.exists() else {})


@contextmanager
def serving(api: MockApi) -> Iterator[tuple[tuple[str, ...], dict[str, str]]]:
    """Serve an API; give the arguments and the environment that point a run at it."""
    with serve(api) as server:
        yield (
            ("--target", server.url),
            {
                "PROPEXO_TOKEN": server.token,
                **{variable: ",".join(values) for variable, values in server.known.items()},
            },
        )


def verdicts_of(junit: Path) -> Iterator[tuple[str, str]]:
    for case in ET.parse(junit).getroot().iter("testcase"):  # noqa: S314 - we wrote it
        words = {child.tag for child in case} & {"failure", "error", "skipped"}
        yield case.attrib.get("name", "interrupted").partition("[")[2].rstrip("]"), next(iter(words), "passed")
