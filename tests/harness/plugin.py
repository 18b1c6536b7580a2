"""The pytest plugin: options, one item per requirement and operation, and a verdict as a pytest outcome.

violated -> failure; inconclusive -> error; a should not met -> skip with the reason (failure with --strict);
not applicable -> skip with the reason; all that would fail is known -> skip; a known issue that is no longer violated
-> failure. Reports get the verdict through the hook `pytest_conformance_verdict`.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from hypothesis.configuration import set_hypothesis_home_dir
from xdist.scheduler import LoadScopeScheduling

from contracts.document import Operation
from contracts.errors import ContractError, Inconclusive, NotApplicable, TargetUnavailable, UsageError
from contracts.exchange import Finding, Status, Verdict
from contracts.requirements import Requirement
from strategies.edit import Edit, Edits
from tests.harness.access import Access
from tests.harness.plan import Demand, Share, Tried, share_out, tried_as
from tests.harness.run import AllowanceSpent
from tests.harness.session import (
    CONTRACTS,
    EXIT_CODE,
    MOCK,
    NOT_CANCELLED,
    SESSION,
    TOLD,
    NothingSelected,
    Options,
    Session,
    Shown,
)
from tests.harness.settings import PRODUCTION_HOST, Profile
from tests.harness.trial import Trial

VIOLATED, INTERRUPTED, INTERNAL_ERROR, NOTHING_TRIED, NOTHING_SELECTED, COULD_NOT_TELL = 1, 2, 3, 4, 5, 6
"""Exit codes; 0 and 4 are pytest's own for `all well` and `usage`. Nothing is tried where a setting lacks for all."""

PLAN: Final = pytest.StashKey[dict[str, dict[str, Share]]]()
VERDICT: Final = pytest.StashKey[Verdict]()
BEYOND_ACCESS: Final = pytest.StashKey[bool]()
"""Set on an item that could not be tried with what was given."""
Function = TypeVar("Function", bound=Callable[..., None])


class Violated(AssertionError):
    """A must is violated, or with --strict a should is not met."""


class CouldNotTell(Exception):
    """The requirement could not be judged."""


class OutOfDate(Exception):
    """A known issue is no longer violated. No fault of the target: no AssertionError."""


SHOWN: Final = pytest.StashKey[Shown]()


def requirement(
    name: str, *, edits: Edits | None = None, sends: tuple[int, int, int] = (0, 0, 0), to_be_accepted: bool = False
) -> Callable[[Function], Function]:
    """Cite the requirement that a test judges.

    `edits` gives what it tries for an operation, most telling first. `sends` counts the requests beside those, in
    the profiles quick, nightly and deep. `to_be_accepted` tells that a conforming target accepts what it sends.
    """
    return pytest.mark.requirement(Demand(name, edits, sends, to_be_accepted))


