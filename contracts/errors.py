"""Everything that can go wrong, by whose fault it is.

    ConformanceError
    ├── ContractError        the OpenAPI document or requirements.yaml cannot be used: ours, or the author's, to mend
    ├── UsageError           an option or a setting is missing or malformed: the caller's to mend
    ├── TargetUnavailable    nothing useful can be learnt from this target now: away, or it refuses the token
    ├── Inconclusive         one requirement could not be judged; says what was missing
    ├── NotApplicable        one requirement has nothing to say about this target; says what it would need
    └── NotReached           one requirement needs more requests than the budget of this profile has left

A fault of the target is not in this tree: it is not an exception of ours but a `Verdict`.
"""

from __future__ import annotations


class ConformanceError(Exception):
    """Base of the family. Its text is one sentence that says what to do."""


class ContractError(ConformanceError):
    """A user meets this when a contract file is not valid, before anything is sent."""


class UsageError(ConformanceError):
    """A user meets this when a setting is missing or malformed, before anything is sent."""


class TargetUnavailable(ConformanceError):
    """A user meets this when the target is away or refuses the token: the run ends at once, with exit code 6."""


class Inconclusive(ConformanceError):
    """A user meets this as a yellow result: no request reached the decision, or no control was accepted."""


class NotApplicable(ConformanceError):
    """A user meets this as a grey result: the target has no such thing, or a setting would be needed."""


class NotReached(ConformanceError):
    """A user meets this as a grey result: a larger profile would decide it."""
