"""Whatever is to end a run early ends it like Ctrl-C: what ran is reported, and what was created is cancelled."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import Enum, auto
from types import FrameType
from typing import Final

SECONDS_A_MINUTE: Final = 60
GRACE_SECONDS: Final = 5.0
"""By which the process that the user started outlasts its workers, which have to tell it what they did."""
CLEAN_UP_SECONDS: Final = 10.0
"""How long after a time limit what was created may still be cancelled; the rest is left to `make clean-up`."""
HELD_SECONDS: Final = 3.0
"""How long a create may hold an ending back: the journal knows of it, and the next run looks for what it made."""
SIGNALS_TO_STOP: Final = 3
ENDINGS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
"""What ends a process by default, and is sent by people, terminals and schedulers."""


class Phase(Enum):
    """How far a run has come."""

    RUNNING = auto()
    REPORTING = auto()
    """Nothing may be interrupted: reports are written."""
    CLEANING_UP = auto()


class Step(Enum):
    """What a signal leads to."""

    END_RUN = auto()
    SAY_WHAT_IS_OPEN = auto()
    STOP_CLEANING_UP = auto()
    NOTHING = auto()


def step(phase: Phase, signals: int, *, out_of_time: bool) -> Step:
    """Return what the latest of so many signals leads to; `out_of_time` tells that it is the end of a time limit."""
    match phase:
        case Phase.RUNNING:
            return Step.END_RUN
        case Phase.REPORTING:
            return Step.NOTHING
        case Phase.CLEANING_UP:
            return Step.STOP_CLEANING_UP if out_of_time or signals >= SIGNALS_TO_STOP else Step.SAY_WHAT_IS_OPEN


class Interruption:
    """How a run is ended early, by signals and by the time limit: once, by a KeyboardInterrupt in the main thread.

    Further signals interrupt no report. While what was created is cancelled, they say what is still open, and the third
    of all stops that, too. The first one is passed on to the `workers`, by their process ids. A signal that was ignored
    from the start, as by nohup, stays ignored.
    """

    def __init__(self, ended: Callable[[str], None], tell: Callable[[], None]) -> None:
        """Change nothing yet. `ended` gets what ended the run where it was not Ctrl-C, `tell` says what is open."""
        self.workers: list[int] = []
        self._ended, self._tell = ended, tell
        self._phase = Phase.RUNNING
        self._signals = 0
        self._pending = False
        self._may_wait: Callable[[], bool] | None = None
        self._clean_up_until: float | None = None

    @contextmanager
    def installed(self, minutes: float | None, *, grace: bool = False) -> Iterator[None]:
        """Take signals, and the end of so many minutes, while the context lasts; in other threads change nothing."""
        global _installed  # noqa: PLW0603 - signals are the process's, too
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        taken = [number for number in ENDINGS if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._hear) for number in (*taken, signal.SIGALRM)}
        if minutes is not None:
            seconds = minutes * SECONDS_A_MINUTE
            self._clean_up_until = time.monotonic() + seconds + CLEAN_UP_SECONDS
            signal.setitimer(signal.ITIMER_REAL, seconds + GRACE_SECONDS * grace)
        outer, _installed = _installed, self
        try:
            yield
        finally:
            _installed = outer
            signal.setitimer(signal.ITIMER_REAL, 0)
            for number, handler in before.items():  # whoever presses Ctrl-C again is to see the end of it, no traceback
                signal.signal(number, signal.SIG_IGN if self._signals and number in ENDINGS else handler)

    def report(self) -> None:
        """Let nothing interrupt the run from now on."""
        self._phase = Phase.REPORTING
        signal.setitimer(signal.ITIMER_REAL, 0)

    def clean_up(self, act: Callable[[], None]) -> None:
        """Cancel what was created, by `act`, until that is done, stopped, or out of time."""
        if self._signals >= SIGNALS_TO_STOP or not self._has_time():
            return
        with suppress(KeyboardInterrupt):
            try:
                self._phase = Phase.CLEANING_UP
                act()
            finally:
                self.report()

    def _has_time(self) -> bool:
        """Return whether there is time for the clean-up; from then on its end is a signal, too."""
        if self._clean_up_until is None or threading.current_thread() is not threading.main_thread():
            return True
        left = self._clean_up_until - time.monotonic()
        if left > 0:
            signal.setitimer(signal.ITIMER_REAL, left)
        return left > 0

    @contextmanager
    def defer_sigint(self, while_idle: Callable[[], bool]) -> Iterator[None]:
        """Let an ending wait until the context ends, for a while, but where there is nothing to wait for."""
        self._may_wait = while_idle
        try:
            yield
        finally:
            self._may_wait = None
            if self._pending:
                self._interrupt()

    def _hear(self, number: int, _: FrameType | None) -> None:
        timer = number == signal.SIGALRM
        self._signals += not timer
        match step(self._phase, self._signals, out_of_time=timer):
            case Step.END_RUN:
                self._end(number)
            case Step.SAY_WHAT_IS_OPEN:
                with suppress(RuntimeError):  # the terminal is being written to at this moment
                    self._tell()
            case Step.STOP_CLEANING_UP:
                raise KeyboardInterrupt
            case Step.NOTHING:
                pass

    def _end(self, number: int) -> None:
        """End the run, or take note that it is to end once a create was answered."""
        first, timer = not self._pending, number == signal.SIGALRM
        if first and number != signal.SIGINT:
            self._ended("the time limit" if timer else signal.Signals(number).name)
        if first:
            self._pending = True
            for worker in self.workers:
                with suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGINT)
        waits = self._may_wait is not None and not self._may_wait()
        if waits and first:
            signal.setitimer(signal.ITIMER_REAL, HELD_SECONDS)
        elif not waits or timer or self._signals >= SIGNALS_TO_STOP:
            self._interrupt()

    def _interrupt(self) -> None:
        self.report()
        self._pending = False
        raise KeyboardInterrupt


_installed: Interruption | None = None


@contextmanager
def defer_sigint(while_idle: Callable[[], bool]) -> Iterator[None]:
    """Let Ctrl-C wait until the context ends, but where `while_idle` says that there is nothing to wait for."""
    if _installed is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    with _installed.defer_sigint(while_idle):
        yield


def hint(target: str, left: Sequence[str]) -> str:
    """Return a sentence on what is still open while it is cancelled, and on how to cancel it later."""
    return (
        f"Still cancelling what was created, {len(left)} left: {'; '.join(left) or 'nothing'}. "
        f"Ctrl-C ends this; `make clean-up TARGET={target}` goes on with it later."
    )
