"""Ctrl-C, and what is taken for it."""

from __future__ import annotations

import signal
import threading

import pytest

from tests.harness.interruption import ends_like_ctrl_c, held_back

FOREVER = 60.0
SOON_MINUTES = 0.0005


def test_sigterm_ends_like_ctrl_c_and_is_told() -> None:
    told: list[str] = []
    before = signal.getsignal(signal.SIGTERM)
    with ends_like_ctrl_c(None, told.append, grace=False), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
    assert told == ["SIGTERM"]
    assert signal.getsignal(signal.SIGTERM) == before


def test_time_limit_ends_a_wait_like_ctrl_c() -> None:
    told: list[str] = []
    with ends_like_ctrl_c(SOON_MINUTES, told.append, grace=False), pytest.raises(KeyboardInterrupt):
        threading.Event().wait(FOREVER)
    assert told == ["the time limit"]


def test_time_limit_is_over_with_its_context() -> None:
    with ends_like_ctrl_c(FOREVER, str, grace=True):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > FOREVER
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_must_not_be_interrupted_is_done_first(number: signal.Signals) -> None:
    done = []

    def act() -> None:
        with held_back(lambda: False):
            signal.raise_signal(number)
            done.append("act")

    with ends_like_ctrl_c(None, str, grace=False), pytest.raises(KeyboardInterrupt):
        act()
    assert done == ["act"]


def test_wait_within_it_need_not_be() -> None:
    done = []

    def act() -> None:
        with held_back(lambda: True):
            signal.raise_signal(signal.SIGINT)
            done.append("act")

    with pytest.raises(KeyboardInterrupt):
        act()
    assert done == []


def test_other_threads_hold_nothing_back() -> None:
    def act() -> None:
        with held_back(lambda: False), ends_like_ctrl_c(1, str, grace=False):
            seen.append(signal.getsignal(signal.SIGINT))

    seen: list[object] = []
    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=act)
    thread.start()
    thread.join()
    assert seen == [before]
