"""What `make mock` says of itself: the page, the commands on it, and the welcome on the terminal."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from html import unescape

import httpx
import pytest

from contracts.mock.__main__ import startup_banner
from contracts.mock.http.api import MockApi
from contracts.mock.http.serve import MockServer, serve
from contracts.mock.ui.curl_examples import curl
from contracts.mock.ui.index import IndexedApi, index
from contracts.openapi.document import Document
from tests.support.mock_client import DOCUMENT, GENERIC

DOCUMENTS = pytest.mark.parametrize("document", [DOCUMENT, GENERIC], ids=lambda document: document.title)
SERVER = MockServer("http://127.0.0.1:1", "s3cret", {"PROPEXO_EVENT_IDS": ("evt-1",)})


def run(command: str) -> int:
    """Send what curl would send; return the status."""
    _, _, _, method, url, *rest = shlex.split(command)
    pairs = list(zip(rest[::2], rest[1::2], strict=True))
    headers = dict(text.split(": ", 1) for flag, text in pairs if flag == "-H")
    return httpx.request(method, url, headers=headers, content=dict(pairs).get("-d", "").encode()).status_code


@DOCUMENTS
def test_page_shows_every_operation_and_every_value_to_anybody(document: Document) -> None:
    with serve(IndexedApi(document)) as server:
        answer = httpx.get(server.url)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    page = unescape(answer.text)
    for operation in document.operations:
        assert operation.summary in page
        assert operation.source in page
        assert curl(document, operation, server) in page
    assert {server.token, *(value for values in server.known.values() for value in values)} <= set(
        re.split(r"[<> ]", page)
    )


def test_page_loads_nothing_and_runs_nothing() -> None:
    with serve(IndexedApi(DOCUMENT)) as server:
        answer = httpx.get(server.url)
    assert answer.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert not re.search(r"<script|<link|<img|\ssrc=|@import|url\(", answer.text)


def test_page_is_only_where_it_was_asked_for() -> None:
    with serve(MockApi(DOCUMENT)) as server:
        assert httpx.get(server.url).status_code == 404
    with serve(IndexedApi(DOCUMENT)) as server:
        assert [httpx.request(method, server.url).status_code for method in ("HEAD", "POST")] == [404, 404]
        assert httpx.get(server.url + "/?x=1").status_code == 200


def test_page_escapes_what_the_document_says() -> None:
    operation = replace(DOCUMENT.operations[0], summary="<b>1 & 2</b>", source='javascript:"<x>"')
    document = replace(DOCUMENT, title="<i>'\"", operations=(operation,))
    page = index(document, SERVER)
    assert "&lt;b&gt;1 &amp; 2&lt;/b&gt;" in page
    assert not re.search(r"<b>|<i>|<x>|javascript:", page)


@DOCUMENTS
def test_commands_are_accepted_one_after_the_other(document: Document) -> None:
    with serve(IndexedApi(document)) as server:
        for operation in document.operations:
            expected = 404 if operation.job_status else 200 if operation.supported else 405
            assert run(curl(document, operation, server)) == expected, operation.id


def test_commands_use_a_record_once() -> None:
    with serve(MockApi(DOCUMENT)) as server:
        commands = [curl(DOCUMENT, operation, server) for operation in DOCUMENT.operations]
    used = [event for command in commands for event in server.known["PROPEXO_EVENT_IDS"] if event in command]
    assert len(used) == len(set(used)) == 6


def test_value_that_nobody_can_know_is_in_capitals() -> None:
    status = next(operation for operation in DOCUMENT.operations if operation.job_status)
    assert shlex.split(curl(DOCUMENT, status, SERVER))[4].endswith("/ROOT_JOB_ID")


def test_startup_banner_names_the_page_and_a_request() -> None:
    decided = startup_banner(GENERIC, SERVER).splitlines()
    assert decided[0] == f"{GENERIC.title}, served at {SERVER.url} until Ctrl-C"
    assert decided[1].endswith(f" {SERVER.url}/")
    assert {"# To paste into .env:", "PROPEXO_TOKEN=s3cret", "PROPEXO_EVENT_IDS=evt-1"} <= set(decided)
