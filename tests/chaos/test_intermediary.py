"""Something in front of the application answers in its place: no refusal of it counts, however far the run goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.mock.http.api import MockApi
from tests.chaos.fast_suite import behind, run
from tests.chaos.proxy import Fault, ProxiedExchange
from tests.chaos.scenarios import CHALLENGE, COULD_NOT_TELL, HELD, answering
from tests.support.suite_process import QUICK, document

HTML = {"Content_Type": "text/html; charset=UTF-8"}
IN_FRONT: dict[str, Fault] = {
    "a bot check": answering("403 Forbidden", CHALLENGE, **HTML),
    "a password for a preview": answering("401 No", b"<h1>401</h1>", WWW_Authenticate="Basic realm=preview", **HTML),
    "a sign-in that is elsewhere": answering("302 Found", Location="https://sign-in.test/?next=/"),
    "a page of a network that wants a click": answering("200 OK", CHALLENGE, **HTML),
}


def environment_of(access: str, settings: dict[str, str]) -> dict[str, str]:
    """Return what gives a run this access and no more."""
    given = {"none": (), "token": ("PROPEXO_TOKEN",), "write": tuple(settings)}[access]
    return {name: settings[name] for name in given}


@pytest.mark.parametrize("access", ["none", "token", "write"])
@pytest.mark.parametrize("fault", IN_FRONT.values(), ids=IN_FRONT.keys())
def test_no_finding_is_reported_for_a_page_of_an_intermediary(fault: Fault, access: str, tmp_path: Path) -> None:
    numbers: list[int] = []

    def count(exchange: ProxiedExchange) -> None:
        numbers.append(exchange.number)
        fault(exchange)

    with behind(count, MockApi(document())) as (_, arguments, settings):
        given = (*QUICK, *arguments, "--access", access)
        finished = run(tmp_path, *given, environment=environment_of(access, settings))
    assert finished.code == COULD_NOT_TELL, finished.output
    assert "Something in front of http://" in finished.text
    assert "Contract held" not in finished.output
    assert not finished.named("failure"), finished.output
    assert len(finished.named("error")) == 1, "one error of the run"
    assert len(numbers) <= FEW, "it is found out at once"


FEW = 6


def refuses_with_a_page(exchange: ProxiedExchange) -> None:
    """Be an application whose page for missing credentials is HTML, on its own paths."""
    answer = exchange.forward()
    if answer.startswith(b"HTTP/1.1 401"):
        answering("403 Forbidden", b"<h1>Sign in</h1>", **HTML)(exchange)
    else:
        exchange.send(answer)


@pytest.mark.parametrize("access", ["none", "write"])
def test_page_that_is_not_for_everybody_is_a_rejection(access: str, tmp_path: Path) -> None:
    with behind(refuses_with_a_page, MockApi(document())) as (_, arguments, settings):
        given = (*QUICK, *arguments, "--access", access)
        finished = run(tmp_path, *given, environment=environment_of(access, settings))
    assert finished.code == HELD, finished.output
