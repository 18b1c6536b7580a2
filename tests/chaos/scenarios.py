"""Faults between the suite and a conforming target: the name of each is the fault, its docstring explains the result.

There are three results. A fault of the network for one request, or for every request for a while, is not the target's:
the run continues and every must holds (0). If no request is answered any more, the run is inconclusive (6). A fault
that the target itself repeats, while other requests are answered, is a violation (1).
"""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from itertools import count
from typing import Final

from contracts.model.exit_codes import ExitCode
from tests.chaos.proxy import Fault, ProxiedExchange

EARLY, MIDDLE = 5, 30
"""Numbers of a request at the beginning and in the middle of a run."""
A_WHILE_SECONDS, TOO_LONG_SECONDS = 5.0, 15.0
"""Shorter and longer than the outage timeout for a target on this machine."""
HELD, VIOLATED, COULD_NOT_TELL = ExitCode.HELD, ExitCode.VIOLATED, ExitCode.COULD_NOT_TELL
BEYOND_THE_LARGEST: Final = 11 * 1024 * 1024
GATEWAY_PAGE: Final = b"<html><body><h1>Service Unavailable</h1></body></html>"
CHALLENGE: Final = b"<html><head><title>Just a moment...</title></head><body><form></form></body></html>"
NOT_UTF_8: Final = b"%FF%FE"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A fault and its result: the exit code, the requirements that fail, and words in the output.

    `make` returns a new fault for each run. `violated` are the requirements that have to fail; no other may, unless
    `others` is true.
    """

    name: str
    make: Callable[[], Fault]
    code: int
    violated: frozenset[str] = frozenset()
    others: bool = False
    says: str = ""


SCENARIOS: dict[str, Scenario] = {}


def leads_to(
    code: int, *violated: str, says: str = "", others: bool = False
) -> Callable[[Callable[[], Fault]], Callable[[], Fault]]:
    """Register the result of the fault that the decorated function returns."""

    def note(make: Callable[[], Fault]) -> Callable[[], Fault]:
        SCENARIOS[make.__name__] = Scenario(make.__name__, make, code, frozenset(violated), others, says)
        return make

    return note


def at(number: int, what: Callable[[ProxiedExchange], None]) -> Fault:
    """Return a fault of one exchange."""
    return lambda exchange: what(exchange) if exchange.number == number else exchange.pass_through()


def every(interval: int, what: Callable[[ProxiedExchange], None]) -> Fault:
    """Return a fault of every n-th exchange."""
    return lambda exchange: what(exchange) if exchange.number % interval == 0 else exchange.pass_through()


def from_number(number: int, what: Callable[[ProxiedExchange], None]) -> Fault:
    """Return a fault of all exchanges from one on."""
    return lambda exchange: what(exchange) if exchange.number >= number else exchange.pass_through()


def for_a_while(number: int, what: Callable[[ProxiedExchange], None], seconds: float = A_WHILE_SECONDS) -> Fault:
    """Return a fault of all exchanges for some seconds, from one exchange on."""
    began: list[float] = []

    def fault(exchange: ProxiedExchange) -> None:
        if exchange.number >= number and not began:
            began.append(exchange.seconds)
        if began and exchange.seconds - began[0] < seconds:
            what(exchange)
        else:
            exchange.pass_through()

    return fault


def answering(status: str, body: bytes = b"", **headers: str) -> Callable[[ProxiedExchange], None]:
    """Return a function that answers in place of the target, without sending it the request."""
    fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    answer = f"HTTP/1.1 {status}\r\n{fields}Content-Length: {len(body)}\r\n\r\n".encode() + body
    return lambda exchange: exchange.send(answer)


def half(exchange: ProxiedExchange) -> None:
    """Send a response without the last byte of its body."""
    exchange.send(exchange.forward()[:-1])
    exchange.close()


def half_a_head(exchange: ProxiedExchange) -> None:
    """Send the beginning of the head of a response."""
    exchange.send(exchange.forward()[:20])
    exchange.close()


def body_changed(change: Callable[[bytes], bytes]) -> Callable[[ProxiedExchange], None]:
    """Return a function that sends responses with another body and its correct length."""

    def what(exchange: ProxiedExchange) -> None:
        head, _, body = exchange.forward().partition(b"\r\n\r\n")
        body = change(body)
        length = b"content-length: %d" % len(body)
        exchange.send(re.sub(rb"(?i)content-length: \d+", length, head) + b"\r\n\r\n" + body)

    return what


# What a network does to one request


@leads_to(HELD, says="1 retry")
def resets_one_connection_before_a_byte() -> Fault:
    """The retry is answered: one fault in a run is the network."""
    return at(MIDDLE, ProxiedExchange.reset)


@leads_to(HELD, says="1 retry")
def hangs_up_on_one_request() -> Fault:
    """As above, with FIN in place of RST."""
    return at(MIDDLE, ProxiedExchange.close)


@leads_to(HELD)
def hangs_up_on_the_very_first_request() -> Fault:
    """The first request is no exception."""
    return at(1, ProxiedExchange.close)


@leads_to(HELD, says="1 retry")
def loses_an_answer_after_the_target_acted() -> Fault:
    """The target acted on the request; the loss of its response is not held against it."""

    def what(exchange: ProxiedExchange) -> None:
        exchange.forward()
        exchange.reset()

    return at(MIDDLE, what)


@leads_to(HELD, says="1 retry")
def cuts_off_one_body() -> Fault:
    """The response to the retry is complete."""
    return at(MIDDLE, half)


@leads_to(HELD, says="1 retry")
def cuts_off_one_head() -> Fault:
    """The response to the retry is complete."""
    return at(MIDDLE, half_a_head)


@leads_to(HELD, says="1 retry")
def swallows_one_request() -> Fault:
    """A timeout counts only if the retry times out, too, and it does not."""
    return at(MIDDLE, ProxiedExchange.stall)


@leads_to(HELD, says="1 retry")
def stops_in_the_middle_of_one_body() -> Fault:
    """As above, after the first bytes."""

    def what(exchange: ProxiedExchange) -> None:
        exchange.send(exchange.forward()[:-1])
        exchange.stall()

    return at(MIDDLE, what)


@leads_to(HELD, says="1 retry")
def drips_one_answer_beyond_the_deadline() -> Fault:
    """It ends at the deadline, and the response to the retry is in time."""
    return at(MIDDLE, lambda exchange: exchange.drip(exchange.forward(), 2.0))


@leads_to(HELD)
def drips_every_answer_within_the_deadline() -> Fault:
    """A slow response is a valid one."""
    return lambda exchange: exchange.drip(exchange.forward(), 0.1, size=120)


@leads_to(HELD)
def closes_every_connection_between_requests() -> Fault:
    """HTTP allows it at any time, without an announcement."""

    def what(exchange: ProxiedExchange) -> None:
        exchange.pass_through()
        exchange.close()

    return what


@leads_to(HELD)
def resets_connections_between_requests() -> Fault:
    """As above, with RST. Other connections stay: on a new one a request may be under way by then."""

    def what(exchange: ProxiedExchange) -> None:
        exchange.pass_through()
        if exchange.number % 10 == 0:
            exchange.reset()

    return what


# What happens to everybody for a while


@leads_to(HELD, says="target unavailable once")
def nothing_listens_for_a_while() -> Fault:
    """The target restarts: the requests are sent again when it is available."""
    return at(MIDDLE, lambda exchange: exchange.proxy.leave(A_WHILE_SECONDS))


@leads_to(HELD, says="target unavailable")
def nothing_listens_at_two_times() -> Fault:
    """The same twice."""
    return lambda exchange: (
        exchange.proxy.leave(A_WHILE_SECONDS / 2) if exchange.number in (EARLY, 2 * MIDDLE) else exchange.pass_through()
    )


@leads_to(HELD, says="target unavailable once")
def nobody_is_answered_for_a_while() -> Fault:
    """Packets are lost: a timeout says nothing about a request while no other is answered."""
    return for_a_while(MIDDLE, ProxiedExchange.stall, seconds=30.0)


@leads_to(HELD, says="target unavailable once")
def everybody_is_hung_up_on_for_a_while() -> Fault:
    """A load balancer without a server does this."""
    return for_a_while(MIDDLE, ProxiedExchange.close)


@leads_to(HELD, says="target unavailable once")
def everybody_is_reset_for_a_while() -> Fault:
    """A firewall that restarts does this."""
    return for_a_while(MIDDLE, ProxiedExchange.reset)


@leads_to(HELD, says="target unavailable once")
def gateway_has_no_server_for_a_while() -> Fault:
    """The gateway answers every request with 503."""
    return for_a_while(MIDDLE, answering("503 Service Unavailable", GATEWAY_PAGE, Content_Type="text/html"))


@leads_to(HELD, says="target unavailable once")
def gateway_waits_in_vain_for_a_while() -> Fault:
    """As above, with 504."""
    return for_a_while(MIDDLE, answering("504 Gateway Timeout", GATEWAY_PAGE, Content_Type="text/html"))


@leads_to(HELD, says="1 retry")
def gateway_fails_once() -> Fault:
    """A gateway answers one 502 while servers are exchanged."""
    return at(MIDDLE, answering("502 Bad Gateway", GATEWAY_PAGE, Content_Type="text/html"))


@leads_to(HELD, says="1 retry")
def gateway_answers_with_a_page_of_its_own_once() -> Fault:
    """520 to 530 are Cloudflare's 502; no application answers them."""
    return at(MIDDLE, answering("520 Unknown", GATEWAY_PAGE, Content_Type="text/html"))


