"""The options of a run, whoever starts it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from contracts.reader_commands import command
from tests.harness.config.access import Access
from tests.harness.config.settings import Profile
from tests.harness.http.timing import ClientPolicy

CONTRACTS = Path(__file__).parents[3] / "contracts"


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a run. `run` is its id, which its processes share; `process` names one of them.

    `tests_nothing`: the checks are only collected, so that a requirement may be unfinished. `operations_may_be_gone`:
    they are those of an earlier run, and the document may have lost some. `merges`: the results of shards are reported,
    and nothing is sent. `shared`: other processes of the run write to the target at the same time.
    """

    target: str
    operations: Sequence[str]
    profile: Profile
    random_seed: int
    contract: Path
    environment: dict[str, str] = field(repr=False)
    overlays: Sequence[Path] = ()
    env_file: Path | None = None
    access: Access | None = None
    allow_production: bool = False
    allow_writes: bool = False
    redact_ids: bool = False
    tests_nothing: bool = False
    operations_may_be_gone: bool = False
    merges: bool = False
    shared: bool = False
    run: str = field(default_factory=lambda: uuid.uuid4().hex)
    process: str = ""
    client_policy: ClientPolicy = field(default_factory=ClientPolicy)
    notify: Callable[[str], None] = lambda _: None

    @property
    def clean_up_command(self) -> str:
        """Return the command that cancels later what a run left at the target."""
        contract = "" if self.contract == CONTRACTS / "appointments.yaml" else str(self.contract)
        return command("clean-up", target=self.target, contract=contract)
