"""Whatever is to end a run early ends it like Ctrl-C: what ran is reported, and what was created is cancelled."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

SECONDS_A_MINUTE: Final = 60
GRACE_SECONDS: Final = 5.0
"""By which the process that the user started outlasts its workers, which have to tell it what they did."""
ENDINGS: Final = (signal.SIGTERM, signal.SIGALRM)


@contextmanager
def ends_like_ctrl_c(minutes: float | None, ended: Callable[[str], None], *, grace: bool) -> Iterator[None]:
    """Take SIGTERM, and the end of so many minutes, for Ctrl-C, while the context lasts; tell `ended` which it was."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        ended("SIGTERM" if number == signal.SIGTERM else "the time limit")
        on_ctrl_c = signal.getsignal(signal.SIGINT)
        if callable(on_ctrl_c):  # called here, a wait in this thread ends; raised, the signal would be seen after it
            on_ctrl_c(signal.SIGINT, frame)

    before = {number: signal.signal(number, end) for number in ENDINGS}
    if minutes is not None:
        signal.setitimer(signal.ITIMER_REAL, minutes * SECONDS_A_MINUTE + GRACE_SECONDS * grace)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def held_back(while_idle: Callable[[], bool]) -> Iterator[None]:
    """Let Ctrl-C wait until the context ends, but where `while_idle` says that there is nothing to wait for."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []

    def hold_back(number: int, _: object) -> None:
        if while_idle():
            raise KeyboardInterrupt
        caught.append(number)

    before = signal.signal(signal.SIGINT, hold_back)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if caught:
        raise KeyboardInterrupt