@leads_to(HELD, says="target unavailable once")
def gateway_answers_with_a_page_of_its_own_for_a_while() -> Fault:
    """As above, for every request."""
    return for_a_while(MIDDLE, answering("522 Connection Timed Out", GATEWAY_PAGE, Content_Type="text/html"))


@leads_to(HELD, says="1 retry")
def gateway_throttles_once_with_a_page() -> Fault:
    """The gateway's limit is not that of the API: the throttle does not wait for a window or change the pace."""
    return at(MIDDLE, answering("429 Too Many Requests", GATEWAY_PAGE, Content_Type="text/html"))


@leads_to(HELD, says="target unavailable once")
def gateway_throttles_everybody_for_a_while_with_a_page() -> Fault:
    """As above, for every request."""
    return for_a_while(MIDDLE, answering("429 Too Many Requests", GATEWAY_PAGE, Content_Type="text/html"))


@leads_to(HELD, says="target unavailable once")
def bot_check_is_in_front_for_a_while() -> Fault:
    """The application did not get the requests, so neither a control nor a mutation was rejected."""
    return for_a_while(MIDDLE, answering("403 Forbidden", CHALLENGE, Content_Type="text/html"))


@leads_to(HELD, says="Observed: the target became unavailable once while a request to ")
def target_goes_down_once_with_a_request_in_flight() -> Fault:
    """The retry after the outage was answered: the request did not cause the outage."""
    return at(MIDDLE, lambda exchange: exchange.proxy.leave(A_WHILE_SECONDS / 2))


