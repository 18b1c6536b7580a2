"""Starts and stops a pytest process of the suite: contracts, settings, signals, and the records of earlier runs."""

from __future__ import annotations

import glob
import os
import sys
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType

import pytest
from hypothesis.configuration import set_hypothesis_home_dir

from contracts.errors import ContractError, UsageError
from contracts.model.exit_codes import ExitCode
from tests.harness.config.private_folder import private_folder
from tests.harness.config.settings import env_file_from
from tests.harness.pytest_plugin.options import check_options, options_of
from tests.harness.pytest_plugin.planned_turns import check_budget
from tests.harness.pytest_plugin.replay import read_replay
from tests.harness.pytest_plugin.sharding import check_sharding, divide_values
from tests.harness.pytest_plugin.stash import (
    INTERRUPTION,
    NOT_CANCELLED,
    NOT_WRITTEN,
    REPLAY,
    RESULTS,
    SESSION,
    STOP_REASONS,
)
from tests.harness.pytest_plugin.terminal import write_line
from tests.harness.pytest_plugin.workers import is_worker
from tests.harness.run.interruption import Interruption, clean_up_hint
from tests.harness.run.run_options import Options
from tests.harness.run.selection import NothingSelected
from tests.harness.run.session import Session


def pytest_configure(config: pytest.Config) -> None:
    """Read contracts and settings: an error in them is reported before anything is sent."""
    config.addinivalue_line("markers", "requirement(demand): the requirement that a conformance test judges")
    config.addinivalue_line("markers", "must: the requirement gates the run")
    config.addinivalue_line("markers", "should: the requirement gates only with --strict")
    _disable_core_dumps()
    config.stash[RESULTS], config.stash[NOT_CANCELLED], config.stash[NOT_WRITTEN] = [], [], []
    set_hypothesis_home_dir(hypothesis_home())
    try:
        options = _with_replay(config, options_of(config))
        if not is_worker(config):
            check_options(config)
            check_sharding(config)
            check_budget(config)
        config.stash[SESSION] = Session(replace(options, env_file=env_file_from(config.getoption("--env-file"))))
        divide_values(config)
    except NothingSelected as error:
        pytest.exit(str(error), returncode=ExitCode.NOTHING_SELECTED)
    except (UsageError, ContractError) as error:
        raise pytest.UsageError(str(error)) from None
    _install_interruption(config)
    if not is_worker(config):
        sys.excepthook = exit_after_crash


def _with_replay(config: pytest.Config, options: Options) -> Options:
    """Return the options with the operations and the seed of the findings that are tried again, if any are."""
    chosen = config.getoption("--finding")
    if not chosen:
        return options
    replay = config.stash[REPLAY] = read_replay(Path(config.getoption("--findings-from")), chosen)
    operations = list(options.operations) or [glob.escape(one) for one in replay.operations]
    seed = options.random_seed if config.getoption("hypothesis_seed", None) is not None else replay.seed
    return replace(options, operations=operations, operations_may_be_gone=not options.operations, random_seed=seed)


def _disable_core_dumps() -> None:
    """Let a crash write no core file: it would hold the token."""
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def hypothesis_home() -> Path:
    """Return where Hypothesis keeps its tables of Unicode: outside of the checkout, and closed to other users."""
    try:
        return private_folder() / "hypothesis"
    except OSError:
        return Path(os.devnull) / "hypothesis"  # nothing can be kept there: the tables are made anew


def _install_interruption(config: pytest.Config) -> None:
    """Have signals and the time limit end the run like Ctrl-C."""
    contexts = ExitStack()
    waits_for_workers = bool(config.getoption("numprocesses", None)) and not is_worker(config)
    config.stash[STOP_REASONS] = []
    config.stash[INTERRUPTION] = Interruption(config.stash[STOP_REASONS].append, partial(_write_open_records, config))
    contexts.enter_context(
        config.stash[INTERRUPTION].installed(config.getoption("--max-minutes"), grace=waits_for_workers)
    )
    config.add_cleanup(contexts.close)


def _write_open_records(config: pytest.Config) -> None:
    """Write which records are not cancelled yet, and how to cancel them later."""
    session = config.stash[SESSION]
    write_line(config, clean_up_hint(session.options.clean_up_command, session.left))


def exit_after_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """End the process after an exception that pytest does not handle: Python's own exit code would be a violation."""
    interrupted = issubclass(kind, KeyboardInterrupt)
    if not interrupted:
        sys.__excepthook__(kind, error, trace)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(ExitCode.INTERRUPTED if interrupted else ExitCode.SUITE_FAILED)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Cancel the records that earlier runs left at the target."""
    config = session.config
    if is_worker(config) or config.option.collectonly:
        return
    try:
        earlier = config.stash[SESSION].clean_up_earlier()
    except OSError:
        return  # a journal that cannot be read cannot be written either, which the summary reports
    config.stash[NOT_CANCELLED] += [f"from an earlier run: {line}" for line in earlier.left]
    if earlier.cancelled:
        write_line(config, f"Records that an earlier run left at the target, cancelled now: {earlier.cancelled}.")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the client, the journal and the mock."""
    if SESSION in config.stash:
        config.stash[SESSION].close()
