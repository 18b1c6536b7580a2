"""Requests that are accepted without the issued token, or rejected with it."""

# ruff: noqa: D102 - the mock says what each step does

from __future__ import annotations

import base64
import binascii
import contextlib
import hmac
from functools import cached_property, partial
from typing import Final
from urllib.parse import parse_qsl

from starlette.datastructures import Address
from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Refusal
from contracts.model.json_value import Json
from tests.detection.catalogue import BOTH, READ, WRITE, defect
from tests.detection.probe import Probe

HASHED_LENGTH: Final = 8
UNSET: Final = "undefined"
WRONG: Final = "Bearer nobody-was-ever-given-this-token"

seeded = partial(defect, group="bearer", affects=BOTH)
PREFLIGHT = {"access-control-request-method": "POST"}


def basic(probe: Probe) -> str:
    """Return the token as the password of Basic credentials."""
    return "Basic " + base64.b64encode(f"api:{probe.served.token}".encode()).decode()


def without_token(probe: Probe, **headers: str) -> int:
    """Return the status of a good write that has these headers but no token."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return probe.write(headers={**named, "authorization": None}).status


def reads_without_token(probe: Probe) -> int:
    """Return the status of reading a job without a token."""
    return probe.status(probe.queue_job(), headers={"authorization": None}).status


def refused_body_with_wrong_token(probe: Probe, body: Json | bytes) -> int:
    """Return the status of a write that has a wrong token and this body."""
    return probe.write(body, headers={"authorization": WRONG}).status


def second_on_a_connection(probe: Probe) -> int:
    """Return the status of a write with a wrong token, after a good one on the same connection."""
    with probe.one_connection():
        probe.write()
        return probe.write(headers={"authorization": WRONG}).status


def end_after_a_refusal(probe: Probe) -> object:
    """Return how a job ends whose body was sent without a token before."""
    without_token(probe)
    job = probe.queue_job()
    return [probe.status(job).comparable for _ in range(2)]


# Which token


@seeded(requirement="AUTH-02", observe=lambda probe: probe.write_with_authorization(WRONG))
class AnyTokenIsTaken(MockApi):
    """Any token is taken, as long as there is one."""

    def token_is_known(self, token: str) -> bool:
        return bool(token)


@seeded(requirement="AUTH-02", observe=lambda probe: probe.write_with_authorization("Bearer undefined"))
class TokenOfAnUnsetVariableIsTaken(MockApi):
    """The word undefined is taken as a token, since the second of two tokens was never set."""

    def token_is_known(self, token: str) -> bool:
        return token == UNSET or super().token_is_known(token)


@seeded(
    requirement="AUTH-02",
    observe=lambda probe: probe.write_with_authorization("Bearer " + "x" * len(probe.served.token)),
)
class AnyTokenOfTheLengthIsTaken(MockApi):
    """Every token that has the length of the issued one is taken."""

    def token_is_known(self, token: str) -> bool:
        return len(token) in {len(known) for known in self.state.tokens}


@seeded(
    requirement="AUTH-03", observe=lambda probe: probe.write_with_authorization(f"Bearer {probe.served.token[:-1]}")
)
class StartOfTheTokenIsTaken(MockApi):
    """The issued token is taken when it is cut short."""

    def token_is_known(self, token: str) -> bool:
        return bool(token) and any(known.startswith(token) for known in self.state.tokens)


@seeded(requirement="AUTH-03", observe=lambda probe: probe.write_with_authorization(f"Bearer {probe.served.token}0"))
class ExtendedTokenIsTaken(MockApi):
    """The issued token is taken with anything after it."""

    def token_is_known(self, token: str) -> bool:
        return token.startswith(self.state.tokens)


@seeded(requirement="AUTH-03", observe=lambda probe: probe.write_with_authorization(f"Bearer 0{probe.served.token}"))
class TokenWithAPrefixIsTaken(MockApi):
    """The issued token is taken with anything before it."""

    def token_is_known(self, token: str) -> bool:
        return token.endswith(self.state.tokens)


@seeded(
    requirement="AUTH-03",
    recommended=True,
    observe=lambda probe: probe.write_with_authorization(f"Bearer {probe.served.token} x"),
)
class TextAfterTheTokenIsIgnored(MockApi):
    """Whatever follows the token after a space is ignored."""

    def token_is_known(self, token: str) -> bool:
        return super().token_is_known(token.partition(" ")[0])


@seeded(
    requirement="AUTH-03",
    observe=lambda probe: probe.write_with_authorization(f"Bearer {probe.served.token.swapcase()}"),
)
class TokenIsComparedWithoutCase(MockApi):
    """The token is taken in any case, as columns with a case-insensitive collation do."""

    def token_is_known(self, token: str) -> bool:
        return token.lower() in {known.lower() for known in self.state.tokens}


@seeded(
    requirement="AUTH-03", observe=lambda probe: probe.write_with_authorization(f"Bearer {probe.served.token[:-1]}-")
)
class LastCharacterIsNotCompared(MockApi):
    """The last character of the token is not compared."""

    def token_is_known(self, token: str) -> bool:
        return any(len(token) == len(known) and token[:-1] == known[:-1] for known in self.state.tokens)


@seeded(
    requirement="AUTH-03",
    observe=lambda probe: probe.write_with_authorization(f"Bearer {probe.served.token[:20]}-{probe.served.token[21:]}"),
)
class OnlyTheStartIsCompared(MockApi):
    """Tokens of the right length are looked up by their first eight characters."""

    def token_is_known(self, token: str) -> bool:
        return any(
            len(token) == len(known) and token[:HASHED_LENGTH] == known[:HASHED_LENGTH] for known in self.state.tokens
        )


@seeded(
    requirement="AUTH-03", observe=lambda probe: probe.write_with_authorization(f"Bearer -{probe.served.token[1:]}")
)
class FirstCharacterIsNotCompared(MockApi):
    """The first character of the token is cut off with the space before it."""

    def token_is_known(self, token: str) -> bool:
        return super().token_is_known(self.state.tokens[0][0] + token[1:])


@seeded(requirement="AUTH-04", observe=lambda probe: probe.write_with_authorization("Bearer "))
class EmptyTokenIsTaken(MockApi):
    """An empty token is taken, as the start of every token."""

    def token_is_known(self, token: str) -> bool:
        return not token or super().token_is_known(token)


# In which form


@seeded(requirement="AUTH-04", observe=lambda probe: probe.write_with_authorization(basic(probe)))
class BasicIsTaken(MockApi):
    """The token is taken as user or password of Basic credentials."""

    def credential(self, request: Request) -> str | None:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            with contextlib.suppress(binascii.Error):
                parts = base64.b64decode(encoded.encode("latin-1")).decode("latin-1").split(":")
                return next((part for part in parts if self.token_is_known(part)), None)
        return super().credential(request)


@seeded(requirement="AUTH-04", observe=lambda probe: probe.write_with_authorization(f"Token {probe.served.token}"))
class AnySchemeIsTaken(MockApi):
    """The token is taken with any scheme before it."""

    def scheme_is_bearer(self, scheme: str) -> bool:
        return bool(scheme)


@seeded(
    requirement="AUTH-04",
    recommended=True,
    observe=lambda probe: probe.write_with_authorization(f"BearerToken {probe.served.token}"),
)
class LongerSchemeIsTaken(MockApi):
    """Every scheme is taken whose name starts with Bearer."""

    def scheme_is_bearer(self, scheme: str) -> bool:
        return scheme.lower().startswith("bearer")


@seeded(requirement="AUTH-04", observe=lambda probe: probe.write_with_authorization(probe.served.token))
class NoSchemeIsTaken(MockApi):
    """The token is taken without a scheme."""

    def credential(self, request: Request) -> str | None:
        value = request.headers.get("authorization", "")
        return value if value and " " not in value else super().credential(request)


@seeded(
    requirement="AUTH-04",
    recommended=True,
    observe=lambda probe: probe.write_with_authorization(f"{WRONG}, Bearer {probe.served.token}"),
)
class OneOfAListOfCredentialsIsEnough(MockApi):
    """One Authorization header with several credentials is taken if the token is among them."""

    def credential(self, request: Request) -> str | None:
        tokens = (super().credential(request) or "").replace(", Bearer ", ",").split(",")
        return next((token for token in tokens if self.token_is_known(token)), tokens[0])


@seeded(requirement="AUTH-08", observe=lambda probe: probe.write_with_authorization(f"bearer {probe.served.token}"))
class SchemeInLowerCaseIsRefused(MockApi):
    """The scheme is taken in its usual case only."""

    def scheme_is_bearer(self, scheme: str) -> bool:
        return scheme == "Bearer"


@seeded(requirement="AUTH-08", observe=lambda probe: probe.write_with_authorization(f"BEARER {probe.served.token}"))
class SchemeInUpperCaseIsRefused(MockApi):
    """The scheme is taken as Bearer and as bearer, but in no other case."""

    def scheme_is_bearer(self, scheme: str) -> bool:
        return scheme in {"Bearer", "bearer"}


# In which place


class _Elsewhere(MockApi):
    """Takes the token from another place where there is no Authorization header."""

    def elsewhere(self, request: Request) -> list[str]:
        raise NotImplementedError

    def credential(self, request: Request) -> str | None:
        if "authorization" in request.headers:
            return super().credential(request)
        return next((value for value in self.elsewhere(request) if self.token_is_known(value)), None)


@seeded(
    requirement="AUTH-05",
    observe=lambda probe: (
        probe.write(
            headers={"authorization": None}, path=f"{probe.write_operation.path}?access_token={probe.served.token}"
        ).status
    ),
    recommended=True,
)
class TokenInTheQueryIsTaken(_Elsewhere):
    """The token is taken from the query string, whatever the parameter is called."""

    def elsewhere(self, request: Request) -> list[str]:
        return [value for _, value in parse_qsl(request.url.query)]


@seeded(requirement="AUTH-05", observe=lambda probe: without_token(probe, cookie=f"token={probe.served.token}"))
class TokenInACookieIsTaken(_Elsewhere):
    """The token is taken from a cookie, whatever it is called."""

    def elsewhere(self, request: Request) -> list[str]:
        return list(request.cookies.values())


@seeded(requirement="AUTH-05", observe=lambda probe: without_token(probe, x_api_key=probe.served.token))
class TokenAsAnApiKeyIsTaken(_Elsewhere):
    """The token is taken from the X-Api-Key header."""

    def elsewhere(self, request: Request) -> list[str]:
        return request.headers.getlist("x-api-key")


@seeded(
    requirement="AUTH-05",
    observe=lambda probe: without_token(probe, proxy_authorization=f"Bearer {probe.served.token}"),
)
class TokenForTheProxyIsTaken(_Elsewhere):
    """The token is taken from the Proxy-Authorization header."""

    def elsewhere(self, request: Request) -> list[str]:
        return [value.removeprefix("Bearer ") for value in request.headers.getlist("proxy-authorization")]


# Ways around it


@seeded(requirement="AUTH-09", observe=lambda probe: without_token(probe, x_forwarded_for="127.0.0.1"))
class LocalForwardedAddressNeedsNoToken(MockApi):
    """A request that claims to be forwarded for this machine needs no token."""

    def authorise(self, request: Request) -> None:
        if request.headers.get("x-forwarded-for", "").split(",")[0].strip() not in {"127.0.0.1", "::1", "localhost"}:
            super().authorise(request)


@seeded(
    requirement="AUTH-09",
    recommended=True,
    observe=lambda probe: without_token(probe, x_original_url="/health"),
)
class OpenOriginalUrlNeedsNoToken(MockApi):
    """A request whose X-Original-URL is outside the API needs no token, though its path is inside."""

    def authorise(self, request: Request) -> None:
        original = request.headers.get("x-original-url") or request.headers.get("x-rewrite-url") or "/v1/"
        if original.startswith("/v1/"):
            super().authorise(request)


@seeded(
    requirement="AUTH-09",
    recommended=True,
    observe=lambda probe: without_token(probe, x_http_method_override="OPTIONS"),
)
class PreflightByOverrideNeedsNoToken(MockApi):
    """A request that asks to be treated as OPTIONS needs no token, and is treated as what it is."""

    def authorise(self, request: Request) -> None:
        if request.headers.get("x-http-method-override", "").upper() != "OPTIONS":
            super().authorise(request)


@seeded(
    requirement="AUTH-09",
    recommended=True,
    observe=lambda probe: probe.write(headers={"authorization": None}, path=probe.write_operation.path + "/").status,
)
class PathWithASlashNeedsNoToken(MockApi):
    """The path with a slash at its end is served too, without a look at the token."""

    def path(self, request: Request) -> str:
        path = super().path(request)
        return path if self.documented(path) else path.removesuffix("/")

    def authorise(self, request: Request) -> None:
        path = request.url.path
        if self.documented(path) or not path.endswith("/"):
            super().authorise(request)

    def documented(self, path: str) -> bool:
        return any(known.path == path for known in self.document.operations)


@seeded(
    requirement="AUTH-09",
    recommended=True,
    observe=lambda probe: probe.write(headers={"authorization": None}, path=probe.write_operation.path.upper()).status,
)
class PathInUpperCaseNeedsNoToken(MockApi):
    """The router does not care for case in the path, but the list of protected paths does."""

    def path(self, request: Request) -> str:
        path = super().path(request)
        return next((known.path for known in self.document.operations if known.path == path.lower()), path)

    def authorise(self, request: Request) -> None:
        if super().path(request) == self.path(request):
            super().authorise(request)


@seeded(
    requirement="AUTH-09",
    recommended=True,
    observe=lambda probe: (
        probe.write(
            headers={"authorization": None}, path=probe.write_operation.path.replace("cancel", "%63ancel")
        ).status
    ),
)
class EscapedPathNeedsNoToken(MockApi):
    """A path with a percent-escape is not among the protected ones, but is served."""

    def authorise(self, request: Request) -> None:
        if "%" not in self.path(request):
            super().authorise(request)


# When it is checked


@seeded(requirement="JOB-04", affects=READ, observe=reads_without_token)
class StatusNeedsNoToken(MockApi):
    """The token is asked for by POST only, so the status of a job is returned to everybody."""

    def authorise(self, request: Request) -> None:
        if request.method != "GET":
            super().authorise(request)


@seeded(
    requirement="JOB-04",
    affects=READ,
    observe=lambda probe: probe.status(probe.queue_job(), headers={"authorization": WRONG}).status,
)
class StatusTakesAnyToken(MockApi):
    """The status of a job is returned to everybody who has some bearer token."""

    def authorise(self, request: Request) -> None:
        if request.method != "GET" or self.credential(request) is None:
            super().authorise(request)


@seeded(requirement="AUTH-06", affects=WRITE, observe=lambda probe: refused_body_with_wrong_token(probe, {}))
class ValidatedBeforeAuthenticated(MockApi):
    """The body is validated before the token is looked at."""

    def answer(self, request: Request, body: bytes) -> Response:
        operation, _ = self.route(request)
        if operation.body is not None and (issues := self.validate(operation, self.decode(request, body))):
            raise Refusal.invalid("schema", issues)
        return super().answer(request, body)


@seeded(requirement="AUTH-09", observe=lambda probe: probe.write(headers=PREFLIGHT | {"authorization": ()}).status)
class PreflightNeedsNoToken(MockApi):
    """What has the header of a preflight needs no token, whatever its method is."""

    def authorise(self, request: Request) -> None:
        if "access-control-request-method" not in request.headers:
            super().authorise(request)


@seeded(requirement="AUTH-06", affects=WRITE, observe=lambda probe: refused_body_with_wrong_token(probe, b"{"))
class ParsedBeforeAuthenticated(MockApi):
    """The body is parsed before the token is looked at, and broken JSON is refused as such."""

    def answer(self, request: Request, body: bytes) -> Response:
        operation, _ = self.route(request)
        if operation.body is not None:
            self.decode(request, body)
        return super().answer(request, body)


@seeded(requirement="AUTH-02", observe=second_on_a_connection)
class TokenIsCheckedOncePerConnection(MockApi):
    """A connection that showed the token once is trusted until it closes."""

    @cached_property
    def trusted(self) -> set[Address | None]:
        return set()

    def authorise(self, request: Request) -> None:
        if request.client not in self.trusted:
            super().authorise(request)
            self.trusted.add(request.client)


@seeded(requirement="AUTH-01", affects=WRITE, observe=lambda probe: (probe.write().status, without_token(probe)))
class RepeatedBodyNeedsNoToken(MockApi):
    """A body that was accepted before is accepted again without a token, out of a cache in front of the check."""

    @cached_property
    def accepted(self) -> dict[bytes, bytes]:
        return {}

    def answer(self, request: Request, body: bytes) -> Response:
        try:
            response = super().answer(request, body)
        except Refusal as refusal:
            if refusal.cause != "credential" or body not in self.accepted:
                raise
            return Response(self.accepted[body], media_type="application/json")
        if body:
            self.accepted[body] = bytes(response.body)
        return response


@seeded(requirement="AUTH-01", affects=WRITE, observe=end_after_a_refusal)
class DoneBeforeRefused(MockApi):
    """A request without the token is refused, but its appointment is cancelled all the same."""

    def answer(self, request: Request, body: bytes) -> Response:
        try:
            return super().answer(request, body)
        except Refusal as refusal:
            operation, _ = self.route(request)
            if refusal.cause == "credential" and operation.body is not None:
                with contextlib.suppress(Refusal):
                    self.write(request, operation, body)
            raise


@seeded(requirement="ERR-10", affects=WRITE, observe=lambda probe: probe.write_with_authorization())
class RefusalOfCredentialsCarriesAJob(MockApi):
    """A request without the token is refused, and the answer has a job_id all the same."""

    def error_body(self, refusal: Refusal) -> Json:
        body = super().error_body(refusal)
        return {"meta": {"job_id": self.new_job_id()}, **body} if refusal.cause == "credential" else body


@seeded(requirement="AUTH-11", affects=WRITE, observe=lambda probe: probe.write(b'{"event_id":').status)
class BrokenJsonIsUnauthorised(MockApi):
    """Broken JSON is answered with 401 despite the token, by a middleware that takes every error for one of its own."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        if refusal.cause == "syntax":
            refusal = Refusal(401, "unauthorized", "unauthorized", "syntax", headers={"www-authenticate": "Bearer"})
        return super().refuse(request, refusal)


