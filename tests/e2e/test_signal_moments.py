"""Ctrl-C at each moment of a check: Allure, JUnit and the summary say the same of it, whenever it came."""

import json
from collections import Counter
from pathlib import Path

import pytest

from contracts.mock.data.state import State
from contracts.mock.http.api import MockApi
from tests.support.signal_at_hook import MOMENTS
from tests.support.suite_process import TWO, document, run, serving


@pytest.mark.parametrize("moment", [f"{hook} {side}" for hook in MOMENTS for side in ("before", "after")])
def test_reports_agree_whenever_a_signal_comes(moment: str, tmp_path: Path) -> None:
    files = ("--summary", str(tmp_path / "summary.json"), "--alluredir", str(tmp_path / "allure"))
    plugin = ("-p", "tests.support.signal_at_hook")
    with serving(MockApi(document(), state=State(seed=1))) as (target, settings):
        ended = run(tmp_path, *plugin, *target, *TWO, *files, environment=settings | {"SIGNAL_AT": moment})
    counts = json.loads((tmp_path / "summary.json").read_text())["checks"]
    results = [json.loads(file.read_text()) for file in (tmp_path / "allure").glob("*-result.json")]
    by_check = {result["historyId"]: result for result in sorted(results, key=lambda result: result["stop"])}
    labels = Counter(
        label["value"] for result in by_check.values() for label in result["labels"] if label["name"] == "verdict"
    )
    assert ended.code == 2, ended.output
    assert counts["not_run"] >= counts["total"] - 2
    assert len(by_check) == len(ended.verdicts) == counts["total"]
    assert labels["not run"] == counts["not_run"]
    assert Counter(ended.verdicts.values())["passed"] == counts["held"]
