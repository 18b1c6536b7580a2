"""A server that answers HEAD with a body: the request after it is answered well, and HEAD is named."""

from __future__ import annotations

import json
from pathlib import Path

from contracts.mock.http.api import MockApi
from contracts.model.exit_codes import ExitCode
from tests.chaos.fast_suite import behind, run
from tests.chaos.proxy import ProxiedExchange
from tests.support.suite_process import TWO, document

BODY = b"x" * 80


def head_gets_a_body(exchange: ProxiedExchange) -> None:
    """Answer HEAD as if it were GET."""
    exchange.send(exchange.forward() + BODY if exchange.request.startswith(b"HEAD ") else exchange.forward())


def test_body_of_an_answer_to_head_is_reported_for_head_and_gates_nothing(tmp_path: Path) -> None:
    summary = tmp_path / "summary.json"
    with behind(head_gets_a_body, MockApi(document())) as (_, arguments, environment):
        finished = run(tmp_path, *TWO, *arguments, "--summary", str(summary), environment=environment)
    assert finished.code == ExitCode.HELD, finished.output
    found = [finding for finding in json.loads(summary.read_text())["findings"] if finding["requirement"] == "RESP-06"]
    assert found
    assert all("then 80 bytes that belong to no response: xxx" in finding["observed"] for finding in found), (
        "no later one is blamed"
    )
    assert all("HEAD" in finding["curl"] or "-I" in finding["curl"] for finding in found)
