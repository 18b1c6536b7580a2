"""A target that never answers some requests, and takes its time over others: only the first are held against it."""

from __future__ import annotations

import json
from collections import Counter
from itertools import count
from pathlib import Path

from contracts.mock.http.api import MockApi
from contracts.model.exit_codes import ExitCode
from contracts.model.http import CONTROL
from contracts.model.verdict import INTERMITTENT
from contracts.untrusted import strict_json
from tests.chaos.fast_suite import behind, run
from tests.chaos.proxy import Fault, ProxiedExchange
from tests.harness.http.retry_policy import NOTHING_IN_TIME, SENDS_BY_FAULT
from tests.harness.run.budget import MAX_UNANSWERED
from tests.support.suite_process import QUICK, document

SLOW_SECONDS = 3.0
SLOW_EVERY = 6


def never_answers_malformed_json_and_is_slow_to_others(silent: list[bytes]) -> Fault:
    """Return the fault; it notes the requests that got no answer."""
    turns = count()

    def fault(exchange: ProxiedExchange) -> None:
        head, _, body = exchange.request.partition(b"\r\n\r\n")
        if b"chunked" not in head and not strict_json.read(body or b"{}").strict:
            silent.append(exchange.request)
            exchange.stall()
        elif next(turns) % SLOW_EVERY == 0:
            answer = exchange.forward()
            exchange.proxy.closed.wait(SLOW_SECONDS / exchange.proxy.speedup)
            exchange.send(answer)
        else:
            exchange.pass_through()

    return fault


def test_slow_answers_are_answers_however_many_others_never_came(tmp_path: Path) -> None:
    summary = tmp_path / "summary.json"
    silent: list[bytes] = []
    fault = never_answers_malformed_json_and_is_slow_to_others(silent)
    with behind(fault, MockApi(document())) as (_, arguments, environment):
        finished = run(tmp_path, *QUICK, *arguments, "--summary", str(summary), environment=environment)
    assert finished.code == ExitCode.VIOLATED, finished.output
    assert finished.named("failure") >= {"RESP-06"}
    unanswered = [
        found for found in json.loads(summary.read_text())["findings"] if NOTHING_IN_TIME in found["observed"]
    ]
    assert unanswered
    mutations = [mutation for found in unanswered for mutation in found["edits"]]
    assert not {CONTROL, INTERMITTENT} & {*mutations}, "no slow answer was taken for a silence"
    assert set(Counter(silent).values()) == {SENDS_BY_FAULT[NOTHING_IN_TIME]}, "a silence is confirmed once"
    sent_by = [found for found in unanswered if found["requirement"] != "RESP-06"]  # which judges what all of them sent
    assert sent_by
    assert max(len(found["edits"]) for found in sent_by) <= MAX_UNANSWERED
