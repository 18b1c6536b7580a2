"""With workers, no two of them use the same id: on a target that takes each value once, both would be refused."""

from collections import Counter
from functools import cached_property
from pathlib import Path

from contracts.mock.data.state import EVENTS
from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Issue, Refusal
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.support.factories import DOCUMENT
from tests.support.suite_process import run, serving


class EachEventIsCancelledOnce(MockApi):
    """Refuses a cancellation whose event another operation cancelled: in a run with one process none does."""

    @cached_property
    def cancelled_by(self) -> dict[str, str]:
        return {}

    @cached_property
    def conflicts(self) -> Counter[str]:
        return Counter()

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        for event in self.sent(operation, value, EVENTS).values():
            if event in self.state.events and self.cancelled_by.setdefault(event, operation.id) != operation.id:
                self.conflicts[event] += 1
                raise Refusal(409, "conflict", "cancelled before", "unknown-value")
        return super().unknown_values(operation, value)


def test_workers_use_no_id_that_another_one_used(tmp_path: Path) -> None:
    api = EachEventIsCancelledOnce(DOCUMENT)
    with serving(api) as (arguments, environment):
        options = ("--operation", "cancel_*", "--profile", "quick", "-k", "AUTH-01 or RESP-01", "-n", "2")
        finished = run(tmp_path, *arguments, *options, environment=environment)
    assert finished.code == 0, finished.output
    assert len(set(api.cancelled_by.values())) == 3
    assert api.conflicts == {}
