"""Command-line options: what to test, how far to go, where to write."""

from __future__ import annotations

import argparse
import datetime as dt
import math
import os
import uuid
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from contracts.errors import UsageError
from contracts.untrusted.similar_names import choices
from tests.harness.config.access import Access
from tests.harness.config.settings import MOCK, PRODUCTION_HOST, Profile
from tests.harness.http.timing import ClientPolicy
from tests.harness.pytest_plugin.output_paths import OUTPUT_OPTIONS, check_writable, expanded
from tests.harness.pytest_plugin.replay import LATEST
from tests.harness.pytest_plugin.stash import CLIENT_POLICY
from tests.harness.pytest_plugin.terminal import write_line
from tests.harness.pytest_plugin.workers import is_worker
from tests.harness.run.run_options import CONTRACTS, Options
from tests.harness.run.shards import Shard

MAX_DIGITS: Final = 9
"""Of a number of requests."""


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options. `--strict` is pytest's own; here it also lets every should gate."""
    pluginmanager.register(OutputPathExpander(), "conformance-output-paths")
    group = parser.getgroup("conformance", "contract conformance")
    group.addoption(
        "--target", default="mock", metavar="mock|sandbox|URL", help="what to test (default: the embedded mock)"
    )
    group.addoption(
        "--operation",
        action="append",
        default=[],
        metavar="ID",
        help="test only operations with this id; may be a glob, may be repeated",
    )
    group.addoption(
        "--contract",
        default=str(CONTRACTS / "appointments.yaml"),
        metavar="FILE",
        help="the OpenAPI document to test against (default: contracts/appointments.yaml)",
    )
    group.addoption(
        "--overlay",
        action="append",
        default=[],
        metavar="FILE",
        help="an OpenAPI Overlay 1.0 that changes the document as it is read; repeatable",
    )
    group.addoption(
        "--access",
        type=partial(_one_of, list(Access)),
        choices=[str(level) for level in Access],
        help="highest access level to use; checks that need more are not applicable (default: what the settings allow)",
    )
    group.addoption(
        "--allow-production",
        action="store_true",
        help=f"permit {PRODUCTION_HOST} as the target, where writes reach real people",
    )
    group.addoption(
        "--allow-writes",
        action="store_true",
        help="send valid requests to the operations named in --operation, also where the contract marks no way to undo",
    )
    group.addoption(
        "--env-file",
        metavar="FILE",
        help="read the settings that the environment lacks from this file (default: .env, if it exists)",
    )
    group.addoption(
        "--profile",
        default="nightly",
        type=partial(_one_of, list(Profile)),
        choices=[str(p) for p in Profile],
        help="request budget: 45, 120 or 1,000 requests for each operation",
    )
    group.addoption(
        "--finding",
        action="append",
        default=[],
        metavar="ID",
        help="send again only what this finding of the last run needs: the identity of a cause or finding, the number"
        " of a cause, or all; may be repeated",
    )
    group.addoption(
        "--findings-from",
        default=str(LATEST),
        metavar="FILE",
        help="summary.json of the run that --finding is about (default: the last run)",
    )
    group.addoption(
        "--shard",
        type=_shard,
        metavar="N/M",
        help="test only the N-th of M parts of the operations, as one of M machines does; merge joins their results",
    )
    group.addoption(
        "--budget",
        type=_requests,
        metavar="N",
        help="send at most N requests: open findings again, then operations whose contract changed, then what was"
        " longest not tried; needs --history",
    )
    group.addoption(
        "--minutes",
        type=_minutes,
        metavar="N",
        help="the same for as many requests as N minutes of the rate limit allow; --max-minutes stops a run instead",
    )
    group.addoption(
        "--max-minutes",
        type=_minutes,
        metavar="N",
        help="stop the run after this time, as Ctrl-C does: it still reports and cancels",
    )


def _one_of(known: Sequence[str], text: str) -> str:
    """Return a text that is one of the known ones."""
    if text not in known:
        raise argparse.ArgumentTypeError(f"{text} is not known: {choices(text, known)}")
    return text


def _shard(text: str) -> Shard:
    """Return the shard that a text names."""
    try:
        return Shard.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _requests(text: str) -> int:
    """Return a number of requests."""
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text} is no number of requests: give one such as 6000")
    return int(text)


def _minutes(text: str) -> float:
    """Return a time limit, which may be a fraction of a minute."""
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0 < minutes < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is no time: give minutes, such as 30 or 0.5")
    return minutes


class OutputPathExpander:
    """Expands `~` and `$NAME` in output paths before any plugin opens a file there."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Replace the values of the options, so that every plugin means the same path."""
        vars(config.option).update(expanded(vars(config.option)))


def options_of(config: pytest.Config) -> Options:
    """Return the options of the run, all but the file of settings."""
    seed, level = config.getoption("hypothesis_seed", None), config.getoption("--access")
    return Options(
        target=config.getoption("--target"),
        operations=config.getoption("--operation"),
        profile=Profile(config.getoption("--profile")),
        random_seed=int(seed) if seed is not None else dt.datetime.now(tz=dt.UTC).date().toordinal(),
        contract=Path(config.getoption("--contract")),
        overlays=[Path(file) for file in config.getoption("--overlay")],
        environment=dict(os.environ),
        access=Access(level) if level else None,
        allow_production=config.getoption("--allow-production"),
        allow_writes=config.getoption("--allow-writes"),
        redact_ids=config.getoption("--redact", None) == "ids",
        tests_nothing=config.option.collectonly,
        merges=bool(config.getoption("--merge", None)),
        # With the embedded mock each process has one of its own.
        shared=(is_worker(config) or bool(config.getoption("--shard", None))) and config.getoption("--target") != MOCK,
        client_policy=config.stash.get(CLIENT_POLICY, ClientPolicy()),
        notify=partial(write_line, config),
        run=getattr(config, "workerinput", {}).get("run") or uuid.uuid4().hex,
        process=os.environ.get("PYTEST_XDIST_WORKER", "") if is_worker(config) else "",
    )


def check_options(config: pytest.Config) -> None:
    """Raise `UsageError` for a path that cannot be written to, and for options that would falsify the results."""
    # A run without a history is worth as much: where it cannot be written, the reports say so at the end.
    for option in set(OUTPUT_OPTIONS) - {"--history"}:
        check_writable(option, config.getoption(option, None), is_folder=option == "--alluredir")
    if config.getoption("reruns", None):
        raise UsageError(
            "--reruns would count a check more than once: leave it out; the suite repeats requests where it has to."
        )
    if not config.pluginmanager.has_plugin("skipping"):
        raise UsageError(
            "-p no:skipping would leave no result for what is not applicable or not reached: leave it out."
        )
