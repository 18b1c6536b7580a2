"""Conforming variants in which credentials count, and in how those are refused that are none of a bearer's."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Refusal
from tests.detection.catalogue import variant
from tests.detection.probe import Probe

WRONG = "Bearer nobody-was-ever-given-this-token"


def wrong_first(probe: Probe) -> object:
    """Return the answers to two Authorization headers, the second of which is right."""
    return probe.write_with_authorization(WRONG, f"Bearer {probe.served.token}")


@variant(departs_from={"AUTH-04"}, observe=wrong_first)
class LastOfTwoCredentialsCounts(MockApi):
    """Of several Authorization headers the last one counts, as where a server keeps one value by name."""

    def credential(self, request: Request) -> str | None:
        """Keep the last one."""
        scheme, _, token = "".join(request.headers.getlist("authorization")[-1:]).partition(" ")
        return token.lstrip(" ") if self.scheme_is_bearer(scheme) else None


@variant(departs_from={"AUTH-04"}, observe=wrong_first)
class AnyOfTwoCredentialsCounts(MockApi):
    """Of several Authorization headers each is looked at, until one of them has a token that is known."""

    def credential(self, request: Request) -> str | None:
        """Look through them."""
        pairs = [value.partition(" ") for value in request.headers.getlist("authorization")]
        tokens = [token.lstrip(" ") for scheme, _, token in pairs if self.scheme_is_bearer(scheme)]
        return next(filter(self.token_is_known, tokens), None)


@variant(
    departs_from={"AUTH-03"}, observe=lambda probe: probe.write_with_authorization(f"Bearer {probe.served.token} x")
)
class WordsBehindTheTokenAreNotRead(MockApi):
    """What stands behind the token is not read: the header is split into words, also at a space beyond ASCII."""

    def credential(self, request: Request) -> str | None:
        """Take the second word."""
        token = super().credential(request)
        return token and token.split()[0]


@variant(departs_from={"AUTH-10", "ERR-05"}, observe=lambda probe: probe.write_with_authorization(probe.served.token))
class MalformedCredentialsAreInvalid(MockApi):
    """An Authorization header other than Bearer and one word is refused with 400 in plain text."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        """Tell what is malformed from what is wrong, as RFC 6750 allows."""
        sent = request.headers.getlist("authorization")
        well_formed = [value.split(" ") for value in sent if self.scheme_is_bearer(value.partition(" ")[0])]
        if refusal.cause == "credential" and sent and [len(words) for words in well_formed] != [2]:
            return PlainTextResponse("Malformed credentials", 400)
        return super().refuse(request, refusal)
