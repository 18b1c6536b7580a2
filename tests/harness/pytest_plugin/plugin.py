"""The pytest plugin: options, one item per requirement and operation, and a verdict as a pytest outcome.

violated -> failure; inconclusive -> error; a should not met -> skip with the reason (failure with --strict);
not applicable, or not reached in the request budget -> skip with the reason; all that would fail is known -> skip;
a known issue that is no longer violated -> failure; not run, or not to its end -> skip, at the end of the session.
Reports get the verdict through the hook `pytest_conformance_verdict`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import math
import os
import sys
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeVar

import pytest
from hypothesis.configuration import set_hypothesis_home_dir
from xdist.scheduler import LoadScopeScheduling

from contracts.errors import ContractError, Inconclusive, NotApplicable, NotReached, TargetUnavailable, UsageError
from contracts.model.exit_codes import ExitCode, decide_exit_code
from contracts.model.result import ItemResult, Presentation, ProcessStats, process_stats
from contracts.model.verdict import Status, Verdict
from contracts.openapi.operation import Operation
from contracts.requirements import Requirement
from contracts.untrusted import sanitize
from strategies.core.mutation import Mutations
from tests.harness.config.access import Access
from tests.harness.config.private_folder import private_folder
from tests.harness.config.settings import PRODUCTION_HOST, Profile, env_file_from
from tests.harness.http.send_result import TargetDown
from tests.harness.http.timing import ClientPolicy
from tests.harness.http.transport_stats import transport_stats_line
from tests.harness.pytest_plugin.not_run import cited, left_out, report_of, result_of
from tests.harness.pytest_plugin.output_paths import OUTPUT_OPTIONS, check_writable, expanded
from tests.harness.run.budget import BudgetSpent
from tests.harness.run.context import RunPlan
from tests.harness.run.interruption import Interruption, hint
from tests.harness.run.session import (
    CLIENT_POLICY,
    CONTRACTS,
    EXIT_CODE,
    INTERRUPTION,
    MOCK,
    NOT_CANCELLED,
    NOT_WRITTEN,
    RESULTS,
    SESSION,
    NothingSelected,
    Options,
    Session,
)
from tests.harness.trial.plan import BudgetShare, RequestDemand, Tried, allocate_budget, cost_estimate, dedup_key
from tests.harness.trial.requirement_test import RequirementTest

PLAN: Final = pytest.StashKey[dict[str, dict[str, BudgetShare]]]()
VERDICT: Final = pytest.StashKey[Verdict]()
ENDED: Final = pytest.StashKey[list[str]]()
"""By what a run was ended early."""
FINISHED: Final = pytest.StashKey[bool]()
BEYOND_ACCESS: Final = pytest.StashKey[bool]()
"""Set on an item that could not be tried with what was given."""
Function = TypeVar("Function", bound=Callable[..., None])


class Violated(AssertionError):
    """A must is violated, or with --strict a should is not met."""


class CouldNotTell(Exception):
    """The requirement could not be judged."""


class SuiteFailed(Exception):
    """The suite itself failed in an item: no fault of the target, and the rest of the run goes on."""


class StaleKnownIssue(Exception):
    """A known issue is no longer violated. No fault of the target: no AssertionError."""


PRESENTATION: Final = pytest.StashKey[Presentation]()


def requirement(
    name: str,
    *,
    mutations: Mutations | None = None,
    extra_requests: tuple[int, int, int] = (0, 0, 0),
    expects_success: bool = False,
    extra_requests_by_listing: tuple[int, int, int] | None = None,
) -> Callable[[Function], Function]:
    """Cite the requirement that a test judges.

    `edits` gives what it tries for an operation, most telling first. `sends` counts the requests beside those, in
    the profiles quick, nightly and deep; `sends_by_listing` does where a listing shows what becomes of an update.
    `to_be_accepted` tells that a conforming target accepts what it sends.
    """
    return pytest.mark.requirement(
        RequestDemand(name, mutations, extra_requests, expects_success, extra_requests_by_listing)
    )


class Hooks:
    """What a report implements to hear of verdicts."""

    @pytest.hookspec(firstresult=True)
    def pytest_conformance_verdict(
        self, config: pytest.Config, trial: RequirementTest, verdict: Verdict
    ) -> Presentation | None:
        """Take a verdict where it is reached, and return what to show for it."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Register `Hooks`, and what comes before other plugins."""
    pluginmanager.add_hookspecs(Hooks)
    pluginmanager.register(First(), "conformance-first")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options. `--strict` is pytest's own; here it also lets every should gate."""
    group = parser.getgroup("conformance", "contract conformance")
    group.addoption(
        "--target", default="mock", metavar="mock|sandbox|URL", help="what to test (default: the embedded mock)"
    )
    group.addoption(
        "--operation", action="append", default=[], metavar="ID", help="only operations of this id; globs, repeatable"
    )
    group.addoption(
        "--contract",
        default=str(CONTRACTS / "appointments.yaml"),
        metavar="FILE",
        help="the OpenAPI document to test against (default: contracts/appointments.yaml)",
    )
    group.addoption(
        "--access",
        choices=[str(level) for level in Access],
        help="go no further than this level; what needs more does not apply (default: as far as the settings allow)",
    )
    group.addoption(
        "--allow-production", action="store_true", help=f"let {PRODUCTION_HOST} be the target: writes reach real people"
    )
    group.addoption(
        "--env-file",
        metavar="FILE",
        help="settings that the environment does not hold (default: .env, where there is one)",
    )
    group.addoption(
        "--profile",
        default="nightly",
        choices=[str(p) for p in Profile],
        help="allowance: 45, 120 or 1,000 requests an operation",
    )
    group.addoption(
        "--max-minutes", type=_minutes, metavar="N", help="end like Ctrl-C after so long; what ran is reported"
    )


