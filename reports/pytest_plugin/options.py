"""Command-line options of the reports: which files a run writes, and what it is compared with."""

from __future__ import annotations

import pytest

from reports.redaction import output_filter
from reports.run import known_issues
from tests.harness.pytest_plugin.output_paths import OUTPUT_OPTIONS


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options. Output is filtered from here on: other plugins open files when they are configured."""
    pluginmanager.register(output_filter.EarlyOutputFilter(), "conformance-output-filter")
    group = parser.getgroup("conformance")
    group.addoption("--summary", metavar="FILE", help="write verdicts, evidence and findings as JSON")
    group.addoption("--redact", choices=["ids"], help="also redact ids and names of people")
    group.addoption("--markdown", metavar="FILE", help="write what changed, for a job summary or a chat")
    group.addoption("--badge", metavar="FILE", help="write a badge for shields.io's endpoint")
    group.addoption(
        "--har", metavar="FILE", help="write every exchange, redacted, for the network panel of browser tools"
    )
    group.addoption(
        "--requirements", metavar="FILE", help="write the requirements as a page: what is sent for each, how to mend"
    )
    group.addoption("--history", metavar="FILE", help="compare with the earlier runs in this file, and append this one")
    group.addoption(
        "--shard-results", metavar="FILE", help="with --shard: write the results, for merge to join with the others'"
    )
    group.addoption(
        "--merge",
        metavar="FILE",
        action="append",
        default=[],
        help="send nothing, and report the results of this shard; to be repeated for each shard of a run",
    )
    group.addoption(
        "--published",
        metavar="FILE|URL",
        help="compare the contract with the document that its vendor publishes; a change fails nothing",
    )
    group.addoption(
        "--known-issues",
        metavar="FILE",
        default=str(known_issues.FILE),
        help="accepted findings (default: contracts/known-issues.yaml)",
    )


def output_files(config: pytest.Config) -> dict[str, str]:
    """Return the files and folders that this run was asked to write, by option."""
    return {name: file for name in OUTPUT_OPTIONS if (file := config.getoption(name, None))}
