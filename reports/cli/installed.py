"""The command `propexo-conformance`, which pip installs: each of its words is a command of the suite.

It runs in the working folder of its user: settings, contract, known issues and all that a run writes are there.
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

COMMANDS = {
    "run": ("reports.cli.conformance", "test a target and write conformance/html/index.html"),
    "doctor": ("tests.harness.cli.doctor", "say in ten seconds whether a target can be tested"),
    "merge": ("reports.cli.merge", "make one report of the shards that several machines tested"),
    "replay": ("reports.cli.replay", "try a cause of the last run again"),
    "accept": ("reports.cli.accept", "live with a cause for a while"),
    "clean-up": ("tests.harness.cli.clean_up", "cancel what runs left at a target"),
    "drift": ("reports.cli.drift", "compare a contract with the document that its vendor publishes"),
    "issue": ("reports.cli.github_issue", "open, update or close the GitHub issue about a run"),
    "mock": ("contracts.mock", "serve a contract to develop against"),
    "prepare": ("reports.site.allure", "install Allure now, so that runs need no npm registry"),
}
SUITE = Path(__file__).resolve().parents[2]
USAGE = 4
"""As for an option that is invalid: the suite's own enumeration can be imported only later."""


def main() -> None:
    """Run one of the commands with the arguments that follow it; exit with its code, or 4 without a command."""
    chosen = sys.argv[1] if len(sys.argv) > 1 else ""
    if chosen not in COMMANDS:
        lines = [f"  {name:10} {purpose}" for name, (_, purpose) in COMMANDS.items()]
        usage = "\n".join(["propexo-conformance COMMAND [OPTIONS]; each command explains --help.", "", *lines])
        print(usage, file=sys.stdout if chosen in ("-h", "--help") else sys.stderr)
        sys.exit(0 if chosen in ("-h", "--help") else USAGE)
    # The suite's packages are beside each other in a folder of its own, where they collide with nobody's `tests`.
    sys.path.insert(0, str(SUITE))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(SUITE), os.environ.get("PYTHONPATH"))))
    del sys.argv[1]
    runpy.run_module(COMMANDS[chosen][0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