def _minutes(text: str) -> float:
    """Return a time limit; a fraction of a minute is one, too."""
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0 < minutes < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is no time: give minutes, such as 30 or 0.5")
    return minutes


class First:
    """Says where to write, before other plugins open files there."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Have every plugin mean the same place."""
        vars(config.option).update(expanded(vars(config.option)))


def pytest_configure(config: pytest.Config) -> None:
    """Read contracts and settings: whatever is wrong with them is said before anything is sent."""
    config.addinivalue_line("markers", "requirement(demand): the requirement that a conformance test judges")
    config.addinivalue_line("markers", "must: the requirement gates the run")
    config.addinivalue_line("markers", "should: the requirement gates only with --strict")
    # Crash dumps hold what the process knew, the token included.
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    config.stash[RESULTS], config.stash[NOT_CANCELLED], config.stash[NOT_WRITTEN] = [], [], []
    set_hypothesis_home_dir(_hypothesis_home())
    config.pluginmanager.register(Listener(config), "conformance-listener")
    config.pluginmanager.register(Cut(), "conformance-cut")
    config.pluginmanager.register(Finish(), "conformance-finish")
    config.pluginmanager.register(Uninterrupted(), "conformance-uninterrupted")
    seed = config.getoption("hypothesis_seed", None)
    options = Options(
        target=config.getoption("--target"),
        operations=config.getoption("--operation"),
        profile=Profile(config.getoption("--profile")),
        random_seed=int(seed) if seed is not None else dt.datetime.now(tz=dt.UTC).date().toordinal(),
        contract=Path(config.getoption("--contract")),
        environment=dict(os.environ),
        access=Access(level) if (level := config.getoption("--access")) else None,
        allow_production=config.getoption("--allow-production"),
        redact_ids=config.getoption("--redact", None) == "ids",
        client_policy=config.stash.get(CLIENT_POLICY, ClientPolicy()),
        tell=partial(_tell, config),
        run=getattr(config, "workerinput", {}).get("run") or uuid.uuid4().hex,
        process=os.environ.get("PYTEST_XDIST_WORKER", "") if _is_worker(config) else "",
    )
    try:
        if not _is_worker(config):
            _check_options(config)
        config.stash[SESSION] = Session(replace(options, env_file=env_file_from(config.getoption("--env-file"))))
    except NothingSelected as error:
        pytest.exit(str(error), returncode=ExitCode.NOTHING_SELECTED)
    except (UsageError, ContractError) as error:
        raise pytest.UsageError(str(error)) from None
    endings = ExitStack()
    waits_for_others = bool(config.getoption("numprocesses", None)) and not _is_worker(config)
    config.stash[ENDED] = []
    config.stash[INTERRUPTION] = Interruption(config.stash[ENDED].append, partial(_say_what_is_open, config))
    endings.enter_context(
        config.stash[INTERRUPTION].installed(config.getoption("--max-minutes"), grace=waits_for_others)
    )
    config.add_cleanup(endings.close)
    if not _is_worker(config):
        sys.excepthook = _crash


