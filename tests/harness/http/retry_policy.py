"""What may be put right by sending a request again, when, and how often. Decisions only: nothing is sent here.

A fault is held against the target only where the same request fails again and another one is answered meanwhile. What
answers nobody is away; what comes back as bytes that are no answer is the target's own work and stands at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
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
NOBODY_SINCE: Final = "no request was answered after it"

SENT_AT_MOST: Final = 3
TRIES: Final[Mapping[str, int]] = {DROPPED: SENT_AT_MOST, CUT: 2, NOTHING_IN_TIME: 2, NEVER_ENDS: 2}
"""How often a request is sent before its fault stands: what a network does to a request it seldom does twice."""
SILENCES: Final = frozenset({NOTHING_IN_TIME, NEVER_ENDS})

TOO_MANY, BAD_GATEWAY, UNAVAILABLE, GATEWAY_TIMEOUT = 429, 502, 503, 504
CLOUDFLARE: Final = range(520, 531)
"""Statuses that nobody registered: Cloudflare, and others in its manner, answer them where the server behind fails."""
GATEWAY: Final = frozenset({BAD_GATEWAY, UNAVAILABLE, GATEWAY_TIMEOUT, *CLOUDFLARE})
PASSING: Final = GATEWAY | {TOO_MANY}
CLIENT_ERRORS: Final = range(400, 500)
BAD_REQUEST: Final = 400
REQUEST_TIMEOUT: Final = 408

BRIEF_WAIT_SECONDS: Final = 0.2
WINDOW_SECONDS: Final = 60.0
LONGEST_WAIT_SECONDS: Final = 65.0
FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 16.0


def asked_to_wait(retry_after: str | None, wall: dt.datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, as a number or as a date; None where it says nothing."""
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
    """Return the seconds to wait before sending again, or None where the answer stands.

    429 and 503 say themselves when to come back, or else the window, which is over in `window` seconds, has to pass;
    what a gateway answers is given one more chance.
    """
    if response.status not in PASSING or attempts >= SENT_AT_MOST:
        return None
    asked = asked_to_wait(response.header("retry-after"), wall)
    usual = window if is_throttled(response) else BRIEF_WAIT_SECONDS
    return min(usual if asked is None else asked, LONGEST_WAIT_SECONDS)


def is_request_timeout(response: Response | None) -> bool:
    """Return whether this is 408: on a connection that had rested it is about that, no answer (RFC 9110, 15.5.9)."""
    return response is not None and response.status == REQUEST_TIMEOUT


def is_throttled(response: Response) -> bool:
    """Return whether the API itself says 429: a web page without its numbers is a gateway's, by another limit."""
    tells = any(response.header(name) is not None for name in (RATE_LIMIT, RATE_REMAINING))
    return response.status == TOO_MANY and (tells or not is_html(response))


def tells_nothing(response: Response | None, fault: str | None) -> bool:
    """Return whether the target may have acted on a request, and nothing that came of it tells whether it did.

    A gateway that gave up waiting says nothing of the server behind it; one that says when to come back did not ask it.
    """
    if response is not None:
        return response.status in GATEWAY and response.header("retry-after") is None
    return fault != UNREACHED


def may_have_brought_down(response: Response | None, fault: str | None) -> bool:
    """Return whether a request that came to this reached a target that answers nobody from then on.

    Where nothing listened the target was away before, and what says when to come back went away on purpose.
    """
    if response is not None:
        return response.status in GATEWAY and response.header("retry-after") is None
    return fault in TRIES


def is_sent_again(fault: str | None, attempts: int) -> bool:
    """Return whether a request that came to this fault is sent once more."""
    return fault is not None and attempts < TRIES.get(fault, 1)


def may_be_away(response: Response | None, fault: str | None) -> bool:
    """Return whether what came of a request could as well mean that the target answers nobody."""
    return response.status in PASSING if response is not None else fault in TRIES or fault == UNREACHED


def lives(response: Response | None, fault: str | None) -> bool:
    """Return whether a target gives a sign of life with this: any answer of its own, were it only half of one."""
    return (
        response.status not in PASSING if response is not None else fault not in (UNREACHED, DROPPED, NOTHING_IN_TIME)
    )


def worth_as_sign_of_life(response: Response) -> int:
    """Return how much it tells of a target that it gives this answer again: 0 for nothing.

    What was refused did nothing, so it may be sent at any time; 400 shows more of the target than 401 does.
    """
    if response.status == BAD_REQUEST:
        return 2
    return int(response.status in CLIENT_ERRORS and response.status not in (TOO_MANY, REQUEST_TIMEOUT))


def pause(turn: int) -> float:
    """Return the seconds to wait before asking, for the `turn`-th time from 0, whether the target is back."""
    return min(FIRST_PAUSE_SECONDS * 2.0**turn, LONGEST_PAUSE_SECONDS)
