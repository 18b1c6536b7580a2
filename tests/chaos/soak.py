"""`python -m tests.chaos.soak`: 20,000 requests of one process, in which memory stays flat and every must holds.

The run is made in many rounds, against a mock in a process of its own. Memory is compared from the end of the third
round on: until then the run is still filling its caches.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts.mock.data.state import EVENTS
from contracts.mock.http.api import MockApi
from contracts.mock.http.serve import serve
from contracts.openapi.loader import load_document
from contracts.standard_streams import run_command
from tests.chaos.memory_sampler import ROUNDS as ROUNDS_OF
from tests.chaos.memory_sampler import SAMPLES
from tests.support.suite_process import CONTRACT, ROOT, settings_of

ROUNDS = 17
ENOUGH_REQUESTS = 20_000
FLAT = 0.10
SETTLED_AFTER = 3
"""Rounds."""


@dataclass(frozen=True, slots=True)
class Soaked:
    """A run: its exit code and, at the end of each round, the requests sent so far and the memory in MiB."""

    code: int
    requests: Sequence[int]
    memory: Sequence[float]

    @property
    def grown(self) -> float:
        """Return the largest change of memory since it had settled, as a share."""
        settled, *later = self.memory[SETTLED_AFTER - 1 :]
        return max((memory / settled - 1 for memory in later), key=abs)


def soak(folder: Path) -> Soaked:
    """Run the suite in rounds against a mock of this process; what the run works on it creates itself."""
    samples = folder / "samples"
    command = [sys.executable, "-m", "pytest", "tests/conformance", "-q", "-p", "no:cacheprovider"]
    with serve(MockApi(load_document(CONTRACT))) as server:
        environment = settings_of(server) | {SAMPLES: str(samples), ROUNDS_OF: str(ROUNDS), "PATH": "/usr/bin:/bin"}
        del environment[EVENTS]
        done = subprocess.run(  # noqa: S603 - our own command
            [*command, "-p", "tests.chaos.memory_sampler", "--target", server.url],
            cwd=ROOT,
            env=environment,
            check=False,
            stdout=sys.stderr,
        )
    taken = [tuple(map(int, line.split())) for line in samples.read_text().splitlines()]
    return Soaked(done.returncode, [sent for sent, _ in taken], [memory / 1024 for _, memory in taken])


def main() -> int:
    """Soak; return 0 where memory stayed flat and nothing was violated."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        soaked = soak(Path(folder))
    well = soaked.code == 0 and abs(soaked.grown) <= FLAT and soaked.requests[-1] >= ENOUGH_REQUESTS
    for sent, memory in zip(soaked.requests, soaked.memory, strict=True):
        print(f"{sent:7,} requests {memory:6.1f} MiB")  # noqa: T201 - what this command is for
    print(  # noqa: T201 - as above
        f"Exit code {soaked.code}, {time.monotonic() - began:.0f} s, memory {soaked.grown:+.1%} at most:"
        f" {'flat and true' if well else 'NOT as it should be'}"
    )
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(run_command(main))