def _crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """End a process that fails where pytest does not look by the exit code for that: 1 would be a violation."""
    interrupted = issubclass(kind, KeyboardInterrupt)
    if not interrupted:
        sys.__excepthook__(kind, error, trace)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(ExitCode.INTERRUPTED if interrupted else ExitCode.SUITE_FAILED)


def _say_what_is_open(config: pytest.Config) -> None:
    """Say what is not cancelled yet, and how to go on with it later."""
    session = config.stash[SESSION]
    _tell(config, hint(session.options.target, session.left))


def _check_options(config: pytest.Config) -> None:
    """Raise `UsageError` for options of others with which the run could not do what it is for."""
    for option in set(OUTPUT_OPTIONS) - {"--history"}:  # without which a run is worth as much: it is told at the end
        check_writable(option, config.getoption(option, None), is_folder=option == "--alluredir")
    if config.getoption("reruns", None):
        raise UsageError("--reruns would count each check again: leave it out, the suite repeats what it has to.")


def _hypothesis_home() -> Path:
    """Return where Hypothesis keeps what it works out about Unicode: not in the checkout, and where others cannot."""
    try:
        return private_folder() / "hypothesis"
    except OSError:
        return Path(os.devnull) / "hypothesis"  # where nothing can be kept: it is worked out anew


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker which run it belongs to."""
    node.workerinput["run"] = node.config.stash[SESSION].options.run


@pytest.hookimpl(optionalhook=True)
def pytest_testnodeready(node: Any) -> None:
    """Take note of a worker, which is to end where this process is ended."""
    process = getattr(node.gateway._io, "popen", None)  # noqa: SLF001 - there is no other way to learn it
    if process is not None:
        node.config.stash[INTERRUPTION].workers.append(process.pid)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Cancel first of all what earlier runs against the target left."""
    config = session.config
    if _is_worker(config) or config.option.collectonly:
        return
    try:
        earlier = config.stash[SESSION].clean_up_earlier()
    except OSError:
        return  # what cannot be read cannot be written either, which is told at the end
    config.stash[NOT_CANCELLED] += [f"from an earlier run: {line}" for line in earlier.left]
    if earlier.cancelled:
        _tell(config, f"Cancelled {earlier.cancelled} that an earlier run left at the target.")


def _tell(config: pytest.Config, line: str) -> None:
    """Write a line between the dots; what a worker would tell nobody sees."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if reporter is not None and capture is not None:
        with capture.global_and_fixture_disabled():
            reporter.ensure_newline()
            reporter.write_line(sanitize.text(line))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the session."""
    if SESSION in config.stash:
        config.stash[SESSION].close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one item of a conformance test per operation that its requirement applies to."""
    demand = _demand(metafunc.definition)
    if demand is None:
        return
    session = metafunc.config.stash[SESSION]
    cited = session.requirements[demand.requirement]
    level = getattr(pytest.mark, cited.level)
    metafunc.parametrize(
        "operation",
        [
            pytest.param(operation, id=f"{cited.id} {operation.label}", marks=level)
            for operation in session.operations
            if cited.applies(operation)
        ],
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep an operation's items together, those that judge the whole run last; drop what applies to no operation."""
    ours = [item for item in items if _demand(item) is not None]
    if not ours:
        return
    session = config.stash[SESSION]
    others = [item for item in items if _demand(item) is None]
    applicable = [item for item in ours if isinstance(_operation(item), Operation)]

    def place(item: pytest.Item) -> tuple[int, bool, bool]:
        demand = _demand(item)
        judges_all, silent = _cited(item).judges == "all", demand is not None and not any(demand.extra_requests)
        return session.operations.index(_operation(item)), judges_all, judges_all and silent

    items[:] = others + sorted(applicable, key=place)
    config.stash[PLAN] = _plan(session, applicable)
    session.plans = {name: _run_plan(session, shares) for name, shares in config.stash[PLAN].items()}


