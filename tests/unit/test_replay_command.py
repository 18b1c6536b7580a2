"""`make replay` and `make watch`: how pytest is called, and when it is called again."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.errors import UsageError
from reports.cli import replay as module
from reports.cli.replay import arguments, is_there, main, wait_for_change, watch
from reports.run.repeated_options import REPEATED, options_of
from reports.writers.summary import summary
from tests.support.report_factories import ADVICE, FOUND, broken, run_report
from tests.support.suite_process import ROOT

SUMMARY = summary(run_report(broken(FOUND), broken(ADVICE)))
FILE = Path("s.json")


def test_run_is_repeated_as_it_was() -> None:
    command = arguments(SUMMARY, FILE, "1", None)
    findings = ("--findings-from", str(FILE.absolute()))
    for pair in (("--finding", "1"), findings, ("--target", "mock"), ("--profile", "quick")):
        assert command[command.index(pair[0]) + 1] == pair[1]
    assert "--strict" not in command
    assert "http://127.0.0.1:1" in arguments(SUMMARY, FILE, "1", "http://127.0.0.1:1")


GIVEN = {
    "overlay": ["a.yaml", "/b.yaml"],
    "access": "token",
    "allow_production": True,
    "allow_writes": True,
    "operation": ["make", "read"],
    "env_file": "my.env",
    "redact": "ids",
}
EVERYWHERE = [f"--overlay={Path('a.yaml').absolute()}", "--overlay=/b.yaml", "--access=token", "--redact=ids"]


def repeated(options: object, target: str | None = None) -> list[str]:
    plain = arguments(SUMMARY, FILE, "1", target)
    return [one for one in arguments(SUMMARY | {"options": options}, FILE, "1", target) if one not in plain]


def test_options_that_change_what_is_judged_are_repeated() -> None:
    of_the_target = ["--allow-production", "--allow-writes", "--operation=make", "--operation=read"]
    assert sorted(repeated(GIVEN)) == sorted([*EVERYWHERE, *of_the_target, f"--env-file={Path('my.env').absolute()}"])
    assert sorted(repeated(GIVEN, "http://127.0.0.1:1")) == sorted(EVERYWHERE), "what was allowed for another target"


def test_operations_are_named_only_where_writes_are_allowed_on_them() -> None:
    assert repeated({"operation": ["make"], "allow_writes": False}) == []
    assert repeated({}) == [], "the summary of an older version"


def test_every_option_is_repeated_or_changes_nothing_that_is_judged() -> None:
    names = set(json.loads((ROOT / "tests" / "e2e" / "golden" / "names.json").read_text())["options"])
    own_keys = {"--target", "--contract", "--profile", "--finding", "--findings-from"}
    reports = {"--badge", "--har", "--history", "--markdown", "--published", "--requirements", "--shard-results"}
    reports |= {"--summary"}
    others = {"--known-issues", "--max-minutes"}  # which say what fails a run, and when it ends
    others |= {"--budget", "--minutes"}  # which say how much of it is tried
    parts = {"--shard", "--merge"}  # a replay tests the operations of its findings
    assert names == own_keys | reports | others | parts | {*REPEATED}


def test_options_are_those_of_the_run() -> None:
    given = {"--overlay": [str(ROOT / "a.yaml")], "--env-file": str(ROOT / ".env"), "--access": None}
    found = options_of(lambda name: given.get(name, False))
    assert found["overlay"] == ["a.yaml"]
    assert (found["env_file"], found["access"], found["allow_writes"]) == (".env", None, False)


@pytest.mark.parametrize("chosen", ["2", ADVICE.identity, "all"])
def test_recommendation_that_is_still_not_met_has_an_exit_code_of_its_own(chosen: str) -> None:
    assert "--strict" in arguments(SUMMARY, FILE, chosen, None)


def test_file_that_is_no_summary_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match=r"s\.json is not a summary of a run"):
        arguments({}, FILE, "1", None)
    assert main(["1", "--summary", str(tmp_path / "none.json")]) == 4
    assert capsys.readouterr().err.startswith("not tried: ")


def test_pytest_is_called_with_what_is_left_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "s.json").write_text(json.dumps(SUMMARY))
    calls: list[list[str]] = []

    def call(options: list[str]) -> int:
        calls.append(options)
        return 1

    monkeypatch.setattr(module, "run_pytest", call)
    assert main(["1", "--summary", str(tmp_path / "s.json"), "--env-file", "x"]) == 1
    assert calls[0][-2:] == ["--env-file", "x"]


def test_target_is_there_while_somebody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        assert is_there(url)
    assert not is_there(url)
    assert is_there("mock")


def test_target_that_went_away_and_is_back_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    states: Iterator[bool] = iter([True, True, False, False, True])
    monkeypatch.setattr(module, "is_there", lambda _: next(states))
    wait_for_change("http://127.0.0.1:1", lambda _: False)
    assert list(states) == []


def test_key_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "is_there", lambda _: True)
    wait_for_change("http://127.0.0.1:1", lambda _: True)


def test_watch_runs_until_it_is_interrupted_and_keeps_the_last_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    codes = iter([1, 1, 0])
    keys = iter([True, True])

    def key_pressed(_: float) -> bool:
        try:
            return next(keys)
        except StopIteration:
            raise KeyboardInterrupt from None

    assert watch(lambda: next(codes), "mock", key_pressed) == 0
    assert capsys.readouterr().out.splitlines() == ["Enter tries again, Ctrl-C ends."] * 3


def interrupted(_: float) -> bool:
    raise KeyboardInterrupt


def stdin_ended(_: float) -> bool:
    raise EOFError


@pytest.mark.parametrize(("there", "said"), [(True, "The target is up: "), (False, "The target is down: ")])
def test_watch_says_whether_the_target_is_up(
    *, there: bool, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "is_there", lambda _: there)
    assert watch(lambda: 1, "http://127.0.0.1:1", interrupted) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(said)
    assert line.endswith("Enter tries again, Ctrl-C ends.")


def test_watch_goes_on_where_stdin_has_ended(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    states = iter([True, True, True, False, True, True, True])

    def there(_: str) -> bool:
        try:
            return next(states)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(module, "is_there", there)
    monkeypatch.setattr(module, "LOOK_SECONDS", 0)
    codes = iter([1, 0])
    assert watch(lambda: next(codes), "http://127.0.0.1:1", stdin_ended) == 0
    lines = capsys.readouterr().out.splitlines()
    assert ["stdin has ended" in line.lower() for line in lines] == [False, True, True]


def test_watch_of_what_is_always_there_ends_with_stdin(capsys: pytest.CaptureFixture[str]) -> None:
    assert watch(lambda: 1, "mock", stdin_ended) == 1
    assert capsys.readouterr().out.splitlines()[-1] == (
        "Ended: stdin has ended, so that no Enter can come, and mock is always there."
    )
