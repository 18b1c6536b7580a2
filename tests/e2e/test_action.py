"""The action, and the workflow around it: inputs become options, and exit codes the result of the job."""

from __future__ import annotations

import os
import re
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.harness.run.shards import Shard
from tests.support.factories import table
from tests.support.suite_process import ROOT

ACTION = ROOT / ".github" / "actions" / "conformance"
README = (ROOT / "README.md").read_text()
ADDRESS = "http://127.0.0.1:8123"
"""In the README."""


def step_environment() -> dict[str, str]:
    """Return the environment that the action gives its test step, for the inputs that the page names."""
    action = yaml.safe_load((ACTION / "action.yml").read_text())
    (step,) = yaml.safe_load(textwrap.dedent(re.findall(r"(?m)^ {4}- uses.*\n(?: {4}.*\n)+", README)[0]))
    assert step["with"].keys() <= action["inputs"].keys()
    values = {name: step["with"].get(name, one.get("default", "")) for name, one in action["inputs"].items()}
    (test,) = [step for step in action["runs"]["steps"] if step.get("id") == "test"]
    return {
        name: values[found[1]]
        for name, value in test["env"].items()
        if (found := re.fullmatch(r"\$\{\{ inputs\.(\S+) \}\}", value))
    }


@pytest.fixture
def step(tmp_path: Path) -> Callable[..., tuple[subprocess.CompletedProcess[str], list[str]]]:
    """Return a function that runs the action's test step with a command that only ends with a code."""

    def run(code: int, **more: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
        command, call = tmp_path / "command", tmp_path / "call"
        command.write_text(
            "#!/usr/bin/env bash\n"
            f"printf '%s\\n' \"$@\" \"${{SETTINGS-no settings}}\" > '{call}'\n"
            "mkdir -p conformance/results/latest && echo '# Verdict' > conformance/results/latest/summary.md\n"
            f"[[ ${{!#}} = /* ]] && cat \"${{!#}}\" > '{tmp_path / 'settings'}'\n"
            f"exit {code}\n"
        )
        command.chmod(0o755)
        files = {"GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
        done = subprocess.run(  # noqa: S603 - the action's script
            [str(ACTION / "test.sh")],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "COMMAND": str(command)} | step_environment() | files | more,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        return done, call.read_text().splitlines()

    return run


@table(
    "code, more, status, said",
    {
        "held": (0, {}, 0, ""),
        "violated": (1, {}, 1, "::error title=Contract broken::"),
        "could not tell": (6, {}, 0, "::warning title=Could not tell::"),
        "could not tell, which fails": (6, {"COULD_NOT_TELL": "fail"}, 6, "::warning title=Could not tell::"),
        "quality gate": (7, {}, 7, "::error title=Quality gate::"),
        "usage": (4, {}, 4, "::error title=Not tested::"),
    },
)
def test_action_gives_the_exit_code_its_result(
    code: int,
    more: dict[str, str],
    status: int,
    said: str,
    step: Callable[..., tuple[subprocess.CompletedProcess[str], list[str]]],
    tmp_path: Path,
) -> None:
    done, _ = step(code, **more)
    assert (done.returncode, done.stderr) == (status, "")
    assert (tmp_path / "output").read_text() == f"exit-code={code}\n"
    assert (tmp_path / "summary").read_text() == "# Verdict\n"
    assert said in done.stdout
    assert done.stdout.count("\n") == bool(said)


def test_action_passes_its_inputs_as_options(
    step: Callable[..., tuple[subprocess.CompletedProcess[str], list[str]]], tmp_path: Path
) -> None:
    common = ["run", "--out", "conformance", "--target", ADDRESS, "--profile", "nightly"]
    assert step(0)[1] == [*common, "--contract", "api/openapi.yaml", "--redact", "ids", "no settings"]
    _, call = step(
        0,
        CONTRACT="",
        REDACT="",
        PUBLISHED="https://x.example/openapi.yml",
        HISTORY="my history",
        KNOWN_ISSUES="known.yaml",
        OVERLAY="a b.yaml\n",
        OPERATIONS="get_*\nput_unit\n",
        SETTINGS="PROPEXO_UNIT_ID=u-1\nPROPEXO_LEAD_ID=l-1",
    )
    files = [
        "--published",
        "https://x.example/openapi.yml",
        "--history",
        "my history",
        "--known-issues",
        "known.yaml",
        "--overlay",
        "a b.yaml",
    ]
    assert call[:-2] == [*common, *files, "--operation", "get_*", "--operation", "put_unit", "--env-file"]
    assert not Path(call[-2]).exists(), "it holds secrets"
    assert (tmp_path / "settings").read_text() == "PROPEXO_UNIT_ID=u-1\nPROPEXO_LEAD_ID=l-1\n"


def test_workflow_has_the_inputs_of_the_action_and_hands_on_all_of_them() -> None:
    action = yaml.safe_load((ACTION / "action.yml").read_text())
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "conformance.yml").read_text())
    called = workflow[True]["workflow_call"]  # YAML 1.1 reads `on` as true
    given = called["inputs"].keys() | called["secrets"].keys()
    (step,) = [one for one in workflow["jobs"]["conformance"]["steps"] if one.get("id") == "conformance"]
    assert given == step["with"].keys() == action["inputs"].keys() - {"out"}
    assert step["uses"] == "$/.github/actions/conformance"
    defaults = {name: one.get("default") for name, one in called["inputs"].items()}
    assert defaults == {name: action["inputs"][name].get("default") for name in defaults}


