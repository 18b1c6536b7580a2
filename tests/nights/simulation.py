"""A series of simulated nights: what is put in when, and on which operation."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from contracts.openapi.loader import load_document
from contracts.requirements import load_requirements
from contracts.untrusted.bounded_yaml import read_yaml
from tests.harness.run.run_options import CONTRACTS
from tests.harness.trial.rotation import Depth
from tests.nights import measures
from tests.nights.measures import Must, Scenario
from tests.nights.night_runs import Night, NightRuns

METHODS: Final = frozenset({"get", "put", "post", "delete", "patch"})
PLANNED_TWICE_EVERY: Final = 10
"""Nights: a plan costs as much as a tenth of a night."""


def read_document(file: Path) -> Any:
    """Return an OpenAPI document, as it is written."""
    return read_yaml(file.read_bytes())


def operations_in(document: Mapping[str, Any]) -> int:
    """Return the number of operations of a document."""
    return sum(method in METHODS for path in document["paths"].values() for method in path)


class Simulation:
    """The nights of a scenario. The operations with the fault and with the change are those that were just tried.

    That is the worst case: each other operation has its turn before them.
    """

    def __init__(self, runs: NightRuns, document: dict[str, Any], scenario: Scenario) -> None:
        """Write the document; run nothing yet."""
        self._runs, self._document, self._scenario = runs, copy.deepcopy(document), scenario
        runs.write_document(self._document)
        read = load_document(runs.contract)
        self._statuses = {operation.id for operation in read.operations if operation.job_status}
        self._labels = {operation.id: (operation.path, operation.method.lower()) for operation in read.operations}
        self._musts = measures.musts_of(read, load_requirements(CONTRACTS / "requirements.yaml").values())
        self._nights: list[Night] = []
        self._planned_otherwise: list[int] = []
        self.faulty = self.changed = ""

    def nights(self) -> Iterator[Night]:
        """Run night after night; AssertionError for one that tries too little for the scenario."""
        for number in range(1, self._scenario.nights + 1):
            if number == self._scenario.fault:
                # A fault of an operation that reads jobs shows on each write.
                self.faulty = self._just_tried(but_not=self._statuses)
            if number == self._scenario.change:
                self.changed = self._just_tried(but_not={self.faulty})
                self._change(self.changed)
            twice = number % PLANNED_TWICE_EVERY == self._scenario.fault % PLANNED_TWICE_EVERY
            plan = self._runs.plan(number) if twice else None
            night = self._runs.run(number, self.faulty if self._scenario.is_open(number) else "")
            if plan is not None and plan != self._runs.planned():
                self._planned_otherwise.append(number)
            self._nights.append(night)
            yield night

    def curve(self) -> list[tuple[int, int]]:
        """Return for each night so far how many musts were decided, and how many operations tried in full."""
        return measures.curve(self._nights, self._musts)

    def history_after(self) -> int:
        """Return how many bytes a history as long as is kept has."""
        return measures.history_after(self._nights)

    def lines(self) -> Iterator[str]:
        """Yield what the nights came to."""
        wait, _ = measures.longest_wait(self._nights, self._musts)
        promised = max(night.runs_for_all for night in self._nights)
        yield f"Every must of every operation was decided at least every {wait} nights; promised: every {promised}."
        verdicts = Counter(night.verdicts[must] for night in self._nights for must in self._in_full(night))
        counts = ", ".join(f"{count:,} {verdict}" for verdict, count in verdicts.most_common())
        yield f"Musts of turns in full: {counts}."
        first = measures.found_in(self._nights, self.faulty)
        last = self._scenario.mended - 1
        yield f"Fault on {self.faulty} from night {self._scenario.fault} to {last}: found in night {first}."
        yield f"Contract of {self.changed} changed in night {self._scenario.change}."

    def failures(self) -> list[str]:
        """Return a sentence for each promise that was broken."""
        found = measures.failures(self._nights, self._musts, self._scenario, self.faulty, self.changed)
        return found + [f"night {number} had two plans" for number in self._planned_otherwise]

    def _in_full(self, night: Night) -> list[Must]:
        return [must for must in self._musts if night.depths.get(must[0]) == Depth.FULL]

    def _just_tried(self, but_not: Collection[str]) -> str:
        """Return the first of the operations that last night tried in full."""
        last = self._nights[-1]
        tried = [name for name, depth in last.depths.items() if depth == Depth.FULL and name not in but_not]
        assert tried, f"the budget is too small to tell anything: {last.text}"
        return tried[0]

    def _change(self, operation: str) -> None:
        """Add a query parameter to an operation, and to no other."""
        path, method = self._labels[operation]
        described = self._document["paths"][path][method]
        added = {"name": "verbose", "in": "query", "schema": {"type": "boolean"}}
        described["parameters"] = [*described.get("parameters", ()), added]
        self._runs.write_document(self._document)
