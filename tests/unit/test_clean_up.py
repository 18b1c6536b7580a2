"""What earlier runs left is cancelled by one command, forgotten by another, and no run acts on it without access."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.mock.http.api import MockApi
from contracts.mock.http.serve import serve
from tests.harness.cli import clean_up
from tests.harness.config.access import Access
from tests.harness.config.settings import Profile
from tests.harness.run.journal import FOLDER, Entry, Journal
from tests.harness.run.run_options import Options
from tests.harness.run.session import Session
from tests.support.factories import CREATE, DOCUMENT, table
from tests.support.mocks import Keeps
from tests.support.suite_process import CONTRACT

URL = "http://127.0.0.1:9"


def left_at(state: Path, url: str, *entries: Entry) -> None:
    """Leave a journal."""
    journal = Journal(state / FOLDER, url, "run-1")
    for entry in entries or (Entry("run-1", "", 1, CREATE.id, "m1", job="job-1", doubts=0),):
        journal.write(entry)
    journal.close()


def asked(monkeypatch: pytest.MonkeyPatch, state: Path, url: str, *arguments: str, **given: str) -> int:
    for name, value in ({"XDG_STATE_HOME": str(state), "PROPEXO_TOKEN": ""} | given).items():
        monkeypatch.setenv(name, value)
    return clean_up.main(("--target", url, "--env-file", "/dev/null", *arguments))


def test_nothing_is_sent_where_nothing_was_left(monkeypatch, tmp_path: Path, capsys) -> None:
    assert asked(monkeypatch, tmp_path, URL, PROPEXO_TOKEN="tok-5f3a9c2e1b") == 0
    assert capsys.readouterr().out == "Cancelled: 0. Left at the target: 0.\n"


def test_target_that_is_away_is_reported_and_what_is_left_stays(monkeypatch, tmp_path: Path, capsys) -> None:
    left_at(tmp_path, URL)
    assert asked(monkeypatch, tmp_path, URL, PROPEXO_TOKEN="tok-5f3a9c2e1b") == 1
    assert f"Left at the target: job job-1 of {CREATE.id} could not be cancelled: {URL} " in capsys.readouterr().out
    assert len([*(tmp_path / FOLDER).iterdir()]) == 1


def test_what_somebody_else_has_cancelled_is_forgotten(monkeypatch, tmp_path: Path, capsys) -> None:
    left_at(tmp_path, URL)
    assert asked(monkeypatch, tmp_path, URL, "--forget") == 0
    assert capsys.readouterr().out == "Forgotten: 1.\n"
    assert [*(tmp_path / FOLDER).iterdir()] == []


@table(
    "arguments, sentence",
    {
        "no token": ((), "Nothing can be cancelled without PROPEXO_TOKEN."),
        "the embedded mock": (("--target", "mock"), "The embedded mock ends with its run"),
        "no target": (("--target", "nowhere"), "--target takes mock, sandbox or a base URL"),
    },
)
def test_what_keeps_it_from_cancelling_is_reported_in_one_sentence(
    arguments, sentence: str, monkeypatch, tmp_path: Path, capsys
) -> None:
    left_at(tmp_path, URL)
    assert asked(monkeypatch, tmp_path, URL, *arguments) == 1
    assert capsys.readouterr().out.startswith(sentence)


@pytest.mark.parametrize("declared", [Access.NONE, Access.TOKEN])
def test_run_that_may_not_write_cancels_nothing_and_reports_what_is_left(declared: Access, tmp_path: Path) -> None:
    left_at(tmp_path, URL)
    given = {"XDG_STATE_HOME": str(tmp_path), "PROPEXO_TOKEN": "tok-5f3a9c2e1b"}
    session = Session(Options(URL, [], Profile.QUICK, 1, CONTRACT, given, access=declared))
    earlier = session.clean_up_earlier()
    session.close()
    assert earlier.left == [f"job job-1 of {CREATE.id} is not cancelled yet"]
    assert session.requests_sent == 0


def test_mock_that_was_restarted_knows_nothing_of_it(monkeypatch, tmp_path: Path, capsys) -> None:
    with serve(MockApi(DOCUMENT)) as server:
        left_at(tmp_path, server.url)
        known = {name: ",".join(values) for name, values in server.known.items()}
        assert asked(monkeypatch, tmp_path, server.url, **known, PROPEXO_TOKEN=server.token) == 0
    assert capsys.readouterr().out == "Cancelled: 1. Left at the target: 0.\n"


def test_create_that_was_cut_off_is_found_in_the_listing(monkeypatch, tmp_path: Path) -> None:
    api = Keeps(DOCUMENT)
    with serve(api) as server:
        known = {name: ",".join(values) for name, values in server.known.items()}
        given = known | {"PROPEXO_TOKEN": server.token, "XDG_STATE_HOME": str(tmp_path)}
        session = Session(Options(server.url, [CREATE.id], Profile.QUICK, 1, CONTRACT, given))
        run = session.run(CREATE)
        session.client.send(run.requests.request_for(CREATE))
        assert len(api.left) == 1
        left_at(tmp_path, server.url, Entry("run-1", "", 1, CREATE.id, session.records.mark_of(CREATE)))
        session.close()
        assert asked(monkeypatch, tmp_path, server.url, **given) == 0
    assert api.left == []
