"""Where bytes are written: the terminal, JUnit, a log file and Allure's results pass through here without the token.

What stands in a traceback, a warning, a log line or somebody else's attachment is covered as well: it is not looked for
where it comes from, but taken out of every stream and file on its way.
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import allure_pytest.plugin
import pytest
from _pytest import junitxml
from allure_commons import hookimpl
from allure_commons.logger import AllureFileLogger
from attr import asdict

from reports.files import replace
from reports.redaction import Redactor

Stream = TypeVar("Stream")


class Writer:
    """Takes the token out of what is written, once it knows one."""

    def __init__(self) -> None:
        """Know no token yet: settings are read after the first stream is open."""
        self.redactor: Redactor | None = None

    def text(self, text: str) -> str:
        """Return a text as it may be written."""
        return text if self.redactor is None else self.redactor.anything(text)

    def data(self, data: bytes) -> bytes:
        """Return bytes as they may be written."""
        return data if self.redactor is None else self.redactor.any_bytes(data)

    def clean(self, stream: Stream) -> Stream:
        """Return the stream; from now on all text that goes into it is cleaned."""
        write: Callable[[str], int] = stream.write  # type: ignore[attr-defined]
        stream.write = lambda text: write(self.text(text))  # type: ignore[attr-defined]
        return stream

    def open(self, *given: Any, **named: Any) -> Any:
        """Open a text file as `open` does, to be written clean."""
        return self.clean(open(*given, **named))  # noqa: PTH123 - stands in for it


WRITER: Final = pytest.StashKey[Writer]()


class First:
    """Cleans what is written, from before another plugin opens a file."""

    def __init__(self) -> None:
        """See which of the streams were closed when the process was started."""
        self._closed = [name for name in ("stdout", "stderr") if getattr(sys, f"__{name}__") is None]

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Put the writer in between."""
        self._open_closed()
        config.stash[WRITER] = register(config)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Have the streams stay as they are: capturing would put back what it found."""
        capture = config.pluginmanager.get_plugin("capturemanager")
        if self._closed and capture is not None:
            capture.stop_global_capturing()
        self._open_closed()

    def _open_closed(self) -> None:
        for name in self._closed:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - to the end of the process


def outlive(stream: Any) -> None:
    """Let a stream that nobody reads any more, or that has no room, cost what is shown there, and nothing else.

    Exit code and files tell what a run came to: they are not to be lost with the reader of its output.
    """
    write, flush = stream.write, stream.flush
    lost: list[OSError] = []

    def surviving(act: Callable[..., Any], *given: Any) -> Any:
        try:
            return act(*given)
        except OSError as error:
            _discard(stream)
            with suppress(OSError):
                flush()  # what was waiting to be written, too
            lost.append(error)  # each time that capturing puts the stream back
            if stream is sys.__stdout__ and sys.__stderr__ is not None and len(lost) == 1:
                why = f"Nothing more can be shown here ({os.strerror(error.errno or 0).lower()}): the run goes on."
                with suppress(OSError):
                    print(why, file=sys.__stderr__)
            return len(given[0]) if given else None

    stream.write = lambda text: surviving(write, text)
    stream.flush = lambda: surviving(flush)


def _discard(stream: Any) -> None:
    """Have whatever goes into a stream from now on lead nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def register(config: pytest.Config) -> Writer:
    """Clean whatever this pytest process writes. Called before other plugins open their files."""
    writer = Writer()

    class CleanLogger(AllureFileLogger):
        """Allure's own writer of results and attachments, with clean bytes."""

        def _report_item(self, item: Any) -> None:
            told = asdict(item, filter=lambda _, value: value or value is False)
            # By the test's own id, so that a result replaces the one that was written of the same test before.
            name = item.file_pattern.format(prefix=getattr(item, "historyId", None) or uuid.uuid4())
            replace(self._report_dir / name, writer.data(json.dumps(told, ensure_ascii=False).encode()))

        @hookimpl
        def report_attached_file(self, source: str, file_name: str) -> None:
            replace(self._report_dir / file_name, writer.data(Path(source).read_bytes()))

        @hookimpl
        def report_attached_data(self, body: str | bytes, file_name: str) -> None:
            replace(self._report_dir / file_name, writer.data(body.encode() if isinstance(body, str) else body))

    _swap(config, vars(allure_pytest.plugin), "AllureFileLogger", CleanLogger)
    _swap(config, vars(junitxml), "open", writer.open)
    for stream in {id(one): one for one in (sys.__stdout__, sys.__stderr__, sys.stdout, sys.stderr) if one}.values():
        outlive(stream)
        writer.clean(stream)  # to the end of the process: an interpreter that dies has its say after pytest
    return writer


def clean_log_file(config: pytest.Config, writer: Writer) -> None:
    """Clean the file of --log-file, which pytest opens while it configures its plugins."""
    plugin = config.pluginmanager.get_plugin("logging-plugin")
    handler = plugin.log_file_handler if plugin else None
    if handler is not None and handler.stream is not None:
        writer.clean(handler.stream)


def _swap(config: pytest.Config, names: dict[str, Any], name: str, new: Any) -> None:
    """Put something in place of what a module calls by this name, until the end of this pytest run.

    There is no hook where these bytes are written, and no need to repeat what is done around it.
    """
    before = names.get(name)
    names[name] = new
    config.add_cleanup(lambda: names.pop(name) if before is None else names.update({name: before}))
