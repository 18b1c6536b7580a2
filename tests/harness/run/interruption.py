"""Stops a run early by signals and the time limit, always like Ctrl-C: results are reported, records are cancelled."""

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

SECONDS_PER_MINUTE: Final = 60
GRACE_SECONDS: Final = 5.0
"""How much later the time limit of the main process is than that of its workers, which have to report to it."""
CLEAN_UP_SECONDS: Final = 10.0
"""How long after a time limit records may still be cancelled; the rest is left to the command that cleans up."""
MAX_DEFER_SECONDS: Final = 3.0
"""How long a create in flight may defer the stop; its record is in the journal, and the next run looks for it."""
SIGNALS_TO_STOP_CLEAN_UP: Final = 3
SIGNALS_TO_HANDLE: Final = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
"""Signals that end a process by default, and that people, terminals and schedulers send."""


class Phase(Enum):
    """What a run is doing."""

    RUNNING = auto()
    REPORTING = auto()
    """Reports are written, which nothing may interrupt."""
    CLEANING_UP = auto()


class Step(Enum):
    """What to do on a signal."""

    END_RUN = auto()
    REPORT_OPEN_RECORDS = auto()
    STOP_CLEAN_UP = auto()
    NOTHING = auto()


def step_for(phase: Phase, signals: int, *, out_of_time: bool) -> Step:
    """Return what to do on the latest of so many signals; `out_of_time` says that it is the end of a time limit."""
    match phase:
        case Phase.RUNNING:
            return Step.END_RUN
        case Phase.REPORTING:
            return Step.NOTHING
        case Phase.CLEANING_UP:
            return (
                Step.STOP_CLEAN_UP if out_of_time or signals >= SIGNALS_TO_STOP_CLEAN_UP else Step.REPORT_OPEN_RECORDS
            )