@leads_to(HELD, says="1 retry")
def target_is_maintained_and_says_until_when() -> Fault:
    """503 with Retry-After announces the end."""
    return for_a_while(MIDDLE, answering("503 Service Unavailable", Retry_After="6"))


@leads_to(HELD, says="1 answered 429")
def throttles_once_and_says_until_when() -> Fault:
    """The client waits for as long as Retry-After says, and retries."""
    return at(MIDDLE, answering("429 Too Many Requests", Retry_After="5"))


@leads_to(HELD, says="1 answered 429")
def throttles_once_until_a_date() -> Fault:
    """The same with a date."""

    def what(exchange: ProxiedExchange) -> None:
        answering("429 Too Many Requests", Retry_After=formatdate(time.time() + 5, usegmt=True))(exchange)

    return at(MIDDLE, what)


@leads_to(HELD, says="1 answered 429")
def throttles_once_without_a_word() -> Fault:
    """The client waits for the next window."""
    return at(MIDDLE, answering("429 Too Many Requests"))


# What stays away


@leads_to(COULD_NOT_TELL, says="cannot be reached")
def nothing_ever_listens() -> Fault:
    """Nothing was checked; the URL may be wrong."""
    return at(1, lambda exchange: exchange.proxy.leave())


@leads_to(COULD_NOT_TELL, says="stopped answering (no connection)")
def nothing_listens_any_more() -> Fault:
    """Results until then are reported; the rest is not run, with one error for all."""
    return at(MIDDLE, lambda exchange: exchange.proxy.leave())


