"""A pytest plugin that sends the process Ctrl-C in a hook of its second item; `SIGNAL_AT` names the hook."""

import os
import signal
from collections.abc import Generator

import pytest

MOMENTS = (
    "pytest_runtest_protocol",
    "pytest_runtest_logstart",
    "pytest_runtest_setup",
    "pytest_pyfunc_call",
    "pytest_conformance_verdict",
    "pytest_runtest_makereport",
    "pytest_runtest_logreport",
    "pytest_runtest_teardown",
    "pytest_runtest_logfinish",
)
CALL = 2


class SignalAtHook:
    """Sends the signal once, before or after what the other plugins do in the hook."""

    def __init__(self, hook: str, *, after: bool) -> None:
        self.calls = 0

        def before() -> None:
            self.send()

        def around() -> Generator[None, object, object]:
            result = yield
            self.send()
            return result

        setattr(self, hook, pytest.hookimpl(tryfirst=True, wrapper=after)(around if after else before))

    def send(self) -> None:
        """Send the signal if this is the call for it."""
        self.calls += 1
        if self.calls == CALL:
            signal.raise_signal(signal.SIGINT)


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Register the hook after all others, so that it comes first."""
    hook, _, moment = os.environ["SIGNAL_AT"].partition(" ")
    session.config.pluginmanager.register(SignalAtHook(hook, after=moment == "after"))
