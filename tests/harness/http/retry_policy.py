"""Which requests are sent again, when, and how often. Decisions only: `Client.send` sends.

A fault is held against the target only if the same request fails again while another one is answered. A target that
answers no request is unavailable. Bytes that are not HTTP are the target's own fault, and stand at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from contracts.model.http import Response
from contracts.openapi.operation import RATE_LIMIT, RATE_REMAINING
from tests.harness.http.intermediary import is_html

UNREACHED: Final = "no connection"
DROPPED: Final = "connection dropped"
CUT: Final = "answer cut off"
BROKEN: Final = "broken HTTP"
NOTHING_IN_TIME: Final = "no answer in time"
NEVER_ENDS: Final = "answer does not end"
TOO_LARGE: Final = "answer above 10 MiB"
UNDECODABLE: Final = "untrue Content-Encoding"
NO_ANSWER_SINCE: Final = "no request was answered after it"

MAX_SENDS: Final = 3
SENDS_BY_FAULT: Final[Mapping[str, int]] = {DROPPED: MAX_SENDS, CUT: 2, NOTHING_IN_TIME: 2, NEVER_ENDS: 2}
"""By fault. A network seldom does the same to a request twice."""
TIMEOUT_FAULTS: Final = frozenset({NOTHING_IN_TIME, NEVER_ENDS})

CLOUDFLARE_STATUSES: Final = range(520, 531)
"""Not registered. Cloudflare and similar gateways answer them if the server behind them fails."""
GATEWAY_STATUSES: Final = frozenset(
    {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT, *CLOUDFLARE_STATUSES}
)
TRANSIENT_STATUSES: Final = GATEWAY_STATUSES | {HTTPStatus.TOO_MANY_REQUESTS}
CONFLICT_STATUSES: Final = frozenset({HTTPStatus.CONFLICT, HTTPStatus.LOCKED, HTTPStatus.TOO_EARLY})
"""With Retry-After they say that another write is under way: the same request will do a moment later."""
CLIENT_ERRORS: Final = range(400, 500)

GATEWAY_RETRY_SECONDS: Final = 0.2
WINDOW_SECONDS: Final = 60.0
MAX_WAIT_SECONDS: Final = 65.0
MAX_CONFLICT_SECONDS: Final = 5.0
"""What asks for more is no write under way: such a response stands."""
FIRST_PROBE_SECONDS: Final = 0.5
MAX_PROBE_SECONDS: Final = 16.0


def retry_after_seconds(retry_after: str | None, wall: dt.datetime) -> float | None:
    """Return the seconds of a Retry-After header, which is a number or a date; None if it is neither."""
    if not retry_after:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=dt.UTC)
    return max(0.0, (until - wall).total_seconds())


def wait_before_next(response: Response, attempts: int, window: float, wall: dt.datetime) -> float | None:
    """Return the seconds to wait before the request is sent again, or None if the response stands.

    The seconds are those of Retry-After. Without it, a 429 waits for the end of the window, in `window` seconds, a
    gateway's response is tried again soon, and a conflict stands. `wall` is the time of day.
    """
    if response.status not in TRANSIENT_STATUSES | CONFLICT_STATUSES or attempts >= MAX_SENDS:
        return None
    asked = retry_after_seconds(response.header("retry-after"), wall)
    if response.status in CONFLICT_STATUSES:
        return asked if asked is not None and asked <= MAX_CONFLICT_SECONDS else None
    usual = window if is_throttled(response) else GATEWAY_RETRY_SECONDS
    return min(usual if asked is None else asked, MAX_WAIT_SECONDS)


def is_request_timeout(response: Response | None) -> bool:
    """Return whether this is 408: on an idle connection it is not a response to the request (RFC 9110, 15.5.9)."""
    return response is not None and response.status == HTTPStatus.REQUEST_TIMEOUT


def is_throttled(response: Response) -> bool:
    """Return whether the API itself answered 429: a web page without rate headers comes from a gateway's own limit."""
    has_rate_headers = any(response.header(name) is not None for name in (RATE_LIMIT, RATE_REMAINING))
    return response.status == HTTPStatus.TOO_MANY_REQUESTS and (has_rate_headers or not is_html(response))


def is_response_lost(response: Response | None, fault: str | None) -> bool:
    """Return whether the target may have acted on a request without a response of its own.

    A gateway that timed out does not know what the server behind it did; one that sends Retry-After did not ask it.
    """
    if response is not None:
        return response.status in GATEWAY_STATUSES and response.header("retry-after") is None
    return fault != UNREACHED


def may_have_crashed(response: Response | None, fault: str | None) -> bool:
    """Return whether a request with this result may have made the target unavailable.

    If nothing listened, it was unavailable before; if it sends Retry-After, it is so on purpose.
    """
    if response is not None:
        return response.status in GATEWAY_STATUSES and response.header("retry-after") is None
    return fault in SENDS_BY_FAULT


def is_sent_again(fault: str | None, attempts: int) -> bool:
    """Return whether a request with this fault is sent again at once."""
    return fault is not None and attempts < SENDS_BY_FAULT.get(fault, 1)


def may_be_unavailable(response: Response | None, fault: str | None) -> bool:
    """Return whether this result may mean that the target answers no request at all."""
    if response is not None:
        return response.status in TRANSIENT_STATUSES
    return fault in SENDS_BY_FAULT or fault == UNREACHED


def is_available(response: Response | None, fault: str | None) -> bool:
    """Return whether this result shows that the target is available: any response of its own, complete or not."""
    if response is not None:
        return response.status not in TRANSIENT_STATUSES
    return fault not in (UNREACHED, DROPPED, NOTHING_IN_TIME)


def health_probe_value(response: Response) -> int:
    """Return how well the request of this response serves as a health probe: 0 for not at all.

    A rejected request had no side effect, so it may be sent at any time; 400 shows more of the target than 401.
    """
    if response.status == HTTPStatus.BAD_REQUEST:
        return 2
    return int(
        response.status in CLIENT_ERRORS
        and response.status not in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT)
    )


def probe_delay(turn: int) -> float:
    """Return the seconds to wait before the health probe with this number, from 0."""
    return min(FIRST_PROBE_SECONDS * 2.0**turn, MAX_PROBE_SECONDS)
