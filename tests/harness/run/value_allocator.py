"""Which of the known values of a target each request of a session uses: an index into each variable's values."""

from __future__ import annotations

SPARE_VALUES = 3
"""Values that have to be left for later operations before one is reserved."""


class ValueAllocator:
    """Hands out indices from the front, one after the other, and reserves indices from the back.

    One allocator serves all operations of a session, because operations share their values.
    """

    def __init__(self) -> None:
        """Start with no index handed out and none reserved."""
        self._next = 0
        self._reserved = 0
        self._shared: int | None = None

    def next_index(self) -> int:
        """Return the next index from the front; it grows without bound, `clamp` fits it to a list of values."""
        self._next += 1
        return self._next - 1

    def reserve(self, values: int) -> int | None:
        """Reserve one of this number of values and return its negative index; None if too few would be left."""
        if values - self._reserved - 1 < self._next + SPARE_VALUES:
            return None
        self._reserved += 1
        return -self._reserved

    def reserve_shared(self, values: int) -> int | None:
        """Return the negative index of the value that all updates to be rejected share; None if too few are left."""
        self._shared = self.reserve(values) if self._shared is None else self._shared
        return self._shared

    def clamp(self, index: int, values: int) -> int:
        """Return the index within this number of values, without the reserved ones; a negative index is kept."""
        return index % max(1, values - self._reserved) if index >= 0 else index
