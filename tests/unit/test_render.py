"""What is done to the page that Allure made, and to the runs that are kept."""

import base64
import gzip
import json
import re
from pathlib import Path

import pytest

from reports.site.allure import RenderError
from reports.site.render import RUNS_KEPT, _append_last_line, _earlier, _packed, _self_contained, render, trend_of

FILES = {"widgets/tree.json": '{"name":"Zo\u00eb"}', "data/a.bin": "\u0000\u00ff"}
DATA = ",".join(f'd("{name}","{base64.b64encode(text.encode("latin-1")).decode()}")' for name, text in FILES.items())
PAGE = f"<html><head></head><script>Promise.allSettled([{DATA}]).then(ready)</script></html>".encode()


def test_packed_page_holds_the_same_files() -> None:
    packed = re.search(rb'atob\("([^"]+)"\)', _packed(PAGE))
    assert packed
    assert json.loads(gzip.decompress(base64.b64decode(packed[1]))) == FILES
    assert _packed(PAGE).endswith(b"})().then(ready)</script></html>")


def test_relative_link_gets_an_address_that_allure_shows_and_others_stay() -> None:
    given = {"url": "requirements.html#ERR-01"}, {"url": "https://x.example/a.html#b"}, {"name": "requirements.html#x"}
    text = json.dumps([*given, '"url":"a#b"'], separators=(",", ":"))
    page = PAGE.replace(DATA.encode(), f'd("a.json","{base64.b64encode(text.encode()).decode()}")'.encode())
    packed = re.search(rb'atob\("([^"]+)"\)', _packed(page))
    assert packed
    found = json.loads(json.loads(gzip.decompress(base64.b64decode(packed[1])))["a.json"])
    assert found == [{"url": "https://beside.invalid/requirements.html#ERR-01"}, *given[1:], '"url":"a#b"']


def test_report_page_of_another_format_is_rejected() -> None:
    with pytest.raises(RenderError, match="this version of Allure is not supported"):
        _packed(b"<html></html>")


@pytest.mark.parametrize("tag", ['<script src="https://x.example/a.js">', "<img src=http://x.example/a.png>"])
def test_page_that_loads_from_elsewhere_is_rejected(tag: str) -> None:
    with pytest.raises(RenderError, match="over the network"):
        _self_contained(PAGE + tag.encode())


def test_nobody_learns_that_the_report_is_read() -> None:
    spy = b'<script async src="https://www.googletagmanager.com/x"></script>\n<script>gtag()</script>'
    assert b"gtag" not in _self_contained(PAGE + spy)


def a_run(number: int) -> str:
    return json.dumps({"uuid": str(number), "timestamp": number, "testResults": {}}) + "\n"


def test_newest_runs_are_retained(tmp_path: Path) -> None:
    made, kept = tmp_path / "made", tmp_path / "history" / "mock.jsonl"
    for number in range(RUNS_KEPT + 2):
        made.write_text(f"older\n{a_run(number)}")
        _append_last_line(made, kept)
    assert kept.read_text() == "".join(map(a_run, range(2, RUNS_KEPT + 2)))


def test_trend_goes_on_without_what_cannot_be_read(tmp_path: Path) -> None:
    kept = tmp_path / "mock.jsonl"
    kept.write_text(f'{a_run(1)}{{"uuid": "2"\n[]\n{{}}\n{a_run(3)}{a_run(4)[:-1]}')
    assert _earlier(kept) == ([a_run(1).encode(), a_run(3).encode()], 4)
    assert _earlier(tmp_path / "lost.jsonl") == _earlier(None) == ([], 0)


def test_runs_of_other_targets_and_contracts_have_their_own_trend(tmp_path: Path) -> None:
    for name, target, contract in (("a", "mock", "123"), ("b", "mock", "456"), ("c", "sandbox", "123")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "environment.properties").write_text(f"Target={target}\nContract={contract}\n")
    assert len({trend_of(tmp_path / name) for name in "abc"}) == 3


def test_runs_of_other_checks_have_their_own_trend(tmp_path: Path) -> None:
    for name, checks in (("whole", "abc"), ("again", "cba"), ("one operation", "a")):
        (tmp_path / name).mkdir()
        for number, check in enumerate(checks):
            (tmp_path / name / f"{number}-result.json").write_text(json.dumps({"uuid": name, "historyId": check}))
    whole, again, one = (trend_of(tmp_path / name) for name in ("whole", "again", "one operation"))
    assert whole == again != one


def test_run_of_selected_checks_has_no_trend(tmp_path: Path) -> None:
    (tmp_path / "executor.json").write_text(json.dumps({"reportName": "x", "selectsChecks": True}))
    assert trend_of(tmp_path) == ""
    (tmp_path / "executor.json").write_text(json.dumps({"reportName": "x", "selectsChecks": False}))
    assert trend_of(tmp_path)


def test_nothing_to_render_is_said(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="run the suite with --alluredir first"):
        render(tmp_path, tmp_path / "html")
