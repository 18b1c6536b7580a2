"""A pytest plugin (`-p tests.support.history_lost`): another program removes the history before the workers begin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_configure_node(node: Any) -> None:
    """Remove the file."""
    Path(node.config.getoption("--history")).unlink(missing_ok=True)