class Interruption:
    """Stops a run early, on a signal or at the time limit: by one KeyboardInterrupt in the main thread.

    Further signals never interrupt a report. During the clean-up, they report what is still open, and the third signal
    of all stops the clean-up. The first signal is sent on to the `workers`, by their process ids. A signal that was
    ignored from the start, as by nohup, stays ignored. `ended` says whether a run was stopped.
    """

    def __init__(self, on_ended: Callable[[str], None], report_open: Callable[[], None]) -> None:
        """Install nothing yet.

        `on_ended` gets what stopped the run if it was not Ctrl-C; `report_open` reports what is not cancelled yet.
        """
        self.workers: list[int] = []
        self._on_ended, self._report_open = on_ended, report_open
        self._phase = Phase.RUNNING
        self._signals = 0
        self._pending = False
        self.ended = False
        self._while_idle: Callable[[], bool] | None = None
        self._clean_up_until: float | None = None

    @contextmanager
    def installed(self, minutes: float | None, *, grace: bool = False) -> Iterator[None]:
        """Handle signals, and the end of so many minutes, inside the context; outside the main thread do nothing."""
        global _installed  # noqa: PLW0603 - signal handlers are global, too
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        taken = [number for number in SIGNALS_TO_HANDLE if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._on_signal) for number in (*taken, signal.SIGALRM)}
        if minutes is not None:
            seconds = minutes * SECONDS_PER_MINUTE
            seconds += GRACE_SECONDS * grace
            self._clean_up_until = time.monotonic() + seconds + CLEAN_UP_SECONDS
            signal.setitimer(signal.ITIMER_REAL, seconds)
        outer, _installed = _installed, self
        try:
            yield
        finally:
            _installed = outer
            signal.setitimer(signal.ITIMER_REAL, 0)
            for number, handler in before.items():  # another Ctrl-C must not end in a traceback
                signal.signal(number, signal.SIG_IGN if self._signals and number in SIGNALS_TO_HANDLE else handler)

    def end(self, reason: str) -> None:
        """Stop the run for a reason of its own that nothing can be sent, as a signal would."""
        self._on_ended(reason)
        self._interrupt()

    def report(self) -> None:
        """Ignore signals and the time limit from now on."""
        self._phase = Phase.REPORTING
        signal.setitimer(signal.ITIMER_REAL, 0)

    def clean_up(self, act: Callable[[], None]) -> None:
        """Call `act`, which cancels what was created, until it returns, is stopped, or runs out of time."""
        if self._signals >= SIGNALS_TO_STOP_CLEAN_UP or not self._has_time():
            return
        with suppress(KeyboardInterrupt):
            try:
                self._phase = Phase.CLEANING_UP
                act()
            finally:
                self.report()

    def _has_time(self) -> bool:
        """Return whether there is time left for the clean-up, and arm the timer that ends it."""
        if self._clean_up_until is None or threading.current_thread() is not threading.main_thread():
            return True
        left = self._clean_up_until - time.monotonic()
        if left > 0:
            signal.setitimer(signal.ITIMER_REAL, left)
        return left > 0

    @contextmanager
    def defer_sigint(self, while_idle: Callable[[], bool]) -> Iterator[None]:
        """Defer a stop to the end of the context, unless `while_idle` returns true, and for a few seconds at most.

        Contexts nest: the innermost says whether a stop is deferred.
        """
        outer, self._while_idle = self._while_idle, while_idle
        try:
            self._interrupt_if_pending()
            yield
        finally:
            self._while_idle = outer
            self._interrupt_if_pending()

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        timer = number == signal.SIGALRM
        self._signals += not timer
        match step_for(self._phase, self._signals, out_of_time=timer):
            case Step.END_RUN:
                self._end_run(number)
            case Step.REPORT_OPEN_RECORDS:
                with suppress(RuntimeError):  # the signal came during a write to the terminal
                    self._report_open()
            case Step.STOP_CLEAN_UP:
                raise KeyboardInterrupt
            case Step.NOTHING:
                pass

    def _end_run(self, number: int) -> None:
        """Stop the run, or note that it has to stop once a create was answered."""
        first, timer = not self._pending, number == signal.SIGALRM
        if first and number != signal.SIGINT:
            self._on_ended("the time limit" if timer else signal.Signals(number).name)
        if first:
            self._pending = True
            for worker in self.workers:
                with suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGINT)
        waits = self._waits()
        if waits and first:
            signal.setitimer(signal.ITIMER_REAL, MAX_DEFER_SECONDS)
        elif not waits or timer or self._signals >= SIGNALS_TO_STOP_CLEAN_UP:
            self._interrupt()

    def _waits(self) -> bool:
        return self._while_idle is not None and not self._while_idle()

    def _interrupt_if_pending(self) -> None:
        if self._pending and not self._waits():
            self._interrupt()

    def _interrupt(self) -> None:
        self.report()
        self._pending, self.ended = False, True
        raise KeyboardInterrupt

    def require_going_on(self) -> None:
        """Raise KeyboardInterrupt once more if the run was ended, and code that it came to has lost it."""
        if self.ended and self._phase is not Phase.CLEANING_UP:
            raise KeyboardInterrupt


_installed: Interruption | None = None


def require_going_on() -> None:
    """Raise KeyboardInterrupt if the run was ended: no request is sent after that, but to clean up.

    A signal comes to whatever runs at the moment, and the exceptions of a finaliser or a callback get lost.
    """
    if _installed is not None and threading.current_thread() is threading.main_thread():
        _installed.require_going_on()


@contextmanager
def defer_sigint(while_idle: Callable[[], bool]) -> Iterator[None]:
    """Defer Ctrl-C to the end of the context, unless `while_idle` returns true: no request is in flight then."""
    if _installed is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    with _installed.defer_sigint(while_idle):
        yield


def clean_up_hint(command: str, left: Sequence[str]) -> str:
    """Return a sentence on what is still to be cancelled, and on the command that cancels it later."""
    return (
        f"Still cancelling what was created, {len(left)} left: {'; '.join(left) or 'nothing'}. "
        f"Ctrl-C ends this; `{command}` continues it later."
    )