def pytest_report_collectionfinish(config: pytest.Config) -> str | None:
    """Say what the run is going to cost, before it does."""
    if PLAN not in config.stash:
        return None
    session = config.stash[SESSION]
    return cost_estimate(len(config.stash[PLAN]), session.options.profile, session.per_minute)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to start where nothing of what was selected can be tried: the run would only be a list of excuses."""
    ours = [item for item in session.items if _demand(item) is not None]
    in_worker = hasattr(session.config, "workerinput")  # which cannot tell why; the exit code does at the end
    if session.config.getoption("--target") == MOCK or session.config.option.collectonly or in_worker:
        return
    obstacles = [session.config.stash[SESSION].skip_reason(_cited(item), _operation(item)) for item in ours]
    if obstacles and all(obstacles):
        raise pytest.UsageError(f"Nothing of what was selected can be tried. {obstacles[0]}")


def _plan(session: Session, items: Sequence[pytest.Item]) -> dict[str, dict[str, BudgetShare]]:
    """Share out each operation's allowance over its whole catalogue, so that -k and -m change no item."""
    plans: dict[str, dict[str, BudgetShare]] = {}
    # What one operation tries beyond its first tier waits in the others: together they reach further down the lists.
    tried: set[Tried] = set()
    for operation in sorted(session.operations, key=lambda operation: operation.body is not None):
        demands = {
            _cited(item): demand for item in items if _operation(item) is operation and (demand := _demand(item))
        }
        shares = allocate_budget(operation, demands, session.options.profile, tried, session.setup_requests(operation))
        plans[operation.id] = dict(shares)
        tried |= {
            dedup_key(name, mutation, operation) for name, share in shares.items() for mutation in share.mutations
        }
    return plans


@pytest.fixture
def trial(request: pytest.FixtureRequest, operation: Operation) -> RequirementTest:
    """Give the trial of the cited requirement on one operation."""
    session, demand = request.config.stash[SESSION], _demand(request.node)
    assert demand is not None, "only a test that cites a requirement may ask for a trial"
    share, cited = (
        request.config.stash[PLAN][operation.id][demand.requirement],
        session.requirements[demand.requirement],
    )
    run = session.run(operation)
    run.begin_requirement(cited)
    return RequirementTest(
        requirement=cited,
        run=run,
        mutations=share.mutations,
        extra_requests=0
        if run.missing_settings
        else share.extra_requests,  # beside edits, it is controls that are sent
        random_seed=session.options.random_seed,
    )


