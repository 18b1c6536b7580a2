"""A pytest plugin: the run is interrupted, as by its workers, and its own time limit comes right after that."""

import signal


def pytest_runtest_logfinish() -> None:
    """Interrupt the run after its first item."""
    raise KeyboardInterrupt


def pytest_keyboard_interrupt() -> None:
    """Let the time limit come while pytest takes note of the interrupt."""
    signal.raise_signal(signal.SIGALRM)
