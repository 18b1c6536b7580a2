"""Keys of what the reports keep in pytest's configuration."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from contracts.drift.report import Drift
from reports.run.shard_results import MergedShards
from reports.run.trend import Comparison
from reports.writers.allure_results import AllureResults
from tests.harness.pytest_plugin.stash import NOT_WRITTEN

ALLURE: Final = pytest.StashKey[AllureResults]()
DRIFT: Final = pytest.StashKey[Drift]()
"""What changed in the published document. Missing where none was named."""
COMPARISON: Final = pytest.StashKey[Comparison]()
"""What the run is compared with. Missing where the options or the settings were wrong."""
MERGED: Final = pytest.StashKey[MergedShards]()
"""The shards that are merged; missing where checks are run."""


@contextmanager
def write_errors_kept(config: pytest.Config) -> Iterator[None]:
    """Keep the error of a file that cannot be written, and go on: the other reports are written all the same."""
    try:
        yield
    except OSError as error:
        config.stash[NOT_WRITTEN].append(str(error))


def stop_unwritten(config: pytest.Config, reason: str) -> None:
    """Keep the reason why a result could not be written, and stop the run: the next ones could not be, either."""
    config.stash[NOT_WRITTEN].append(reason)
    session = config.pluginmanager.get_plugin("session")
    if session is not None:
        session.shouldstop = "the reports cannot be written"
