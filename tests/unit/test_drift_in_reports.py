"""What changed in the published document, in the reports of a run: recommendations, and never the verdict."""

from __future__ import annotations

from allure_commons.model2 import Status

from contracts.drift.changes import Kind
from contracts.drift.report import Drift, Entry
from reports.render.markdown import page
from reports.render.terminal import closing_text
from reports.writers.allure_drift import results
from reports.writers.summary import summary
from tests.support.report_factories import item, run_report
from tests.support.report_files import schema_errors

BREAKING = Entry(Kind.BREAKING, "POST /v1/x", "x", "request body, title: maxLength none → 50", "#/a", "#/b")
OTHER = Entry(Kind.NOT_BREAKING, "POST /v1/x", "x", "request body, notes is new", "#/a", "#/b")
CHANGED = Drift("contract.yaml, 0123", "published.yaml, 4567", 2, [BREAKING, OTHER])
SAME = Drift("contract.yaml, 0123", "published.yaml, 4567", 2)
FAILED = Drift(
    "contract.yaml", "https://x.example", failure="https://x.example answered 404: name an OpenAPI document."
)


def test_each_breaking_change_is_a_recommendation_that_is_not_met() -> None:
    (result,) = results("API", CHANGED)
    labels = {label.name: label.value for label in result.labels}
    assert (result.status, labels["verdict"], labels["severity"]) == (Status.SKIPPED, "not met", "minor")
    assert result.name == "POST /v1/x: request body, title: maxLength none → 50"
    assert "contract #/a\npublished #/b" in result.statusDetails.message


def test_each_change_has_a_history_of_its_own() -> None:
    other = Entry(Kind.BREAKING, "POST /v1/x", "x", BREAKING.sentence, "#/c", "#/d")
    found = list(results("API", Drift("", "", 1, [BREAKING, other])))
    assert len({result.historyId for result in found}) == len(found)
    assert [one.historyId for one in results("API", CHANGED)] == [found[0].historyId]


def test_comparison_without_a_breaking_change_passes_and_one_that_failed_is_undecided() -> None:
    held = list(results("API", SAME))
    assert [(one.status, one.statusDetails.message) for one in held] == [
        (Status.PASSED, "No change: 2 operations compared.")
    ]
    (failed,) = results("API", FAILED)
    assert failed.status == Status.BROKEN
    assert failed.statusDetails.message == f"Not compared: {FAILED.failure}"
    assert {label.name: label.value for label in failed.labels}["severity"] == "minor", "it gates nothing"


def test_drift_stands_in_every_report_and_changes_neither_headline_nor_exit_code() -> None:
    without = run_report(item("held"))
    assert summary(without)["drift"] is None
    for drift, said in (
        (CHANGED, "1 breaking, 1 not breaking, 0 wording: 2 operations compared."),
        (SAME, "No change: 2 operations compared."),
        (FAILED, f"Not compared: {FAILED.failure}"),
    ):
        report = run_report(item("held"), drift=drift)
        assert (report.exit_code, report.headline) == (without.exit_code, without.headline)
        assert said in page(report).replace("`", "")
        assert f"Published document: {said}" in " ".join(closing_text(report, 80).split())
        assert schema_errors(summary(report)) == []
    assert f"`{BREAKING.sentence}`" in page(run_report(item("held"), drift=CHANGED))
    kept = summary(run_report(item("held"), drift=CHANGED))["drift"]
    assert (kept["counts"]["breaking"], [one["sentence"] for one in kept["breaking"]]) == (1, [BREAKING.sentence])


def test_only_some_of_many_breaking_changes_stand_on_the_page() -> None:
    many = [Entry(Kind.BREAKING, "POST /v1/x", "x", f"change {number}", "#/a", "#/b") for number in range(30)]
    text = page(run_report(item("held"), drift=Drift("", "", 1, many)))
    assert "change 19`" in text
    assert "change 20`" not in text
    assert "- and 10 more: see `breaking` in summary.json" in text