@leads_to(COULD_NOT_TELL, says="stopped answering (no answer in time)")
def nobody_is_answered_any_more() -> Fault:
    """As above: the health probe is not answered either."""
    return from_number(MIDDLE, ProxiedExchange.stall)


@leads_to(COULD_NOT_TELL, says="stopped answering (connection dropped)")
def everybody_is_hung_up_on_from_then_on() -> Fault:
    """As above."""
    return from_number(MIDDLE, ProxiedExchange.close)


@leads_to(COULD_NOT_TELL, says="stopped answering (answered 503)")
def gateway_has_no_server_any_more() -> Fault:
    """A gateway answers 503 if the target is unavailable."""
    return from_number(MIDDLE, answering("503 Service Unavailable", GATEWAY_PAGE, Content_Type="text/html"))


@leads_to(COULD_NOT_TELL, says="stopped answering (answered 530)")
def gateway_answers_with_a_page_of_its_own_for_good() -> Fault:
    """As above."""
    return from_number(MIDDLE, answering("530 Origin DNS Error", GATEWAY_PAGE, Content_Type="text/html"))


@leads_to(COULD_NOT_TELL, says="stopped answering (answered 429)")
def gateway_throttles_for_ever_with_a_page() -> Fault:
    """It is the gateway's limit, not that of the token."""
    return from_number(MIDDLE, answering("429 Too Many Requests", GATEWAY_PAGE, Content_Type="text/html"))


@leads_to(COULD_NOT_TELL, says="every request now gets 403 and a web page")
def bot_check_stays_in_front() -> Fault:
    """A page that every request gets says nothing about the application."""
    return from_number(MIDDLE, answering("403 Forbidden", CHALLENGE, Content_Type="text/html"))


@leads_to(COULD_NOT_TELL, says="(id that is not UTF-8, request ")
def target_goes_down_for_good_at_a_request() -> Fault:
    """It may have been a coincidence, so nothing is violated; the request is reported."""
    return lambda exchange: exchange.proxy.leave() if NOT_UTF_8 in exchange.request else exchange.pass_through()


@leads_to(COULD_NOT_TELL, says="keeps answering 429")
def throttles_for_ever() -> Fault:
    """Another client uses up the limit, which is not the target's fault and leaves nothing for this run."""
    return from_number(MIDDLE, answering("429 Too Many Requests", Retry_After="1"))


@leads_to(COULD_NOT_TELL, says="it was unavailable")
def target_comes_and_goes_for_too_long() -> Fault:
    """The outages exceed their total timeout: too little can be checked."""
    return lambda exchange: exchange.proxy.leave(8.0) if exchange.number % 8 == 0 else exchange.pass_through()


@leads_to(COULD_NOT_TELL, says="no longer accepts the token")
def token_expires() -> Fault:
    """Controls are rejected from then on because the token was revoked, which violates no requirement."""

    def what(exchange: ProxiedExchange) -> None:
        head, _, body = exchange.request.partition(b"\r\n\r\n")
        exchange.request = re.sub(rb"(?i)(authorization: bearer) \S+", rb"\1 expired", head) + b"\r\n\r\n" + body
        exchange.pass_through()

    return from_number(MIDDLE, what)


# What the target itself does


@leads_to(VIOLATED, "RESP-06")
def every_answer_is_garbage() -> Fault:
    """No network does this to a response, and every request gets it."""

    def what(exchange: ProxiedExchange) -> None:
        exchange.forward()
        exchange.send(b"\x16\x03\x01\x02\x00garbage\r\n\r\n")
        exchange.close()

    return what


@leads_to(VIOLATED, "RESP-06", others=True, says=" bytes that belong to no response: ")
def a_refusal_goes_ahead_of_every_answer() -> Fault:
    """Every request seems to be rejected, and is accepted after that: the next request would get this response."""
    refusal = b'{"error":{"code":"invalid","message":"invalid"}}'

    def what(exchange: ProxiedExchange) -> None:
        head = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        exchange.send(head % len(refusal) + refusal + exchange.forward())

    return what


@leads_to(HELD)
def idle_connections_get_408_and_are_closed() -> Fault:
    """RFC 9110, 15.5.9: it is not a response to a request."""

    def what(exchange: ProxiedExchange) -> None:
        exchange.pass_through()
        if exchange.number % EARLY == 0:
            answering("408 Request Timeout", Connection="close")(exchange)
            exchange.close()

    return what


