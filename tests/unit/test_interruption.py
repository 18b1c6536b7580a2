"""Ctrl-C, and what is taken for it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.harness.run import interruption as module
from tests.harness.run.interruption import (
    SIGNALS_TO_HANDLE,
    Interruption,
    Phase,
    Step,
    clean_up_hint,
    defer_sigint,
    require_going_on,
    step_for,
)
from tests.support.factories import table
from tests.support.suite_process import listen_to_signals

FOREVER = 60.0
SOON_MINUTES = 0.0005
SOON_SECONDS = 0.03
DO_NOT_WAIT: Callable[[], bool] = lambda: True  # noqa: E731
WAIT: Callable[[], bool] = lambda: False  # noqa: E731


@contextmanager
def installed(minutes: float | None = None) -> Iterator[tuple[Interruption, list[str]]]:
    """Take signals; give what takes them, and what it tells."""
    reported: list[str] = []
    interruption = Interruption(reported.append, lambda: reported.append("what is open"))
    with interruption.installed(minutes):
        yield interruption, reported


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Start with the default handlers, and restore those from before."""
    before = {number: signal.getsignal(number) for number in SIGNALS_TO_HANDLE}
    listen_to_signals()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@table(
    "phase, signals, out_of_time, expected",
    {
        "the first while it runs": (Phase.RUNNING, 1, False, Step.END_RUN),
        "the time limit": (Phase.RUNNING, 0, True, Step.END_RUN),
        "one while reports are written": (Phase.REPORTING, 1, False, Step.NOTHING),
        "many while reports are written": (Phase.REPORTING, 9, False, Step.NOTHING),
        "the first while it cleans up": (Phase.CLEANING_UP, 1, False, Step.REPORT_OPEN_RECORDS),
        "the second while it cleans up": (Phase.CLEANING_UP, 2, False, Step.REPORT_OPEN_RECORDS),
        "the third while it cleans up": (Phase.CLEANING_UP, 3, False, Step.STOP_CLEAN_UP),
        "the time limit while it cleans up": (Phase.CLEANING_UP, 0, True, Step.STOP_CLEAN_UP),
    },
)
def test_what_a_signal_leads_to(phase: Phase, signals: int, expected: Step, *, out_of_time: bool) -> None:
    assert step_for(phase, signals, out_of_time=out_of_time) is expected


@pytest.mark.parametrize("number", SIGNALS_TO_HANDLE, ids=lambda number: number.name)
def test_signal_ends_like_ctrl_c_and_is_reported(number: signal.Signals) -> None:
    with installed() as (_, reported), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)
    assert reported == [number.name] * (number != signal.SIGINT)


def test_handlers_are_put_back_where_no_signal_came() -> None:
    before = [signal.getsignal(number) for number in SIGNALS_TO_HANDLE]
    with installed():
        assert [signal.getsignal(number) for number in SIGNALS_TO_HANDLE] != before
    assert [signal.getsignal(number) for number in SIGNALS_TO_HANDLE] == before


def test_signal_after_the_end_shows_no_traceback() -> None:
    with installed(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT], ids=["nohup", "in the background"])
def test_signal_that_was_ignored_stays_ignored_and_the_others_do_not(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_IGN)
    with installed() as (_, reported):
        signal.raise_signal(number)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    assert reported == ["SIGTERM"]


def test_time_limit_ends_a_wait_like_ctrl_c() -> None:
    with installed(SOON_MINUTES) as (_, reported), pytest.raises(KeyboardInterrupt):
        threading.Event().wait(FOREVER)
    assert reported == ["the time limit"]


def test_clean_up_after_a_time_limit_with_workers_has_its_seconds_after_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 10 * SOON_SECONDS)
    monkeypatch.setattr(module, "CLEAN_UP_SECONDS", SOON_SECONDS)
    done: list[str] = []
    interruption = Interruption(str, str)
    with interruption.installed(SOON_MINUTES, grace=True):
        with pytest.raises(KeyboardInterrupt):
            threading.Event().wait(FOREVER)
        interruption.clean_up(lambda: done.append("a cancellation"))
    assert done == ["a cancellation"]


def test_time_limit_is_over_with_its_context() -> None:
    with Interruption(str, str).installed(FOREVER, grace=True):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > FOREVER
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_must_not_be_interrupted_is_done_first(number: signal.Signals) -> None:
    done = []

    def act() -> None:
        with defer_sigint(WAIT):
            signal.raise_signal(number)
            signal.raise_signal(number)
            done.append("act")

    with installed(), pytest.raises(KeyboardInterrupt):
        act()
    assert done == ["act"]


