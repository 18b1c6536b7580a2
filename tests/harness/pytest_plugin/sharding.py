"""The operations of a shard: with --shard the others are left out, after the whole run was planned.

So a check sends the same in a shard as in a run on one machine.
"""

from __future__ import annotations

import pytest

from contracts.errors import UsageError
from contracts.model.exit_codes import ExitCode
from tests.harness.pytest_plugin.collection import check_of
from tests.harness.pytest_plugin.replay import deselect
from tests.harness.pytest_plugin.stash import SESSION
from tests.harness.pytest_plugin.workers import CONFORMANCE
from tests.harness.run.shards import Shard, shards_in, values_of


def shard_in(config: pytest.Config) -> Shard | None:
    """Return the shard that this run is, if it is one."""
    shard: Shard | None = config.getoption("--shard", None)
    return shard


def check_sharding(config: pytest.Config) -> None:
    """Raise `UsageError` for options by which each shard would select from a list of its own."""
    if shard_in(config) is None:
        return
    option = config.option
    given = {"--finding": option.finding, "--lf": getattr(option, "lf", False), "--deselect": option.deselect}
    if selecting := [name for name, value in given.items() if value]:
        raise UsageError(f"--shard and {selecting[0]} cannot go together: leave one of them out.")
    folders = {(config.invocation_params.dir / argument).resolve() for argument in config.args}
    if folders != {CONFORMANCE}:
        raise UsageError("--shard takes a part of all conformance tests: select some of them with -k or -m.")


def divide_values(config: pytest.Config) -> None:
    """Leave to the shard those of the values to use up that are its own."""
    session = config.stash[SESSION]
    if (shard := shard_in(config)) is not None:
        session.keep_values(values_of(session, shard))


def is_empty_shard(config: pytest.Config, status: int) -> bool:
    """Return whether the run, which pytest ends with this status, is a shard without a check: others have them."""
    return shard_in(config) is not None and status == ExitCode.NOTHING_SELECTED


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the checks of operations that are in another shard."""
    shard = shard_in(config)
    if shard is None:
        return
    shards = shards_in(config.stash[SESSION], shard.of)
    checks = ((item, check_of(item)) for item in items)
    deselect(config, items, [item for item, check in checks if check and shards[check[1].id] == shard.number])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config) -> None:
    """Say why nothing was tested in a shard without a check; `exitstatus` is pytest's own."""
    if is_empty_shard(config, exitstatus):
        shard = str(shard_in(config))
        terminalreporter.write_line(f"{shard.capitalize()} has none of the selected checks: nothing was sent.")
