"""Rate-limit headers that are missing, malformed, or are wrong."""

# ruff: noqa: ARG002, PLR2004 - a step keeps its parameters, and 400 is 400

from __future__ import annotations

from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.state import State
from contracts.mock.http.api import MockApi
from contracts.mock.http.rate_limit import RateLimit, Usage
from contracts.openapi.document import Document
from contracts.openapi.operation import RATE_LIMIT, RATE_REMAINING, Operation
from tests.detection.catalogue import BOTH, READ, WRITE, defect
from tests.detection.probe import Answer, Probe

RATE_HEADERS: Final = (RATE_LIMIT, RATE_REMAINING)

seeded = partial(defect, group="rate limit")


def rate_headers(answer: Answer) -> tuple[str | None, ...]:
    """Return the rate-limit headers of an answer: the limit and what remains of it."""
    return tuple(answer.headers.get(name) for name in RATE_HEADERS)


def told_three_times(probe: Probe) -> list[tuple[str | None, ...]]:
    """Return the rate-limit headers of three answers in a row."""
    return [rate_headers(probe.write()) for _ in range(3)]


def silent(response: Response) -> Response:
    """Take the headers off an answer."""
    for name in RATE_HEADERS:
        del response.headers[name]
    return response


# Missing


@seeded(requirement="RATE-01", affects=BOTH, observe=lambda probe: rate_headers(probe.write()))
class NothingIsToldOfTheLimit(MockApi):
    """No answer has a rate-limit header."""

    def rate_headers(self, usage: Usage) -> dict[str, str]:
        """Forget the middleware."""
        return {}


@seeded(requirement="RATE-01", affects=BOTH, observe=lambda probe: rate_headers(probe.write()))
class OnlyTheLimitIsTold(MockApi):
    """Every answer has the limit, and none what remains of it."""

    def rate_headers(self, usage: Usage) -> dict[str, str]:
        """Write the header that needs no counter."""
        return {RATE_LIMIT: str(usage.limit)}


@seeded(requirement="RATE-01", affects=WRITE, observe=lambda probe: rate_headers(probe.write(b"{}")))
class RefusedBodiesTellNothing(MockApi):
    """A 400 has no rate-limit headers."""

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Let the handler of validation errors start with an answer of its own."""
        response = super().finish(request, response, usage)
        return silent(response) if response.status_code == 400 else response


@seeded(requirement="RATE-01", affects=WRITE, observe=lambda probe: rate_headers(probe.write(b"{")))
class UnparsedBodiesTellNothing(MockApi):
    """Only the refusal of a body that is not JSON has no rate-limit headers."""

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Parse before the limiter has its turn."""
        response = super().finish(request, response, usage)
        return silent(response) if b"not valid JSON" in bytes(response.body) else response


@seeded(requirement="RATE-01", affects=READ, observe=lambda probe: rate_headers(probe.status(probe.queue_job())))
class StatusTellsNothing(MockApi):
    """The status of a job has no rate-limit headers."""

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Serve reads by another route group."""
        response = super().finish(request, response, usage)
        return silent(response) if request.method == "GET" and response.status_code == 200 else response


@seeded(requirement="RATE-01", affects=BOTH, observe=lambda probe: rate_headers(probe.write()))
class HeadersAreSpeltAnotherWay(MockApi):
    """The headers are called x-rate-limit-limit and x-rate-limit-remaining."""

    def rate_headers(self, usage: Usage) -> dict[str, str]:
        """Take the names from memory."""
        headers = super().rate_headers(usage)
        return {name.replace("ratelimit", "rate-limit"): value for name, value in headers.items()}


# Malformed


@seeded(requirement="RATE-01", affects=BOTH, observe=lambda probe: rate_headers(probe.write()))
class RemainingIsAFraction(MockApi):
    """What remains is given with a decimal point."""

    def rate_headers(self, usage: Usage) -> dict[str, str]:
        """Keep the tokens of a bucket as they are."""
        return {**super().rate_headers(usage), RATE_REMAINING: f"{usage.remaining:.1f}"}


@seeded(requirement="RATE-01", affects=BOTH, observe=lambda probe: rate_headers(probe.write()))
class LimitNamesItsWindow(MockApi):
    """The limit is given as a number with a window, as in 150;w=60."""

    def rate_headers(self, usage: Usage) -> dict[str, str]:
        """Follow the draft of a standard under the old name."""
        return {**super().rate_headers(usage), RATE_LIMIT: f"{usage.limit};w=60"}


@seeded(requirement="RATE-01", affects=BOTH, observe=lambda probe: rate_headers(probe.write()))
class NumbersHaveSeparators(MockApi):
    """The limit is given with a separator of thousands."""

    def rate_headers(self, usage: Usage) -> dict[str, str]:
        """Format for people."""
        return {**super().rate_headers(usage), RATE_LIMIT: f"{usage.limit:,}"}


@seeded(requirement="RATE-01", affects=BOTH, observe=lambda probe: rate_headers(probe.write()))
class ProxyAndServerBothTell(MockApi):
    """The headers come twice, with the numbers of two limiters."""

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Add what the proxy in front counts."""
        response = super().finish(request, response, usage)
        response.headers.append(RATE_LIMIT, str(2 * usage.limit))
        response.headers.append(RATE_REMAINING, str(2 * usage.limit - usage.used))
        return response