@pytest.mark.parametrize(("outer", "inner", "expected"), [(WAIT, DO_NOT_WAIT, []), (DO_NOT_WAIT, WAIT, ["inner"])])
def test_innermost_context_says_whether_a_stop_waits(
    outer: Callable[[], bool], inner: Callable[[], bool], expected: list[str]
) -> None:
    done = []

    def act() -> None:
        with defer_sigint(outer):
            with defer_sigint(inner):
                signal.raise_signal(signal.SIGINT)
                done.append("inner")
            done.append("outer")

    with installed(), pytest.raises(KeyboardInterrupt):
        act()
    assert done == expected


def test_stop_that_waits_comes_with_the_first_context_that_need_not() -> None:
    done = []

    def act() -> None:
        with defer_sigint(WAIT):
            signal.raise_signal(signal.SIGTERM)
            with defer_sigint(DO_NOT_WAIT):
                done.append("inner")

    with installed(), pytest.raises(KeyboardInterrupt):
        act()
    assert done == []


def test_end_is_not_lost_with_an_error_within_it() -> None:
    def act() -> None:
        with defer_sigint(WAIT):
            signal.raise_signal(signal.SIGINT)
            raise ValueError

    with installed(), pytest.raises(KeyboardInterrupt):
        act()


def test_end_that_a_finaliser_has_lost_comes_with_the_next_request() -> None:
    with installed() as (interruption, _):
        require_going_on()
        with suppress(KeyboardInterrupt):  # as in a finaliser
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            require_going_on()
        sent: list[str] = []
        interruption.clean_up(lambda: (require_going_on(), sent.append("a cancellation")))
    require_going_on()
    assert sent == ["a cancellation"]


def test_third_signal_waits_for_nothing() -> None:
    done = []

    def act() -> None:
        with defer_sigint(WAIT):
            for turn in range(3):
                signal.raise_signal(signal.SIGINT)
                done.append(turn)

    with installed(), pytest.raises(KeyboardInterrupt):
        act()
    assert done == [0, 1]


@pytest.mark.parametrize("minutes", [None, SOON_MINUTES], ids=["a signal", "the time limit"])
def test_nothing_holds_an_end_back_for_long(minutes: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_DEFER_SECONDS", SOON_SECONDS)

    def act() -> None:
        with defer_sigint(WAIT):
            if minutes is None:
                signal.raise_signal(signal.SIGTERM)
            threading.Event().wait(FOREVER)

    with installed(minutes) as (_, reported), pytest.raises(KeyboardInterrupt):
        act()
    assert reported == ["SIGTERM" if minutes is None else "the time limit"]


def test_wait_within_it_need_not_be() -> None:
    done = []

    def act() -> None:
        with defer_sigint(DO_NOT_WAIT):
            signal.raise_signal(signal.SIGINT)
            done.append("act")

    with installed(), pytest.raises(KeyboardInterrupt):
        act()
    assert done == []


def test_reports_are_not_interrupted() -> None:
    with installed() as (interruption, reported):
        interruption.report()
        for number in SIGNALS_TO_HANDLE:
            signal.raise_signal(number)
    assert reported == []


def test_clean_up_says_what_is_open_and_the_third_signal_of_all_ends_it() -> None:
    done = []

    def act() -> None:
        for turn in range(3):
            signal.raise_signal(signal.SIGINT)
            done.append(turn)

    with installed() as (interruption, reported):
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        interruption.clean_up(act)
    assert (done, reported) == ([0], ["what is open"])


def test_clean_up_does_not_begin_after_three_signals() -> None:
    done: list[str] = []
    with installed() as (interruption, _):
        interruption.report()
        for _ in range(3):
            signal.raise_signal(signal.SIGINT)
        interruption.clean_up(lambda: done.append("act"))
    assert done == []


def test_clean_up_is_over_some_seconds_after_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLEAN_UP_SECONDS", SOON_SECONDS)
    ended = []
    with installed(SOON_MINUTES) as (interruption, _):
        with pytest.raises(KeyboardInterrupt):
            threading.Event().wait(FOREVER)
        for _ in range(2):  # the second time it does not begin
            interruption.clean_up(lambda: (threading.Event().wait(FOREVER), ended.append("by itself")))
    assert ended == []


def test_other_threads_hold_nothing_back() -> None:
    def act() -> None:
        with defer_sigint(WAIT), installed(1):
            seen.append(signal.getsignal(signal.SIGINT))

    seen: list[object] = []
    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=act)
    thread.start()
    thread.join()
    assert seen == [before]


def test_hint_names_what_is_open_and_the_way_to_cancel_it() -> None:
    line = clean_up_hint("make clean-up TARGET=sandbox", ["record r-1 of make is not cancelled yet"])
    assert "1 left: record r-1 of make is not cancelled yet." in line
    assert "`make clean-up TARGET=sandbox`" in line
