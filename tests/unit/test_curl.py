"""The curl command of a report, pasted into bash: it sends the very same bytes."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace

import pytest

from contracts.model.http import Request
from reports.redaction.redactor import Redactor
from reports.render.curl import LONGEST_BODY, curl
from strategies.body import bodies, json_syntax, string_payloads, type_mutations
from strategies.request import credentials, methods
from tests.support.factories import CANCEL, STATUS, TOKEN, WAYS_TO_BE_REFUSED, control, every_edit, table
from tests.support.sockets import LAST, ServerConnection, serving

needs_curl = pytest.mark.skipif(
    shutil.which("curl") is None or shutil.which("bash") is None, reason="needs curl and bash to paste the command"
)


def edited(*strategies, operation=CANCEL) -> dict[str, Request]:
    return {mutation.name: mutation.apply(control(operation)) for mutation in every_edit(*strategies, of=operation)}


CREDENTIALS = (*WAYS_TO_BE_REFUSED, credentials.scheme_spellings)
REQUESTS = {
    "control": ({"control": control(), "status": control(STATUS)},),
    "not JSON": (edited(json_syntax.not_json),),
    "other spellings": (
        edited(json_syntax.equivalent_bodies, json_syntax.other_media_types, json_syntax.parser_dependent_bodies),
    ),
    "credentials": (edited(*CREDENTIALS),),
    "credentials of a read": (edited(*CREDENTIALS, operation=STATUS),),
    "legal texts": (edited(string_payloads.legal_texts),),
    "wrong bodies": (
        edited(
            bodies.missing_properties, type_mutations.wrong_types, bodies.non_object_bodies, bodies.unknown_properties
        ),
    ),
    "methods": (edited(methods.other_methods, methods.method_overrides),),
    "ids": (edited(methods.unknown_path_ids, methods.other_methods, methods.method_overrides, operation=STATUS),),
    "chunks": ({"chunked": replace(control(), chunked=True)},),
    "no headers": ({"bare": Request("GET", "/", ()), "body": Request("POST", "/", (), b"{}")},),
    "bytes": ({"all": control().with_body(bytes(range(256))), "but NUL": control().with_body(bytes(range(1, 256)))},),
}


def answers_and_closes(client: ServerConnection) -> None:
    client.receive()
    client.send(LAST)


def pasted(commands: Sequence[str]) -> None:
    """Run commands in bash, one after the other, as somebody with a token would."""
    subprocess.run(
        ["bash", "-e"],  # noqa: S607 - whichever bash there is
        input="\n".join(commands).encode(),
        env={"PROPEXO_TOKEN": TOKEN, "PATH": os.environ["PATH"], "NO_PROXY": "*", "HOME": "/nonexistent"},
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=60,
    )


@needs_curl
@table("requests", REQUESTS)
def test_same_bytes_are_sent(requests: dict[str, Request]) -> None:
    with serving(answers_and_closes) as server:
        pasted([f"{curl(request, server.url, Redactor(TOKEN))} -s" for request in requests.values()])
    assert len(server.received) == len(requests)
    own = {"host", "content-length", "transfer-encoding"}
    for (name, sent), received in zip(requests.items(), server.received, strict=True):
        kept = tuple((key, value) for key, value in received.headers if key.lower() not in own)
        assert (received.method, received.target, received.body) == (sent.method, sent.target, sent.body or b""), name
        assert kept == sent.headers, name
        assert bool(received.chunks) is sent.chunked, name
        assert sent.chunked or sent.body is None or received.values("content-length") == [str(len(sent.body))], name


@table("requests", REQUESTS)
def test_command_is_one_line_without_the_token(requests: dict[str, Request]) -> None:
    for request in requests.values():
        command = curl(request, "https://api.example.com", Redactor(TOKEN))
        assert command.isprintable()
        assert TOKEN not in command


def test_token_is_filled_in_by_the_shell() -> None:
    assert "-H 'Authorization: Bearer '\"${PROPEXO_TOKEN:?" in curl(control(), "http://a", Redactor(TOKEN))


def test_long_body_is_to_be_saved_first() -> None:
    command = curl(control().with_body(b"x" * (LONGEST_BODY + 1)), "http://a", Redactor(TOKEN))
    first, second = command.splitlines()
    assert first == "# save the body, 20,001 bytes, as the file body"
    assert second.endswith(" --data-binary @body")
