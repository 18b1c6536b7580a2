"""What each requirement may send of an operation's budget."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response

from contracts.mock.http.api import MockApi
from contracts.requirements import Requirement
from strategies.body import bodies
from strategies.request import methods
from tests.harness.run.budget import Budget, BudgetSpent, TooManyUnanswered
from tests.support.factories import CANCEL, REQUIREMENTS, UPDATE, table
from tests.support.operation_runs import running

MUST: Requirement = REQUIREMENTS["ERR-06"]
SHOULD: Requirement = REQUIREMENTS["ERR-07"]


def test_must_leaves_those_behind_it_enough_for_a_verdict() -> None:
    budget = Budget(120, "an operation")
    budget.reserve({"ERR-06": 30, "ERR-16": 5, "ERR-14": 1})
    budget.begin(MUST)
    budget.spent = 116
    assert (budget.left, budget.available) == (4, 1)
    budget.require()
    budget.spent = 117
    with pytest.raises(BudgetSpent, match="The budget of 120 requests for an operation is used up"):
        budget.require()
    budget.begin(REQUIREMENTS["ERR-16"])
    budget.require()


def test_should_leaves_all_that_is_reserved() -> None:
    budget = Budget(120, "an operation")
    budget.reserve({"ERR-16": 5})
    budget.begin(SHOULD)
    budget.spent = 115
    assert budget.available == 0
    with pytest.raises(BudgetSpent):
        budget.require()


def sent_in_vain(budget: Budget) -> int:
    """Return how many requests the next requirement may send of which none is answered."""
    budget.begin(MUST)
    for sent in count():
        try:
            budget.require()
        except TooManyUnanswered:
            return sent
        budget.note_unanswered()
    raise AssertionError("it never ends")


def test_after_many_unanswered_requests_one_is_enough_for_a_requirement() -> None:
    budget = Budget(120, "an operation")
    assert [sent_in_vain(budget) for _ in range(6)] == [2, 2, 2, 2, 1, 1]


class UnknownRecordsAreRejected(MockApi):
    """An update of a record that is not known gets 404."""

    def answer(self, request: StarletteRequest, body: bytes) -> Response:
        """Look whether the id at the end of the path is that of a record."""
        known = request.url.path.rpartition("/")[2] in self.state.records
        return super().answer(request, body) if known or request.method != "PUT" else Response(status_code=404)


def test_unknown_id_in_the_path_is_not_sent_again_for_another_record() -> None:
    with running(UPDATE, api=UnknownRecordsAreRejected) as run:
        mutation = methods.unknown_path_ids(UPDATE)[0]
        run._unsent_shared_mutations = (mutation,)
        run.finish_traffic()
        sent = [one for one in run.exchanges if one.mutation == mutation.name]
        assert [one.status for one in sent] == [404]


@table("left, sent", {"enough": (0, 2), "no more than others need": (200, 1)})
def test_parts_of_a_rejected_request_leave_what_is_reserved_for_the_end(left: int, sent: int) -> None:
    with running(CANCEL) as run:
        missing = bodies.missing_properties(CANCEL)[0]
        whole = replace(missing, name="whole", expects_success=True, parts=(replace(missing, name="part"),))
        run.plan = replace(run.plan, reserved_for_all_exchanges=left)
        run._unsent_shared_mutations = (whole,)
        run.finish_traffic()
        assert len([one for one in run.exchanges if one.mutation in {"whole", "part"}]) == sent
