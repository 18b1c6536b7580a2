"""Where bytes are written: the terminal, JUnit, log files and Allure's results pass through here without the token.

What stands in a traceback, a warning, a log line or somebody else's attachment is covered as well: it is not looked for
where it comes from, but taken out of every stream and file on its way. What would act on a terminal, or on a CI system
that reads the log, is made inert there, too.
"""

from __future__ import annotations

import io
import json
import os
import sys
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, TypeVar

import allure_pytest.plugin
import pytest
from _pytest import junitxml
from _pytest._io.terminalwriter import should_do_markup
from allure_commons import hookimpl
from allure_commons.logger import AllureFileLogger
from attr import asdict

from contracts.errors import UsageError
from contracts.untrusted import sanitize
from contracts.untrusted.environment import require_utf8
from reports.redaction.redactor import HIDDEN, VARIABLE, Redactor
from reports.writers.safe_files import replace_file

Stream = TypeVar("Stream")
TEXTS = frozenset({".txt", ".md", ".html", ".csv", ".xml", ".properties"})
"""Files of text by their suffix, as Allure gives it to attachments."""


class OutputFilter:
    """Takes the token out of what is written, once it knows one, and whatever would act there."""

    def __init__(self, *, colours: bool, credentials: str = "") -> None:
        """Know no token yet: settings are read after the first stream is open. `credentials` are those of a URL."""
        self.redactor: Redactor | None = None
        self._colours, self._credentials = colours, credentials

    def redact(self, text: str) -> str:
        """Return a text without secrets."""
        if self._credentials:
            text = text.replace(self._credentials, HIDDEN)
        return text if self.redactor is None else self.redactor.redact(text)

    def text(self, text: str) -> str:
        """Return a text as it may be written to a stream that people read."""
        return sanitize.stream(self.redact(text), colours=self._colours)

    def data(self, file: Path, data: bytes) -> bytes:
        """Return bytes as they may be written to a file."""
        text = self.redact(data.decode(errors="surrogateescape"))
        if file.suffix == ".json":
            text = sanitize.json(text)
        elif file.suffix in TEXTS:
            text = sanitize.text(text)
        return text.encode(errors="surrogateescape")

    def clean(self, stream: Stream) -> Stream:
        """Return the stream; from now on all text that goes into it is cleaned."""
        write: Callable[[str], int] = stream.write  # type: ignore[attr-defined]
        stream.write = lambda text: write(self.text(text))  # type: ignore[attr-defined]
        return stream

    def open(self, *given: Any, **named: Any) -> Any:
        """Open a text file as `open` does, to be written clean."""
        return self.clean(open(*given, **named))  # noqa: PTH123 - stands in for it


OUTPUT_FILTER: Final = pytest.StashKey[OutputFilter]()


class EarlyOutputFilter:
    """Cleans what is written, from before another plugin opens a file."""

    def __init__(self) -> None:
        """See which of the streams were closed when the process was started."""
        self._closed = [name for name in ("stdout", "stderr") if getattr(sys, f"__{name}__") is None]

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Put the writer in between."""
        self._open_closed()
        config.stash[OUTPUT_FILTER] = register(config)

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


def survive_write_errors(stream: Any) -> None:
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


def register(config: pytest.Config) -> OutputFilter:
    """Clean whatever this pytest process writes. Called before other plugins open their files."""
    colour = config.getoption("color", "no")  # as with `-p no:terminal`
    colours = colour == "yes" or (colour == "auto" and should_do_markup(sys.__stdout__ or sys.stdout))
    writer = OutputFilter(colours=colours, credentials=_credentials(config.getoption("--target")))
    if token := os.environ.get(VARIABLE, "").strip():  # the settings may name another one, later
        try:
            writer.redactor = Redactor(require_utf8(VARIABLE, token))
        except UsageError as error:
            raise pytest.UsageError(str(error)) from None
    _clean_trace(config, writer)
    _clean_observations(writer)

    class CleanLogger(AllureFileLogger):
        """Allure's own writer of results and attachments, with clean bytes."""

        def _report_item(self, item: Any) -> None:
            told = asdict(item, filter=lambda _, value: value or value is False)
            # By the test's own id, so that a result replaces the one that was written of the same test before.
            name = item.file_pattern.format(prefix=getattr(item, "historyId", None) or uuid.uuid4())
            text = json.dumps(told, ensure_ascii=False)
            self._write(name, text.encode(errors="surrogateescape"))

        @hookimpl
        def report_attached_file(self, source: str, file_name: str) -> None:
            self._write(file_name, Path(source).read_bytes())

        @hookimpl
        def report_attached_data(self, body: str | bytes, file_name: str) -> None:
            self._write(file_name, body.encode() if isinstance(body, str) else body)

        def _write(self, name: str, data: bytes) -> None:
            file = self._report_dir / name
            replace_file(file, writer.data(file, data))

    _swap(config, vars(allure_pytest.plugin), "AllureFileLogger", CleanLogger)
    _swap(config, vars(junitxml), "open", writer.open)
    for stream in {id(one): one for one in (sys.__stdout__, sys.__stderr__, sys.stdout, sys.stderr) if one}.values():
        survive_write_errors(stream)
        writer.clean(stream)  # to the end of the process: an interpreter that dies has its say after pytest
    return writer


def _credentials(target: str) -> str:
    """Return user and password of a URL, or of what was meant for one; empty where there are none."""
    before, at, _ = target.rpartition("@")
    return before.rpartition("//")[2] if at else ""


def _clean_trace(config: pytest.Config, writer: OutputFilter) -> None:
    """Clean what --debug and PYTEST_DEBUG write: pytest keeps in its tracer where that goes."""
    tracer = config.trace.root
    if (write := tracer._writer) is None:  # noqa: SLF001 - there is no other way to learn it
        return
    if isinstance(file := getattr(write, "__self__", None), io.TextIOWrapper) and file.name == config.option.debug:
        file.flush()  # its first lines hold the command's arguments
        begun = Path(file.name).read_text(encoding="utf-8")
        file.seek(0)
        file.truncate()
        write(writer.text(begun))
    tracer.setwriter(lambda text: write(writer.text(text)))


def _clean_observations(writer: OutputFilter) -> None:
    """Clean the files that Hypothesis writes where HYPOTHESIS_EXPERIMENTAL_OBSERVABILITY is set."""
    observability = sys.modules["hypothesis.internal.observability"]
    observability.json = SimpleNamespace(dumps=lambda value: sanitize.json(writer.redact(json.dumps(value))))  # type: ignore[attr-defined]


def redact_log_file(config: pytest.Config, writer: OutputFilter) -> None:
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
