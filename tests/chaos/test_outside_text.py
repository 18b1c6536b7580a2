"""A target that writes to the reader's terminal, to CI and to GitHub, or that echoes the token in disguise."""

from __future__ import annotations

import json
import re
import unicodedata
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from contracts.mock.data.state import State
from contracts.mock.http.api import MockApi
from contracts.model.exit_codes import ExitCode
from reports.cli.github_issue import commands
from tests.chaos.fast_suite import behind, run
from tests.chaos.proxy import Fault, ProxiedExchange
from tests.harness.cli import doctor
from tests.support.suite_process import QUICK, document, run_in_new_interpreter

ALPHABET = (
    "\x1b[31mred\x1b[8mgone\x1b]8;;https://evil.test\x1b\\link\x07\x9b2J\u202egnihton\u2066\u200b\ufeff\U000e0041\x00\r"
    "\n::error::it was us\n  ::add-mask::a\n##[error]no\n##vso[task.complete]\n"
    "@someone #1 GH-1 https://evil.test www.evil.test [a](https://evil.test) <b onclick=x>`` ```\n# Contract held\n"
    "';$(reboot)`reboot`\"&]]>"
)
"""What terminals, Unicode, CI systems, Markdown, HTML, XML and shells act on."""
PLAIN = "nothing but words"
EVERY_REPORT = ("--alluredir", "--summary", "--markdown", "--badge", "--har", "--history", "--log-file")


def saying(words: str) -> Fault:
    """Give a target that says something in each error, and in the ids of its jobs."""
    inside = json.dumps(words)[1:-1].encode()

    def fault(exchange: ProxiedExchange) -> None:
        head, _, body = exchange.forward().partition(b"\r\n\r\n")
        body = body.replace(b'"job_id":"', b'"job_id":"' + inside)
        body = body.replace(b'"message":"', b'"message":"' + inside)
        if re.match(rb"HTTP/1.1 4", head):
            head = re.sub(rb"HTTP/1.1 \d+ [^\r]*", b"HTTP/1.1 500 ::error::no", head)
            body = words.encode()
        head = re.sub(rb"(?i)content-length: *\d+", b"Content-Length: %d" % len(body), head)
        head += b"\r\nX-Note: " + re.sub("[\x00\r\n]", " ", words).encode()
        exchange.send(head + b"\r\n\r\n" + body)

    return fault


def outputs(folder: Path, fault: Fault) -> tuple[int, dict[str, str], dict[str, bytes]]:
    """Run with every report; return exit code, JUnit's verdicts, and every byte that was written, by file."""
    folder.mkdir()
    out = folder / "out"
    options = [part for option in EVERY_REPORT for part in (option, str(out / option.strip("-")))]
    with behind(fault, MockApi(document())) as (_, target, environment):
        finished = run(folder, *QUICK, *target, *options, "-rA", "--log-level=DEBUG", environment=environment)
    files = [file for file in (*out.rglob("*"), folder / "junit.xml") if file.is_file()]
    written = {str(file.relative_to(folder)): file.read_bytes() for file in files}
    written["output"] = finished.output.encode()
    return finished.code, {name.replace(":", ""): word for name, word in finished.verdicts.items()}, written


