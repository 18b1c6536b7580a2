"""Collection: an item for each requirement and operation, their order, and their shares of the request budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

import pytest

from contracts.checks.errors import documents_400
from contracts.openapi.operation import Operation
from contracts.requirements import Requirement
from strategies.core.mutation import MutationSource
from tests.harness.config.access import Access
from tests.harness.config.settings import MOCK
from tests.harness.pytest_plugin.catalogue import CataloguedTest, catalogue_of
from tests.harness.pytest_plugin.item_ids import check_id
from tests.harness.pytest_plugin.planned_turns import PlannedTurns
from tests.harness.pytest_plugin.replay import (
    Replay,
    deselect,
    plan_for,
    repeats_in,
    shares_for,
    with_compared_requests,
)
from tests.harness.pytest_plugin.stash import BUDGET_SHARES, CATALOGUE, PLANNED_TURNS, REPLAY, SESSION, STARTED
from tests.harness.pytest_plugin.turns import in_order_of_turns, shares_of_turns
from tests.harness.pytest_plugin.workers import is_worker
from tests.harness.run.context import RunPlan
from tests.harness.run.session import Session
from tests.harness.trial.plan import (
    BudgetShare,
    DedupKey,
    RequestDemand,
    allocate_budget,
    cost_estimate,
    dedup_key,
    keys_of_token_mutations,
)
from tests.harness.trial.rotation import Depth

Function = TypeVar("Function", bound=Callable[..., None])
MOST_TELLING: Final = ("JOB-01", "JOB-04", "RESP-08", "ERR-01", "ERR-02", "ERR-14", "ERR-07", "RESP-09")
"""Requirements that come first on each operation: faults of what writes do and of validation are the most frequent, and
these find most of them in few requests. None of them depends on another test, nor implies another violation."""
FIRST_OF_STATUS: Final = "JOB-03"
"""The requirement of a status operation that runs early, behind the most telling ones of the first write: it reads
several jobs to their ends and again, which tells more than what is left of the write's requests."""


def requirement(
    name: str,
    *,
    mutations: MutationSource | None = None,
    extra_requests: tuple[int, int, int] = (0, 0, 0),
    expects_success: bool = False,
    extra_requests_by_listing: tuple[int, int, int] | None = None,
    depends_on: tuple[str, ...] = (),
    compares: bool = False,
    rejected: int | None = None,
) -> Callable[[Function], Function]:
    """Name the requirement that a test is about.

    `mutations` returns what it sends for an operation, the most likely to find a violation first. `extra_requests`
    counts the requests beside those, in the profiles quick, nightly and deep; for an operation that updates a listed
    record, `extra_requests_by_listing` replaces it. `expects_success`: a conforming target accepts most mutations.

    `depends_on` are the ids of requirements whose tests have to have run on the operation before this one: where they
    are not selected, they run first, without a verdict. `compares`: the check compares exchanges, those of other
    requirements included. A conforming target rejects `rejected` of the extra requests; if None, all,
    or none where `expects_success`.
    """
    return pytest.mark.requirement(
        RequestDemand(
            name, mutations, extra_requests, expects_success, extra_requests_by_listing, depends_on, compares, rejected
        )
    )


def demand_of(item: Any) -> RequestDemand | None:
    """Return what the test of an item, or of a definition, needs; None where it cites no requirement."""
    mark = item.get_closest_marker("requirement")
    return None if mark is None else mark.args[0]


def operation_of(item: pytest.Item) -> Any:
    """Return the operation of an item; None for an item without one."""
    return item.callspec.params.get("operation") if hasattr(item, "callspec") else None


def requirement_of(item: pytest.Item) -> Requirement:
    """Return the requirement of an item that cites one."""
    demand = demand_of(item)
    assert demand is not None, "asked only of items that cite a requirement"
    return item.config.stash[SESSION].requirements[demand.requirement]


