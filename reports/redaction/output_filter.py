"""Redact the terminal, JUnit, log files and Allure's results where their bytes are written.

That covers tracebacks, warnings, log lines and attachments of other plugins, since every stream and file passes the
filter. It also makes text inert that would act on a terminal, or on a CI system that reads the log.
"""

from __future__ import annotations

import io
import json
import os
import sys
import uuid
from collections.abc import Callable
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
from contracts.standard_streams import survive_write_errors
from contracts.untrusted import sanitize
from contracts.untrusted.environment import require_utf8
from reports.output.safe_files import replace_file
from reports.redaction.redactor import HIDDEN, VARIABLE, Redactor

Stream = TypeVar("Stream")
TEXTS = frozenset({".txt", ".md", ".html", ".csv", ".xml", ".properties"})
"""Suffixes of text files, as Allure gives them to attachments."""


class OutputFilter:
    """Redacts text on its way to a stream or file, once the token is known, and makes it inert."""

    def __init__(self, *, colours: bool, credentials: str = "") -> None:
        """Start without a token, which settings give later than the first output. `credentials` are those of a URL."""
        self.redactor: Redactor | None = None
        self._colours, self._credentials = colours, credentials

    def redact(self, text: str) -> str:
        """Return a text without token and credentials."""
        if self._credentials:
            text = text.replace(self._credentials, HIDDEN)
        return text if self.redactor is None else self.redactor.redact_output(text)

    def clean(self, text: str) -> str:
        """Return a text for a terminal or log: redacted and inert."""
        return sanitize.stream(self.redact(text), colours=self._colours)

    def clean_file(self, file: Path, data: bytes) -> bytes:
        """Return the bytes of a file: redacted, and inert in the formats of its suffix."""
        text = self.redact(data.decode(errors="surrogateescape"))
        if file.suffix == ".json":
            text = sanitize.json(text)
        elif file.suffix in TEXTS:
            text = sanitize.text(text)
        return text.encode(errors="surrogateescape")

    def redact_stream(self, stream: Stream) -> Stream:
        """Filter all further text that is written to a stream; return the stream."""
        write: Callable[[str], int] = stream.write  # type: ignore[attr-defined]
        stream.write = lambda text: write(self.clean(text))  # type: ignore[attr-defined]
        return stream

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Open a text file as `open` does, with a filter."""
        return self.redact_stream(open(*args, **kwargs))  # noqa: PTH123 - it replaces open


OUTPUT_FILTER: Final = pytest.StashKey[OutputFilter]()


class EarlyOutputFilter:
    """Registers the output filter before any other plugin opens a file."""

    def __init__(self) -> None:
        """Note which standard streams were closed when the process started."""
        self._closed = [name for name in ("stdout", "stderr") if getattr(sys, f"__{name}__") is None]

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Register the filter."""
        self._open_closed()
        config.stash[OUTPUT_FILTER] = register(config)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Keep the streams open: capturing would restore the closed ones."""
        capture = config.pluginmanager.get_plugin("capturemanager")
        if self._closed and capture is not None:
            capture.stop_global_capturing()
        self._open_closed()

    def _open_closed(self) -> None:
        for name in self._closed:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - to the end of the process


def register(config: pytest.Config) -> OutputFilter:
    """Filter the output of this pytest process; called before other plugins open their files."""
    colour = config.getoption("color", "no")  # absent with `-p no:terminal`
    colours = colour == "yes" or (colour == "auto" and should_do_markup(sys.__stdout__ or sys.stdout))
    output_filter = OutputFilter(colours=colours, credentials=_credentials(config.getoption("--target")))
    if token := os.environ.get(VARIABLE, "").strip():  # settings may give another one later
        try:
            output_filter.redactor = Redactor(require_utf8(VARIABLE, token))
        except UsageError as error:
            raise pytest.UsageError(str(error)) from None
    _filter_trace(config, output_filter)
    _filter_observations(output_filter)

    class FilteredFileLogger(AllureFileLogger):
        """Allure's own output_filter of results and attachments, with redacted bytes."""

        def _report_item(self, item: Any) -> None:
            fields = asdict(item, filter=lambda _, value: value or value is False)
            # Named by the test's id, so that a result replaces the earlier one of the same test.
            name = item.file_pattern.format(prefix=getattr(item, "historyId", None) or uuid.uuid4())
            text = json.dumps(fields, ensure_ascii=False)
            self._write(name, text.encode(errors="surrogateescape"))

        @hookimpl
        def report_attached_file(self, source: str, file_name: str) -> None:
            self._write(file_name, Path(source).read_bytes())

        @hookimpl
        def report_attached_data(self, body: str | bytes, file_name: str) -> None:
            self._write(file_name, body.encode() if isinstance(body, str) else body)

        def _write(self, name: str, data: bytes) -> None:
            file = self._report_dir / name
            replace_file(file, output_filter.clean_file(file, data))

    _replace_name(config, vars(allure_pytest.plugin), "AllureFileLogger", FilteredFileLogger)
    _replace_name(config, vars(junitxml), "open", output_filter.open)
    for stream in {id(one): one for one in (sys.__stdout__, sys.__stderr__, sys.stdout, sys.stderr) if one}.values():
        survive_write_errors(stream, "the run continues")
        output_filter.redact_stream(stream)  # to the end of the process: a dying interpreter writes after pytest
    return output_filter


def _credentials(target: str) -> str:
    """Return user and password of a URL, valid or not; an empty text if it has none."""
    before, at, _ = target.rpartition("@")
    return before.rpartition("//")[2] if at else ""


def _filter_trace(config: pytest.Config, output_filter: OutputFilter) -> None:
    """Filter the output of --debug and PYTEST_DEBUG, which pytest's tracer writes."""
    tracer = config.trace.root
    if (write := tracer._writer) is None:  # noqa: SLF001 - there is no public way to get it
        return
    if isinstance(file := getattr(write, "__self__", None), io.TextIOWrapper) and file.name == config.option.debug:
        file.flush()  # its first lines contain the arguments of the command
        written = Path(file.name).read_text(encoding="utf-8")
        file.seek(0)
        file.truncate()
        write(output_filter.clean(written))
    tracer.setwriter(lambda text: write(output_filter.clean(text)))


def _filter_observations(output_filter: OutputFilter) -> None:
    """Filter the files that Hypothesis writes if HYPOTHESIS_EXPERIMENTAL_OBSERVABILITY is set."""
    observability = sys.modules["hypothesis.internal.observability"]
    observability.json = SimpleNamespace(dumps=lambda value: sanitize.json(output_filter.redact(json.dumps(value))))  # type: ignore[attr-defined]


def redact_log_file(config: pytest.Config, output_filter: OutputFilter) -> None:
    """Filter the file of --log-file, which pytest opens while it configures its plugins."""
    plugin = config.pluginmanager.get_plugin("logging-plugin")
    handler = plugin.log_file_handler if plugin else None
    if handler is not None and handler.stream is not None:
        output_filter.redact_stream(handler.stream)


def _replace_name(config: pytest.Config, names: dict[str, Any], name: str, new: Any) -> None:
    """Replace a name of a module until the end of this pytest run.

    There is no hook where these bytes are written, and a copy of the code around it would have to be maintained.
    """
    before = names.get(name)
    names[name] = new
    config.add_cleanup(lambda: names.pop(name) if before is None else names.update({name: before}))
