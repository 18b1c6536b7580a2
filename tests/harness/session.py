"""What all items of one pytest process share: contracts, target, client, and one `OperationRun` per operation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

from contracts.document import Document, Operation, load_document
from contracts.errors import UsageError
from contracts.exchange import Exchange
from contracts.mock.api import MockApi
from contracts.mock.serve import serve
from contracts.requirements import Requirement, load_requirements
from strategies.edit import Edit
from tests.harness.client import Client
from tests.harness.run import OperationRun
from tests.harness.settings import Profile, Secret, Target, target_from_environment

CONTRACTS = Path(__file__).parents[2] / "contracts"
MOCK = "mock"
REMOTE_PER_MINUTE = 100
"""Below the line (80 % of 150 a minute) from which the vendor slows every answer by two seconds."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for."""

    target: str
    operations: Sequence[str]
    profile: Profile
    random_seed: int
    environment: dict[str, str] = field(repr=False)


class Session:
    """Opened once per process; nothing is started or sent before the first item needs it."""

    def __init__(self, options: Options) -> None:
        """Read the contracts, and check what the target needs without asking it anything."""
        self.options = options
        self.document: Document = load_document(CONTRACTS / "appointments.yaml")
        self.requirements: dict[str, Requirement] = load_requirements(CONTRACTS / "requirements.yaml")
        self.operations = select(self.document.operations, options.operations)
        self._open = ExitStack()
        self._target: Target | None = None
        self._client: Client | None = None
        self._runs: dict[str, OperationRun] = {}
        self._turns = count()
        self._accepted: dict[str, Exchange] = {}
        if options.target != MOCK:
            self._target = target_from_environment(options.target, self._involved(), options.environment)

    @property
    def target(self) -> Target:
        """Return the target; the embedded mock is started when it is first asked for."""
        if self._target is None:
            api = MockApi(self.document)
            server = self._open.enter_context(serve(api))
            self._target = Target(MOCK, server.url, Secret(server.token), api.state.supplied)
        return self._target

    @property
    def client(self) -> Client:
        """Return the one client, paced unless the target is on this machine."""
        if self._client is None:
            self._client = Client(self.target.url, per_minute=None if self.target.local else REMOTE_PER_MINUTE)
            self._open.callback(self._client.close)
        return self._client

    @property
    def requests_sent(self) -> int:
        """Return how many requests this process has sent."""
        return 0 if self._client is None else self._client.sent

    def run(self, operation: Operation, stock: Iterable[Edit]) -> OperationRun:
        """Return the operation's part of the run; `stock` is what it sends before the whole of it is judged."""
        if operation.id not in self._runs:
            allowance = self.options.profile.allowance
            self._runs[operation.id] = OperationRun(
                operation, self.document, self.target, self.client, allowance, self._turns, self._accepted
            )
            self._runs[operation.id].plan(stock)
        return self._runs[operation.id]

    def close(self) -> None:
        """Close the client and stop the mock."""
        self._open.close()

    def _involved(self) -> Iterable[Operation]:
        for operation in self.operations:
            yield operation
            yield from (self.document.operation(source) for source, _ in operation.leads_here)


EXIT_CODE: Final = pytest.StashKey[int]()
SESSION: Final = pytest.StashKey[Session]()
TOLD: Final = pytest.StashKey[list[dict[str, Any]]]()
"""What each item told of its verdict, in the process that the user started."""


def select(operations: Sequence[Operation], patterns: Sequence[str]) -> tuple[Operation, ...]:
    """Return the operations whose id matches one of the patterns, all without patterns; `UsageError` for none."""
    chosen = tuple(o for o in operations if not patterns or any(fnmatchcase(o.id, pattern) for pattern in patterns))
    if not chosen:
        known = ", ".join(operation.id for operation in operations)
        raise NothingSelected(f"--operation {' '.join(patterns)} matches no operation: choose among {known}.")
    return chosen


class NothingSelected(UsageError):
    """The selection is empty: pytest's exit code 5."""
