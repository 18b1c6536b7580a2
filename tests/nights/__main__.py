"""`python -m tests.nights`: nightly runs of a large API with a budget, and whether they keep what the plan promises.

Each night is a whole run of the suite against a mock, with one history. On the way a fault is put in and mended, and
the contract of an operation changes. The exit code is 1 if a promise is broken.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from itertools import count
from pathlib import Path

from contracts.standard_streams import run_command
from reports.output.console import fail, show
from reports.run.history import RUNS_OF_ONE_SCOPE
from tests.harness.config.settings import Profile
from tests.harness.trial.rotation import PastTries, plan_rotation
from tests.nights.large_document import MAX_OPERATIONS, large_document
from tests.nights.measures import Scenario
from tests.nights.night_runs import NightRuns
from tests.nights.simulation import Simulation, operations_in, read_document

MIN_NIGHTS = 5
"""Some before the fault, some until it is found, and one after it is mended."""

MIN_OPERATIONS = 3
"""The one with the fault, the one that changes, and the one that reads jobs."""


def options() -> argparse.Namespace:
    """Return the options of the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.nights", description=__doc__.splitlines()[0])
    parser.add_argument("--nights", type=int, default=30, metavar="N", help=f"runs, {MIN_NIGHTS} or more")
    parser.add_argument("--budget", type=int, default=6_000, metavar="N", help="requests a run")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--operations", type=int, default=211, metavar="N", help="of a document that is made")
    size.add_argument("--document", type=Path, metavar="FILE", help="an OpenAPI document instead")
    given = parser.parse_args()
    if given.nights < MIN_NIGHTS:
        parser.error(f"{given.nights} nights are too few to see a fault come and go: give at least {MIN_NIGHTS}")
    if not MIN_OPERATIONS <= given.operations <= MAX_OPERATIONS:
        limits = f"{MIN_OPERATIONS} to {MAX_OPERATIONS}"
        parser.error(f"a document of {given.operations} operations cannot be made: give {limits}")
    return given


def too_few(nights: int, budget: int, operations: int) -> str:
    """Return why so many nights of so many requests show nothing, in a sentence; empty if they do."""
    full_turn = Profile.NIGHTLY.budget
    try:
        promised = plan_rotation(
            [PastTries(str(number)) for number in range(operations)], budget, full_turn
        ).runs_for_all
    except ValueError as error:
        return f"{error}: give a larger --budget"
    if Scenario.of(nights).nights_with_fault >= promised:
        return ""
    enough = next(more for more in count(nights) if Scenario.of(more).nights_with_fault >= promised)
    return (
        f"{nights} nights are too few: at {budget:,} requests each of {operations} operations is tried every {promised}"
        f" runs, so a fault may go before it is found; give at least {enough}, or a larger --budget"
    )


def main() -> int:
    """Simulate the nights; return 0 if every promise was kept."""
    given = options()
    document = read_document(given.document) if given.document else large_document(given.operations)
    scenario = Scenario.of(given.nights)
    if why := too_few(given.nights, given.budget, operations_in(document)):
        return fail(f"{why}.")
    with tempfile.TemporaryDirectory() as folder:
        runs = NightRuns(Path(folder), given.budget, writes_to_all=given.document is not None)
        simulation = Simulation(runs, document, scenario)
        show("night code sent  full part again  musts  in full  wall   CPU   plan  history")
        for night in simulation.nights():
            depths = Counter(night.depths.values())
            decided, full = simulation.curve()[-1]
            show(
                f"{night.number:5} {night.code:4} {night.sent:5,} {depths['full']:4} {depths['part']:4}"
                f" {depths['again']:5}  {decided:5,} {full:5} {night.wall:7.1f} {night.cpu:5.1f} {night.planning:5.1f}"
                f"  {night.history_bytes:,}"
            )
            sys.stdout.flush()  # the next night takes a minute
        for line in simulation.lines():
            show(line)
        broken = simulation.failures()
    show(f"A history of {RUNS_OF_ONE_SCOPE} such nights: {simulation.history_after():,} bytes.")
    for sentence in broken:
        show(f"BROKEN: {sentence}.")
    show("Every promise was kept." if not broken else f"{len(broken)} promises were broken.")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(run_command(main))
