"""The options --budget and --minutes: how many requests a run may send, and what else is refused beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from contracts.errors import UsageError
from tests.harness.config.settings import Profile
from tests.harness.pytest_plugin.replay import ReplayedFinding
from tests.harness.rate_limit.limit_window import LimitWindow
from tests.harness.trial.rotation import Rotation


@dataclass(frozen=True, slots=True)
class PlannedTurns:
    """What a run with a budget tries. `findings` are those to be tried again, `digests` those of each operation.

    The shards of a run share its budget: each plans the turns of all operations, and runs those of its own.
    """

    rotation: Rotation
    findings: Sequence[ReplayedFinding]
    digests: Mapping[str, str]

    def findings_on(self, operation: str) -> list[ReplayedFinding]:
        """Return the findings to be tried again on an operation, by its id."""
        return [finding for finding in self.findings if finding.operation == operation]

    @property
    def digest(self) -> str:
        """Return a digest of what is tried: shards with the same one planned by the same history."""
        tried = [repr(turn) for turn in self.rotation.turns] + sorted(one.identity for one in self.findings)
        return hashlib.sha256("\n".join(tried).encode()).hexdigest()[:12]


def budget_in(config: pytest.Config) -> int | None:
    """Return how many requests the run may send; None where neither of the options is given."""
    minutes: float | None = config.getoption("--minutes")
    if minutes is not None:
        return int(minutes * LimitWindow().per_minute(0))
    budget: int | None = config.getoption("--budget")
    return budget


def check_budget(config: pytest.Config) -> None:
    """Raise `UsageError` for a budget that tries nothing in full, and for options that make the choice themselves."""
    budget = budget_in(config)
    if budget is None:
        return
    option = config.option
    name = "--budget" if option.minutes is None else "--minutes"
    if option.budget is not None and option.minutes is not None:
        raise UsageError("--budget and --minutes say the same thing: leave one of them out.")
    given = {
        "--finding": option.finding,
        "--lf": getattr(option, "lf", False),
        "--deselect": option.deselect,
        "-k": option.keyword,
        "-m": option.markexpr,
    }
    if selecting := [other for other, value in given.items() if value]:
        raise UsageError(f"{name} chooses what is tried, and so does {selecting[0]}: leave one of them out.")
    if not config.getoption("--history", None):
        raise UsageError(f"{name} goes by what earlier runs tried: name the file that keeps it with --history.")
    profile = Profile(option.profile)
    if budget < profile.budget:
        raise UsageError(_too_small(name, budget, profile))


def _too_small(name: str, budget: int, profile: Profile) -> str:
    pace = LimitWindow().per_minute(0)
    least = profile.budget if name == "--budget" else -(-profile.budget // pace)
    smaller = ", or choose --profile quick" if profile is not Profile.QUICK else ""
    return (
        f"{name} allows {budget:,} request{'s' * (budget != 1)}, and one operation takes {profile.budget:,} in profile"
        f" {profile}: give at least {least}{smaller}."
    )