@seeded(
    requirement="AUTH-11", affects=WRITE, observe=lambda probe: probe.write('{"event_id": "Zo\u00eb"}'.encode()).status
)
class SignatureFailsBeyondAscii(MockApi):
    """A body with other than ASCII characters is answered with 401, since a signature is made of its characters."""

    def answer(self, request: Request, body: bytes) -> Response:
        if not body.decode(errors="replace").isascii():
            raise Refusal(401, "unauthorized", "bad signature", "credential", headers={"www-authenticate": "Bearer"})
        return super().answer(request, body)


# How it is refused


@seeded(requirement="AUTH-02", observe=lambda probe: probe.write_with_authorization(WRONG))
class WrongTokenIs200WithAnError(MockApi):
    """A wrong token is refused in an envelope that is sent with 200."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        if refusal.cause == "credential" and "authorization" in request.headers:
            refusal.status = 200
        return super().refuse(request, refusal)


@seeded(
    requirement="AUTH-07",
    observe=lambda probe: probe.write(headers={"authorization": WRONG}).headers.get("www-authenticate"),
)
class WrongTokenGetsNoChallenge(MockApi):
    """A 401 has a WWW-Authenticate header where there is no token, but none where it is wrong."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        if "authorization" in request.headers:
            refusal.headers.pop("www-authenticate", None)
        return super().refuse(request, refusal)


