"""An absence of the target, kept until a search is over: Hypothesis would take it for a failure, and replay it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from contracts.errors import TargetUnavailable
from contracts.model.http import Exchange


class DeferredOutage:
    """Sends as long as there is a target."""

    def __init__(self, give_up: Callable[[], NoReturn]) -> None:
        """Call `give_up`, which raises what the search understands, instead of sending to a target that is away."""
        self._give_up = give_up
        self._error: TargetUnavailable | None = None

    def send(self, send: Callable[[], Exchange]) -> Exchange:
        """Return what `send` returns."""
        if self._error is not None:
            self._give_up()
        try:
            return send()
        except TargetUnavailable as away:
            self._error = away
            self._give_up()

    def tell(self) -> None:
        """Raise what was kept."""
        if self._error is not None:
            raise self._error
