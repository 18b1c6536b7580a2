"""The files of shards: which of them are of one run, and what is wrong with the others, in a sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import UsageError
from contracts.model.exit_codes import ExitCode
from reports.cli.merge import arguments, main
from reports.run.shard_results import NAME, MergedShards, ShardEnd, ShardHead, files_in, line_of, read
from tests.support.factories import table
from tests.support.report_factories import CONFIG

SHARDS = {"cancel": 1, "read": 2}
HEAD = ShardHead(1, 2, CONFIG, "write", strict=False, selection=("", ""), known_issues="0" * 12, shards=SHARDS)
END = ShardEnd(0, "", leaked=False)
REPORT = {"nodeid": "t.py::test_x[ERR-01 GET /x]", "when": "call", "$report_type": "TestReport"}


def shard(folder: Path, number: int = 1, *reports: dict[str, Any], end: ShardEnd | None = END, **head: Any) -> Path:
    """Write the file of a shard into a folder of its own, and return that."""
    where = folder / f"{number}-{len(list(folder.iterdir()))}"
    where.mkdir()
    given = reports or (REPORT | {"nodeid": f"t.py::test_x[ERR-01 GET /{number}]"},)
    lines = [line_of(replace(HEAD, number=number, **head)), *map(line_of, given), *([line_of(end)] if end else [])]
    (where / NAME).write_text("".join(lines))
    return where


def merged(*folders: Path) -> MergedShards:
    return MergedShards.of(files_in(folders))


def test_shard_is_read_as_it_was_written(tmp_path: Path) -> None:
    end = ShardEnd(2, "stopped", leaked=True, not_judged=("a",), not_cancelled=("b",), not_written=("c",))
    found = read(shard(tmp_path, 1, REPORT, end=end) / NAME)
    assert (found.head, found.reports, found.end) == (HEAD, (REPORT,), end)
    assert found.stop == "shard 1 of 2 ended early: stopped"


@table(
    "end, stop",
    {
        "by itself": (END, ""),
        "by a signal": (replace(END, status=2, ended_by=("SIGTERM",)), "shard 1 of 2 ended early: SIGTERM"),
        "by Ctrl-C": (replace(END, status=2), "shard 1 of 2 ended early: it was interrupted"),
    },
)
def test_shard_says_why_it_ended_early(end: ShardEnd, stop: str, tmp_path: Path) -> None:
    assert read(shard(tmp_path, 1, end=end) / NAME).stop == stop


def test_shard_that_was_killed_has_what_was_whole_and_no_end(tmp_path: Path) -> None:
    file = shard(tmp_path, 1, REPORT, end=None) / NAME
    file.write_text(file.read_text() + '{"nodeid": "t.py')
    found = read(file)
    assert (found.reports, found.end, found.stop) == ((REPORT,), None, "shard 1 of 2 was killed")


def test_shards_of_one_run_are_joined_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    later = replace(CONFIG, began="2026-11-24T03:00:00+00:00", shard="1/2")
    found = merged(shard(tmp_path, 2), shard(tmp_path, 1, config=later))
    assert [one.head.number for one in found.shards] == [1, 2]
    assert found.config == replace(CONFIG, shard=""), "which began with the first of them"
    assert (found.stops, found.status) == ([], ExitCode.HELD)


def test_shards_are_found_below_a_folder(tmp_path: Path) -> None:
    shard(tmp_path, 1)
    shard(tmp_path, 2)
    assert [one.head.number for one in merged(tmp_path).shards] == [1, 2]
    assert len(files_in([tmp_path, tmp_path])) == 2, "each once"


def test_folder_without_a_shard_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no shard\.jsonl: name the folder that a run with --shard wrote to\."):
        merged(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[]", b'{"number": 1}', line_of(END).encode()])
def test_file_that_is_none_of_a_shard_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(UsageError, match=r"is not the file of a shard that this version of the suite wrote"):
        merged(tmp_path)


@table(
    "head, sentence",
    {
        "target": (
            {"config": replace(CONFIG, target="sandbox")},
            "the target of one is mock, and of the other ",
        ),
        "contract": ({"config": replace(CONFIG, contract="f" * 12)}, "the contract of one is 0123456789ab, and of"),
        "version": ({"config": replace(CONFIG, suite="9.9")}, "the version of the suite of one is 0.1.0, and of"),
        "profile": ({"config": replace(CONFIG, profile="deep")}, "the profile of one is quick, and of the other deep"),
        "seed": ({"config": replace(CONFIG, seed=6)}, "the seed of one is 5, and of the other 6"),
        "options": ({"config": replace(CONFIG, options={"access": "none"})}, "they differ in --access"),
        "number of shards": ({"of": 3}, "one is of 2 shards, and the other of 3"),
        "selection": ({"selection": ("AUTH-01", "")}, "they differ in -k, -m or --strict"),
        "strict": ({"strict": True}, "they differ in -k, -m or --strict"),
        "known issues": ({"known_issues": "1" * 12}, "their known issues differ"),
        "cut": ({"shards": {"cancel": 2, "read": 2}}, "their settings put an operation into another shard"),
    },
)
def test_shards_of_different_runs_are_refused(head: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="are no shards of one run, as ") as refused:
        merged(shard(tmp_path, 1, **head), shard(tmp_path, 2))
    assert sentence in str(refused.value)


def test_file_of_settings_may_be_elsewhere_on_another_machine(tmp_path: Path) -> None:
    elsewhere = replace(CONFIG, options={"env_file": "elsewhere/.env"})
    assert merged(shard(tmp_path, 1, config=elsewhere), shard(tmp_path, 2)).stops == []


def test_shard_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^Shard 2 of 2 is given twice, as .*/2-0/shard.* and .*/2-1/shard.*"):
        merged(shard(tmp_path, 2), shard(tmp_path, 2))


def test_check_that_two_shards_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"both have t\.py"):
        merged(shard(tmp_path, 1, REPORT), shard(tmp_path, 2, REPORT))


@table(
    "given, of, stops",
    {
        "one": ((1, 2, 4, 5), 5, ["of 5 shards, 3 is missing"]),
        "two": ((1, 2, 4), 5, ["of 5 shards, 3 and 5 are missing"]),
        "all but one": ((2,), 3, ["of 3 shards, 1 and 3 are missing"]),
        "one that has no operation": ((1, 2, 3, 4, 5), 6, []),
    },
)
def test_run_that_lacks_shards_was_interrupted(
    given: tuple[int, ...], of: int, stops: list[str], tmp_path: Path
) -> None:
    shards = {f"operation-{number}": number for number in range(1, min(of, 5) + 1)}
    found = merged(*(shard(tmp_path, number, of=of, shards=shards) for number in given))
    assert (found.stops, found.status) == (stops, ExitCode.INTERRUPTED if stops else ExitCode.HELD)


@table(
    "ends, status",
    {
        "both ended": ((END, replace(END, status=1)), ExitCode.HELD),
        "one was interrupted": ((END, replace(END, status=2, stop="SIGTERM")), ExitCode.INTERRUPTED),
        "one was killed": ((END, None), ExitCode.INTERRUPTED),
        "one has no check": ((END, replace(END, status=5)), ExitCode.HELD),
        "the suite failed in one": ((replace(END, status=3), None), ExitCode.SUITE_FAILED),
    },
)
def test_run_ended_as_its_worst_shard(ends: tuple[ShardEnd | None, ...], status: ExitCode, tmp_path: Path) -> None:
    shards = [shard(tmp_path, number, end=end) for number, end in enumerate(ends, start=1)]
    assert merged(*shards).status == status


def test_secret_in_one_shard_is_one_of_the_run(tmp_path: Path) -> None:
    assert merged(shard(tmp_path, 1), shard(tmp_path, 2, end=replace(END, leaked=True))).leaked


def test_outputs_are_found_from_the_folder_of_the_file_on_any_machine(tmp_path: Path) -> None:
    folder = shard(tmp_path, 1, files={"--har": "exchanges.har", "--alluredir": "allure"})
    (folder / "exchanges.har").touch()
    found = merged(folder)
    assert found.outputs("--har") == {"shard-0001": folder / "exchanges.har"}
    assert found.outputs("--alluredir") == found.outputs("--summary") == {}


def test_arguments_are_those_of_the_shards(tmp_path: Path) -> None:
    options = {"operation": ["a", "b"], "env_file": "my.env", "allow_production": True, "access": None}
    config = replace(CONFIG, options=options)
    one = shard(tmp_path, 1, config=config, selection=("ERR", "must"), strict=True)
    given = arguments(merged(one))
    assert given[:2] == ["--merge", str(one / NAME)]
    assert given[2:4] == ["--target", "mock"]
    assert given[given.index("--hypothesis-seed") + 1] == "5"
    assert given[-8:] == ["--allow-production", "--operation=a", "--operation=b", "-k", "ERR", "-m", "must", "--strict"]


def test_command_refuses_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(shard(tmp_path, 1)), str(shard(tmp_path, 1)), "--out", str(tmp_path / "out")]) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert said.startswith("not merged: Shard 1 of 2 is given twice, as ")
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_lines_are_json() -> None:
    assert json.loads(line_of(HEAD))["shards"] == SHARDS