def _run_plan(session: Session, shares: Mapping[str, BudgetShare]) -> RunPlan:
    """Return what an operation sends before and after its requirements' own requests, by their budget shares."""
    passive = [share for name, share in shares.items() if session.requirements[name].judges == "all"]
    return RunPlan(
        shared_mutations=tuple(mutation for share in passive for mutation in share.mutations),
        reserved_for_passive=sum(share.extra_requests for share in passive),
        reserved={
            name: share.extra_requests + len(share.mutations) * (session.requirements[name].judges == "own")
            for name, share in shares.items()
            if session.requirements[name].gates
        },
    )


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Run the test, then turn what its trial came to into an outcome."""
    trial = pyfuncitem.funcargs.get("trial")
    if not isinstance(trial, RequirementTest):
        return (yield)
    result: object = None
    try:
        result = yield
        verdict = trial.verdict()
    except NotApplicable as absent:
        verdict = trial.early_verdict(Status.NOT_APPLICABLE, str(absent))
    except NotReached as spent:
        verdict = trial.early_verdict(Status.NOT_REACHED, str(spent))
    except TargetUnavailable as away:
        verdict = trial.early_verdict(Status.INCONCLUSIVE, str(away))
        if isinstance(away, TargetDown):
            verdict = replace(verdict, last_requests=trial.run.client.last.exchanges)
        pyfuncitem.session.shouldstop = sanitize.line(
            str(away)
        )  # one error of the run, not one of each item that is left
    except Inconclusive as unclear:
        not_reached = isinstance(unclear, BudgetSpent) and not trial.gates
        verdict = trial.early_verdict(Status.NOT_REACHED if not_reached else Status.INCONCLUSIVE, str(unclear))
    except Exception as failure:  # noqa: BLE001 - whatever it is, it is the result of this item and of no other
        verdict = trial.failed(failure)
    verdict = replace(verdict, observations=(*verdict.observations, *trial.run.sender.take_observations()))
    config, session = pyfuncitem.config, pyfuncitem.config.stash[SESSION]
    if verdict.status is Status.INCONCLUSIVE and trial.beyond_access:
        pyfuncitem.stash[BEYOND_ACCESS] = True
        reason = f"it tells something only beside an accepted request, which takes access {Access.WRITE}"
        declared = session.options.access is not None
        verdict = replace(verdict, status=Status.NOT_APPLICABLE if declared else verdict.status, reason=reason)
    shown = pyfuncitem.ihook.pytest_conformance_verdict(config=config, trial=trial, verdict=verdict)
    shown = shown or Presentation(verdict.reason)
    _note(pyfuncitem, trial, verdict, shown)
    _as_outcome(verdict.status, shown, strict=bool(config.getini("strict")))
    return result


def _as_outcome(status: Status, shown: Presentation, *, strict: bool) -> None:
    text = shown.text
    if shown.stale_issues:
        raise StaleKnownIssue(shown.stale_issues)
    if shown.suppressed:
        pytest.skip(f"known issue: {text}")
    match status:
        case Status.VIOLATED:
            raise Violated(text)
        case Status.NOT_MET if strict:
            raise Violated(text)
        case Status.NOT_MET:
            pytest.skip(f"recommendation not met: {text}")
        case Status.NOT_APPLICABLE:
            pytest.skip(f"not applicable: {text}")
        case Status.NOT_REACHED:
            pytest.skip(f"not reached in this budget: {text}")
        case Status.INCONCLUSIVE:
            raise CouldNotTell(text)
        case Status.INTERNAL_ERROR:
            raise SuiteFailed(text)


def _note(item: pytest.Function, trial: RequirementTest, verdict: Verdict, shown: Presentation) -> None:
    item.stash[VERDICT], item.stash[PRESENTATION] = verdict, shown
    item.user_properties += [
        ("requirement", verdict.requirement),
        ("level", trial.requirement.level),
        ("operation", verdict.operation),
        ("verdict", str(verdict.status)),
        *(("finding", finding.identity) for finding in verdict.findings),
    ]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show a verdict's own text instead of a traceback, and what is no fault of the target as pytest's error."""
    report = yield
    if call.excinfo is not None and isinstance(
        call.excinfo.value, (Violated, CouldNotTell, SuiteFailed, StaleKnownIssue)
    ):
        report.longrepr = str(call.excinfo.value)
        if isinstance(call.excinfo.value, (CouldNotTell, SuiteFailed)):
            report.when = "setup"
    if call.when == "call" and VERDICT in item.stash:
        verdict, session = item.stash[VERDICT], item.config.stash[SESSION]
        result = ItemResult.of(
            _cited(item),
            _operation(item),
            verdict,
            item.stash[PRESENTATION],
            text=str(call.excinfo.value) if call.excinfo else "",
            beyond_access=item.stash.get(BEYOND_ACCESS, False),
            stop=str(item.session.shouldstop or ""),
            process=ProcessStats(os.environ.get("PYTEST_XDIST_WORKER", ""), session.requests_sent, session.weather),
        )
        report.conformance = result.to_json()  # type: ignore[attr-defined]
    return report


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Let go of an operation's exchanges with the last of its items."""
    if _demand(item) and (nextitem is None or _operation(nextitem) is not _operation(item)):
        item.config.stash[SESSION].release(_operation(item))
        gc.collect()  # exchanges hang together in circles, and a long run would pile them up


