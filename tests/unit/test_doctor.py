"""What the doctor sees: each thing that keeps a run from going well is one line that says what to do."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import trustme

from contracts.errors import UsageError
from contracts.mock.http.api import MockApi
from contracts.mock.http.rate_limit import RateLimit
from tests.harness.cli.doctor import MAX_NOT_JUDGED, main, tools
from tests.harness.cli.lines import Line
from tests.harness.cli.preflight_client import MAX_REQUESTS, TOTAL_SECONDS, PreflightClient, Unreachable, within
from tests.harness.cli.preflight_requests import harmless_request
from tests.harness.cli.target_checks import examine
from tests.harness.config.access import Access
from tests.harness.config.settings import Secret, Target, settings_from, tls_of
from tests.support.documents import answering as succeeding
from tests.support.documents import described, loaded, taking
from tests.support.factories import REQUIREMENTS, TOKEN, table
from tests.support.sockets import OK, ServerConnection, nobody, server_side
from tests.support.sockets import serving as serving_fake
from tests.support.suite_process import document, serving

DOCUMENT = document()


def target(url: str, token: str = TOKEN, access: Access = Access.WRITE, **known: tuple[str, ...]) -> Target:
    return Target("url", url, Secret(token), known, access)


def seen(of: Target, declared: Access | None = None) -> tuple[dict[str, Line], PreflightClient]:
    """Return the lines by their names, and the client that sent the requests."""
    client = PreflightClient(of, tls_of(settings_from([], {}, None), of.url))
    lines = list(examine(DOCUMENT, DOCUMENT.operations, REQUIREMENTS.values(), client, declared))
    assert len({line.name for line in lines}) == len(lines)
    return {line.name: line for line in lines}, client


class Watched(MockApi):
    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.asked: list[str] = []

    def answer(self, request: Any, body: bytes) -> Any:
        self.asked.append(request.method)
        return super().answer(request, body)


def test_target_that_is_well_has_no_problem_and_is_only_read() -> None:
    api = Watched(DOCUMENT)
    with serving(api) as ((_, url), environment):
        known = {name: tuple(value.split(",")) for name, value in environment.items() if name != "PROPEXO_TOKEN"}
        began = time.monotonic()
        lines, client = seen(target(url, environment["PROPEXO_TOKEN"], **known))
    assert [line for line in lines.values() if not line.ok] == []
    assert {"name", "TLS", "reachable", "token", "PROPEXO_INTEGRATION_ID", "to cancel", "limit"} <= set(lines)
    assert lines["to cancel"].detail.startswith("24 of the 24 records given are on the first page")
    assert set(api.asked) == {"GET"}
    assert client.sent == len(api.asked) < 10
    assert time.monotonic() - began < 10


def test_doctor_says_what_a_run_would_not_test(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "document.yaml"
    file.write_text(json.dumps(described(taking({"type": "object"}))))
    main(["--contract", str(file), "--target", "http://127.0.0.1:9", "--env-file", os.devnull])
    lines = [line for line in capsys.readouterr().out.splitlines() if line[9:].startswith("not judged")]
    assert any("need x-listing (LIST-" in line for line in lines)
    assert any("POST /things: valid requests are not sent" in line for line in lines)
    main(["--contract", str(file)])
    assert "valid requests are not sent" not in capsys.readouterr().out


def test_token_that_is_rejected_is_a_problem() -> None:
    with serving(MockApi(DOCUMENT)) as ((_, url), _):
        lines, _ = seen(target(url, "never-issued"))
    assert lines["token"].detail == "rejected with 401"
    assert lines["token"].hint == f"set PROPEXO_TOKEN to a token that {url} issued."


@table("declared, ok", {"undeclared": (None, False), "declared": (Access.NONE, True)})
def test_no_token_is_a_problem_unless_that_was_declared(declared: Access | None, *, ok: bool) -> None:
    with serving(MockApi(DOCUMENT)) as ((_, url), _):
        lines, _ = seen(target(url, access=Access.NONE), declared)
    assert lines["token"].ok is ok


@table("declared, ok", {"undeclared": (None, False), "declared": (Access.TOKEN, True)})
def test_missing_values_are_problems_unless_that_was_declared(declared: Access | None, *, ok: bool) -> None:
    with serving(MockApi(DOCUMENT)) as ((_, url), environment):
        lines, _ = seen(target(url, environment["PROPEXO_TOKEN"]), declared)
    assert all(line.ok for line in lines.values()) is ok
    assert ("PROPEXO_INTEGRATION_ID" in lines) is not ok


class KnowsNobody(MockApi):
    def answer(self, request: Any, body: bytes) -> Any:
        answer = super().answer(request, body)
        if "integration_id" in str(request.url):
            answer.status_code = 400
        return answer


def test_integration_that_is_not_known_is_a_problem() -> None:
    with serving(KnowsNobody(DOCUMENT)) as ((_, url), environment):
        lines, _ = seen(target(url, environment["PROPEXO_TOKEN"], PROPEXO_INTEGRATION_ID=("rm-other",)))
    assert lines["PROPEXO_INTEGRATION_ID"].hint == "set PROPEXO_INTEGRATION_ID to a value that the target knows."


def test_persons_are_enough_where_the_run_makes_its_own_records() -> None:
    with serving(MockApi(DOCUMENT)) as ((_, url), environment):
        known = {name: (value,) for name, value in environment.items() if name.endswith("_ID")}
        lines, _ = seen(target(url, environment["PROPEXO_TOKEN"], **known))
    assert lines["to cancel"] == Line("to cancel", "the run creates its own records, and cancels them")


def test_limit_that_others_use_up_is_a_problem() -> None:
    with serving(MockApi(DOCUMENT, limit=RateLimit(2, enforce=False))) as ((_, url), environment):
        lines, _ = seen(target(url, environment["PROPEXO_TOKEN"]), Access.TOKEN)
    assert lines["limit"].hint == "wait a minute: other clients use this token."


def answering(status: bytes):
    def answers(client: ServerConnection) -> None:
        while client.receive():
            client.send(OK.replace(b"200 OK", status))

    return answers


@table(
    "status, name, hint",
    {
        "down": (b"503 Unavailable", "reachable", "wait until the target is up again."),
        "anybody let in": (
            b"200 OK",
            "reachable",
            "it accepts requests without credentials: check that this is the API.",
        ),
        "not the API": (b"404 Not Found", "token", "check that the target is the API's base URL"),
        "elsewhere": (b"301 Moved", "token", "check that the target is the API's base URL"),
        "throttled": (b"429 Too Many", "token", "wait a minute"),
    },
)
def test_answer_that_is_not_as_it_should_be_is_a_problem(status: bytes, name: str, hint: str) -> None:
    with serving_fake(answering(status)) as server:
        lines, _ = seen(target(server.url), Access.TOKEN)
    assert lines[name].hint.startswith(hint)


def test_nobody_at_home_is_a_problem() -> None:
    lines, client = seen(target(nobody()))
    assert "check that the target is running" in lines["reachable"].hint
    assert client.sent == 1


def drips(client: ServerConnection) -> None:
    client.receive()
    client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not threading.Event().wait(0.02):
        client.send(b" ")


def test_answer_that_never_ends_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.harness.cli.preflight_client.MAX_ATTEMPT_SECONDS", 0.2)
    with serving_fake(drips) as server:
        lines, _ = seen(target(server.url))
    assert lines["reachable"].detail == "no answer in time"


def test_certificate_that_nobody_vouches_for_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with serving_fake(answering(b"401 No"), tls=server_side(trustme.CA(), "127.0.0.1")) as server:
        lines, _ = seen(target(server.url))
    assert "SSL_CERT_FILE" in lines["TLS"].hint
    assert not server.received


def test_certificate_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with serving_fake(answering(b"401 No"), tls=server_side(authority, "127.0.0.1")) as server:
        lines, _ = seen(target(server.url), Access.TOKEN)
    assert lines["TLS"].detail.startswith("TLSv1.2, certificate valid until ")


def test_name_that_does_not_resolve_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr("tests.harness.cli.target_checks.socket.getaddrinfo", unknown)
    lines, client = seen(target("https://api.test"))
    assert lines["name"].detail == "api.test does not resolve (Name or service not known)"
    assert "HTTPS_PROXY" in lines["name"].hint
    assert [name for name, line in lines.items() if not line.ok] == ["name"]
    assert client.sent == 0


def test_server_without_tls_is_one_problem_that_says_so() -> None:
    with serving(Watched(DOCUMENT)) as ((_, url), _):
        lines, client = seen(target(url.replace("http:", "https:")))
    assert lines["TLS"].detail == "the port answers, but not with TLS"
    assert lines["TLS"].hint == "use http://, or the port of 127.0.0.1 for https."
    assert [name for name, line in lines.items() if not line.ok] == ["TLS"]
    assert client.sent == 0


@table(
    "wanted, path",
    {
        "a listing": ("get_all_appointments", "/v1/appointments/"),
        "a write": ("cancel_lead_appointment_rentmanager", "/v1/events/appointments/leads/cancel/rentmanager"),
        "a read of one": ("get_write_status", "/v1/admin/write-status/"),
    },
)
def test_request_is_one_of_a_chosen_operation(wanted: str, path: str) -> None:
    chosen = [operation for operation in DOCUMENT.operations if operation.id == wanted]
    assert harmless_request(chosen, target("http://127.0.0.1:1")).target.startswith(path)


def test_token_in_the_clear_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving_fake(answering(b"401 No"), host="127.0.0.2") as server:
        lines, _ = seen(target(server.url))
    assert "use https" in lines["TLS"].hint


def test_nothing_is_asked_after_the_time_is_up() -> None:
    times = iter([0.0, *[TOTAL_SECONDS] * 99])
    client = PreflightClient(target(nobody()), None, clock=lambda: next(times))
    lines = list(examine(DOCUMENT, DOCUMENT.operations, REQUIREMENTS.values(), client, None))
    assert lines[-1].detail == "no time was left for a request"
    assert client.sent == 0


def test_no_more_is_asked_than_allowed() -> None:
    with serving_fake(answering(b"200 OK")) as server:
        lines, client = seen(target(server.url, **{f"PROPEXO_{name}_ID": ("x",) for name in ("LEAD", "RESIDENT")}))
    assert client.sent <= MAX_REQUESTS < 10
    assert lines


def test_slow_call_is_left_alone() -> None:
    with pytest.raises(Unreachable, match="no answer in time"):
        within(0.05, threading.Event().wait)
    with pytest.raises(ValueError, match="ours"):
        within(1, lambda: int("ours"))


def test_tools_are_reported(tmp_path: Path) -> None:
    lines = {line.name: line for line in tools(tmp_path)}
    assert lines["node"].detail.startswith("v")
    assert "by the first report" in lines["allure"].detail
    package = tmp_path / "reports" / "site" / "node_modules" / "allure" / "package.json"
    package.parent.mkdir(parents=True)
    package.write_text("{}")
    assert {line.name: line.detail for line in tools(tmp_path)}["allure"] == "installed"


def test_problem_says_what_to_do() -> None:
    assert str(Line("token", "refused", "give another.")).splitlines() == [
        "problem  token                   refused",
        "                                 What to do: give another.",
    ]


def test_settings_that_cannot_be_used_are_a_problem(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setenv("PROPEXO_TOKEN", f"Bearer {TOKEN}")
    assert main(["--target", nobody(), "--env-file", os.devnull]) == 1
    printed = capsys.readouterr().out
    assert "PROPEXO_TOKEN holds characters that no bearer token has" in printed
    assert TOKEN not in printed


@pytest.mark.parametrize(("arguments", "all_listed"), [((), False), (("-v",), True)])
def test_parts_that_are_not_judged_are_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], *, all_listed: bool
) -> None:
    dangling = {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/nowhere"}}}}}
    paths = {f"/{number}": {"post": dangling | {"responses": {}}} for number in range(MAX_NOT_JUDGED)}
    none = succeeding({"type": "integer", "minimum": 5, "maximum": 1})
    loaded(tmp_path, described(paths=paths | {"/a": {"get": none}, "/b": {"get": succeeding({"type": "string"})}}))
    main(["--contract", str(tmp_path / "document.yaml"), "--env-file", os.devnull, *arguments])
    lines = [line for line in capsys.readouterr().out.splitlines() if line[9:].startswith("not judged")]
    assert ("GET /a: the mock finds no value" in lines[-1]) == all_listed
    assert ("more: -v lists them" in lines[-1]) != all_listed
    assert (len(lines) > MAX_NOT_JUDGED + 1) == all_listed


@table(
    "paths, method, target",
    {
        "a read": ({"/a/{id}": {"get": {}}, "/b": {"get": {}, "post": succeeding({})}}, "GET", "/b"),
        "a read of one thing": ({"/a/{id}": {"get": {}, "delete": {}}}, "GET", "/a/x"),
        "no read at all": ({"/a/{id}": {"delete": {}}}, "GET", "/a/x"),
    },
)
def test_any_document_has_a_request_that_does_nothing(tmp_path: Path, paths, method: str, target: str) -> None:
    document = loaded(tmp_path, described(paths=paths))
    request = harmless_request(document.operations, Target("here", "http://127.0.0.1:1", None, {}))
    assert (request.method, request.target, request.body) == (method, target, None)


@pytest.mark.parametrize("fails", [True, False])
def test_doctor_says_whether_redis_can_count(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, fails: bool
) -> None:
    def counter(_: object) -> None:
        if fails:
            raise UsageError("Redis at cache:6379 cannot count.")

    monkeypatch.setattr("tests.harness.cli.doctor.counter_for", counter)
    monkeypatch.setenv("PROPEXO_REDIS_URL", "redis://:not-to-be-shown@cache")
    main(["--target", nobody(), "--env-file", os.devnull])
    said = capsys.readouterr().out
    (line,) = [line for line in said.splitlines() if line[9:].startswith("redis")]
    assert line.startswith("problem" if fails else "ok")
    assert ("What to do: Redis at cache:6379 cannot count." in said) is fails
    assert "not-to-be-shown" not in said