def test_action_passes_a_shard(step: Callable[..., tuple[subprocess.CompletedProcess[str], list[str]]]) -> None:
    _, call = step(0, SHARD="2/5")
    assert call[call.index("--shard") + 1] == "2/5"


def test_action_merges_with_no_option_that_the_shards_have(
    step: Callable[..., tuple[subprocess.CompletedProcess[str], list[str]]],
) -> None:
    done, call = step(1, MERGE="shards", SETTINGS="A=b", KNOWN_ISSUES="known.yaml", SHARD="1/2")
    assert call == ["merge", "shards", "--out", "conformance", "--known-issues", "known.yaml", "no settings"]
    assert (done.returncode, "::error title=Contract broken::" in done.stdout) == (1, True)


def test_nightly_merges_all_shards_and_publishes_what_was_merged() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "nightly.yml").read_text())["jobs"]
    matrix = jobs["conformance"]["strategy"]["matrix"]
    shards = [Shard.parse(text) for text in matrix["shard"]]
    assert [shard.number for shard in shards] == list(range(1, shards[0].of + 1))
    assert {shard.of for shard in shards} == {len(shards)}
    assert jobs["report"]["strategy"]["matrix"]["target"] == matrix["target"]
    assert (jobs["report"]["needs"], jobs["publish"]["needs"]) == ("conformance", "report")
    (tested,) = [one for one in jobs["conformance"]["steps"] if "shard" in one.get("with", {})]
    steps = {one["name"]: one for one in jobs["report"]["steps"]}
    pattern = steps["Fetch the shards"]["with"]["pattern"]
    assert tested["with"]["artifact"].startswith(pattern.removesuffix("*"))
    assert steps["Merge them"]["env"]["KNOWN_ISSUES"] == tested["with"]["known-issues"]
    assert jobs["report"]["if"] == "${{ !cancelled() }}", "also where a shard failed"
    restored = {one["name"]: one for one in jobs["conformance"]["steps"]}["Restore the history"]["with"]
    assert (
        restored
        == steps["Restore the history"]["with"]
        == steps["Save the history"]["with"] | {"restore-keys": restored["restore-keys"]}
    )
    assert Path(tested["with"]["history"]).parent == Path(restored["path"]), "each shard compares with merged runs"
    assert tested["with"]["out"] != "conformance", "whose history is that of merged runs"


def test_gitlab_merges_all_shards_and_the_report_has_the_verdict() -> None:
    jobs = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())
    tested, report = jobs["conformance"], jobs["report"]
    (matrix,) = tested["parallel"]["matrix"]
    shards = [Shard.parse(text) for text in matrix["SHARD"]]
    assert [shard.number for shard in shards] == list(range(1, shards[0].of + 1))
    assert {shard.of for shard in shards} == {len(shards)}
    assert report["parallel"]["matrix"] == [{"TARGET": matrix["TARGET"]}]
    assert ([one["job"] for one in report["needs"]], jobs["pages"]["needs"][0]["job"]) == (["conformance"], "report")
    assert (report["rules"][0]["when"], tested["allow_failure"]) == ("always", True), "also where a shard failed"
    run, merge = (" ".join(job["script"]).split() for job in (tested, report))
    (folder,) = tested["artifacts"]["paths"]
    assert run[run.index("--out") + 1].startswith(f'"{folder}/$TARGET/')
    assert merge[merge.index("merge") + 1] == f'"{folder}/$TARGET"'
    assert run[run.index("--known-issues") + 1] == merge[merge.index("--known-issues") + 1]
    read, written = (job["cache"][0] for job in (tested, report))
    assert read == {"key": written["key"], "paths": written["paths"], "policy": "pull"}
    assert Path(run[run.index("--history") + 1]).parent == Path(written["paths"][0])