def check_of(item: pytest.Item) -> tuple[Requirement, Operation] | None:
    """Return requirement and operation of an item; None where it is no check."""
    operation = operation_of(item)
    return (requirement_of(item), operation) if demand_of(item) and isinstance(operation, Operation) else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one item of a conformance test per operation that its requirement applies to."""
    demand = demand_of(metafunc.definition)
    if demand is None:
        return
    session = metafunc.config.stash[SESSION]
    cited = session.requirements[demand.requirement]
    level = getattr(pytest.mark, cited.level)
    metafunc.parametrize(
        "operation",
        [
            pytest.param(operation, id=check_id(cited, operation), marks=level)
            for operation in session.operations
            if cited.applies(operation)
        ],
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep an operation's items together; drop what applies to no operation.

    Those that check all exchanges come last, and what depends on a test further on comes after it, if that has the
    requests that it needs.
    """
    ours = [item for item in items if demand_of(item) is not None]
    if not ours:
        return
    session = config.stash[SESSION]
    others = [item for item in items if demand_of(item) is None]
    applicable = [item for item in ours if check_of(item)]

    modules = dict.fromkeys(item.module for item in applicable if isinstance(item, pytest.Function))
    catalogue = {name: test for module in modules for name, test in catalogue_of(module).items()}
    places = {name: place for place, name in enumerate(catalogue)}
    shares = config.stash[BUDGET_SHARES] = _allocate_budgets(session, catalogue)

    def position(item: pytest.Item) -> tuple[int, int, bool, bool, int, bool]:
        demand = demand_of(item)
        assert demand is not None, "asked only of items that cite a requirement"
        operation = operation_of(item)
        later = [name for name in demand.depends_on if places.get(name, 0) > places[demand.requirement]]
        waits = any(name in shares[operation.id] and not shares[operation.id][name].underfunded for name in later)
        phase = _phase(requirement_of(item), demand)
        stage = _stage(session.operations, operation, demand.requirement)
        return stage, session.operations.index(operation), *phase, _rank(demand.requirement), waits

    items[:] = others + sorted(applicable, key=position)
    config.stash[CATALOGUE] = catalogue
    config.stash[STARTED] = {}
    session.run_plans = {name: _run_plan(session, shares) for name, shares in config.stash[BUDGET_SHARES].items()}
    if REPLAY in config.stash:
        _select_replayed(config, items, config.stash[REPLAY])
    elif PLANNED_TURNS in config.stash:
        _select_turns(config, items, config.stash[PLANNED_TURNS])


def _stage(operations: Sequence[Operation], operation: Operation, requirement: str) -> int:
    """Return a key that sorts what tells most of a first write to the front, then how a status begins."""
    first = operations[0]
    if first.job_link is None or first.record:
        return 0  # a status would have to create records before it is known whether that works
    if operation is first and requirement in MOST_TELLING:
        return 0
    return 1 if operation.job_status and requirement == FIRST_OF_STATUS else 2


def _rank(requirement: str) -> int:
    """Return a key that sorts the requirements that tell most per request to the front, the others as they are."""
    return MOST_TELLING.index(requirement) if requirement in MOST_TELLING else len(MOST_TELLING)


def _phase(requirement: Requirement, demand: RequestDemand) -> tuple[bool, bool]:
    """Return a key that sorts requirements that check all exchanges behind others, those that send nothing last."""
    checks_all = requirement.checks_all_exchanges
    return checks_all, checks_all and not any(demand.extra_requests)


def _demands(session: Session, catalogue: Mapping[str, CataloguedTest]) -> dict[Requirement, RequestDemand]:
    """Return what each requirement wants to send, in the order of the run."""
    cited = {session.requirements[name]: test.demand for name, test in catalogue.items()}
    return dict(sorted(cited.items(), key=lambda entry: _phase(*entry)))


def _allocate_budgets(session: Session, catalogue: Mapping[str, CataloguedTest]) -> dict[str, dict[str, BudgetShare]]:
    """Return the shares of each operation's budget over its whole catalogue: -k does not change what a test sends."""
    plans: dict[str, dict[str, BudgetShare]] = {}
    ordered = _demands(session, catalogue)

    def shares_of(operation: Operation, elsewhere: Collection[DedupKey]) -> Mapping[str, BudgetShare]:
        demands = {requirement: demand for requirement, demand in ordered.items() if requirement.applies(operation)}
        setup_requests = session.setup_requests(operation)
        return allocate_budget(operation, demands, session.options.profile, elsewhere, setup_requests)

    # Mutations of the token are tried by the operation that runs first, as far as it can: a fault of them shows soon.
    first = session.operations[0]
    soon = keys_of_token_mutations(shares_of(first, ()), first)
    # A mutation that is planned for one operation has a lower priority in the others: together they cover more.
    tried: set[DedupKey] = set()
    # A violation of what the vendor states can gate: such an operation chooses before one that is inferred.
    for operation in sorted(
        session.operations, key=lambda one: (one.body is not None, not documents_400(one.stated_only))
    ):
        shares = shares_of(operation, tried - soon if operation is first else tried | soon)
        plans[operation.id] = dict(shares)
        tried |= {
            dedup_key(name, mutation, operation) for name, share in shares.items() for mutation in share.mutations
        }
    return plans


