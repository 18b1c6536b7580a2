"""Runs of simulated nights: each is a whole run of the suite, with a budget, against a mock on a real socket."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request

from contracts.mock.data.state import EVENTS, State
from contracts.mock.http.api import MockApi
from contracts.mock.http.rate_limit import RateLimit
from contracts.mock.http.refusal import Refusal
from contracts.mock.http.serve import HOST, MockServer, serve
from contracts.openapi.document import Document
from contracts.openapi.loader import load_document
from tests.harness.config.settings import Profile
from tests.harness.run.relations import variables_of
from tests.nights.simulated_night import BEGAN, COST, SPEEDUP
from tests.support.suite_process import OWN_VARIABLES, ROOT, forked, settings_of

FIRST_NIGHT: Final = dt.datetime(2031, 1, 1, 2, 17, tzinfo=dt.UTC)
FIRST_SEED: Final = 1
SPEEDUP_FACTOR: Final = 240.0
"""A minute of the rate limit is over in a quarter of a second: less than a run takes to make its requests."""
REQUESTS_A_MINUTE: Final = 150
"""What the mock takes: the vendor's limit. The suite sends two thirds of it."""
AN_ID: Final = "101"
"""What a mock of a document that keeps no records takes for the id of anything."""
MAX_SECONDS: Final = 3_600.0
"""A night may take."""


@dataclass(frozen=True, slots=True)
class Night:
    """The result of the run of one night, from 1.

    `depths` are those of the planned turns, by operation. `verdicts` are by the ids of operation and requirement, and
    `failing` those of what fails the run and was seen in it. `text` is the output of the run. Times are in seconds:
    `wall`, `cpu` of the run without its mock, and `planning`, the part of `cpu` until the first request.
    """

    number: int
    code: int
    text: str
    depths: Mapping[str, str]
    verdicts: Mapping[tuple[str, str], str]
    failing: frozenset[tuple[str, str]]
    sent: int
    runs_for_all: int
    wall: float
    cpu: float
    planning: float
    history_bytes: int


class TakesAnyTokenOnOne(MockApi):
    """Accepts any token, and none, for one operation."""

    def __init__(self, document: Document, faulty: str, **more: Any) -> None:
        """Take the id of the operation; an empty one is that of none."""
        super().__init__(document, **more)
        self.faulty = faulty

    def authorise(self, request: Request) -> None:
        """Let every request for the operation pass."""
        try:
            super().authorise(request)
        except Refusal:
            if self.route(request)[0].id != self.faulty:
                raise


def free_port() -> int:
    """Return a port of this machine that nobody listens at now."""
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class NightRuns:
    """Runs that share a folder, with one history and one document, against mocks at one port.

    History keeps runs by the address of the target. `writes_to_all`: the document marks no writes, so a user has to
    allow them, and to name an id for each path.
    """

    folder: Path
    budget: int
    writes_to_all: bool = False
    port: int = field(default_factory=free_port)

    @property
    def contract(self) -> Path:
        """Return the file of the document."""
        return self.folder / "document.yaml"

    @property
    def history(self) -> Path:
        """Return the file of the history."""
        return self.folder / "history.jsonl"

    def write_document(self, document: Mapping[str, Any]) -> None:
        """Write the document that the runs from now on go by."""
        self.contract.write_text(json.dumps(document, default=str))

    def run(self, number: int, faulty: str = "") -> Night:
        """Run one night, in which the mock takes any token for the operation of this id."""
        document = load_document(self.contract)
        limit = RateLimit.accelerated(REQUESTS_A_MINUTE, SPEEDUP_FACTOR)
        api = TakesAnyTokenOnOne(document, faulty, state=State(seed=number), limit=limit)
        summary = self.folder / "summary.json"
        began = time.monotonic()
        with serve(api, self.port) as server:
            settings = self._settings(server, document)
            output = ("--summary", str(summary), "--markdown", str(self.folder / "summary.md"), "-q")
            arguments = (*self._arguments(number, document), *output)
            with forked(self.folder, *arguments, environment=settings | self._variables(number)) as process:
                finished = process.wait(MAX_SECONDS)
        wall = time.monotonic() - began
        cost, found = self._cost(), json.loads(summary.read_text())
        return Night(
            number=number,
            code=finished.code,
            text=finished.output,
            depths={operation: depth for operation, depth, _ in cost["turns"]},
            verdicts={
                (one["operation"], one["requirement"]): one["verdict"] for one in found["results"] if "operation" in one
            },
            failing=frozenset(
                (one["operation"], one["requirement"])
                for one in found["findings"]
                if one["gates"] and one["seen"] is not None
            ),
            sent=found["requests"]["sent"],
            runs_for_all=found["rotation"]["runs_for_all"],
            wall=wall,
            cpu=cost["cpu_seconds"],
            planning=cost["planning_cpu_seconds"],
            history_bytes=self.history.stat().st_size,
        )

    def planned(self) -> tuple[Sequence[Any], Sequence[str]]:
        """Return the turns and the items of the run that was made last."""
        return self._cost()["turns"], self._cost()["items"]

    def plan(self, number: int) -> tuple[Sequence[Any], Sequence[str]]:
        """Return the turns and the items that a run of this night would have, by a new interpreter; nothing is sent."""
        document = load_document(self.contract)
        with serve(MockApi(document, state=State(seed=number)), self.port) as server:
            settings = self._settings(server, document)
            command = (sys.executable, "-m", "pytest", "tests/conformance", "-p", "no:cacheprovider", "--collect-only")
            inherited = {name: value for name, value in os.environ.items() if not name.startswith(OWN_VARIABLES)}
            subprocess.run(  # noqa: S603 - our own command
                [*command, "-qq", *self._arguments(number, document)],
                cwd=ROOT,
                env=inherited | settings | self._variables(number) | {"XDG_STATE_HOME": str(self.folder / "state")},
                stdout=subprocess.DEVNULL,
                timeout=MAX_SECONDS,
                check=True,
            )
        return self.planned()

    def _settings(self, server: MockServer, document: Document) -> dict[str, str]:
        given = settings_of(server)
        if self.writes_to_all:
            return dict.fromkeys(variables_of(document), AN_ID) | given
        given.pop(EVENTS, None)  # the run creates what it cancels, as with a sandbox that names no records
        return given

    def _arguments(self, number: int, document: Document) -> tuple[str, ...]:
        named = [word for operation in document.operations for word in ("--operation", operation.id)]
        target = f"http://{HOST}:{self.port}"
        return (
            *("-p", "tests.nights.simulated_night", "--env-file", os.devnull, "--known-issues", os.devnull),
            *("--contract", str(self.contract), "--history", str(self.history), "--budget", str(self.budget)),
            *("--target", target, "--profile", str(Profile.NIGHTLY), "--hypothesis-seed", str(FIRST_SEED + number)),
            *((*named, "--allow-writes") if self.writes_to_all else ()),
        )

    def _variables(self, number: int) -> dict[str, str]:
        began = FIRST_NIGHT + dt.timedelta(days=number - 1)
        cost = str(self.folder / "cost.json")
        return {BEGAN: began.isoformat(timespec="seconds"), SPEEDUP: str(SPEEDUP_FACTOR), COST: cost}

    def _cost(self) -> Any:
        return json.loads((self.folder / "cost.json").read_text())
