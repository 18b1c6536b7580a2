"""The end of a run in the terminal, and its facts for the report."""

from collections.abc import Sequence
from typing import Any

import pytest

from reports.proof import Proof
from reports.terminal import MEANING, closing, facts, headline, proof_line, requests_sent
from tests.unit.building import table


def item(verdict: str, *, gates: bool = True, **more: Any) -> dict[str, Any]:
    """Return what an item told of its verdict."""
    told = {"requirement": "ERR-01", "group": "The 400 error contract", "gates": gates, "operation": "cancel"}
    counted = {"evidence": {"decided": 3, "controls": more.pop("controls", 2)}, "sent": 40, "process": ""}
    return told | counted | {"verdict": verdict, "text": f"text of {verdict}"} | more


HELD, VIOLATED, UNDECIDED = item("held"), item("violated"), item("inconclusive")
ADVICE = item("not met", gates=False)
ABSENT = item("not applicable")


@table(
    "told, outcome",
    {
        "held": ([HELD, HELD, HELD], "Contract held: 3 musts"),
        "held, advice not met": ([HELD, ADVICE, ADVICE], "Contract held: 1 musts, 2 recommendations not met"),
        "held, some not applicable": ([HELD, ABSENT], "Contract held: 1 musts"),
        "held, advice undecided": ([HELD, item("inconclusive", gates=False)], "Contract held: 1 musts"),
        "violated": ([HELD, VIOLATED, HELD], "Contract violated: 1 of 3 musts"),
        "violated and undecided": ([VIOLATED, UNDECIDED], "Contract violated: 1 of 2 musts"),
        "violated, advice not met": ([VIOLATED, ADVICE], "Contract violated: 1 of 1 musts, 1 recommendations not met"),
        "undecided": ([HELD, UNDECIDED], "Could not tell: 1 of 2 musts undecided"),
        "only shoulds": ([ADVICE], "No must was tried, 1 recommendations not met"),
    },
)
def test_headline(told, outcome: str) -> None:
    assert headline(told, "sandbox", "0123456789ab") == f"{outcome} - sandbox, contract 0123456789ab"


def test_requests_are_counted_once_a_process() -> None:
    told = [item("held", sent=10), item("held", sent=25), item("held", process="gw1", sent=7), {"verdict": "?"}]
    assert requests_sent(told) == 32


def closed(*told: dict[str, Any], exit_code: int = 0, width: int = 100, left: Sequence[str] = ()) -> list[str]:
    return [line.rstrip() for line in closing(told, "mock", 5, exit_code, width, None, left).splitlines()]


def test_table_counts_verdicts_by_group() -> None:
    told = [HELD, HELD, ADVICE, item("held", group="Protocol")]
    assert closed(*told)[2:5] == [
        "                        held  not met  decisions  fewest",
        "The 400 error contract     2        1          9       3",
        "Protocol                   1                   3       3",
    ]


def test_proof_is_told_or_missed() -> None:
    assert any("run make prove" in line for line in closed(HELD))
    proved = Proof("d1gest", "quick", 100, 96, 60, 58, ("a: b",), 30, ())
    assert proof_line(proved) == (
        "96 of 100 seeded defects noticed (58 of 60 that break a must), 0 false alarms on 30 conforming variants"
    )


def test_recommendation_not_met_is_told_in_full() -> None:
    long = "observed: " + "x" * 300 + " [/v1/{id}]"
    assert closed(item("not met", gates=False, text=long), width=60)[0] == long


def test_fault_of_the_suite_is_a_row_of_its_own() -> None:
    assert any(line.startswith("The suite itself") for line in closed(HELD, {"verdict": "internal error"}))


@pytest.mark.parametrize("code", sorted(MEANING))
def test_exit_code_is_explained(code: int) -> None:
    last = closed(HELD, exit_code=code)[-1]
    assert last == f"mock: 40 requests sent, seed 5. Exit code {code}: {MEANING[code]}."


def test_reason_why_the_run_stopped_is_told() -> None:
    assert "The target is away." in closed(HELD, item("inconclusive", stop="The target is away."), exit_code=6)


def test_each_record_that_is_left_is_a_line() -> None:
    left = ["record r-1 of make could not be cancelled: answered 400", "job j-2 of make could not be cancelled: away"]
    assert [line for line in closed(HELD, left=left) if line.startswith("Left")] == [
        f"Left at the target: {line}." for line in left
    ]


def test_nothing_is_said_to_be_left_where_nothing_is() -> None:
    assert not any("Left at the target" in line for line in closed(HELD))


def test_observation_is_told_once() -> None:
    seen = item("held", observations=["cancelled a second time: answered 200"])
    assert closed(seen, seen).count("Observed: cancelled a second time: answered 200.") == 1


def test_facts_begin_with_the_verdict() -> None:
    told = [HELD, HELD, item("held", operation="status", controls=5)]
    found = facts(told, "mock", "0123456789ab", "0.1.0", 5, "quick", None)
    assert next(iter(found.items())) == ("Verdict", "Contract held: 3 musts - mock, contract 0123456789ab")
    assert found["Requests"] == "40 sent, 7 controls accepted"
    assert found["Evidence"] == "9 times a request reached a decision, over 3 requirements and operations"
    assert found["Profile"] == "quick, seed 5"
