"""Records the exchanges of a run as HAR: in one file, or in a part for each worker, merged at the end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from contracts.model.http import Exchange
from reports.output import safe_files
from reports.pytest_plugin.run_names import redactor_of
from reports.pytest_plugin.stash import write_errors_kept
from reports.writers import har
from tests.harness.pytest_plugin.collection import check_of
from tests.harness.pytest_plugin.stash import SESSION
from tests.harness.pytest_plugin.workers import is_worker

PARTS: Final = "har parts"
"""The key by which a worker is given the folder for its part."""
CLEAN_UP: Final = "clean-up"
"""What exchanges are sent for that cancel records."""


class HarRecording:
    """Records while `--har` asks for it. A process that has started workers records nothing but the clean-up."""

    def __init__(self, config: pytest.Config) -> None:
        """Open no file yet."""
        self._config = config
        self._output: safe_files.OutputFile | None = None
        self._parts: Path | None = None
        self._recorder: har.HarRecorder | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give a worker the folder for its part."""
        if folder := self._parts_folder():
            node.workerinput[PARTS] = str(folder)

    def take_parts(self, parts: Mapping[str, Path]) -> None:
        """Copy finished recordings, by a name, to become parts of this one."""
        with write_errors_kept(self._config):
            if folder := self._parts_folder():
                for name, file in parts.items():
                    shutil.copyfile(file, folder / f"{name}.har")

    def _parts_folder(self) -> Path | None:
        """Return the folder for the parts, which is made once; None where nothing is recorded."""
        file = self._config.getoption("--har")
        if file and self._parts is None:
            self._parts = Path(tempfile.mkdtemp(prefix="har-parts-", dir=Path(file).absolute().parent))
        return self._parts

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Open the file of this process."""
        if not self._config.option.collectonly and (session.items or self._parts):
            with write_errors_kept(self._config):
                self._open()
        return (yield)

    def _open(self) -> None:
        config = self._config
        if is_worker(config):
            worker: dict[str, str] = config.workerinput  # type: ignore[attr-defined]
            if PARTS in worker:
                self._output = har.open_part(Path(worker[PARTS]), worker["workerid"])
        elif file := config.getoption("--har"):
            self._output = safe_files.open_exclusively(Path(file))
            if self._output.name != Path(file):
                name = self._output.name
                config.stash[SESSION].options.notify(f"{file} is in use by another run: the HAR of this one is {name}.")
                config.option.har = str(name)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Record exchanges from the first check on."""
        if SESSION in self._config.stash and check_of(item):
            self._begin()

    def record_clean_up(self) -> None:
        """Record the exchanges of the clean-up, if anything is left to cancel."""
        if self._config.stash[SESSION].left:
            self._begin()

    def _begin(self) -> None:
        """Record exchanges from now on, if that was asked for and is not done already."""
        session = self._config.stash[SESSION]
        with write_errors_kept(self._config):
            if self._recorder is None and (output := self._recorded_file()):
                self._recorder = har.HarRecorder(output, session.target.url, partial(redactor_of, session))
                session.listeners.append(self._record_exchange)

    def _recorded_file(self) -> safe_files.OutputFile | None:
        """Return the file of this process; beside the parts of workers it is one more part."""
        if self._parts is not None and self._output is not None:
            return har.open_part(self._parts, CLEAN_UP)
        return self._output

    def _record_exchange(self, exchange: Exchange) -> None:
        with write_errors_kept(self._config):
            if self._recorder is not None:
                self._recorder.record(exchange)

    def pytest_conformance_traffic_end(self) -> None:
        """Close the file, and merge the parts of workers."""
        with write_errors_kept(self._config):
            if self._recorder is not None:
                self._recorder.close()
            if self._parts is not None and self._output is not None:
                har.merge_parts(self._parts, self._output)
