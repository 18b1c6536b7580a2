"""The workers of a forked run: forked before pytest starts, with everything imported that the run has, too.

execnet would start a new interpreter for each of them, which imports everything anew for two seconds.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import execnet.gateway_io
from execnet.gateway_base import ExecModel, Popen2IO
from execnet.xspec import XSpec

COUNT_OPTION: Final = "-n"
_create_io = execnet.gateway_io.create_io


class ForkedWorker(Popen2IO):
    """A process that waits for execnet's first line on its standard input, as a new interpreter does."""

    descriptors: tuple[int, int]

    def __init__(self, others: list[ForkedWorker]) -> None:
        """Fork; `others` are the workers that this process has forked before."""
        here, there = os.pipe(), os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            for descriptor in (there[0], here[1], *(one for other in others for one in other.descriptors)):
                os.close(descriptor)
            _serve(here[0], there[1])
        os.close(here[0])
        os.close(there[1])
        self.descriptors = here[1], there[0]
        self._files = os.fdopen(here[1], "wb"), os.fdopen(there[0], "rb")

    def connect(self, execmodel: ExecModel) -> ForkedWorker:
        """Give the worker the environment that a child of this process inherits, and be execnet's channel to it."""
        super().__init__(*self._files, execmodel=execmodel)
        self.write(f"{json.dumps([str(Path.cwd()), dict(os.environ)])}\n".encode())
        return self

    def wait(self) -> int | None:
        """Wait for the end of the process and return its status; None if it was waited for before."""
        try:
            return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        except OSError:
            return None

    def kill(self) -> None:
        """End the process."""
        os.kill(self.pid, signal.SIGKILL)

    def discard(self) -> None:
        """Let the process end that no run has needed."""
        for file in self._files:
            file.close()


@contextmanager
def workers_ready(arguments: tuple[str, ...]) -> Iterator[None]:
    """Fork as many workers as the arguments of a run ask for; any more than these are new interpreters."""
    waiting: list[ForkedWorker] = []
    if COUNT_OPTION in arguments:
        for _ in range(int(arguments[arguments.index(COUNT_OPTION) + 1])):
            waiting.append(ForkedWorker(waiting))  # each has to know those before it

    def create_io(spec: XSpec, execmodel: ExecModel) -> Any:
        return waiting.pop().connect(execmodel) if waiting else _create_io(spec, execmodel)

    execnet.gateway_io.create_io = create_io
    try:
        yield
    finally:
        for worker in waiting:
            worker.discard()


def _serve(source: int, target: int) -> None:
    """Be what `python -u -c` is in a new interpreter: execute the line that comes, and end."""
    os.dup2(source, 0)
    os.dup2(target, 1)
    os.close(source)
    os.close(target)
    sys.stdin, sys.stdout = os.fdopen(0, "r"), os.fdopen(1, "w", buffering=1)
    start = sys.stdin.readline()
    if start:
        folder, variables = json.loads(start)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(variables)
        exec(eval(sys.stdin.readline()))  # noqa: S102, S307 - execnet's own bootstrap line
    os._exit(0)
