"""What `doctor` checks of a target: its name, TLS, credentials, known values and rate limit, a line for each."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Collection, Iterator, Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from contracts.errors import UsageError
from contracts.model.exit_codes import ExitCode
from contracts.openapi.document import Document
from contracts.openapi.extensions import NEEDS, SUPPLIED_BY
from contracts.openapi.operation import RATE_LIMIT, RATE_REMAINING, Operation
from contracts.requirements import Requirement
from tests.harness.cli.id_checks import missing_ids
from tests.harness.cli.lines import PROBLEM, Line, not_given
from tests.harness.cli.preflight_client import PreflightClient, Unreachable, within
from tests.harness.cli.preflight_requests import (
    first_listing,
    harmless_request,
    largest_page,
    listed_items,
    with_query,
    without_credentials,
)
from tests.harness.config.access import ALLOW_WRITES, TOKEN, Access
from tests.harness.config.settings import limited_to
from tests.harness.run.relations import creator_for, missing_variables
from tests.harness.run.request_factory import request_for
from tests.harness.run.settings_needed import Forecast, forecast, require_access

SLOW_SHARE: Final = 0.8
"""Of the limit; from there on the vendor delays every response."""
NO_TLS: Final = (
    *("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"),
    "UNEXPECTED_EOF_WHILE_READING",
)
"""OpenSSL's reasons where a server speaks another protocol."""


class NothingToAsk(Exception):
    """A line has said why nothing can be sent."""


def examine(
    document: Document,
    operations: Sequence[Operation],
    requirements: Collection[Requirement],
    client: PreflightClient,
    declared: Access | None,
) -> Iterator[Line]:
    """Yield a line for each check of the target by these operations of the document."""
    try:
        require_access(document, operations, client.target, declared)
    except UsageError as error:
        yield Line("access", f"{declared} is declared", str(error), ExitCode.USAGE)
        return
    found = forecast(document, operations, requirements, limited_to(client.target, declared), declared)
    try:
        yield from _connection(client)
        yield _availability(client, operations)
        if client.target.access is Access.NONE:
            wanted = (
                ""
                if declared is Access.NONE
                else "set PROPEXO_TOKEN; without it only the rejection of credentials can be tested."
            )
            yield Line("token", "none is given", wanted, found.code or PROBLEM)
        else:
            yield _token(client, operations)
            yield from _values(client, document, operations, found, declared)
            yield from missing_ids(client, document, operations, requirements)
        yield _rate_limit(client.last)
    except NothingToAsk:
        return
    except Unreachable as away:
        yield Line(
            "reachable", str(away), "check that the target is running and reachable from this machine, then try again."
        )


