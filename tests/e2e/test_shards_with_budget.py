"""A budget that shards share: together they try what a run on one machine would; merging them writes the history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from contracts.mock.http.api import MockApi
from contracts.model.exit_codes import ExitCode
from reports.cli.merge import arguments
from reports.run.shard_results import MergedShards, files_in
from tests.support.factories import DOCUMENT
from tests.support.mocks import ForgetsMeta
from tests.support.suite_process import FinishedRun, run, serving

OPERATIONS = (
    "cancel_lead_appointment_rentmanager",
    "query_appointment_availability_rentmanager",
    "get_all_appointments",
)
OPTIONS = (
    *(option for name in OPERATIONS for option in ("--operation", name)),
    *("--profile", "quick", "--hypothesis-seed", "1", "--budget", "100"),
)
SHARDS = 2


def run_in(folder: Path, *options: str, environment: dict[str, str]) -> FinishedRun:
    folder.mkdir(parents=True)
    files = ("--summary", str(folder / "summary.json"), "--har", str(folder / "exchanges.har"))
    return run(folder, *options, *files, environment=environment)


def summary(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return found


def in_shards(folder: Path, history: Path, arguments_: tuple[str, ...], environment: dict[str, str]) -> FinishedRun:
    """Run the shards, and merge them."""
    for number in range(1, SHARDS + 1):
        here = folder / f"shard-{number}"
        part = ("--shard", f"{number}/{SHARDS}", "--shard-results", str(here / "shard.jsonl"))
        run_in(here, *OPTIONS, *part, *arguments_, "--history", str(history), environment=environment)
    return merge(folder, history)


def merge(folder: Path, history: Path, name: str = "merged") -> FinishedRun:
    options = arguments(MergedShards.of(files_in([folder])))
    return run_in(folder / name, *options, "--history", str(history), environment={})


def tried(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    return sorted((one["requirement"], one["operation"], one["verdict"]) for one in found["results"])


def without_times(rotation: dict[str, Any]) -> dict[str, Any]:
    return rotation | {"standing": [one["operation"] for one in rotation["standing"]], "oldest": None}


def turns(history: Path) -> list[dict[str, str]]:
    """Return the depth of each operation's turn, by run."""
    lines = [json.loads(line) for line in history.read_text().splitlines()]
    return [{name: turn["depth"] for name, turn in line["turns"].items()} for line in lines]


def test_shards_share_the_budget_of_one_run_and_take_turns(tmp_path: Path) -> None:
    alone, shared = tmp_path / "alone.jsonl", tmp_path / "shared.jsonl"
    with serving(ForgetsMeta(DOCUMENT)) as (of_one, its), serving(ForgetsMeta(DOCUMENT)) as (of_shards, theirs):
        for number in range(3):
            here = tmp_path / str(number)
            whole = run_in(here / "whole", *OPTIONS, *of_one, "--history", str(alone), environment=its)
            merged = in_shards(here, shared, of_shards, theirs)
            one, other = summary(here / "whole"), summary(here / "merged")
            assert (whole.code, merged.code) == (ExitCode.VIOLATED, ExitCode.VIOLATED), merged.output
            assert tried(one) == tried(other)
            assert without_times(one["rotation"]) == without_times(other["rotation"])
            runs = [file.read_text().splitlines() for file in (alone, shared)]
            assert [len(lines) for lines in runs] == [number + 1] * 2, "shards add nothing"
    assert turns(shared) == turns(alone)
    assert len({tuple(sorted(one.items())) for one in turns(shared)}) > 1, "the operations take turns"


def test_history_by_which_the_shards_did_not_plan_is_refused(tmp_path: Path) -> None:
    history = tmp_path / "history.jsonl"
    with serving(MockApi(DOCUMENT)) as (target, environment):
        assert in_shards(tmp_path / "run", history, target, environment).code == ExitCode.HELD
    again = merge(tmp_path / "run", history, "again")
    assert again.code == ExitCode.USAGE
    assert "The shards planned their turns by another history: name theirs with --history." in again.text
    assert len(history.read_text().splitlines()) == 1