@seeded(
    requirement="AUTH-07",
    observe=lambda probe: probe.write(headers={"authorization": None}).headers.get("www-authenticate"),
)
class ChallengeNamesBasic(MockApi):
    """The WWW-Authenticate header of a 401 asks for Basic credentials."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        if refusal.cause == "credential":
            refusal.headers["www-authenticate"] = 'Basic realm="propexo"'
        return super().refuse(request, refusal)


@seeded(requirement="AUTH-10", observe=lambda probe: probe.write_with_authorization())
class HtmlPageForAMissingToken(MockApi):
    """A request without a token is refused by the gateway's HTML page, one with a wrong token by the envelope."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        if refusal.cause != "credential" or "authorization" in request.headers:
            return super().refuse(request, refusal)
        page = "<html><head><title>401 Authorization Required</title></head></html>"
        return Response(page, refusal.status, refusal.headers, "text/html")


@seeded(
    requirement="AUTH-10", observe=lambda probe: probe.write_with_authorization(f"Bearer {probe.served.token[:-1]}")
)
class MessageTellsANearToken(MockApi):
    """A wrong token that starts like the issued one is called expired, every other one unauthorized."""

    def authorise(self, request: Request) -> None:
        try:
            super().authorise(request)
        except Refusal as refusal:
            if (self.credential(request) or "").startswith(self.state.tokens[0][:HASHED_LENGTH]):
                refusal.message = "token expired"
            raise


