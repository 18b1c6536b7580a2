"""How far the suite may go: the level, what it leaves out, and what a refusal tells without an accepted twin."""

from typing import Any

import pytest

from contracts.errors import UsageError
from tests.harness.config.access import (
    ALLOW_WRITES,
    Access,
    access_line,
    access_with,
    how_to_supply,
    is_ambiguous_rejection,
    is_unambiguous_rejection,
    require,
)
from tests.support.factories import CANCEL, exchange, refusal, table
from tests.support.report_factories import item

MADE_UP = "8d7f2a3e-made-up"
NAMED = {"error": {"code": "invalid", "message": "event_id is required", "details": {}}}


@table(
    "level, covered",
    {
        "none": (Access.NONE, [Access.NONE]),
        "token": (Access.TOKEN, [Access.NONE, Access.TOKEN]),
        "write": (Access.WRITE, [Access.NONE, Access.TOKEN, Access.WRITE]),
    },
)
def test_level_covers_those_below(level: Access, covered: list[Access]) -> None:
    assert [needed for needed in Access if level.covers(needed)] == covered


@table(
    "lacking, level",
    {
        "nothing": ([], Access.WRITE),
        "ids": (["PROPEXO_LEAD_ID"], Access.TOKEN),
        "the token": (["PROPEXO_TOKEN"], Access.NONE),
        "both": (["PROPEXO_TOKEN", "PROPEXO_LEAD_ID"], Access.NONE),
    },
)
def test_what_is_lacking_limits_the_level(lacking: list[str], level: Access) -> None:
    assert access_with(lacking) is level


def bad(status: int, **fields: Any) -> Any:
    return exchange(status, **{"request_body": {"integration_id": MADE_UP}} | fields)


@table(
    "seen, expected",
    {
        "401 without the token": (refusal(401), True),
        "403 without the token": (refusal(403), True),
        "400 without the token": (refusal(400), False),
        "404 without the token": (refusal(404), False),
        "400 that names the property": (bad(400, mutated_property="event_id", body=NAMED), True),
        "400 that names another": (bad(400, mutated_property="integration_id", body=NAMED), False),
        "400 for a body with a made-up value": (bad(400, request_body=f"[{MADE_UP},]".encode()), False),
        "400 for a body without one": (bad(400, request_body=[]), True),
        "400 for an empty body at a made-up path": (bad(400, request_body=b"", target=f"/e/{MADE_UP}"), False),
        "404 for a made-up value": (bad(404), False),
        "404 for another spelling": (bad(404, target=CANCEL.path.upper()), True),
        "405 to another method": (bad(405, method="PATCH"), True),
        "405 to the method itself": (bad(405), False),
        "409": (bad(409), False),
    },
)
def test_rejection_that_states_its_cause_needs_no_accepted_control(seen: Any, *, expected: bool) -> None:
    assert is_unambiguous_rejection(CANCEL, seen, [MADE_UP]) is expected
    assert is_ambiguous_rejection(CANCEL, seen, [MADE_UP]) is not expected


@pytest.mark.parametrize("status", [200, 201, 500, 503, None])
def test_what_is_no_rejection_is_judged_as_ever(status: int | None) -> None:
    assert not is_ambiguous_rejection(CANCEL, bad(status), [MADE_UP])


def test_line_counts_what_could_be_tried() -> None:
    reported = [item("inconclusive", beyond_access=True), item("held"), item("held")]
    assert access_line(reported, Access.TOKEN) == "token: enough for 2 of 3 checks"
    assert access_line(reported[1:], Access.WRITE) == "write: enough for every check"


def test_line_says_nothing_of_checks_that_were_not_run() -> None:
    left_out = [item("not run"), item("not run")]
    assert access_line([item("held"), *left_out], Access.NONE) == "none: enough for every check that was run"
    assert access_line(left_out, Access.NONE) == "none: no check was run"


@table(
    "missing, advice",
    {
        "a variable": (["A"], "set A"),
        "two": (["A", "B"], "set A and B"),
        "the option": ([ALLOW_WRITES], "name the operation in --operation and say --allow-writes"),
        "both": (["A", ALLOW_WRITES], "set A, and name the operation in --operation and say --allow-writes"),
    },
)
def test_what_to_do_about_missing_settings_is_said(missing: list[str], advice: str) -> None:
    assert how_to_supply(missing) == advice


def test_declared_level_that_only_allowed_writes_give_says_so() -> None:
    with pytest.raises(
        UsageError, match="--access write needs more: name the operation in --operation and say --allow"
    ):
        require(Access.WRITE, Access.TOKEN, [[ALLOW_WRITES], ["A", "B"]])