def _select_replayed(config: pytest.Config, items: list[pytest.Item], replay: Replay) -> None:
    """Keep the items that the findings to be tried again need, and let them send no more than that."""
    session, whole = config.stash[SESSION], config.stash[BUDGET_SHARES]
    before = config.stash[CATALOGUE]
    catalogue = config.stash[CATALOGUE] = with_compared_requests(before, session.requirements, replay)
    needed: set[tuple[str, str]] = set()
    plans: dict[str, RunPlan] = {}
    for operation in session.operations:
        findings = replay.on(operation.id)
        shares = shares_for(findings, operation, catalogue, session.requirements, whole[operation.id])
        whole[operation.id] |= shares
        session.request_budgets[operation.id] = session.budget_of(operation.id) + repeats_in(shares)
        before_replay, replayed = session.run_plans[operation.id], _run_plan(session, shares)
        plans[operation.id] = plan_for(findings, catalogue, session.requirements, before_replay, replayed)
        needed |= {(name, operation.id) for name in shares}
    session.run_plans = plans
    checks = {item: check for item in items if (check := check_of(item))}
    deselect(config, items, [one for one, (cited, operation) in checks.items() if (cited.id, operation.id) in needed])


def _select_turns(config: pytest.Config, items: list[pytest.Item], planned: PlannedTurns) -> None:
    """Keep the items of the operations whose turn it is, and let each send what its turn pays for."""
    session, whole, catalogue = config.stash[SESSION], config.stash[BUDGET_SHARES], config.stash[CATALOGUE]
    shares = shares_of_turns(planned, session, catalogue, _demands(session, catalogue), whole)
    session.request_budgets = {turn.operation: turn.requests for turn in planned.rotation.turns}
    plans = dict(session.run_plans)
    for turn in planned.rotation.turns:
        whole[turn.operation] |= shares[turn.operation]
        plan = _run_plan(session, shares[turn.operation])
        plans[turn.operation] = replace(plan, repeats_controls=turn.depth is not Depth.AGAIN)
    session.run_plans = plans
    items_that_run = in_order_of_turns(planned, shares, {item: check for item in items if (check := check_of(item))})
    deselect(config, items, items_that_run)
    items[:] = items_that_run


def _run_plan(session: Session, shares: Mapping[str, BudgetShare]) -> RunPlan:
    """Return what an operation sends before and after its requirements' own requests, by their budget shares."""
    checking_all = [share for name, share in shares.items() if session.requirements[name].checks_all_exchanges]
    return RunPlan(
        shared_mutations=tuple(mutation for share in checking_all for mutation in share.mutations),
        reserved_for_all_exchanges=sum(share.extra_requests for share in checking_all),
        reserved={
            name: share.extra_cost
            + share.cost * (0 if session.requirements[name].checks_all_exchanges else len(share.mutations))
            for name, share in shares.items()
            if session.requirements[name].gates
        },
    )


def pytest_report_collectionfinish(config: pytest.Config, items: Sequence[pytest.Item]) -> list[str]:
    """Return the cost of the run before it begins, what it lacks, and what of the document it does not cover."""
    if BUDGET_SHARES not in config.stash or REPLAY in config.stash or config.stash[SESSION].options.merges:
        return []
    session = config.stash[SESSION]
    checks = [check for item in items if (check := check_of(item))]
    if not checks and config.getoption("--shard"):
        return []
    chosen = {operation.id for _, operation in checks}
    estimate = cost_estimate(len(chosen), sum(map(session.budget_of, chosen)), session.per_minute)
    turns = [f"{config.stash[PLANNED_TURNS].rotation.text()}."] if PLANNED_TURNS in config.stash else []
    needing = sum(requirement.access != Access.NONE for requirement, _ in checks)
    no_token = (
        f"PROPEXO_TOKEN is not set, and {needing} of {len(checks)} checks need it: set it in the environment or in "
        f".env, or choose --access none."
    )
    unset = session.target.access is Access.NONE and session.options.access is None and needing
    unmet = unmet_traits(session.requirements.values(), session.operations)
    lines = [f"Requirements that apply to no operation: {', '.join(unmet)}."] if unmet else []
    return [*([no_token] if unset else []), *([estimate] if estimate else []), *turns, *lines]


def unmet_traits(requirements: Iterable[Requirement], operations: Sequence[Operation]) -> list[str]:
    """Return the traits that no operation has, each with the number of requirements that need it."""
    needed = Counter(requirement.applies_to for requirement in requirements)
    found = {trait for operation in operations for trait in operation.traits}
    return [f"{count} need {trait}" for trait, count in needed.items() if trait not in found]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to start where every selected check needs more access."""
    config = session.config
    # A worker cannot say why: there the exit code shows it at the end.
    if config.getoption("--target") == MOCK or config.option.collectonly or is_worker(config):
        return
    if config.stash[SESSION].options.merges:
        return
    checks = [check for item in session.items if (check := check_of(item))]
    reasons = [config.stash[SESSION].skip_reason(*check) for check in checks]
    if reasons and all(reasons):
        raise pytest.UsageError(f"None of the selected checks can run. {reasons[0]}")
