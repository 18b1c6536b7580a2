"""Defers the error for a target that went away until a search has ended: Hypothesis would replay it as a failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from contracts.errors import TargetUnavailable
from contracts.model.http import Exchange


class DeferredOutage:
    """Sends until the target is unavailable, and from then on makes every attempt give up."""

    def __init__(self, give_up: Callable[[], NoReturn]) -> None:
        """`give_up` raises what the search takes for an attempt without a result."""
        self._give_up = give_up
        self._error: TargetUnavailable | None = None

    def send(self, send: Callable[[], Exchange]) -> Exchange:
        """Return what `send` returns; give up if the target is unavailable."""
        if self._error is not None:
            self._give_up()
        try:
            return send()
        except TargetUnavailable as error:
            self._error = error
            self._give_up()

    def raise_deferred(self) -> None:
        """Raise the TargetUnavailable that was deferred, if there is one."""
        if self._error is not None:
            raise self._error
