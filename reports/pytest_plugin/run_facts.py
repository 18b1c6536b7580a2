"""What the reports say of a run beside its results: of this process, or of the shards that it merges."""

from __future__ import annotations

import pytest

from reports import VERSION
from reports.pytest_plugin.run_names import target_name
from reports.pytest_plugin.stash import COMPARISON, MERGED
from reports.run.contract_names import contract_name
from reports.run.repeated_options import options_of
from reports.run.run_report import RunConfig
from tests.harness.config.access import Access
from tests.harness.pytest_plugin.sharding import shard_in
from tests.harness.pytest_plugin.stash import SESSION


def run_config(config: pytest.Config) -> RunConfig:
    """Return target, contract, profile, seed and options of the run."""
    if MERGED in config.stash:
        return config.stash[MERGED].config
    session, shard = config.stash[SESSION], shard_in(config)
    options, document = session.options, session.document
    return RunConfig(
        began=config.stash[COMPARISON].began,
        target=target_name(session),
        title=document.title,
        file=contract_name(options.contract),
        contract=document.digest,
        suite=VERSION,
        profile=str(options.profile),
        seed=options.random_seed,
        options=options_of(config.getoption),
        shard="" if shard is None else f"{shard.number}/{shard.of}",
    )


def access_level(config: pytest.Config) -> Access:
    """Return the access level of the run."""
    return Access(config.stash[MERGED].head.access) if MERGED in config.stash else config.stash[SESSION].access


def not_judged(config: pytest.Config) -> tuple[str, ...]:
    """Return a line for each part of the document that was not tested, with the reason."""
    return config.stash[MERGED].not_judged if MERGED in config.stash else config.stash[SESSION].not_judged