def acting(text: str) -> list[str]:
    """Return what of a text acts on a terminal, a reader's eye, or a CI system."""
    hidden = {one for one in text if unicodedata.category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"}} - {"\n", "\t"}
    orders = re.findall(r"(?m)^\s*::.*|##\[.*|##vso\[.*", text)
    return [*map(ascii, sorted(hidden)), *orders]


def test_nothing_that_a_target_says_acts(tmp_path: Path) -> None:
    code, verdicts, written = outputs(tmp_path / "hostile", saying(ALPHABET))
    plain_code, plain_verdicts, _ = outputs(tmp_path / "plain", saying(PLAIN))
    assert (code, verdicts) == (plain_code, plain_verdicts), "no verdict hangs on the words"
    assert code == ExitCode.VIOLATED
    found = {name: what for name, data in written.items() if (what := acting(data.decode()))}
    assert found == {}
    assert {name for name in written if "out/" in name} > {f"out/{option.strip('-')}" for option in EVERY_REPORT[1:]}
    markdown = written["out/markdown"].decode()
    body = commands(json.loads(written["out/summary"]), markdown, [])[0][-1]
    for text in (markdown, body):
        assert "evil.test" in text, "the report quotes what the target returned"
        assert not [said for said in rendered(text) if re.search(r"@someone|#1|evil|<b|Contract held", said)]


def rendered(markdown: str) -> Iterator[str]:
    """Yield what is shown outside of code, where GitHub makes links and mentions, and HTML."""
    for token in MarkdownIt("commonmark").parse(markdown):
        yield from (child.content for child in token.children or () if child.type != "code_inline")
        yield from [token.content] if token.type == "html_block" else []


def test_doctor_prints_inert_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "env").write_text("")
    with behind(saying(ALPHABET), MockApi(document())) as (_, target, _settings):
        doctor.main([*target, "--env-file", str(tmp_path / "env")])
    assert acting(capsys.readouterr().out) == []


TOKEN = b"kA9dQ2-m.X7~p_R4sT6wZ1bN8/c3"
SPELLINGS: dict[str, Callable[[bytes], bytes]] = {
    "itself": bytes,
    "capitals": bytes.upper,
    "small letters": bytes.lower,
    "backwards": lambda token: token[::-1],
    "hex": lambda token: token.hex().encode(),
    "base64": b64encode,
    "base64, one on": lambda token: b64encode(b"x" + token),
    "base64, two on": lambda token: b64encode(b"xx" + token),
    "base64 for URLs": lambda token: urlsafe_b64encode(b">>?" + token),
    "base64 twice": lambda token: b64encode(b64encode(token)),
    "markup": lambda token: b"<b>".join(bytes([one]) for one in token),
    "escapes": lambda token: b"".join(b"\\u%04x" % one for one in token),
}


def echoing(exchange: ProxiedExchange) -> None:
    """Be a target whose errors hold the token in every spelling, in a coding that nobody knows."""
    answer = exchange.forward()
    if not answer.startswith(b"HTTP/1.1 4"):
        exchange.send(answer)
        return
    body = b"\n".join(spell(TOKEN) for spell in SPELLINGS.values())
    head = b"HTTP/1.1 500 No\r\nContent-Type: text/plain\r\nContent-Encoding: sdch\r\nX-Token: " + TOKEN.upper()
    exchange.send(head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


@pytest.mark.parametrize("debug", [("--debug={}",), ()], ids=["to a file", "to the terminal"])
def test_token_is_found_in_any_spelling(debug: tuple[str, ...], tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = [part for option in EVERY_REPORT for part in (option, str(out / option.strip("-")))]
    tracing = [argument.format(tmp_path / "out-debug") for argument in debug]
    with behind(echoing, MockApi(document(), state=State(tokens=[TOKEN.decode()]))) as (_, target, environment):
        given = (
            environment
            | {"HYPOTHESIS_EXPERIMENTAL_OBSERVABILITY": "1", "TMPDIR": str(tmp_path)}
            | ({} if debug else {"PYTEST_DEBUG": "1"})
        )
        # Hypothesis reads its variable as it is imported.
        arguments = (*QUICK, *target, *options, *tracing, "--showlocals")
        finished = run_in_new_interpreter(tmp_path, *arguments, environment=given)
    assert finished.code == ExitCode.VIOLATED, finished.output[-3000:]
    (tmp_path / "terminal").write_text(finished.output)
    written = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert [file for file in tmp_path.rglob("observed/*") if file.stat().st_size], "Hypothesis observed something"
    reported = {name: spell(TOKEN) for name, spell in SPELLINGS.items()}
    assert [
        (str(file), name) for file, data in written.items() for name, text in reported.items() if text in data
    ] == []
