"""What the runs of all operations of a session share, and what is decided about each before it begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from contracts.model.http import Exchange, Request
from contracts.model.json_value import Json
from contracts.openapi.document import Document
from strategies.core.mutation import Mutation
from tests.harness.config.settings import Target
from tests.harness.http.client import Client
from tests.harness.run.created_resources import CreatedResources
from tests.harness.run.value_allocator import ValueAllocator
from tests.harness.run.write_ledger import WriteLedger


@dataclass(frozen=True, slots=True)
class RunContext:
    """What the runs of all operations share.

    `selected` are the ids of the operations that the session tests. `resources` is what was created and is not
    cancelled yet. `accepted` holds the last accepted control by operation, `job_requests` how to read the status of
    every job so far, with the mutation of the write that queued it, `fuzzer_jobs` those of writes that only a fuzzer
    sends, `job_reads` the reads of jobs that the runs of writes sent, `listed_pages` status and body of the listings
    that were read for ids, `found_ids` these ids, by the variable that would give them; runs add to these. `ledger`
    knows which records were written to, and `snapshots` are the last pages of newest records, by the listing's id.
    `on_exchange` gets each exchange, from whatever thread. `shared`: other processes of the run write to the target.
    """

    document: Document
    target: Target
    client: Client
    selected: frozenset[str]
    resources: CreatedResources
    on_exchange: Callable[[Exchange], None] = lambda _: None
    values: ValueAllocator = field(default_factory=ValueAllocator)
    accepted: dict[str, Exchange] = field(default_factory=dict)
    job_requests: dict[Request, str] = field(default_factory=dict)
    fuzzer_jobs: set[Request] = field(default_factory=set)
    job_reads: list[Exchange] = field(default_factory=list)
    listed_pages: dict[Request, tuple[str, Json]] = field(default_factory=dict)
    found_ids: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ledger: WriteLedger = field(default_factory=WriteLedger)
    snapshots: dict[str, Exchange] = field(default_factory=dict)
    shared: bool = False


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What is decided about an operation's requests before the first of them. Numbers are requests.

    `shared_mutations` are sent once, for the requirements that check all exchanges; `reserved_for_all_exchanges` is
    what these requirements send themselves at the end. `reserved` is what each gating requirement, by id, is going to
    send. `repeats_controls`: what is left of the budget goes to repeated controls.
    """

    shared_mutations: tuple[Mutation, ...] = ()
    reserved_for_all_exchanges: int = 0
    reserved: Mapping[str, int] = field(default_factory=dict)
    repeats_controls: bool = True
