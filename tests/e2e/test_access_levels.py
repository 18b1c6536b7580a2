"""What a run does at each access level, and what a rejection shows without an accepted control."""

import re
from pathlib import Path
from typing import Any

from contracts.mock.http.api import MockApi
from tests.support.factories import CANCEL, table
from tests.support.sockets import ServerConnection
from tests.support.sockets import serving as serving_fake
from tests.support.suite_process import TWO, FinishedRun, document, run, serving


class Watched(MockApi):
    """Keeps the credential and the answer of every request."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.credentials: list[str] = []
        self.writes = 0

    def authorise(self, request: Any) -> None:
        self.credentials.append(request.headers.get("authorization", ""))
        super().authorise(request)

    def accept(self, *given: Any) -> Any:
        self.writes += 1
        return super().accept(*given)


def tried(folder: Path, api: MockApi, *arguments: str, without: tuple[str, ...] = ()) -> FinishedRun:
    with serving(api) as (target, environment):
        kept = {name: value for name, value in environment.items() if name not in without}
        return run(folder, *TWO, *target, "--profile", "quick", *arguments, environment=kept)


MAX_LINES_WITHOUT_A_TOKEN = 62
"""Each of the errors would take two."""


def test_run_without_a_token_tries_rejections_and_could_not_tell_the_rest(tmp_path: Path) -> None:
    api = Watched(document())
    finished = tried(tmp_path, api, without=("PROPEXO_TOKEN",))
    assert finished.code == 6, finished.output
    assert {"AUTH-01", "AUTH-02", "AUTH-07", "AUTH-10"} <= finished.named("passed") - finished.named("error")
    assert {"AUTH-03", "RESP-01", "ERR-01", "JOB-01"} <= finished.named("error")
    needing = finished.output.partition("PROPEXO_TOKEN is not set, and ")[2].partition(" of ")[0]
    assert int(needing) == len([name for name, word in finished.verdicts.items() if word == "error"])
    undecided = finished.text.partition(f"Could not tell: {needing} of {len(finished.verdicts)} checks")[2]
    assert f"{needing} checks on 2 operations: No control request can be made: set PROPEXO_TOKEN. (The" in undecided
    assert ".)." not in undecided
    assert len(finished.output.splitlines()) < MAX_LINES_WITHOUT_A_TOKEN
    assert "Access none: " in finished.output
    assert api.writes == 0


def test_declared_level_uses_no_more_and_reports_how_much_ran(tmp_path: Path) -> None:
    api = Watched(document())
    finished = tried(tmp_path, api, "--access", "none")
    assert finished.code == 0, finished.output
    assert not finished.named("error")
    counts = re.search(r"Access none: enough for (\d+) of (\d+) checks", finished.output)
    assert counts is not None
    held = [name for name, word in finished.verdicts.items() if word == "passed"]
    assert [int(number) for number in counts.groups()] == [len(held), len(finished.verdicts)]
    assert api.credentials
    assert not [sent for sent in api.credentials if api.state.tokens[0] in sent]


def test_token_alone_judges_rejections_and_writes_nothing(tmp_path: Path) -> None:
    api = Watched(document())
    finished = tried(tmp_path, api, "--access", "token")
    assert finished.code == 0, finished.output
    assert {"AUTH-01", "AUTH-03", "AUTH-04", "AUTH-11", "ERR-01", "ERR-02", "ERR-03", "ERR-05"} <= finished.named(
        "passed"
    )
    assert {"RESP-01", "RESP-08", "JOB-01"} <= finished.named("skipped")
    assert api.writes == 0


def test_token_alone_that_is_rejected_ends_the_run(tmp_path: Path) -> None:
    with serving(MockApi(document())) as (target, _):
        finished = run(tmp_path, *TWO, *target, environment={"PROPEXO_TOKEN": "never-issued-by-anybody"})
    assert finished.code == 6, finished.output
    assert "rejects the token in PROPEXO_TOKEN" in finished.text


class RefusesEverything(MockApi):
    """Has never heard of the made-up integration, and says so before it looks at anything else."""

    def errors(self, *_: Any) -> Any:
        return []

    def unknown_values(self, *_: Any) -> Any:
        return [{"code": "custom", "path": [], "message": "unknown integration"}]


def test_rejection_that_may_be_for_placeholder_values_does_not_count_for_the_mutation(tmp_path: Path) -> None:
    finished = tried(tmp_path, RefusesEverything(document()), "-k", "ERR-01 or ERR-02", without=("PROPEXO_EVENT_IDS",))
    assert finished.code == 6, finished.output
    assert not finished.named("passed")


class TakesAnything(MockApi):
    def errors(self, *_: Any) -> Any:
        return []

    def unknown_values(self, *_: Any) -> Any:
        return []


class TakesAnyToken(MockApi):
    def token_is_known(self, _: str) -> bool:
        return True


class TakesAll(TakesAnyToken, TakesAnything):
    pass


@table(
    "faulty, access, requirement",
    {"body": (TakesAnything, "token", "ERR-02"), "token": (TakesAll, "none", "AUTH-02")},
)
def test_violation_shows_at_every_level(tmp_path: Path, faulty: Any, access: str, requirement: str) -> None:
    finished = tried(tmp_path, faulty(document()), "--access", access)
    assert finished.code == 1, finished.output
    assert requirement in finished.named("failure")


def test_wrong_token_that_reaches_the_validation_of_the_body_does_not_count_as_rejected(tmp_path: Path) -> None:
    finished = tried(tmp_path, TakesAnyToken(document()), "--access", "none", "-k", "AUTH-02")
    assert finished.code == 6, finished.output
    assert finished.named("error") == {"AUTH-02"}
    assert "another token of the same length was answered 400, which may have another cause" in finished.text


@table(
    "status, body",
    {
        "not found": (b"404 Not Found", b"{}"),
        "no method": (b"405 Method Not Allowed", b"{}"),
        "malformed": (b"400 Bad Request", b'{"error":{"code":"bad","message":"bad request","details":{}}}'),
        "no credentials": (b"401 Unauthorized", b"{}"),
        "forbidden": (b"403 Forbidden", b"{}"),
        "elsewhere": (b"302 Found", b"{}"),
        "down": (b"503 Unavailable", b"{}"),
    },
)
def test_server_that_has_one_answer_for_everything_keeps_no_must(tmp_path: Path, status: bytes, body: bytes) -> None:
    def answers(client: ServerConnection) -> None:
        while client.receive():
            head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            client.send(head % (status, len(body)), body)

    with serving_fake(answers) as server:
        chosen = ("--access", "token", "--profile", "quick", "-k", "AUTH-01 or ERR-01 or ERR-03")
        target = ("--target", server.url)
        finished = run(tmp_path, *TWO, *target, *chosen, environment={"PROPEXO_TOKEN": "issued-by-nobody-here"})
        without = run(tmp_path, *TWO, *target, "--access", "none", "-k", "AUTH-01")
    assert finished.code == 6, finished.output
    assert not finished.named("passed")
    assert not finished.named("failure")
    assert without.code == (0 if status[:3] in {b"401", b"403"} else 6), without.output


SPEAKS_FOR_ITSELF = b"WWW-Authenticate: Bearer\r\n"


@table(
    "challenge, prefix, code",
    {
        "a page for everybody": (b"", "/", 6),
        "a page for the paths of the API": (b"", CANCEL.path, 0),
        "a page with the API's own challenge": (SPEAKS_FOR_ITSELF, "/", 0),
    },
)
def test_page_is_a_rejection_where_it_distinguishes_paths_or_credentials(
    challenge: bytes, prefix: str, code: int, tmp_path: Path
) -> None:
    paths: list[str] = []

    def answers(client: ServerConnection) -> None:
        while received := client.receive():
            paths.append(received.target)
            refuses = received.target.startswith(prefix)
            head = b"HTTP/1.1 401 No\r\n%sContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<p/>" % challenge
            client.send(head if refuses else b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")

    with serving_fake(answers) as server:
        finished = run(tmp_path, *TWO[:2], "--target", server.url, "--access", "none", "-k", "AUTH-01 or AUTH-02")
    assert finished.code == code, finished.output
    assert ("Something in front of http://" in finished.text) is (code == 6)
    assert sum(not path.startswith(CANCEL.path) for path in paths) == (0 if challenge else 1), "one more request"