# Untrue


@seeded(requirement="RATE-01", affects=BOTH, observe=lambda probe: rate_headers(probe.write()))
class RemainingIsNegative(MockApi):
    """What remains is below zero."""

    def rate_headers(self, usage: Usage) -> dict[str, str]:
        """Subtract the wrong way round."""
        return {**super().rate_headers(usage), RATE_REMAINING: str(usage.used - usage.limit)}


@seeded(requirement="RATE-01", affects=BOTH, observe=lambda probe: rate_headers(probe.write()))
class RemainingIsAboveTheLimit(MockApi):
    """More remains than the limit allows: it is counted for the hour, the limit for the minute."""

    def rate_headers(self, usage: Usage) -> dict[str, str]:
        """Mix two windows."""
        return {**super().rate_headers(usage), RATE_REMAINING: str(60 * usage.limit - usage.used)}


@seeded(
    requirement="RATE-01",
    affects=WRITE,
    observe=lambda probe: [rate_headers(probe.write()), rate_headers(probe.write(b"{}"))],
)
class RefusalsTellAnotherLimit(MockApi):
    """A rejected request has no limit but -1, for no limit at all."""

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Fall back on a default where the plan was not looked up."""
        response = super().finish(request, response, usage)
        if response.status_code == 400:
            response.headers[RATE_LIMIT] = "-1"
        return response


@seeded(requirement="RATE-02", affects=BOTH, observe=told_three_times)
class RemainingNeverFalls(MockApi):
    """What remains is always the whole limit."""

    def rate_headers(self, usage: Usage) -> dict[str, str]:
        """Start a new counter for each request."""
        return {**super().rate_headers(usage), RATE_REMAINING: str(usage.limit)}


@seeded(requirement="RATE-02", affects=BOTH, observe=told_three_times)
class RemainingIsWhatWasUsed(MockApi):
    """What remains rises with use."""

    def rate_headers(self, usage: Usage) -> dict[str, str]:
        """Write the wrong one of two counters."""
        return {**super().rate_headers(usage), RATE_REMAINING: str(usage.used)}


@seeded(requirement="RATE-02", affects=BOTH, observe=told_three_times)
class LimitFallsWithUse(MockApi):
    """The limit falls along with what remains of it."""

    def rate_headers(self, usage: Usage) -> dict[str, str]:
        """Take one variable for both."""
        return {RATE_LIMIT: str(usage.remaining), RATE_REMAINING: str(usage.remaining)}


@seeded(requirement="RATE-02", affects=BOTH, observe=told_three_times)
class LimitVariesByInstance(MockApi):
    """Every other answer gives another limit, as two servers with two settings do."""

    def rate_headers(self, usage: Usage) -> dict[str, str]:
        """Let the instances take turns."""
        limit = usage.limit - 50 * (usage.used % 2)
        return {RATE_LIMIT: str(limit), RATE_REMAINING: str(max(0, limit - usage.used))}


@seeded(
    requirement="RATE-02",
    affects=READ,
    observe=lambda probe: [rate_headers(probe.status("unknown")) for _ in range(3)],
)
class ReadsAreNotCounted(MockApi):
    """Reading the status of a job takes nothing from what remains."""

    def __init__(self, document: Document, *, state: State | None = None, limit: RateLimit | None = None) -> None:
        """Start with no read."""
        super().__init__(document, state=state, limit=limit)
        self._reads = 0

    def route(self, request: Request) -> tuple[Operation, dict[str, str]]:
        """Count the reads apart."""
        self._reads += request.method == "GET"
        return super().route(request)

    def rate_headers(self, usage: Usage) -> dict[str, str]:
        """Give them back."""
        return {**super().rate_headers(usage), RATE_REMAINING: str(usage.remaining + self._reads)}


@seeded(
    requirement="RATE-02",
    affects=BOTH,
    observe=lambda probe: [rate_headers(probe.write())[0], rate_headers(probe.write(b"[]"))[0]],
)
class RefusalsTellTheGatewaysLimit(MockApi):
    """A 400 gives another limit than a 200: that of the gateway, for all its customers."""

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Let the gateway answer what is refused."""
        response = super().finish(request, response, usage)
        if response.status_code == 400:
            response.headers[RATE_LIMIT] = str(usage.limit * 10)
        return response


@seeded(requirement="RATE-01", affects=BOTH, observe=lambda probe: rate_headers(probe.write()))
class LimitIsAddedByTwo(MockApi):
    """Gateway and service both add the header of the limit, and clients that join the two read no number."""

    def finish(self, request: Request, response: Response, usage: Usage) -> Response:
        """Add what is there already."""
        response = super().finish(request, response, usage)
        response.headers.append(RATE_LIMIT, str(usage.limit))
        return response
