"""The token is planted wherever a run could pick it up, and looked for in every byte that the run leaves behind."""

import json
import re
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import pytest

from contracts.mock.http.api import MockApi
from reports.redaction.scan import CANARY
from tests.support.factories import SECRET, table
from tests.support.mocks import ForgetsMeta
from tests.support.suite_process import document, run, serving

PLANT = f"""
import json, logging, os, sys, threading, warnings
from base64 import b64encode
from urllib.parse import quote

import allure
import pytest

SECRET = os.environ["PROPEXO_TOKEN"]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item):
    if "AUTH-01" in item.nodeid:
        local = {{"Authorization": "Bearer " + SECRET}}
        print("printed", SECRET)
        print("to stderr", quote(SECRET, safe=""), file=sys.stderr)
        if item.config.getoption("capture") == "fd":
            os.write(1, f"to the descriptor {{SECRET}}\\n".encode())
        logging.getLogger("third party").warning("logged %s", SECRET)
        warnings.warn("warned " + SECRET)
        allure.attach(json.dumps(SECRET).replace("/", "\\\\/"), name="JSON", extension="json")
        allure.attach(b64encode(b"Basic x:" + SECRET.encode()), name="base64", extension="bin")
        with open(os.environ["PLANTED"], "w") as file:
            file.write(SECRET)
        allure.attach.file(os.environ["PLANTED"], name="file")
        item.user_properties.append(("property", SECRET))
        with allure.step("step " + SECRET):
            assert SECRET == "something else", local
    if "AUTH-02" in item.nodeid:
        raise RuntimeError("cause " + SECRET) from ValueError(SECRET.encode())
    if "AUTH-03" in item.nodeid:
        assert {{name: value for name, value in os.environ.items() if name != "{CANARY}"}} == {{}}
    if "AUTH-04" in item.nodeid:
        pytest.skip("skipped for " + SECRET)
    if "AUTH-05" in item.nodeid:
        threading.Thread(target=lambda: 1 / 0 if SECRET else None, name=SECRET).start()


def pytest_unconfigure():
    print("at the end", SECRET)
"""


def planted(folder: Path, *arguments: str, set_canary: str = PLANT) -> tuple[int, dict[str, bytes]]:
    """Run with the plant; return the exit code, and every byte that was written, by file."""
    plugin, out, temporary = folder / "plugin", folder / "out", folder / "tmp"
    for made in (plugin, out, temporary):
        made.mkdir()
    (plugin / "plant.py").write_text(set_canary)
    chosen = ("--profile", "quick", "--operation", "cancel_lead*", "-k", "AUTH-0", "-p", "plant", "--showlocals")
    files = ("--alluredir", str(out / "allure"), "--log-file", str(out / "log"), "--summary", str(out / "summary.json"))
    with serving(MockApi(document())) as (target, environment):
        finished = run(
            out,
            *(*chosen, *files, *target, *arguments),
            environment=environment
            | {
                "PROPEXO_TOKEN": SECRET,
                "PYTHONPATH": str(plugin),
                "TMPDIR": str(temporary),
                "PLANTED": str(folder / "planted.txt"),
            },
        )
    written = {str(file.relative_to(folder)): file.read_bytes() for file in _files(out, temporary)}
    return finished.code, written | {"terminal": finished.output.encode()}


def _files(*folders: Path) -> list[Path]:
    return [file for folder in folders for file in folder.rglob("*") if file.is_file()]


def holders(written: dict[str, bytes]) -> list[str]:
    """Return where the token stands, in any form, looked for without the redactor."""
    base64 = b64encode(b"Basic x:" + SECRET.encode())[12:-4]
    forms = (
        SECRET.encode(),
        quote(SECRET, safe="").encode(),
        SECRET.replace("/", "\\/").encode(),
        base64,
        b"pl4nted/Tok",
    )
    return [name for name, data in written.items() if any(form in data for form in forms)]


