"""The exception by which a step of the mock rejects a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from contracts.model.json_value import Json

Issue: TypeAlias = dict[str, Json]
"""One entry of the list of issues, in the form of the Zod library: at least `code`, `path` and `message`."""

Cause: TypeAlias = Literal[
    "http",
    "route",
    "method",
    "credential",
    "rate",
    "unsupported",
    "not-served",
    "query",
    "header",
    "size",
    "media-type",
    "syntax",
    "schema",
    "unknown-value",
    "job",
]
"""What was wrong: several causes share a status and a code."""


class Refusal(Exception):
    """Raised by any step that rejects a request; `MockApi.refuse` turns it into the response.

    `issues` go into the details of the error envelope, `headers` are added to those of the response.
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
        """Store the parts of the response."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.cause = cause
        self.issues = list(issues)
        self.headers = dict(headers or {})

    @classmethod
    def invalid(cls, cause: Cause, issues: Sequence[Issue]) -> Refusal:
        """Return the one rejection that the document describes: a 400 with a list of issues."""
        return cls(400, "invalid_request", "invalid request", cause, issues=issues)
