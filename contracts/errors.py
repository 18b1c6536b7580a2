"""The exceptions of the suite, by whose fault they are.

    ConformanceError
    ├── ContractError        the OpenAPI document or requirements.yaml cannot be used: its author has to correct it
    ├── UsageError           an option or a setting is missing or malformed: the caller has to correct it
    ├── TargetUnavailable    no verdict is possible now: the target is unavailable, or rejects the token
    ├── CouldNotTell         one requirement could not be checked; says what was missing
    ├── NotApplicable        one requirement does not apply to this target; says what it would need
    └── NotReached           one requirement needs more requests than are left of the request budget

A fault of the target is no exception but a `Verdict`.
"""

from __future__ import annotations


class ConformanceError(Exception):
    """Base class. The message is one sentence that says what to do."""


class ContractError(ConformanceError):
    """A user meets this when a contract file is not valid, before anything is sent."""


class UsageError(ConformanceError):
    """A user meets this when a setting is missing or malformed, before anything is sent."""


class TargetUnavailable(ConformanceError):
    """A user meets this when the target is unavailable or rejects the token: the run ends at once, with exit code 6."""


class CouldNotTell(ConformanceError):
    """A user meets this as a yellow result: no request led to a verdict, or no control was accepted."""


class NotApplicable(ConformanceError):
    """A user meets this as a grey result: the target has no such feature, or a setting is missing."""


class NotReached(ConformanceError):
    """A user meets this as a grey result: a larger profile would decide it."""
