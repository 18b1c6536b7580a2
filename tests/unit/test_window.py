"""What is learnt of the target's rate limit, answer by answer."""

from __future__ import annotations

import pytest

from contracts.mock.http.rate_limit import RateLimit
from contracts.model.http import Response
from tests.harness.http.retry_policy import WINDOW_SECONDS
from tests.harness.rate_limit.limit_window import (
    BACKOFF_WINDOWS,
    MARGIN_SECONDS,
    MAX_INEFFECTIVE_WAITS,
    LimitWindow,
    parse_rate_headers,
)
from tests.support.factories import table, with_rate_limit

NOT_CONCERNED = Response(200, (), b"")


@table(
    "response, numbers",
    {
        "both": (with_rate_limit(150, 149), (150, 149)),
        "none": (NOT_CONCERNED, None),
        "one": (Response(200, (("x-ratelimit-limit", "150"),), b""), None),
        "no number": (with_rate_limit("many", 3), None),
        "below zero": (with_rate_limit(150, -1), None),
        "beyond reason": (with_rate_limit(150, "9" * 5000), None),
    },
)
def test_rate_headers_are_parsed(response: Response, numbers: tuple[int, int] | None) -> None:
    assert parse_rate_headers(response) == numbers


@table(
    "limit, pace", {"the usual": (150, 100), "a small one": (6, 4), "a large one": (900, 600), "the smallest": (1, 1)}
)
def test_pace_follows_the_limit(limit: int, pace: int) -> None:
    window = LimitWindow()
    assert window.per_minute(0) == 100
    window.observe(0, with_rate_limit(limit, limit), own=1)
    assert window.per_minute(1) == pace


def test_nothing_is_delayed_where_no_limit_is_announced() -> None:
    window = LimitWindow()
    window.observe(0, NOT_CONCERNED, own=1)
    window.observe(1, with_rate_limit(0, 0), own=2)
    assert (window.seconds_until_reset(2), window.per_minute(2)) == (0, 100)


def test_window_that_others_use_up_is_waited_for() -> None:
    window = LimitWindow()
    window.observe(10, with_rate_limit(150, 149), own=1)
    assert window.seconds_until_reset(11) == 0
    window.observe(20, with_rate_limit(150, 37), own=2)
    assert window.seconds_until_reset(25) == pytest.approx(10 + WINDOW_SECONDS + MARGIN_SECONDS - 25)
    assert window.seconds_until_reset(10 + WINDOW_SECONDS + MARGIN_SECONDS) == 0


def test_next_window_is_recognised_by_what_remains() -> None:
    window = LimitWindow()
    window.observe(10, with_rate_limit(150, 30), own=120)
    window.observe(72, with_rate_limit(150, 140), own=1)
    window.observe(73, with_rate_limit(150, 20), own=2)
    assert window.left(73) == pytest.approx(72 + WINDOW_SECONDS + MARGIN_SECONDS - 73)


def test_windows_that_passed_unseen_are_counted() -> None:
    window = LimitWindow()
    window.observe(10, with_rate_limit(150, 140), own=1)
    window.observe(10 + 2.5 * WINDOW_SECONDS, with_rate_limit(150, 20), own=1)
    assert window.left(10 + 2.5 * WINDOW_SECONDS) == pytest.approx(0.5 * WINDOW_SECONDS + MARGIN_SECONDS)


def test_numbers_that_never_come_back_are_waited_for_no_more() -> None:
    window, now = LimitWindow(), 0.0
    held = []
    for _ in range(6):
        held.append(window.seconds_until_reset(now))
        now += held[-1] + 1
        window.observe(now, with_rate_limit(150, 0), own=150)
    assert sum(seconds > 0 for seconds in held) == MAX_INEFFECTIVE_WAITS
    assert held[-1] == 0


def test_pace_is_halved_in_company_and_comes_back() -> None:
    window = LimitWindow()
    window.observe(0, with_rate_limit(150, 100), own=50)
    assert window.per_minute(1) == 100
    window.observe(2, with_rate_limit(150, 80), own=51)
    assert window.per_minute(3) == 50
    assert window.per_minute(2 + BACKOFF_WINDOWS * WINDOW_SECONDS) == 100


def test_pace_decreases_with_each_429_down_to_a_bound() -> None:
    window = LimitWindow()
    paces = []
    for now in range(6):
        window.on_throttled(now)
        paces.append(window.per_minute(now))
    assert paces == [50, 25, 12, 10, 10, 10]


@table(
    "remaining, elapsed, slowed",
    {"near the limit and late": (30, 2.0, True), "late": (31, 2.0, False), "near the limit": (30, 1.9, False)},
)
def test_delay_near_the_limit_is_recognised(remaining: int, elapsed: float, *, slowed: bool) -> None:
    window = LimitWindow()
    window.observe(0, with_rate_limit(150, remaining), own=1)
    assert window.is_delayed(elapsed) is slowed


def test_two_that_do_not_know_of_each_other_stay_below_the_line_of_a_real_limit() -> None:
    now = [0.0]
    limit, sent = RateLimit(150, enforce=True, clock=lambda: now[0]), []
    windows, own = [LimitWindow(), LimitWindow()], [[], []]
    usages = []
    while now[0] < 6 * WINDOW_SECONDS:
        for window, mine in zip(windows, own, strict=True):
            recent = [at for at in mine if at > now[0] - WINDOW_SECONDS]
            if window.seconds_until_reset(now[0]) or len(recent) >= window.per_minute(now[0]):
                continue
            mine.append(now[0])
            sent.append(now[0])
            usages.append(usage := limit.count())
            window.observe(now[0], with_rate_limit(usage.limit, usage.remaining), own=len(recent) + 1)
        now[0] += 0.05
    assert not any(usage.refused or usage.slowed for usage in usages)
    shares = [len(mine) for mine in own]
    assert sum(shares) > 5 * 80, "and they get something done"
    assert min(shares) > max(shares) / 2, "both of them"
