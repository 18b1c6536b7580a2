"""Processes of xdist: what a worker is given, what it hands over, and how items are shared out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.harness.pytest_plugin.item_ids import check_name
from tests.harness.pytest_plugin.not_run import named_check
from tests.harness.pytest_plugin.stash import INTERRUPTION, NOT_CANCELLED, NOT_WRITTEN, SESSION, STOP_REASONS
from tests.harness.run.shards import groups_in

CONFORMANCE: Final = Path(__file__).parents[2] / "conformance"
HANDED_OVER: Final = {"not cancelled": NOT_CANCELLED, "not written": NOT_WRITTEN, "ended": STOP_REASONS}
"""The lists that a worker sends to the process that the user started, by the key of xdist's `workeroutput`."""


def is_worker(config: pytest.Config) -> bool:
    """Return whether this process is one of xdist's workers."""
    return hasattr(config, "workerinput")


def is_first_worker(config: pytest.Config) -> bool:
    """Return whether this process is the worker that writes what all workers would write alike."""
    return getattr(config, "workerinput", {}).get("workerid") == "gw0"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give a worker the id of the run."""
    node.workerinput["run"] = node.config.stash[SESSION].options.run


@pytest.hookimpl(optionalhook=True)
def pytest_testnodeready(node: Any) -> None:
    """Note the process id of a worker: a signal to this process is passed on to it."""
    process = getattr(node.gateway._io, "popen", None)  # noqa: SLF001 - there is no other way to learn it
    if process is not None:
        node.config.stash[INTERRUPTION].workers.append(process.pid)


def was_interrupted(session: pytest.Session) -> bool:
    """Return whether this process was stopped early; an interrupt during pytest's own handling of one hides that."""
    return session.exitstatus == pytest.ExitCode.INTERRUPTED or (
        INTERRUPTION in session.config.stash and session.config.stash[INTERRUPTION].ended
    )


def hand_over(session: pytest.Session) -> None:
    """Send what this worker could not cancel, could not write, and was ended by."""
    output = session.config.workeroutput  # type: ignore[attr-defined]
    for name, key in HANDED_OVER.items():
        output[name] = session.config.stash[key]
    if was_interrupted(session):  # for which xdist would start another worker
        output |= {"exitstatus": int(pytest.ExitCode.TESTS_FAILED), "shouldstop": session.shouldstop or "interrupted"}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker sends."""
    output = getattr(node, "workeroutput", {})
    for name, key in HANDED_OVER.items():
        node.config.stash[key] += output.get(name, [])


@pytest.hookimpl(optionalhook=True)
def pytest_handlecrashitem(report: pytest.TestReport, sched: Any) -> None:
    """Count the item of a dead worker as a crash of the suite."""
    config = sched.config
    if SESSION in config.stash:
        session = config.stash[SESSION]
        if named_check(report.nodeid, session.requirements, session.operations):
            report.keywords = {"requirement": 1}


class SchedulingByOperation(LoadScopeScheduling):  # type: ignore[misc]
    """Gives all items of an operation to the same worker: requirements that check all exchanges need all of them.

    Operations that use up ids of one pool share a worker, too, unless each worker has a mock of its own.
    """

    def __init__(self, config: pytest.Config, log: Any) -> None:
        """Work out which operations share a worker."""
        super().__init__(config, log)
        session = config.stash[SESSION]
        groups = groups_in(session)
        self._groups = {operation.label: groups[operation.id] for operation in session.operations}

    def _split_scope(self, nodeid: str) -> str:
        name = check_name(nodeid)
        group = None if name is None else self._groups.get(f"{name.method} {name.path}")
        return nodeid.rpartition("::")[0] if group is None else group


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SchedulingByOperation | None:
    """Schedule conformance tests by operation, and others as `--dist` says."""
    folders = [(config.invocation_params.dir / argument.partition("::")[0]).resolve() for argument in config.args]
    within = any(CONFORMANCE.is_relative_to(folder) or folder.is_relative_to(CONFORMANCE) for folder in folders)
    return SchedulingByOperation(config, log) if within else None
