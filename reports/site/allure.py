"""Run Allure, through report.mjs, from the npm packages that are locked beside this module.

`python -m reports.site.allure` only installs them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from contracts.standard_streams import run_command
from reports.output.console import fail
from reports.site.node import NodeError, install, run_node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HERE = Path(__file__).resolve().parent
ALLURE_SECONDS = 120


class RenderError(Exception):
    """No report can be made; the message is a sentence that says why."""


def allure(arguments: Sequence[str], extra_env: Mapping[str, str]) -> str:
    """Run report.mjs, with the locked Allure, to its end and return what it printed."""
    try:
        install(HERE)
    except NodeError as error:
        raise RenderError(f"Allure could not be installed: {error}") from None
    try:
        return run_node([str(HERE / "report.mjs"), *arguments], HERE, {"NO_COLOR": "1", **extra_env}, ALLURE_SECONDS)
    except NodeError as error:
        raise RenderError(f"Allure failed:\n{error}") from None


def main() -> int:
    """Install Allure, so that later reports need no network; return 0, or 1 with a sentence on stderr."""
    try:
        install(HERE)
    except NodeError as error:
        return fail(f"Allure could not be installed: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