@table(
    "arguments",
    {"alone": ((),), "captured nothing": (("-s",),), "in colour": (("--color=yes",),), "with workers": (("-n", "2"),)},
)
def test_no_byte_of_a_run_holds_the_token(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    code, written = planted(tmp_path, *arguments)
    assert code == 3, written["terminal"].decode()
    assert holders(written) == []
    for name in ("terminal", "out/junit.xml", "out/log"):
        assert b"${PROPEXO_TOKEN}" in written[name], f"{name} tells nothing: {written[name].decode()}"
    attached = [data for name, data in written.items() if "attachment" in name]
    assert len(attached) >= 3
    assert any(b"${PROPEXO_TOKEN}" in data for data in attached)
    assert [json.loads(data) for name, data in written.items() if name.endswith("result.json")]


def test_path_that_holds_a_part_of_the_token_is_no_leak(tmp_path: Path) -> None:
    with serving(ForgetsMeta(document())) as (target, environment):
        token = environment["PROPEXO_TOKEN"]
        file = tmp_path / f"{token[: len(token) // 2 + 1]}.json"
        chosen = ("--profile", "quick", "--operation", "cancel_lead*", "-k", "RESP-01", "--summary", str(file))
        finished = run(tmp_path, *chosen, *target, environment=environment)
    assert finished.code == 1, finished.output


def test_environment_that_is_written_as_a_whole_fails_the_run(tmp_path: Path) -> None:
    dump = """
import os, pytest, allure

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item):
    if "AUTH-01" in item.nodeid:
        allure.attach(repr(dict(os.environ)), name="environment")
"""
    assert CANARY not in dump
    code, written = planted(tmp_path, set_canary=dump)
    assert code == 3
    assert holders(written) == []
    sentence = re.search(rb"ERROR: (\S+) contains the canary of the environment: delete it", written["terminal"])
    assert sentence is not None, written["terminal"].decode()
    assert b"Could not tell: a secret was written - " in written["terminal"]
    assert b"Exit code 3: a secret was written: please report it." in written["terminal"]


@pytest.mark.parametrize("end", ["", ":port", "/a b"], ids=["credentials", "port that is none", "space"])
def test_password_in_a_target_is_written_nowhere(tmp_path: Path, end: str) -> None:
    target = f"http://user:p4ssw0rd@127.0.0.1:9{end}"
    finished = run(tmp_path, "--target", target, f"--debug={tmp_path / 'debug'}", "--log-file", str(tmp_path / "log"))
    assert finished.code == 4, finished.output
    assert "--target takes a" in finished.output.replace("takes mock, sandbox or a", "takes a")
    written = {file.name: file.read_text() for file in tmp_path.iterdir() if file.is_file()} | {"": finished.output}
    assert "debug" in written
    assert [name for name, text in written.items() if "p4ssw0rd" in text] == []


def test_run_that_gives_nothing_away_is_not_failed(tmp_path: Path) -> None:
    with serving(MockApi(document())) as (target, environment):
        arguments = (
            "--profile",
            "quick",
            "--operation",
            "cancel_lead*",
            "-k",
            "AUTH-0",
            "--alluredir",
            str(tmp_path / "a"),
        )
        finished = run(tmp_path, *target, *arguments, environment=environment)
    assert finished.code == 0, finished.output


def test_run_hides_ids(tmp_path: Path) -> None:
    with serving(ForgetsMeta(document())) as (target, environment):
        chosen = (
            "--profile",
            "quick",
            "--operation",
            "cancel_lead*",
            "-k",
            "RESP-01",
            "--alluredir",
            str(tmp_path / "a"),
        )
        shown = run(tmp_path, *target, *chosen, environment=environment)
        hidden = run(tmp_path, *target, *chosen, "--redact", "ids", environment=environment)
    ids = [value for name in ("PROPEXO_EVENT_IDS", "PROPEXO_INTEGRATION_ID") for value in environment[name].split(",")]
    assert (shown.code, hidden.code) == (1, 1)
    assert any(value in shown.output for value in ids)
    assert not [value for value in ids if value in hidden.output]
