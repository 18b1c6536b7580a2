"""What tells a web page that is answered in the application's place, and which answers are the same page."""

from __future__ import annotations

from contracts.model.http import Request, Response
from tests.harness.http.intermediary import Page, page_of
from tests.support.factories import table

ASKED = Request("GET", "/v1/things/1?limit=2", ())
HTML = ("Content-Type", "text/html; charset=UTF-8")
CHALLENGE = b"<html><head><title>Just a moment... %s</title></head><body><p id='%s'>%s</p></body></html>"


def challenge(number: bytes = b"1", status: int = 403) -> Response:
    """Return a page that a bot check answers, with an id of its own each time."""
    return Response(status, (HTML,), CHALLENGE % (number, number, number))


def page(response: Response | None, request: Request = ASKED) -> Page | None:
    return page_of(request, response)


def redirect(location: str) -> Response:
    return Response(302, (("Location", location),), b"")


@table(
    "response",
    {
        "no answer": (None,),
        "JSON": (Response(403, (("Content-Type", "application/json"),), b"{}"),),
        "nothing, of no type": (Response(401, (), b""),),
        "the application's own challenge": (Response(401, (HTML, ("WWW-Authenticate", "Bearer realm=x")), b"<p>"),),
        "a word that a framework sends as HTML": (Response(401, (HTML,), b"Unauthorized"),),
        "a server error": (challenge(status=500),),
        "not modified": (Response(304, (), b""),),
    },
)
def test_what_the_application_says_is_no_page(response: Response | None) -> None:
    assert page(response) is None


def test_challenge_of_another_scheme_does_not_speak_for_the_application() -> None:
    assert page(Response(401, (HTML, ("WWW-Authenticate", "Basic realm=staging")), b"<p>")) is not None


def test_page_is_the_same_whatever_its_ids() -> None:
    assert page(challenge(b"1")) == page(challenge(b"8f3-c")) is not None


@table(
    "other",
    {
        "another status": (challenge(status=401),),
        "another title": (Response(403, (HTML,), b"<html><head><title>No</title></head><body><p></p></body></html>"),),
        "another structure": (Response(403, (HTML,), b"<html><h1>Forbidden</h1></html>"),),
    },
)
def test_another_page_is_not_the_same(other: Response) -> None:
    assert page(other) != page(challenge())


def test_redirect_of_everything_is_the_same_page_for_each_path() -> None:
    other = Request("GET", "/v1/unknown", ())
    assert page(redirect("https://x.test/v1/things/1?limit=2")) == page(redirect("https://x.test/v1/unknown"), other)
    assert page(redirect("/login?next=/v1/things/1")) == page(redirect("/login?next=/v1/unknown"), other)


def test_redirect_to_another_place_is_another_page() -> None:
    assert page(redirect("/login")) != page(redirect("/v1/things/1/"))
    assert page(redirect("http://[bad")) is not None