@leads_to(VIOLATED, "RESP-06")
def every_answer_lacks_its_last_byte() -> Fault:
    """Once, it is the network; each time, Content-Length is wrong."""
    return half


@leads_to(VIOLATED, "RESP-06")
def every_answer_drips_for_ever() -> Fault:
    """The target is available, and no response is complete within the deadline."""
    return lambda exchange: exchange.drip(exchange.forward() + b" " * 1000, 2.0)


@leads_to(VIOLATED, "RESP-06")
def every_answer_is_larger_than_anybody_wants() -> Fault:
    """Ten mebibytes are read, and the fault is reported."""
    return body_changed(lambda body: body + b" " * BEYOND_THE_LARGEST)


@leads_to(VIOLATED, "RESP-06")
def every_answer_unpacks_to_more_than_memory_holds() -> Fault:
    """A body of a hundred mebibytes is decoded up to ten."""
    bomb = gzip.compress(bytes(10 * BEYOND_THE_LARGEST), compresslevel=1)
    return answering("200 OK", bomb, Content_Type="application/json", Content_Encoding="gzip")


@leads_to(VIOLATED, "RESP-02", others=True)
def every_body_is_corrupted() -> Fault:
    """TCP and TLS have checksums: the network does not change bodies."""
    return body_changed(lambda body: body.replace(b"{", b"\xff", 1))


@leads_to(VIOLATED, others=True)
def every_answer_is_for_another_request() -> Fault:
    """No network mixes up two connections: the target sends responses to other requests."""
    kept: list[bytes] = []

    def what(exchange: ProxiedExchange) -> None:
        kept.append(exchange.forward())
        exchange.send(kept[max(0, len(kept) - 2)])

    return what


@leads_to(VIOLATED, "RESP-06")
def one_request_of_ten_is_hung_up_on() -> Fault:
    """Each retry is answered, but of a network one fault in a hundred requests is tolerated."""
    return every(10, ProxiedExchange.close)


@leads_to(VIOLATED, "RESP-06")
def one_request_of_ten_is_unavailable() -> Fault:
    """As above, by a gateway."""
    return every(10, answering("503 Service Unavailable"))


@leads_to(VIOLATED, "RESP-06", says="target goes down at this request")
def target_goes_down_each_time_at_a_request() -> Fault:
    """The target became available, got the same request, and became unavailable again."""
    return lambda exchange: exchange.proxy.leave(1.5) if NOT_UTF_8 in exchange.request else exchange.pass_through()


@leads_to(VIOLATED, "RESP-06", says="target goes down at this request")
def target_behind_a_gateway_goes_down_each_time_at_a_request() -> Fault:
    """As above, while a gateway answers 502 to every request."""
    down_until = [0.0]
    page = answering("502 Bad Gateway", GATEWAY_PAGE, Content_Type="text/html")

    def what(exchange: ProxiedExchange) -> None:
        if NOT_UTF_8 in exchange.request and exchange.seconds >= down_until[0]:
            down_until[0] = exchange.seconds + 2.0
        if exchange.seconds < down_until[0]:
            page(exchange)
        else:
            exchange.pass_through()

    return what


@leads_to(VIOLATED, "RESP-06", others=True)
def one_request_of_fifteen_is_a_crash() -> Fault:
    """A 500 is the target's own response, without a retry."""
    numbers = count(1)
    crash = answering("500 Internal Server Error", b'{"error":{"code":"internal","message":"internal"}}')

    def what(exchange: ProxiedExchange) -> None:
        if next(numbers) % 15 == 0:
            crash(exchange)
        else:
            exchange.pass_through()

    return what


@leads_to(VIOLATED, "RESP-06", others=True)
def malformed_json_is_never_answered() -> Fault:
    """The request times out twice while others are answered."""
    return lambda exchange: exchange.stall() if exchange.request.endswith(b",}") else exchange.pass_through()


@leads_to(VIOLATED, "RESP-06", others=True)
def malformed_json_is_hung_up_on() -> Fault:
    """As above."""
    return lambda exchange: exchange.close() if exchange.request.endswith(b",}") else exchange.pass_through()
