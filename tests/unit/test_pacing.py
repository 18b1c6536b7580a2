"""The pace: one count for all that use a token, and what a wait looks like."""

from __future__ import annotations

import multiprocessing
import sqlite3
import time
from pathlib import Path

import pytest

from tests.harness.http import timing
from tests.harness.rate_limit.limit_window import LimitWindow
from tests.harness.rate_limit.shared_counter import SharedRateCounter
from tests.harness.rate_limit.throttle import Throttle
from tests.support.factories import with_rate_limit
from tests.support.pace_worker import START, TOKEN, URL, StandingClock, acquire


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


def pacer(clock: StandingClock, folder: Path, token: str = TOKEN, *, paced: bool = True) -> tuple[Throttle, list[str]]:
    lines: list[str] = []
    return Throttle(clock, lambda: SharedRateCounter(clock, URL, token, folder), lines.append, paced=paced), lines


def extra_requests(one: Throttle, times: int) -> float:
    """Send so many requests without an answer; return the seconds waited."""
    before = one.waited
    for _ in range(times):
        one.before_request()
    return one.waited - before


def test_first_hundred_go_out_at_once_and_the_next_a_minute_later(clock: StandingClock, tmp_path: Path) -> None:
    one, lines = pacer(clock, tmp_path)
    assert extra_requests(one, 100) == 0
    assert extra_requests(one, 1) == pytest.approx(60, abs=0.1)
    assert extra_requests(one, 99) == 0
    assert lines == ["waiting 60 s for the rate limit"]


def test_target_on_this_machine_is_not_paced_before_it_says_429(clock: StandingClock, tmp_path: Path) -> None:
    one, _ = pacer(clock, tmp_path, paced=False)
    assert (extra_requests(one, 1000), one.per_minute) == (0, None)
    one.after_response(with_rate_limit(150, 0), 2.5)
    assert (extra_requests(one, 1), one.delayed) == (0, 0)
    assert one.on_throttled() == pytest.approx(60.5)
    assert one.throttled == 1


def test_first_429_of_an_unpaced_target_is_no_sign_of_other_clients(clock: StandingClock, tmp_path: Path) -> None:
    one, _ = pacer(clock, tmp_path, paced=False)
    for used in range(1, 151):
        one.before_request()
        one.after_response(with_rate_limit(150, 150 - used), 0.01)
    one.after_response(with_rate_limit(150, 0), 0.01)
    clock.sleep(one.on_throttled())
    one.after_response(with_rate_limit(150, 149), 0.01)
    assert one.per_minute == 100
    assert extra_requests(one, 100) == 0
    assert extra_requests(one, 1) == pytest.approx(60, abs=0.1)


def test_window_that_ends_sooner_than_a_minute_after_a_429_hides_no_request_of_ours(
    clock: StandingClock, tmp_path: Path
) -> None:
    one, _ = pacer(clock, tmp_path, paced=False)
    extra_requests(one, 150)
    one.on_throttled()
    clock.sleep(5)
    one.before_request()
    one.after_response(with_rate_limit(150, 1), 0.01)
    assert one.per_minute == 100


def test_second_429_halves_the_pace(clock: StandingClock, tmp_path: Path) -> None:
    one, _ = pacer(clock, tmp_path, paced=False)
    one.on_throttled()
    one.on_throttled()
    assert one.per_minute == 50


def test_answers_that_come_late_near_the_limit_are_counted(clock: StandingClock, tmp_path: Path) -> None:
    one, _ = pacer(clock, tmp_path)
    one.before_request()
    one.after_response(with_rate_limit(150, 25), 2.1)
    assert one.delayed == 1
    assert extra_requests(one, 1) == pytest.approx(60.5)


def test_one_token_has_one_count_for_all(clock: StandingClock, tmp_path: Path) -> None:
    one, other = pacer(clock, tmp_path)[0], pacer(clock, tmp_path)[0]
    assert extra_requests(one, 60) + extra_requests(other, 40) == 0
    assert extra_requests(other, 1) > 59


def test_another_token_has_its_own_count(clock: StandingClock, tmp_path: Path) -> None:
    one, other = pacer(clock, tmp_path)[0], pacer(clock, tmp_path, "tok-2")[0]
    assert extra_requests(one, 100) + extra_requests(other, 100) == 0


def test_file_does_not_contain_the_token(clock: StandingClock, tmp_path: Path) -> None:
    extra_requests(pacer(clock, tmp_path, "tok-secret")[0], 3)
    assert list(tmp_path.iterdir())
    assert not any(b"tok-secret" in file.read_bytes() + bytes(file) for file in tmp_path.iterdir())


def test_processes_at_the_same_time_share_the_count(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = pool.starmap(acquire, [(tmp_path, 80)] * 2)
    assert sum(found) == 100


def test_file_that_cannot_be_had_changes_nothing_for_one_process(clock: StandingClock, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    one, _ = pacer(clock, tmp_path / "file")
    assert extra_requests(one, 100) == 0
    assert extra_requests(one, 1) > 59


def test_file_that_breaks_on_the_way_is_done_without(clock: StandingClock, tmp_path: Path, monkeypatch) -> None:
    one, _ = pacer(clock, tmp_path)
    extra_requests(one, 3)

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("pyrate_limiter.SQLiteBucket.put", full)
    assert extra_requests(one, 100) == 0
    assert extra_requests(one, 1) > 59


def test_what_a_clock_ahead_of_time_counted_keeps_nobody_waiting(clock: StandingClock, tmp_path: Path) -> None:
    clock.time += 3600
    extra_requests(pacer(clock, tmp_path)[0], 100)
    clock.time -= 3600
    assert extra_requests(pacer(clock, tmp_path)[0], 100) == 0


def test_clock_that_is_set_back_on_the_way_keeps_nobody_waiting(clock: StandingClock, tmp_path: Path) -> None:
    one, _ = pacer(clock, tmp_path)
    extra_requests(one, 100)
    clock.time -= 3600
    assert extra_requests(one, 1) <= 60


def test_no_wait_depends_on_the_time_of_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    budget = SharedRateCounter(timing.Clock(), URL, TOKEN, tmp_path)
    now = time.time()
    assert [budget.wait(2) for _ in range(2)] == [0, 0]
    for hour in (-1, 1):
        monkeypatch.setattr(time, "time", lambda hour=hour: now + hour * 3600)
        assert 50 < budget.wait(2) <= 60.1


def test_pace_of_nobody_is_the_usual_one() -> None:
    assert LimitWindow().per_minute(START) == 100