def _connection(client: PreflightClient) -> Iterator[Line]:
    parts = urlsplit(client.target.url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    proxy = None if client.target.local or proxy_bypass(host) else getproxies().get(parts.scheme)
    if proxy:
        yield Line("name", f"{host} is resolved by the proxy {urlsplit(proxy).hostname}")
    else:
        try:
            addresses = within(client.attempt_seconds, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            hint = (
                "check the spelling of the URL, whether a VPN is needed, and whether HTTPS_PROXY has to name a proxy"
                " that resolves it."
            )
            yield Line("name", f"{host} does not resolve ({error.strerror})", hint)
            raise NothingToAsk from None
        yield Line("name", f"{host} resolves to {', '.join(sorted({str(entry[4][0]) for entry in addresses}))}")
    if parts.scheme == "http":
        clear = "" if client.target.local else "use https: without it, others on the network can read the token."
        yield Line("TLS", "none", clear)
    elif proxy:
        yield Line("TLS", "checked by the first request, through the proxy")
    else:
        yield from _certificate(client, host, port)


def _certificate(client: PreflightClient, host: str, port: int) -> Iterator[Line]:
    assert client.tls is not None, "it was made for an https target"
    try:
        with (
            socket.create_connection((host, port), timeout=client.attempt_seconds) as plain,
            client.tls.wrap_socket(plain, server_hostname=host) as secured,
        ):
            ends = (secured.getpeercert() or {}).get("notAfter", "an unknown day")
            yield Line("TLS", f"{secured.version()}, certificate valid until {ends}")
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or "refused"
        if error.reason in NO_TLS:
            yield Line("TLS", "the port answers, but not with TLS", f"use http://, or the port of {host} for https.")
            raise NothingToAsk from None
        hint = "set SSL_CERT_FILE to your authority's certificate, PROPEXO_CLIENT_CERT to your own."
        yield Line("TLS", reason, hint)
    except OSError as error:
        raise Unreachable(error.strerror or "no answer in time") from None


def _availability(client: PreflightClient, operations: Sequence[Operation]) -> Line:
    answer = client.send(without_credentials(harmless_request(operations, client.target)))
    detail = f"{client.target.url} answers a request without credentials with {answer.status_code}"
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Line("reachable", detail, "wait until the target is up again.")
    if answer.is_success:
        return Line("reachable", detail, "it accepts requests without credentials: check that this is the API.")
    return Line("reachable", detail)


def _token(client: PreflightClient, operations: Sequence[Operation]) -> Line:
    status = client.send(harmless_request(operations, client.target)).status_code
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return Line(
            "token", f"rejected with {status}", f"set PROPEXO_TOKEN to a token that {client.target.url} issued."
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Line("token", "the rate limit is reached", "wait a minute, and let nobody else use the token meanwhile.")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Line("token", f"answered {status}", "wait until the target is up again.")
    if client.last is not None and (client.last.is_success or not first_listing(operations)):
        return Line("token", f"accepted, answered {status}")
    return Line(
        "token", f"answered {status}", "check that the target is the API's base URL, without the path of an operation."
    )


def _values(
    client: PreflightClient,
    document: Document,
    operations: Sequence[Operation],
    found: Forecast,
    declared: Access | None,
) -> Iterator[Line]:
    """Yield a line for each value that the settings give or lack, and one for the records to cancel."""
    if declared is not None and not declared.covers(Access.WRITE):
        yield Line("values", f"none are needed for access {declared}")
        return
    known = client.target.known
    for name, (checks, gating) in sorted(found.missing.items()):
        if name not in (TOKEN, ALLOW_WRITES):
            yield not_given(name, checks, gating, found.code)
    listing = first_listing(operations)
    for parameter in listing.parameters if listing else ():
        variable = parameter.schema.get(SUPPLIED_BY)
        if variable in known and NEEDS not in parameter.schema:
            yield _value(client, listing, variable, parameter.name)
    yield from _cancellable(client, document, operations)


def _value(client: PreflightClient, listing: Operation | None, variable: str, parameter: str) -> Line:
    assert listing is not None, "asked only of a parameter of it"
    value = client.target.known[variable][0]
    answer = client.send(with_query(request_for(listing, client.target, {}), parameter, value))
    if not answer.is_success:
        return Line(variable, f"answered {answer.status_code}", f"set {variable} to a value that the target knows.")
    shown = len(listed_items(listing, answer))
    return Line(
        variable, f"accepted, {shown} records listed for it" if shown else "accepted, but nothing is listed for it"
    )


def _cancellable(client: PreflightClient, document: Document, operations: Sequence[Operation]) -> Iterator[Line]:
    """Yield one line on whether the target lists the given records, without cancelling one."""
    able = [operation for operation in operations if creator_for(document, operation)]
    variables = {o.supplied_by[made[1].name] for o in able if (made := creator_for(document, o))}
    named = [value for name in sorted(variables) for value in client.target.known.get(name, ())]
    if named and (listing := first_listing(operations)) is not None:
        answer = client.send(with_query(request_for(listing, client.target, {}), *largest_page(listing)))
        detail = {value for item in listed_items(listing, answer) for value in item.values() if isinstance(value, str)}
        listed = [value for value in named if value in detail]
        seen = f"{len(listed)} of the {len(named)} records given are on the first page of the listing"
        yield Line("to cancel", f"{seen}; none was cancelled to find out")
    elif named:
        yield Line("to cancel", f"{len(named)} records given; none was cancelled to find out")
    elif any(not missing_variables(document, operation, client.target.known) for operation in able):
        yield Line("to cancel", "the run creates its own records, and cancels them")


def _rate_limit(answer: httpx.Response | None) -> Line:
    limit, remaining = (answer.headers.get(name, "") if answer else "" for name in (RATE_LIMIT, RATE_REMAINING))
    if not (limit.isdecimal() and remaining.isdecimal()):
        return Line("limit", "the responses have no rate-limit headers")
    detail = f"{remaining} of {limit} requests remain in this minute"
    used = 1 - int(remaining) / max(1, int(limit))
    return Line("limit", detail, "wait a minute: other clients use this token." if used >= SLOW_SHARE else "")
