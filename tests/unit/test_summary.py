"""summary.json is what its schema says."""

import json
from dataclasses import fields
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from contracts.model.result import ItemResult
from reports.run.proof import Proof
from reports.run.trend import State
from reports.writers.summary import SCHEMA, summary, write
from tests.support.factories import table
from tests.support.report_factories import ADVICE, FOUND, ISSUE, OTHER, broken, earlier_run, item, run_report
from tests.support.report_files import DOCUMENTED, schema_errors

PROVED = Proof("d1gest", "quick", 100, 96, 60, 58, ("a: b",), 30, ())
EARLIER = [earlier_run(22, OTHER), earlier_run(23, OTHER, ADVICE)]


@table(
    "report",
    {
        "held": (run_report(item("held")),),
        "every state": (run_report(broken(FOUND), broken(OTHER), earlier=EARLIER, issues=[ISSUE], proof=PROVED),),
        "the suite failed": (run_report(ItemResult.crashed("x"), exit_code=3),),
        "refused": (run_report(item("held"), refusals=("Fewer.",), not_cancelled=("record r-1",), notice="anew"),),
    },
)
def test_summary_is_as_documented(report) -> None:
    assert schema_errors(summary(report)) == []


def test_schema_is_a_schema_and_closed() -> None:
    Draft202012Validator.check_schema(DOCUMENTED)
    reported = summary(run_report(broken(FOUND)))
    assert schema_errors(reported | {"more": 1})
    for key in DOCUMENTED["required"]:
        assert schema_errors({name: value for name, value in reported.items() if name != key}), key
    assert set(DOCUMENTED["properties"]) == set(DOCUMENTED["required"]) == set(reported)


def test_schema_names_every_state_and_the_version() -> None:
    finding = DOCUMENTED["$defs"]["finding"]["properties"]
    assert DOCUMENTED["$defs"]["state"]["enum"] == [str(state) for state in State]
    assert set(finding["known"]["oneOf"][1]["properties"]) == {"kind", "reason", "owner", "link", "expires"}
    assert set(DOCUMENTED["properties"]["proof"]["oneOf"][1]["properties"]) == {
        "line",
        *({field.name for field in fields(Proof)} - {"suite", "profile", "seconds"}),
    }
    assert DOCUMENTED["properties"]["schema"] == {"const": SCHEMA}


def test_findings_are_numbered_and_have_a_state() -> None:
    reported = summary(run_report(broken(FOUND), broken(OTHER), earlier=EARLIER, issues=[ISSUE]))
    assert [(f["number"], f["state"], f["runs"], f["observed"]) for f in reported["findings"]] == [
        (1, "still open", 3, "200 {}"),
        (2, "known", 1, "200 {}"),
        (3, "not looked at", 1, None),
    ]
    assert reported["findings"][1]["known"]["owner"] == "team-x"
    assert reported["history"] == {"compared_with": EARLIER[-1].when, "notice": ""}


def test_what_only_the_closing_lines_need_is_left_out() -> None:
    (reported,) = summary(run_report(item("held")))["results"]
    assert not {"process", "sent", "stop"} & set(reported)


@pytest.mark.parametrize("folder", ["", "new/deep"])
def test_summary_is_written(tmp_path: Path, folder: str) -> None:
    write(tmp_path / folder / "summary.json", run_report(item("held")))
    assert json.loads((tmp_path / folder / "summary.json").read_text()) == summary(run_report(item("held")))
