"""What a seeded defect and a conforming variant are, and how a class of the mock becomes one.

    @defect(group="response shape", requirement="RESP-01", affects=WRITE, observe=Probe.write_changed)
    class JobIdIsNull(MockApi):
        '''The job_id of an accepted write is null.'''

        def new_job_id(self) -> str: ...

The class name gives the name (`job-id-is-null`), the docstring's first line the sentence. What a subclass
cannot do is a generator function `(document, seed, port) -> Iterator[Served]` under the same decorator, which serves in
its own way, for example a proxy before `serve_mock(MockApi(document, state=State(seed=seed)))`. Port 0 is a free one.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias, TypeVar

from contracts.mock.data.state import State
from contracts.mock.http.api import MockApi
from contracts.mock.http.serve import serve
from contracts.openapi.document import Document
from contracts.requirements import Requirement
from tests.detection.probe import Kind, Probe, Served, by_kind

GROUPS: Final = (
    "response shape",
    "error contract",
    "bearer",
    "validation",
    "constraints",
    "wire",
    "protocol",
    "state and jobs",
    "records",
    "listing",
    "rate limit",
    "robustness",
    "leaks",
    "intermittent",
)

WRITE: Final[tuple[Kind, ...]] = ("write",)
CREATE: Final[tuple[Kind, ...]] = ("create",)
EVERY_CREATE: Final[tuple[Kind, ...]] = ("creates",)
"""For what shows only if several operations create: the first one has no request left for two at the same time."""
UPDATE: Final[tuple[Kind, ...]] = ("update",)
LIST: Final[tuple[Kind, ...]] = ("list",)
UNSUPPORTED: Final[tuple[Kind, ...]] = ("unsupported",)
READ: Final[tuple[Kind, ...]] = ("job-status",)
BOTH: Final[tuple[Kind, ...]] = ("write", "job-status")
Observe: TypeAlias = Callable[[Probe], object]
"""Sends one request or a few to a served mock and returns a value to compare, without job ids and dates."""

Subject = TypeVar("Subject", type[MockApi], Callable[[Document, int | None, int], Iterator[Served]])

logging.getLogger("uvicorn.error").addHandler(logging.NullHandler())
"""Some defects crash on purpose: without a handler, each traceback would go to stderr."""


class Serve(Protocol):
    """Serves a document on a real socket while the context lasts; the same seed gives the same token and ids."""

    def __call__(self, document: Document, seed: int | None = None, port: int = 0) -> AbstractContextManager[Served]:
        """Start to serve, on a free port if it is 0; raises OSError if the port is not available."""


@dataclass(frozen=True, slots=True)
class Defect:
    """A server that breaks one requirement.

    `affects` are the kinds of operation on which it can be detected. `observe` returns another value for this server
    than for `healthy`, which is the mock itself unless the defect needs another setting than the default.
    `recommended`: it breaks only the recommended part of a must, so it must be detected, but does not have to gate.
    """

    name: str
    group: str
    sentence: str
    requirement: str
    affects: frozenset[Kind]
    serve: Serve
    observe: Observe
    healthy: Serve
    recommended: bool = False


@dataclass(frozen=True, slots=True)
class Variant:
    """An unusual server that breaks no must; `departs_from` are the requirements that a run may report as not met.

    These are shoulds, and musts of which it breaks only the recommended part, or a fact that the document only infers.
    None of them may be reported as violated.
    """

    name: str
    sentence: str
    departs_from: frozenset[str]
    affects: frozenset[Kind]
    serve: Serve
    observe: Observe | None


_defects: dict[str, Defect] = {}
_variants: dict[str, Variant] = {}


def defect(
    *,
    group: str,
    requirement: str,
    affects: Iterable[Kind],
    observe: Observe,
    healthy: type[MockApi] = MockApi,
    recommended: bool = False,
) -> Callable[[Subject], Subject]:
    """Register a class of the mock, or a function that serves, as a defect."""
    if group not in GROUPS:
        raise ValueError(f"{group} is not one of {', '.join(GROUPS)}")

    def register(subject: Subject) -> Subject:
        name, sentence = _named(subject)
        _defects[name] = Defect(
            name=name,
            group=group,
            sentence=sentence,
            requirement=requirement,
            affects=frozenset(affects),
            serve=_server(subject),
            observe=observe,
            healthy=_server(healthy),
            recommended=recommended,
        )
        return subject

    return register


def variant(
    *,
    affects: Iterable[Kind] = ("write", "job-status"),
    departs_from: Iterable[str] = (),
    observe: Observe | None = None,
) -> Callable[[Subject], Subject]:
    """Register a class of the mock, or a function that serves, as a conforming variant."""

    def register(subject: Subject) -> Subject:
        name, sentence = _named(subject)
        _variants[name] = Variant(
            name=name,
            sentence=sentence,
            departs_from=frozenset(departs_from),
            affects=frozenset(affects),
            serve=_server(subject),
            observe=observe,
        )
        return subject

    return register


def operations(document: Document, kinds: Iterable[Kind]) -> tuple[str, ...]:
    """Return the ids of the operations of these kinds, in the document's order."""
    known = by_kind(document)
    wanted = {operation.id for kind in kinds for operation in known[kind]}
    return tuple(operation.id for operation in document.operations if operation.id in wanted)


def must_gate(defects: Iterable[Defect], known: Mapping[str, Requirement]) -> tuple[Defect, ...]:
    """Return the defects that must fail a run: they break more than the recommended part of a must."""
    return tuple(one for one in defects if known[one.requirement].gates and not one.recommended)


def registered() -> tuple[tuple[Defect, ...], tuple[Variant, ...]]:
    """Return the defects and variants registered so far, in the order of their definition."""
    return tuple(_defects.values()), tuple(_variants.values())


@contextlib.contextmanager
def serve_mock(api: MockApi, port: int = 0) -> Iterator[Served]:
    """Serve this mock while the context lasts; port 0 picks a free one."""
    with serve(api, port) as server:
        yield Served(server.url, api.state.tokens[0], dict(api.state.supplied))


@contextlib.contextmanager
def serve_healthy(document: Document, seed: int | None = None, port: int = 0) -> Iterator[Served]:
    """Serve the unchanged mock while the context lasts."""
    with serve_mock(MockApi(document, state=State(seed=seed)), port) as served:
        yield served


def _server(subject: type[MockApi] | Callable[[Document, int | None, int], Iterator[Served]]) -> Serve:
    if not isinstance(subject, type):
        manager = contextlib.contextmanager(subject)
        return lambda document, seed=None, port=0: manager(document, seed, port)
    return lambda document, seed=None, port=0: serve_mock(subject(document, state=State(seed=seed)), port)


def _named(subject: type[MockApi] | Callable[[Document, int | None, int], Iterator[Served]]) -> tuple[str, str]:
    """Return name and sentence; ValueError if the name is taken or the docstring has no sentence."""
    words: list[str] = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", subject.__name__)
    name = "-".join(words).lower()
    if name in _defects or name in _variants:
        raise ValueError(f"{name} is registered twice: rename one of the two")
    sentence = (subject.__doc__ or "").strip().partition("\n")[0]
    if not sentence.endswith("."):
        raise ValueError(f"{name} has no sentence: end the first line of its docstring with a full stop")
    return name, sentence