class Hooks:
    """What a report implements to hear of verdicts."""

    @pytest.hookspec(firstresult=True)
    def pytest_conformance_verdict(self, config: pytest.Config, trial: Trial, verdict: Verdict) -> Shown | None:
        """Take a verdict where it is reached, and return what to show for it."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Register `Hooks`."""
    pluginmanager.add_hookspecs(Hooks)


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
        default=str(CONTRACTS.parent / ".env"),
        metavar="FILE",
        help="settings that the environment does not hold (default: .env)",
    )
    group.addoption(
        "--profile",
        default="nightly",
        choices=[str(p) for p in Profile],
        help="allowance: 45, 120 or 1,000 requests an operation",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Read contracts and settings: whatever is wrong with them is said before anything is sent."""
    config.addinivalue_line("markers", "requirement(demand): the requirement that a conformance test judges")
    config.addinivalue_line("markers", "must: the requirement gates the run")
    config.addinivalue_line("markers", "should: the requirement gates only with --strict")
    # Crash dumps hold what the process knew, the token included.
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    config.stash[TOLD], config.stash[NOT_CANCELLED] = [], []
    # Hypothesis keeps what it works out about Unicode; the checkout is no place for it.
    set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "propexo-conformance-hypothesis")
    config.pluginmanager.register(Listener(config), "conformance-listener")
    config.pluginmanager.register(Cut(), "conformance-cut")
    seed = config.getoption("hypothesis_seed", None)
    options = Options(
        target=config.getoption("--target"),
        operations=config.getoption("--operation"),
        profile=Profile(config.getoption("--profile")),
        random_seed=int(seed) if seed is not None else dt.datetime.now(tz=dt.UTC).date().toordinal(),
        contract=Path(config.getoption("--contract")),
        environment=dict(os.environ),
        env_file=Path(config.getoption("--env-file")),
        access=Access(level) if (level := config.getoption("--access")) else None,
        allow_production=config.getoption("--allow-production"),
        redact_ids=config.getoption("--redact", None) == "ids",
    )
    try:
        config.stash[SESSION] = Session(options)
    except NothingSelected as error:
        pytest.exit(str(error), returncode=NOTHING_SELECTED)
    except (UsageError, ContractError) as error:
        raise pytest.UsageError(str(error)) from None


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
        judges_all, silent = _cited(item).judges == "all", demand is not None and not any(demand.sends)
        return session.operations.index(_operation(item)), judges_all, judges_all and silent

    items[:] = others + sorted(applicable, key=place)
    config.stash[PLAN] = _plan(session, applicable)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to start where nothing of what was selected can be tried: the run would only be a list of excuses."""
    ours = [item for item in session.items if _demand(item) is not None]
    in_worker = hasattr(session.config, "workerinput")  # which cannot tell why; the exit code does at the end
    if session.config.getoption("--target") == MOCK or session.config.option.collectonly or in_worker:
        return
    obstacles = [session.config.stash[SESSION].obstacle(_cited(item), _operation(item)) for item in ours]
    if obstacles and all(obstacles):
        raise pytest.UsageError(f"Nothing of what was selected can be tried. {obstacles[0]}")


def _plan(session: Session, items: Sequence[pytest.Item]) -> dict[str, dict[str, Share]]:
    """Share out each operation's allowance over its whole catalogue, so that -k and -m change no item."""
    plans: dict[str, dict[str, Share]] = {}
    # What one operation tries beyond its first tier waits in the others: together they reach further down the lists.
    tried: set[Tried] = set()
    for operation in sorted(session.operations, key=lambda operation: operation.body is not None):
        demands = {
            _cited(item): demand for item in items if _operation(item) is operation and (demand := _demand(item))
        }
        shares = share_out(operation, demands, session.options.profile, tried, session.provisions(operation))
        plans[operation.id] = dict(shares)
        tried |= {tried_as(name, edit, operation) for name, share in shares.items() for edit in share.edits}
    return plans


@pytest.fixture
def trial(request: pytest.FixtureRequest, operation: Operation) -> Trial:
    """Give the trial of the cited requirement on one operation."""
    session, demand = request.config.stash[SESSION], _demand(request.node)
    assert demand is not None, "only a test that cites a requirement may ask for a trial"
    share, cited = (
        request.config.stash[PLAN][operation.id][demand.requirement],
        session.requirements[demand.requirement],
    )
    run = session.run(operation, _stock(request.config, operation), _kept(request, operation))
    return Trial(
        requirement=cited,
        run=run,
        edits=share.edits,
        sends=0 if run.lacking else share.sends,  # beside edits, it is controls that are sent
        random_seed=session.options.random_seed,
    )


def _stock(config: pytest.Config, operation: Operation) -> list[Edit]:
    """Return the edits that were planned for requirements that judge the whole run."""
    requirements = config.stash[SESSION].requirements
    plan = config.stash[PLAN][operation.id]
    return [edit for name, share in plan.items() if requirements[name].judges == "all" for edit in share.edits]


def _kept(request: pytest.FixtureRequest, operation: Operation) -> int:
    """Return how many requests are sent after the run was completed, by requirements that judge the whole of it."""
    requirements = request.config.stash[SESSION].requirements
    plan = request.config.stash[PLAN][operation.id]
    return sum(share.sends for name, share in plan.items() if requirements[name].judges == "all")


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Run the test, then turn what its trial came to into an outcome."""
    trial = pyfuncitem.funcargs.get("trial")
    if not isinstance(trial, Trial):
        return (yield)
    result: object = None
    try:
        result = yield
        verdict = trial.verdict()
    except NotApplicable as absent:
        verdict = trial.undecided(Status.NOT_APPLICABLE, str(absent))
    except TargetUnavailable as away:
        verdict = trial.undecided(Status.INCONCLUSIVE, str(away))
        if not trial.run.client.token_honoured:
            pyfuncitem.session.shouldstop = str(away)
    except Inconclusive as unclear:
        cut = isinstance(unclear, AllowanceSpent) and not trial.gates
        verdict = trial.undecided(Status.NOT_APPLICABLE if cut else Status.INCONCLUSIVE, str(unclear))
    config, session = pyfuncitem.config, pyfuncitem.config.stash[SESSION]
    if verdict.status is Status.INCONCLUSIVE and trial.beyond_access:
        pyfuncitem.stash[BEYOND_ACCESS] = True
        reason = f"it tells something only beside an accepted request, which takes access {Access.WRITE}"
        declared = session.options.access is not None
        verdict = replace(verdict, status=Status.NOT_APPLICABLE if declared else verdict.status, reason=reason)
    shown = pyfuncitem.ihook.pytest_conformance_verdict(config=config, trial=trial, verdict=verdict)
    shown = shown or Shown(verdict.reason)
    _note(pyfuncitem, trial, verdict, shown)
    _as_outcome(verdict.status, shown, strict=bool(config.getini("strict")))
    return result


def _as_outcome(status: Status, shown: Shown, *, strict: bool) -> None:
    text = shown.text
    if shown.outdated:
        raise OutOfDate(shown.outdated)
    if shown.excused:
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
        case Status.INCONCLUSIVE:
            raise CouldNotTell(text)


def _note(item: pytest.Function, trial: Trial, verdict: Verdict, shown: Shown) -> None:
    item.stash[VERDICT], item.stash[SHOWN] = verdict, shown
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
    """Show a verdict's own text instead of a traceback, and `could not tell` as pytest's error."""
    report = yield
    if call.excinfo is not None and isinstance(call.excinfo.value, (Violated, CouldNotTell, OutOfDate)):
        report.longrepr = str(call.excinfo.value)
        if isinstance(call.excinfo.value, CouldNotTell):
            report.when = "setup"
    if call.when == "call" and VERDICT in item.stash:
        verdict, shown, cited = item.stash[VERDICT], item.stash[SHOWN], _cited(item)
        report.conformance = {  # type: ignore[attr-defined]
            "requirement": verdict.requirement,
            "group": cited.group,
            "gates": cited.gates and cited.applies(_operation(item).stated),
            "sentence": cited.sentence,
            "operation": verdict.operation,
            "verdict": str(verdict.status),
            "text": str(call.excinfo.value) if call.excinfo else "",
            "excused": shown.excused,
            "outdated": shown.outdated,
            "evidence": {
                "decided": verdict.evidence.decided,
                "controls": verdict.evidence.controls,
                "edits": list(verdict.evidence.edits),
                "statuses": dict(verdict.evidence.statuses),
                "fault_rate_ruled_out": verdict.evidence.ruled_out,
            },
            "beyond access": item.stash.get(BEYOND_ACCESS, False),
            "findings": [_finding(finding) | shown.details.get(finding.identity, {}) for finding in verdict.findings],
            "observations": list(verdict.observations),
            "sent": item.config.stash[SESSION].requests_sent,
            "process": os.environ.get("PYTEST_XDIST_WORKER", ""),
            "stop": item.session.shouldstop or "",
        }
    return report


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Let go of an operation's exchanges with the last of its items."""
    if _demand(item) and (nextitem is None or _operation(nextitem) is not _operation(item)):
        item.config.stash[SESSION].forget(_operation(item))


class Cut:
    """Leaves out what needs more access, and the recommendations for which the profile has no request to spare."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> None:
        """Say so instead of running the test; what gates is run with what requests there are."""
        trial = pyfuncitem.funcargs.get("trial")
        if not isinstance(trial, Trial):
            return
        if obstacle := pyfuncitem.config.stash[SESSION].obstacle(trial.requirement, trial.operation):
            pyfuncitem.stash[BEYOND_ACCESS] = True
            raise obstacle
        if trial.requirement.gates or trial.requirement.judges == "all":
            return
        if pyfuncitem.config.stash[PLAN][trial.operation.id][trial.requirement.id].cut:
            profile = pyfuncitem.config.stash[SESSION].options.profile
            raise NotApplicable(f"it needs more requests than profile {profile} has to spare")


class Listener:
    """Collects what the items told, in the process that the user started."""

    def __init__(self, config: pytest.Config) -> None:
        """Listen."""
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a conformance item told."""
        told = getattr(report, "conformance", None)
        if told is not None:
            self.config.stash[TOLD].append(told)
        elif report.failed and "requirement" in report.keywords:
            self.config.stash[TOLD].append({"requirement": report.nodeid, "verdict": "internal error"})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear from a worker what it could not cancel."""
    node.config.stash[NOT_CANCELLED] += getattr(node, "workeroutput", {}).get("not cancelled", [])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Cancel what the run created, and set the exit code by what the verdicts say."""
    told = session.config.stash.get(TOLD, [])
    if SESSION in session.config.stash:
        session.config.stash[NOT_CANCELLED] += session.config.stash[SESSION].clean_up()
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["not cancelled"] = session.config.stash[NOT_CANCELLED]
    if told and not hasattr(session.config, "workerinput"):
        code = exit_code(told, int(session.exitstatus), strict=bool(session.config.getini("strict")))
        session.exitstatus = session.config.stash[EXIT_CODE] = code


def exit_code(told: Sequence[dict[str, Any]], pytests: int, *, strict: bool) -> int:
    """Return the run's exit code. A violation outweighs an interruption, and both outweigh `could not tell`.

    What is excused as known counts for nothing.
    """
    if all(entry.get("beyond access") for entry in told):
        return NOTHING_TRIED
    verdicts = {(entry["verdict"], entry.get("gates", True)) for entry in told if not entry.get("excused")}
    if (Status.VIOLATED, True) in verdicts or (strict and any(verdict == Status.NOT_MET for verdict, _ in verdicts)):
        return VIOLATED
    if ("internal error", True) in verdicts:
        return INTERNAL_ERROR
    if any(entry.get("stop") for entry in told):
        return COULD_NOT_TELL
    if pytests in (INTERRUPTED, INTERNAL_ERROR):
        return pytests
    if (Status.INCONCLUSIVE, True) in verdicts:
        return COULD_NOT_TELL
    return 0


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "identity": finding.identity,
        "edit": finding.edit,
        "kind": finding.problem.kind,
        "seen": finding.seen,
        "tried": finding.tried,
        "gates": finding.gates,
        "edits": list(finding.edits),
        "request": finding.exchange.number,
    }


class ByOperation(LoadScopeScheduling):  # type: ignore[misc]
    """Gives all items of one operation to the same worker: what judges the whole run must see all of it."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.rpartition(" ")[2] if "tests/conformance" in nodeid else nodeid.rpartition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByOperation:
    """Schedule by operation."""
    return ByOperation(config, log)


def _demand(item: Any) -> Demand | None:
    mark = item.get_closest_marker("requirement")
    return None if mark is None else mark.args[0]


def _operation(item: pytest.Item) -> Any:
    return item.callspec.params["operation"] if hasattr(item, "callspec") else None


def _cited(item: pytest.Item) -> Requirement:
    demand = _demand(item)
    assert demand is not None, "asked only of items that cite a requirement"
    return item.config.stash[SESSION].requirements[demand.requirement]