class Cut:
    """Leaves out what needs more access, and the recommendations for which the profile has no request to spare.

    What is not left out has the operation set up before its first test.
    """

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> None:
        """Say so instead of running the test; what gates is run with what requests there are."""
        trial = pyfuncitem.funcargs.get("trial")
        if not isinstance(trial, RequirementTest):
            return
        if skip_reason := pyfuncitem.config.stash[SESSION].skip_reason(trial.requirement, trial.operation):
            pyfuncitem.stash[BEYOND_ACCESS] = True
            raise skip_reason
        only_spare = not trial.requirement.gates and trial.requirement.judges == "own"
        if only_spare and pyfuncitem.config.stash[PLAN][trial.operation.id][trial.requirement.id].cut:
            profile = pyfuncitem.config.stash[SESSION].options.profile
            raise NotReached(f"it needs more requests than profile {profile} has to spare")
        trial.run.set_up()
        trial.run.send_shared_mutations()


class Listener:
    """Collects what the items told, in the process that the user started."""

    def __init__(self, config: pytest.Config) -> None:
        """Listen."""
        self.config = config
        self.planned: list[str] = []
        self._workers: dict[str, Any] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Keep what is going to run, and leave what is there by now out of every later look for garbage."""
        gc.freeze()
        self.planned += [item.nodeid for item in session.items if _demand(item) is not None]

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Keep what is going to run in the workers, each of which collects everything."""
        self.planned += [name for name in ids if name not in self.planned]

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Count what was not run apart from what was skipped, and without a letter of its own."""
        result = result_of(report)
        return (str(result.verdict), "", "") if result is not None and result.verdict is Status.NOT_RUN else None

    def report_not_run(self, reason: str) -> None:
        """Report each check that was planned and told nothing, as pytest reports what ran."""
        contracts, results = self.config.stash[SESSION], self.config.stash[RESULTS]
        for name, result in [*left_out(self.planned, results, contracts.requirements, contracts.operations, reason)]:
            report = report_of(name, result)
            if name in self._workers:  # by which JUnit tells reports of the same item apart
                report.node = self._workers[name]  # type: ignore[attr-defined]
            self.config.hook.pytest_runtest_logreport(report=report)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a conformance item told."""
        if hasattr(report, "node"):
            self._workers[report.nodeid] = report.node
        results, result = self.config.stash[RESULTS], result_of(report)
        if result is not None:
            results.append(result)
        elif report.failed and "requirement" in report.keywords:
            crashed = ItemResult.crashed(report.nodeid)
            if crashed not in results:  # a worker that crashes is replaced, and may crash again
                results.append(crashed)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear from a worker what it could not cancel, and what it could not write."""
    output = getattr(node, "workeroutput", {})
    node.config.stash[NOT_CANCELLED] += output.get("not cancelled", [])
    node.config.stash[NOT_WRITTEN] += output.get("not written", [])
    node.config.stash[ENDED] += output.get("ended", [])


@pytest.hookimpl(optionalhook=True)
def pytest_handlecrashitem(report: pytest.TestReport, sched: Any) -> None:
    """Count what a worker was at as not run where the run was ended, and as a fault of the suite where it crashed."""
    if "keyboard-interrupt" in str(getattr(sched.config.pluginmanager.get_plugin("dsession"), "shouldstop", "")):
        report.outcome, report.when = "passed", "setup"
    elif SESSION in sched.config.stash:
        contracts = sched.config.stash[SESSION]
        if cited(report.nodeid, contracts.requirements, contracts.operations):
            report.keywords = {"requirement": 1}


@pytest.hookimpl(wrapper=True, trylast=True)  # within the terminal's, which ends with what it is told
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """Report what was not run, before reports are written; one that cannot be written loses no exit code."""
    config = session.config
    # Where an option was wrong, nothing was to be run.
    ran = (
        SESSION in config.stash and session.exitstatus != pytest.ExitCode.USAGE_ERROR and not config.option.collectonly
    )
    if ran and not _is_worker(config):
        listener: Any = config.pluginmanager.get_plugin("conformance-listener")
        listener.report_not_run(_why_ended(session))
    try:
        yield
    except OSError as error:
        config.stash[NOT_WRITTEN].append(str(error))
    finish(session)


def _why_ended(session: pytest.Session) -> str:
    """Return why a run ended before all of it was run."""
    if ended := session.config.stash.get(ENDED, []):
        return f"the run was ended by {ended[0]}"
    stopped = session.shouldstop or session.shouldfail
    return f"the run ended: {stopped}" if stopped else "the run was interrupted"


class Finish:
    """Ends the session; a class, because a module has room for one hook of a name."""

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Decide on the exit code, before anything is written."""
        finish(session)


