"""Errors of writing Allure results, such as a full disk, are collected: the run and its other reports go on."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import allure_commons
import pytest


class AllureWriteGuard:
    """Wraps every hook by which Allure writes."""

    def __init__(self, failed: Callable[[str], None]) -> None:
        """Set the callback that receives the text of each error."""
        self._failed = failed

    def _guard(self) -> Generator[None, Any, Any]:
        try:
            return (yield)
        except OSError as error:
            self._failed(str(error))
            return None

    @allure_commons.hookimpl(wrapper=True, tryfirst=True)
    def report_result(self, result: Any) -> Generator[None, Any, Any]:  # noqa: ARG002 - Allure's signature
        """Guard the results of tests."""
        return (yield from self._guard())

    @allure_commons.hookimpl(wrapper=True, tryfirst=True)
    def report_container(self, container: Any) -> Generator[None, Any, Any]:  # noqa: ARG002 - as above
        """Guard the containers of fixtures."""
        return (yield from self._guard())

    @allure_commons.hookimpl(wrapper=True, tryfirst=True)
    def report_attached_data(self, body: Any, file_name: Any) -> Generator[None, Any, Any]:  # noqa: ARG002 - as above
        """Guard attachments."""
        return (yield from self._guard())

    @allure_commons.hookimpl(wrapper=True, tryfirst=True)
    def report_globals(self, globals_item: Any) -> Generator[None, Any, Any]:  # noqa: ARG002 - as above
        """Guard errors and attachments of the run."""
        return (yield from self._guard())


def register(config: pytest.Config, failed: Callable[[str], None]) -> None:
    """Register the guard until the end of this pytest process."""
    guard = AllureWriteGuard(failed)
    allure_commons.plugin_manager.register(guard)
    config.add_cleanup(lambda: allure_commons.plugin_manager.unregister(guard))
