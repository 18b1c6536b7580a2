"""What `doctor` prints: a line for each check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from contracts.untrusted import sanitize

PROBLEM: Final = 1
"""The exit code of `doctor` where it does not know that of a run."""


@dataclass(frozen=True, slots=True)
class Line:
    """The result of one check: what was observed, and what to do if that is a problem.

    `code` is the exit code of a run that begins with this problem, where that is known.
    """

    name: str
    detail: str
    hint: str = ""
    code: int = PROBLEM

    @property
    def ok(self) -> bool:
        """Return whether this is not a problem."""
        return not self.hint

    def __str__(self) -> str:
        """Return the line as it is printed."""
        shown = f"{'ok' if self.ok else 'problem':<9}{self.name:<24}{sanitize.line(self.detail)}"
        return shown if self.ok else f"{shown}\n{'':33}What to do: {sanitize.line(self.hint)}"


def not_given(name: str, checks: int, gating: int, code: int) -> Line:
    """Return the line on a setting that checks need, of which so many can fail a run that would end with this code."""
    detail = f"not given, and {checks} checks need it"
    if not gating:
        return Line(name, f"{detail}, none of which can fail a run")
    hint = f"set {name}, or exclude the operations that need it with --operation."
    return Line(name, f"{detail}: a run ends with exit code {int(code)}", hint, code)
