"""A disk that is full, or can only be read, costs the results from there on, and neither the run nor those before."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import allure_commons
import pytest


class AllureWriteGuard:
    """Stands around everything that Allure writes."""

    def __init__(self, failed: Callable[[str], None]) -> None:
        """Tell `failed` why something could not be written."""
        self._failed = failed

    def _guard(self) -> Generator[None, Any, Any]:
        try:
            return (yield)
        except OSError as error:
            self._failed(str(error))
            return None

    @allure_commons.hookimpl(wrapper=True, tryfirst=True)
    def report_result(self, result: Any) -> Generator[None, Any, Any]:  # noqa: ARG002 - Allure's signature
        """Keep a result's failure from the run."""
        return (yield from self._guard())

    @allure_commons.hookimpl(wrapper=True, tryfirst=True)
    def report_container(self, container: Any) -> Generator[None, Any, Any]:  # noqa: ARG002 - as above
        """Keep a container's failure from the run."""
        return (yield from self._guard())

    @allure_commons.hookimpl(wrapper=True, tryfirst=True)
    def report_attached_data(self, body: Any, file_name: Any) -> Generator[None, Any, Any]:  # noqa: ARG002 - as above
        """Keep an attachment's failure from the run."""
        return (yield from self._guard())

    @allure_commons.hookimpl(wrapper=True, tryfirst=True)
    def report_globals(self, globals_item: Any) -> Generator[None, Any, Any]:  # noqa: ARG002 - as above
        """Keep the failure of what belongs to the whole run from it."""
        return (yield from self._guard())


def register(config: pytest.Config, failed: Callable[[str], None]) -> None:
    """Stand guard while this pytest process writes."""
    keeping = AllureWriteGuard(failed)
    allure_commons.plugin_manager.register(keeping)
    config.add_cleanup(lambda: allure_commons.plugin_manager.unregister(keeping))
