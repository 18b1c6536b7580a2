"""`python -m tests.chaos.soak`: twenty thousand requests, in which memory stays flat and every must holds.

Two runs in profile deep, one after the other, each in a process of its own beside the mock's. Memory is compared from
the end of the first operation on: until then a run is still importing and filling its caches.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from contracts.document import load_document
from contracts.mock.api import MockApi
from contracts.mock.serve import serve
from tests.chaos.running import settings_of
from tests.chaos.sampled import SAMPLES
from tests.unit.running import CONTRACT, ROOT

ENOUGH_REQUESTS = 20_000
FLAT = 0.10
SETTLED_AFTER = 1_000
"""Requests: the allowance of one operation."""
TELLING = 20
"""Samples at the beginning and at the end, of which the medians are compared."""


@dataclass(frozen=True, slots=True)
class Soaked:
    """One run: its exit code, its requests, and its memory in MiB when it had settled, at its highest and at its end."""

    code: int
    requests: int
    settled: float
    highest: float
    end: float
    seconds: float

    @property
    def grown(self) -> float:
        """Return the share that memory has grown by."""
        return self.end / self.settled - 1


def soak(folder: Path) -> Soaked:
    """Run the suite once, in profile deep, against a mock of this process."""
    samples = folder / "samples"
    samples.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "tests/conformance", "-q", "-p", "no:cacheprovider"]
    began = time.monotonic()
    with serve(MockApi(load_document(CONTRACT))) as server:
        environment = settings_of(server) | {SAMPLES: str(samples), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(  # noqa: S603 - our own command
            [*command, "-p", "tests.chaos.sampled", "--profile", "deep", "--target", server.url],
            cwd=ROOT,
            env=environment,
            check=False,
            stdout=sys.stderr,
        )
    taken = [tuple(map(int, line.split())) for line in samples.read_text().splitlines()]
    settled = [memory / 1024 for sent, memory in taken if sent >= SETTLED_AFTER]
    return Soaked(
        code=done.returncode,
        requests=taken[-1][0],
        settled=statistics.median(settled[:TELLING]),
        highest=max(settled),
        end=statistics.median(settled[-TELLING:]),
        seconds=time.monotonic() - began,
    )


def main() -> int:
    """Soak until there were enough requests; return 0 where memory stayed flat and nothing was violated."""
    total, well = 0, True
    with tempfile.TemporaryDirectory() as folder:
        while total < ENOUGH_REQUESTS:
            run = soak(Path(folder))
            total += run.requests
            well &= run.code == 0 and abs(run.grown) <= FLAT
            print(  # noqa: T201 - what this command is for
                f"{run.requests:,} requests in {run.seconds:.0f} s, exit code {run.code}, memory {run.settled:.0f} MiB"
                f" when settled, {run.highest:.0f} at its highest, {run.end:.0f} at the end ({run.grown:+.1%})",
                flush=True,
            )
    print(f"{total:,} requests: {'flat and true' if well else 'NOT as it should be'}")  # noqa: T201 - as above
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