@seeded(requirement="AUTH-10", observe=lambda probe: probe.write_with_authorization("Bearer short"))
class StatusTellsTheLengthOfTheToken(MockApi):
    """A token of another length than the issued one is refused with 400, one of its length with 401."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        token = self.credential(request)
        if refusal.cause == "credential" and token and len(token) != len(self.state.tokens[0]):
            refusal.status = 400
        return super().refuse(request, refusal)


@seeded(requirement="RESP-06", observe=lambda probe: probe.write_with_authorization(probe.served.token))
class CrashOnCredentialsOfOneWord(MockApi):
    """An Authorization header without a space is answered with 500."""

    def credential(self, request: Request) -> str | None:
        token = super().credential(request)
        if "authorization" in request.headers:
            request.headers["authorization"].split(" ")[1]
        return token


@seeded(requirement="RESP-11", observe=lambda probe: probe.write_with_authorization("Bearer tok\u00e9n"))
class CrashOnATokenBeyondAscii(MockApi):
    """A token with other than ASCII characters is answered with 500."""

    def token_is_known(self, token: str) -> bool:
        return any(hmac.compare_digest(token, known) for known in self.state.tokens)


@seeded(requirement="RESP-06", observe=lambda probe: probe.write_with_authorization("Bearer a", "Bearer b"))
class CrashOnTwoCredentials(MockApi):
    """Two Authorization headers are answered with 500."""

    def credential(self, request: Request) -> str | None:
        if "authorization" in request.headers:
            (_value,) = request.headers.getlist("authorization")
        return super().credential(request)
