"""A published document that is at an address: whatever is there instead is one sentence, and no credential is shown."""

from __future__ import annotations

import gzip
import json
import logging
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from contracts.errors import ContractError
from contracts.model.exit_codes import ExitCode
from contracts.untrusted.bounded_files import MAX_CONTRACT_FILE_BYTES
from reports.cli import drift as command
from reports.site.published_address import PublishedAddress
from reports.site.published_document import compare_in_run
from tests.support.suite_process import TWO, run

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "paths": {"/x": {"get": {"responses": {"200": {"description": "Done"}}}}},
}
USER, PASSWORD, QUERY = "vendor-user", "hunter2%40", "token=tok-in-the-query"
SECRETS = (USER, PASSWORD, "hunter2@", QUERY, b64encode(f"{USER}:hunter2@".encode()).decode())
LARGEST = MAX_CONTRACT_FILE_BYTES // 10**6
Answer = Callable[[BaseHTTPRequestHandler], None]


def answers(body: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def redirects(handler: BaseHTTPRequestHandler) -> None:
    """Redirect /moved to /openapi.json, and each other path to itself."""
    if handler.path == "/openapi.json":
        answers(json.dumps(DOCUMENT).encode())(handler)
    else:
        answers(b"", 302, location="/openapi.json" if handler.path == "/moved" else handler.path)(handler)


def drips(part: bytes, start: bytes) -> Answer:
    """Send the start at once, and then the part every 50 ms, without an end."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        with suppress(OSError):
            handler.wfile.write(start)
            for _ in range(200):
                handler.wfile.write(part)
                time.sleep(0.05)

    return answer


def protected(handler: BaseHTTPRequestHandler) -> None:
    """Answer who knows user, password and query."""
    given = handler.headers.get("authorization") == f"Basic {SECRETS[-1]}" and handler.path.endswith(f"?{QUERY}")
    answers(json.dumps(DOCUMENT).encode(), 200 if given else 401)(handler)


class Published(BaseHTTPRequestHandler):
    """Answers as `answer` does."""

    answer: Answer = staticmethod(answers(b"", 404))

    def do_GET(self) -> None:
        type(self).answer(self)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Published) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/openapi.json"
        server.shutdown()
        thread.join()


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    file = tmp_path / "contract.json"
    file.write_text(json.dumps(DOCUMENT))
    return file


def compared(contract: Path, published: str) -> int:
    return command.main([published, "--contract", str(contract), "--out", str(contract.parent)])


@pytest.mark.parametrize(
    "answer",
    [
        answers(json.dumps(DOCUMENT).encode()),
        answers(gzip.compress(json.dumps(DOCUMENT).encode()), content_encoding="gzip"),
        redirects,
    ],
    ids=["plain", "gzip", "redirected"],
)
def test_document_is_read(
    answer: Answer, address: str, contract: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Published, "answer", staticmethod(answer))
    assert compared(contract, address.replace("openapi.json", "moved")) == ExitCode.HELD
    assert "No change: 1 operation compared." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (answers(b"", 404), "{} answered 404: name an OpenAPI document."),
        (answers(b"", 204), "{} answered 204: name an OpenAPI document."),
        (answers(b"[1]"), "{} is not an OpenAPI 3.0 or 3.1 document: its `openapi` is missing."),
        (answers(b"\n<!DOCTYPE html><p>openapi.yml"), "{} is a page for browsers: name the OpenAPI document itself."),
        (answers(b"x" * 5_000_001), f"{{}} has more than {LARGEST} MB: name an OpenAPI document."),
        (
            answers(gzip.compress(b"x" * 50_000_000), content_encoding="gzip"),
            f"{{}} has more than {LARGEST} MB: name an OpenAPI document.",
        ),
        (answers(b"openapi", content_encoding="gzip"), "{} is no valid gzip: try again later."),
        (
            answers(gzip.compress(b"openapi")[:-9], content_encoding="gzip"),
            "{} ended in the middle of its gzip: try again later.",
        ),
        (
            answers(b"openapi", content_encoding="gzip, gzip"),
            "{} comes encoded as gzip, gzip, which was not asked for: name an OpenAPI document.",
        ),
    ],
    ids=["404", "204", "no document", "page", "large", "bomb", "no gzip", "cut gzip", "gzip twice"],
)
def test_what_is_no_document_is_one_sentence(
    answer: Answer,
    sentence: str,
    address: str,
    contract: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(Published, "answer", staticmethod(answer))
    assert compared(contract, address) == ExitCode.USAGE
    assert capsys.readouterr().err == f"not compared: {sentence.format(address)}\n"


@pytest.mark.parametrize("published", ["http://127.0.0.1:1/x", "http://[", "HTTP://127.0.0.1:1", "http://a:b:c@d:e"])
def test_address_without_a_document_is_one_sentence(
    published: str, contract: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compared(contract, published) == ExitCode.USAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("not compared: ")
    assert line.endswith("name an OpenAPI document.")
    assert "a:b:c" not in line


def test_redirects_without_an_end_are_one_sentence(
    address: str, contract: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Published, "answer", staticmethod(redirects))
    assert compared(contract, address.replace("openapi", "elsewhere")) == ExitCode.USAGE
    assert "cannot be read (Exceeded maximum allowed redirects.): name an OpenAPI document." in capsys.readouterr().err


@pytest.mark.parametrize(
    "answer",
    [
        drips(b"x", b"HTTP/1.1 200 OK\r\n\r\n"),
        drips(b"x-a: b\r\n", b"HTTP/1.1 200 OK\r\n"),
        drips(b"a", b"HTTP/1.1 200 OK\r\nx-a: "),
    ],
    ids=["body", "headers", "one header"],
)
def test_document_that_drips_ends_in_a_total_time(
    answer: Answer, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Published, "answer", staticmethod(answer))
    began = time.monotonic()
    with pytest.raises(ContractError) as error:
        PublishedAddress.parse(address).fetch(seconds=0.5)
    assert str(error.value) == f"{address} was not read within 0.5 seconds: try again later."
    assert time.monotonic() - began < 3


def test_credentials_are_sent_and_stand_nowhere(
    address: str,
    contract: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(Published, "answer", staticmethod(protected))
    secret = address.replace("http://", f"http://{USER}:{PASSWORD}@") + f"?{QUERY}"
    assert compared(contract, secret) == ExitCode.HELD
    assert f"published  {address}?…, " in capsys.readouterr().out
    written = "".join(file.read_text() for file in (contract.parent / "results").iterdir())
    assert [one for one in SECRETS[:3] if one in written + caplog.text] == []
    assert QUERY not in written


@pytest.mark.parametrize("fault", [answers(b"", 404), answers(b"[1]"), redirects, answers(b"x: [")])
def test_credentials_stand_in_no_failure(
    fault: Answer, address: str, contract: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Published, "answer", staticmethod(fault))
    there = address.replace("openapi", "other").replace("http://", f"http://{USER}:{PASSWORD}@")
    for secret in (
        f"{there}?{QUERY}",
        f"http://{USER}:{PASSWORD}@127.0.0.1:1/?{QUERY}",
        f"http://{USER}:{PASSWORD}@x:y",
    ):
        failed = compare_in_run(contract, [], secret)
        assert failed.failure
        assert [one for one in SECRETS if one in repr(failed)] == []


def test_credentials_of_an_address_too_many_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["openapi.yml", f"https://{USER}:{PASSWORD}@vendor.example/openapi.yml", "--contrct", "x"])
    assert ended.value.code != 0
    said = capsys.readouterr().err
    assert "unrecognized arguments: https://vendor.example/openapi.yml --contrct x" in said
    assert [one for one in SECRETS if one in said] == []


def test_credentials_stand_in_no_output_of_a_run(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Published, "answer", staticmethod(protected))
    secret = address.replace("http://", f"http://{USER}:{PASSWORD}@") + f"?{QUERY}"
    files = ("--summary", str(tmp_path / "summary.json"), "--alluredir", str(tmp_path / "allure"))
    finished = run(tmp_path, *TWO, "--profile", "quick", "-k", "ERR-01", *files, "--published", secret)
    assert finished.code == ExitCode.HELD, finished.output
    assert json.loads((tmp_path / "summary.json").read_text())["drift"]["published"].startswith(f"{address}?…, ")
    written = [file.read_bytes().decode(errors="replace") for file in tmp_path.rglob("*") if file.is_file()]
    assert [one for one in SECRETS if one in "".join([finished.output, *written])] == []
