"""Each request of the HAR says what it was sent for: a phase of the operation's run, or a requirement."""

import json
from itertools import groupby
from pathlib import Path

from contracts.mock.http.api import MockApi
from tests.support.factories import CANCEL, DOCUMENT
from tests.support.suite_process import TWO, run, serving


def test_har_names_the_phase_or_the_requirement_of_each_request(tmp_path: Path) -> None:
    file = tmp_path / "x.har"
    with serving(MockApi(DOCUMENT)) as (arguments, environment):
        options = (
            "--operation",
            CANCEL.id,
            "--profile",
            "quick",
            "-k",
            "AUTH-02 or RESP-01 or ERR-01",
            "--har",
            str(file),
        )
        finished = run(tmp_path, *arguments, *options, environment=environment)
    assert finished.code == 0, finished.output
    comments = [entry["comment"] for entry in json.loads(file.read_text())["log"]["entries"]]
    phases = [phase for phase, _ in groupby(comment.partition(":")[0].rpartition(" ")[0] for comment in comments)]
    assert list(dict.fromkeys(phases)) == [
        "set-up",
        "shared mutations",
        "ERR-01",
        "AUTH-06",  # which AUTH-02 depends on
        "AUTH-02",
        "repeated controls",
    ]


def test_status_begins_behind_the_first_requirements_of_the_write(tmp_path: Path) -> None:
    file = tmp_path / "x.har"
    with serving(MockApi(DOCUMENT)) as (arguments, environment):
        options = (*TWO, "--profile", "quick", "-k", "ERR-01 or JOB-03 or AUTH-05 or JOB-07", "--har", str(file))
        finished = run(tmp_path, *arguments, *options, environment=environment)
    assert finished.code == 0, finished.output
    entries = json.loads(file.read_text())["log"]["entries"]
    sent_for = [(one["comment"].partition(":")[0].rpartition(" ")[0], one["request"]["method"]) for one in entries]
    own = [word for word, method in sent_for if word not in {"set-up", "shared mutations"} and method == "GET"]
    places = {first: sent_for.index(first) for first in (("ERR-01", "POST"), ("JOB-03", "GET"), ("AUTH-05", "POST"))}
    assert sorted(places, key=places.__getitem__) == list(places)
    assert list(dict.fromkeys(own)) == ["JOB-03", "AUTH-05", "JOB-07"]
