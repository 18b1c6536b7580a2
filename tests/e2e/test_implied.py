"""What follows from another violation, through others too, belongs to the cause of the first."""

from __future__ import annotations

import json
from pathlib import Path

from tests.detection.defects.bearer import TokenIsCheckedOncePerConnection
from tests.support.suite_process import TWO, document, run, serving


def test_every_finding_has_a_cause_and_none_follows_from_one_that_follows_itself(tmp_path: Path) -> None:
    with serving(TokenIsCheckedOncePerConnection(document())) as (arguments, environment):
        file = tmp_path / "summary.json"
        finished = run(tmp_path, *arguments, *TWO, "--summary", str(file), environment=environment)
    assert finished.code == 1, finished.output
    summary = json.loads(file.read_text())
    roots = {cause["requirement"] for cause in summary["causes"]}
    followed = {found["requirement"]: found["follows_from"] for found in summary["findings"] if found["follows_from"]}
    assert {"AUTH-01", "AUTH-02"} <= roots  # without credentials on one operation, with a wrong token on the other
    assert followed["AUTH-03"] in roots
    assert all(found["cause"] for found in summary["findings"])
    assert set(followed.values()) <= roots
