"""Findings are tried again with a few requests: still violated at the same target, gone once it is mended."""

import json
from pathlib import Path

import pytest

from tests.detection.defects import DEFECTS
from tests.support.suite_process import QUICK, document, run

CHOSEN = (
    "any-scheme-is-taken",  # by a mutation of its own
    "result-is-empty-for-an-unknown-event",  # by a mutation of another requirement
    "well-formed-tokens-are-told-apart",  # by exchanges that are compared
    "every-twentieth-request-needs-no-token",  # now and then
)


@pytest.mark.parametrize("name", CHOSEN)
def test_every_cause_is_found_again_and_gone_from_a_healthy_target(name: str, tmp_path: Path) -> None:
    file = tmp_path / "summary.json"
    again = ("--finding", "all", "--findings-from", str(file), "--strict", "--summary", str(tmp_path / "again.json"))
    defect = next(defect for defect in DEFECTS if defect.name == name)
    with defect.serve(document(), 1) as served:
        environment = {"PROPEXO_TOKEN": served.token} | {key: ",".join(v) for key, v in served.test_data.items()}
        options = ("--target", served.url, "--profile", "nightly")
        found = run(tmp_path, *QUICK[:4], *options, "--summary", str(file), environment=environment)
        summary = json.loads(file.read_text())
        repeated = run(tmp_path, *options, *again, environment=environment)
    causes = len(summary["causes"])
    assert causes, found.output
    assert repeated.code == 1, repeated.output
    assert repeated.output.count(": still violated.\n") == causes
    assert json.loads((tmp_path / "again.json").read_text())["requests"]["sent"] < summary["requests"]["sent"]

    healthy = run(tmp_path, "--target", "mock", "--profile", "nightly", *again)
    assert healthy.code == 0, healthy.output
    assert healthy.output.count(": gone.\n") == causes
