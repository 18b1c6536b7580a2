"""How a step of the mock says no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from contracts.model.json_value import Json

Issue: TypeAlias = dict[str, Json]
"""One entry of a refusal's issues list, as Zod writes it: at least `code`, `path` and `message`."""

Cause: TypeAlias = Literal[
    "http",
    "route",
    "method",
    "credential",
    "rate",
    "unsupported",
    "query",
    "size",
    "media-type",
    "syntax",
    "schema",
    "unknown-value",
    "job",
]
"""The step that refused: several of them answer with the same status and code."""


class Refusal(Exception):
    """Raised by any step that does not let a request pass; `MockApi.refuse` turns it into the answer.

    `issues` go into the envelope's details, `headers` beside the answer's own.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        cause: Cause,
        *,
        issues: Sequence[Issue] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Hold the parts of the answer."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.cause = cause
        self.issues = list(issues)
        self.headers = dict(headers or {})

    @classmethod
    def invalid(cls, cause: Cause, issues: Sequence[Issue]) -> Refusal:
        """Return the one refusal that the document shows: a 400 with the list of issues."""
        return cls(400, "invalid_request", "invalid request", cause, issues=issues)