class Uninterrupted:
    """Lets no signal end what is told of a run."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """Begin with that before anybody else does anything."""
        if INTERRUPTION in session.config.stash:
            session.config.stash[INTERRUPTION].report()
        yield


def finish(session: pytest.Session) -> None:
    """Set the exit code by what the verdicts say, once. A worker hands over what it cannot leave to the journal."""
    config = session.config
    results = config.stash.get(RESULTS, [])
    if config.stash.get(FINISHED, False):
        if EXIT_CODE in config.stash:
            session.exitstatus = config.stash[EXIT_CODE] = _with_reports(config.stash[EXIT_CODE], config)
        return
    config.stash[FINISHED] = True
    if _is_worker(config):
        _clean_up_in_worker(config)
        config.workeroutput["not cancelled"] = config.stash[NOT_CANCELLED]  # type: ignore[attr-defined]
        config.workeroutput["not written"] = config.stash[NOT_WRITTEN]  # type: ignore[attr-defined]
        config.workeroutput["ended"] = config.stash[ENDED]  # type: ignore[attr-defined]
        return
    if results:
        code = decide_exit_code(results, int(session.exitstatus), strict=bool(config.getini("strict")))
        session.exitstatus = config.stash[EXIT_CODE] = _with_reports(code, config)


def _clean_up_in_worker(config: pytest.Config) -> None:
    """Cancel what was created where no journal tells the process that the user started, which else does that."""
    session = config.stash[SESSION]
    if session.journal is None or not session.journal.kept:
        config.stash[INTERRUPTION].clean_up(session.clean_up)
        config.stash[NOT_CANCELLED] += session.left


def _with_reports(code: int, config: pytest.Config) -> int:
    """Return the exit code for verdicts of which some may not have been written down."""
    return ExitCode.SUITE_FAILED if code != ExitCode.VIOLATED and config.stash[NOT_WRITTEN] else code


@pytest.hookimpl(tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell what stood in the way of the run."""
    results = config.stash.get(RESULTS, [])
    missing = sum(result.verdict is Status.NOT_RUN for result in results)
    lines = [f"Ended by {what}." for what in config.stash.get(ENDED, ())[:1]]
    lines += [f"Not run: {missing} of {len(results)} checks."] if missing else []
    weather = transport_stats_line(process.transport for process in process_stats(results))
    lines += [weather] if weather else []
    lines += [
        f"Reports could not be written: {why}. What was written before is kept."
        for why in dict.fromkeys(config.stash.get(NOT_WRITTEN, ()))
    ]
    lines += [*_about_journal(config)]
    for line in lines:
        terminalreporter.write_line(line)


def _about_journal(config: pytest.Config) -> Iterator[str]:
    """Yield how what is left can be cancelled later, and why it could not be where the run had been killed."""
    session = config.stash.get(SESSION, None)
    if session is None or session.journal is None:
        return
    if session.journal.failure:
        yield (
            f"No journal could be kept of what the run creates ({session.journal.failure}): had it been killed, nobody "
            "would know what to cancel. XDG_STATE_HOME names the folder for it."
        )
    elif config.stash[NOT_CANCELLED]:
        yield f"make clean-up TARGET={session.options.target} tries again to cancel what is left; so does the next run."


class ByOperation(LoadScopeScheduling):  # type: ignore[misc]
    """Gives all items of one operation to the same worker: what judges the whole run must see all of it."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.rpartition(" ")[2] if "tests/conformance" in nodeid else nodeid.rpartition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByOperation:
    """Schedule by operation."""
    return ByOperation(config, log)


def _demand(item: Any) -> RequestDemand | None:
    mark = item.get_closest_marker("requirement")
    return None if mark is None else mark.args[0]


def _operation(item: pytest.Item) -> Any:
    return item.callspec.params["operation"] if hasattr(item, "callspec") else None


def _cited(item: pytest.Item) -> Requirement:
    demand = _demand(item)
    assert demand is not None, "asked only of items that cite a requirement"
    return item.config.stash[SESSION].requirements[demand.requirement]
