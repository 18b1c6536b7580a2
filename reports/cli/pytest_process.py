"""Pytest as a process of its own that runs the conformance tests, from whatever folder the command was called in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType

from reports.run.contract_names import ROOT

OURS = ("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), str(ROOT / "tests" / "conformance"))
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
"""Signals that end a run with its reports written."""


def run_pytest(options: Sequence[str]) -> int:
    """Run the conformance tests to their end, pass on each signal that ends a run, and return pytest's exit code.

    Pytest has a session of its own: a Ctrl-C would otherwise reach it twice, which ends a run without its clean-up.
    """
    search_path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    # In the working folder a package may have the name of one of the suite's.
    environment = {**os.environ, "PYTHONPATH": search_path, "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-m", "pytest", *OURS, *options]
    process: subprocess.Popen[bytes] | None = None
    received: list[int] = []

    def forward(number: int, _: FrameType | None) -> None:
        if process is None:
            received.append(number)
        else:
            process.send_signal(number)

    # What is ignored, such as SIGHUP under nohup, stays ignored.
    heeded = [number for number in FORWARDED if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, forward) for number in heeded}
    try:
        process = subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603 - our own command
        for number in received:
            process.send_signal(number)
        return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
