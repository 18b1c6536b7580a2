"""Try a cause of the last run again: control, mutation and repeats, in seconds.

python -m reports.cli.replay CAUSE [--target TARGET] [--watch] [--out FOLDER] [--summary FILE] [PYTEST OPTIONS]

With --watch it tries again each time the target comes back, or Enter is pressed.
"""

from __future__ import annotations

import argparse
import select
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from contracts.errors import UsageError
from contracts.model.exit_codes import ExitCode
from contracts.reader_commands import program
from contracts.standard_streams import run_command
from reports.cli.pytest_process import run_pytest
from reports.output.console import fail, show
from reports.run.contract_names import contract_file
from reports.run.output_folder import OutputFolder, default_folder
from reports.run.repeated_options import arguments_of
from reports.writers import summary as summaries

LOOK_SECONDS = 0.3
"""Between two looks at whether the target is there."""
CONNECT_SECONDS = 1.0
DEFAULT_PORTS = {"http": 80, "https": 443}


def arguments(summary: Mapping[str, Any], file: Path, cause: str, target: str | None) -> list[str]:
    """Return pytest's arguments that try a cause again as the run did; `UsageError` if the file is no summary."""
    try:
        contract, profile, was = summary["contract"]["file"], summary["profile"], summary["target"]
        options = list(arguments_of(summary.get("options", {}), same_target=target in (None, was)))
        gates = [one["gates"] for one in (*summary["causes"], *summary["findings"]) if _is(one, cause)]
    except (KeyError, TypeError, AttributeError):
        raise UsageError(f"{file} is not a summary of a run.") from None
    return [
        *("-q", "--no-header", "--no-summary", "-p", "no:cacheprovider"),
        *("--finding", cause, "--findings-from", str(file.absolute()), "--target", target or was),
        *("--contract", str(contract_file(contract)), "--profile", profile),
        *options,
        # A recommendation that is still not met has to end with another exit code than one that is.
        *(["--strict"] if not all(gates) else []),
    ]


def _is(entry: Mapping[str, Any], chosen: str) -> bool:
    """Return whether a cause, or a finding, is the chosen one."""
    return chosen in ("all", entry["identity"]) or ("example" in entry and chosen == str(entry["number"]))


def can_go_away(target: str) -> bool:
    """Return whether a target is a server that somebody can start again."""
    return urlsplit(target).hostname is not None


def is_there(target: str) -> bool:
    """Return whether something listens at a target; the embedded mock and the sandbox are always there."""
    if not can_go_away(target):
        return True
    parts = urlsplit(target)
    try:
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 80)
        with socket.create_connection((parts.hostname, port), timeout=CONNECT_SECONDS):
            return True
    except OSError:
        return False


def wait_for_change(target: str, key_pressed: Callable[[float], bool]) -> None:
    """Wait until the target was away and is back, or a key was pressed; `key_pressed` waits that many seconds."""
    was_there = is_there(target)
    while not key_pressed(LOOK_SECONDS):
        now_there = is_there(target)
        if now_there and not was_there:
            return
        was_there = now_there


def enter_pressed(seconds: float) -> bool:
    """Wait at most so many seconds for a line on stdin; raises EOFError where stdin has ended."""
    if not select.select([sys.stdin], [], [], seconds)[0]:
        return False
    if not sys.stdin.readline():
        raise EOFError
    return True


def no_key(seconds: float) -> bool:
    """Wait so many seconds; nobody can press a key."""
    time.sleep(seconds)
    return False


def watch(run: Callable[[], int], target: str, key_pressed: Callable[[float], bool] = enter_pressed) -> int:
    """Run again and again until Ctrl-C; return the last exit code.

    Where stdin has ended, only a target that comes back makes it run again; it ends where none can.
    """
    code = run()
    try:
        while True:
            show(waiting_text(target, keys=key_pressed is not no_key))
            try:
                wait_for_change(target, key_pressed)
            except EOFError:
                if not can_go_away(target):
                    show(f"Ended: stdin has ended, so that no Enter can come, and {target} is always there.")
                    return code
                key_pressed = no_key
                continue
            code = run()
    except KeyboardInterrupt:
        return code


def waiting_text(target: str, *, keys: bool) -> str:
    """Return a sentence on what will make the next run; `keys`: Enter does, too."""
    enter = "Enter tries again" if keys else "stdin has ended, so that Enter does not"
    if not can_go_away(target):
        return f"{enter}, Ctrl-C ends."
    if is_there(target):
        return f"The target is up: start it again to try again. {enter[0].upper()}{enter[1:]}, Ctrl-C ends."
    return f"The target is down: it is tried again as soon as it is up. {enter[0].upper()}{enter[1:]}, Ctrl-C ends."


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return pytest's exit code, or 4 with a sentence on stderr."""
    parser = argparse.ArgumentParser(prog=program("replay", "reports.cli.replay"), description="Try a cause again.")
    parser.add_argument("cause", metavar="CAUSE", help="its number in the last run's report, its identity, or all")
    parser.add_argument("--target", metavar="TARGET", help="another target than that of the run")
    parser.add_argument("--watch", action="store_true", help="try again when the target comes back or Enter is pressed")
    parser.add_argument(
        "--out", metavar="FOLDER", type=Path, default=default_folder(), help="folder of the runs (default: %(default)s)"
    )
    parser.add_argument("--summary", metavar="FILE", type=Path, help="the run's summary.json (default: the last run's)")
    chosen, more = parser.parse_known_args(argv)
    try:
        file = chosen.summary or OutputFolder(chosen.out).latest / "summary.json"
        summary = summaries.read(file)
        options = arguments(summary, file, chosen.cause, chosen.target)
    except UsageError as error:
        return fail(f"not tried: {error}", ExitCode.USAGE)

    def run() -> int:
        return run_pytest([*options, *more])

    return watch(run, chosen.target or summary["target"]) if chosen.watch else run()


if __name__ == "__main__":
    sys.exit(run_command(main))
