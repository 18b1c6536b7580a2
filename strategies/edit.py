"""The unit of every strategy: one named change to an accepted request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from contracts.document import Operation
from contracts.exchange import Request


class Tier(IntEnum):
    """How soon an edit is worth its request. A small allowance reaches only the first tiers."""

    FIRST = 1
    USUAL = 2
    LAST = 3


@dataclass(frozen=True, slots=True)
class Edit:
    """One change to a control. `name` is short, stable, and what the report shows.

    `about` is the property that the change is about, where there is one. `issued_token` tells whether the request
    still carries exactly the issued token where it belongs; `also_malformed` whether, beside the credentials, there is
    more to refuse.
    """

    name: str
    apply: Callable[[Request], Request]
    tier: Tier = Tier.USUAL
    about: str | None = None
    issued_token: bool = True
    also_malformed: bool = False


Edits: TypeAlias = Callable[[Operation], Sequence[Edit]]
"""What a test draws its edits from: the edits that make sense for an operation, most telling first."""
