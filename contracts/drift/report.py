"""The changes between a contract and a published document, each with its place in both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contracts.drift.changes import Difference, Kind, changes_between
from contracts.drift.normal_form import path_key
from contracts.drift.pairing import Described, Pairing
from contracts.drift.places import place_of
from contracts.openapi.descriptions import NotJudged
from contracts.openapi.document import Document

INFERRED = "; the contract only infers this"


@dataclass(frozen=True, slots=True)
class Entry:
    """A change of one operation. The places are JSON pointers; None in a document that lacks the operation.

    `operation` is method and path in the contract, or in the published document where only that has it; `operation_id`
    is the contract's, and then empty.
    """

    kind: Kind
    operation: str
    operation_id: str
    sentence: str
    contract: str | None
    published: str | None


@dataclass(frozen=True, slots=True)
class Drift:
    """A comparison: the names of both documents, with their digests, the changes, and what could not be compared.

    `failure` is a sentence that says why nothing could be compared; then there are no changes.
    """

    contract: str
    published: str
    compared: int = 0
    entries: Sequence[Entry] = ()
    not_compared: Sequence[NotJudged] = ()
    failure: str = ""

    @property
    def breaking(self) -> list[Entry]:
        """Return the changes that break a client."""
        return [entry for entry in self.entries if entry.kind is Kind.BREAKING]


def entries(
    contract: Document, published: Document, pairing: Pairing, differences: Sequence[Sequence[Difference]]
) -> list[Entry]:
    """Return every change: operations that are gone, changes of those that both have, operations that are new.

    `differences` belong to `pairing.both`. What the contract does not state, but infers, breaks nobody's contract.
    What it says is published elsewhere is gone only if the document has other operations of that kind.
    """
    changed = [
        entry
        for (before, after), found in zip(pairing.both, differences, strict=True)
        for entry in _changed(contract, published, before, after, found)
    ]
    elsewhere = _published_elsewhere(contract, published)
    gone = [_gone(contract, one, elsewhere) for one in pairing.only_contract]
    new = [_new(published, one) for one in pairing.only_published]
    return [*gone, *changed, *new]


def _changed(
    contract: Document, published: Document, before: Described, after: Described, found: Sequence[Difference]
) -> Iterator[Entry]:
    if path_key(before.path) != path_key(after.path):
        places = (place_of(doc.raw, one).pointer for doc, one in ((contract, before), (published, after)))
        yield Entry(Kind.BREAKING, before.label, before.id, f"the path is {after.path} now", *places)
    for change in changes_between(before, after, found):
        ours, theirs = (place_of(doc.raw, one, change.steps) for doc, one in ((contract, before), (published, after)))
        kind, sentence = change.kind, change.sentence
        if kind is Kind.BREAKING and ours.is_elsewhere:
            kind = Kind.ELSEWHERE
        elif kind is Kind.BREAKING and not ours.is_stated:
            kind, sentence = Kind.NOT_BREAKING, change.sentence + INFERRED
        yield Entry(
            kind,
            before.label,
            before.id,
            sentence,
            ours.pointer,
            theirs.pointer,
        )


def _published_elsewhere(contract: Document, published: Document) -> frozenset[str]:
    """Return the segments of paths that the contract says are published elsewhere, and are in no path that is."""
    named = contract.raw.get("x-published-elsewhere")
    here = {segment for path in published.raw["paths"] for segment in path.split("/")}
    return frozenset(map(str, named if isinstance(named, list) else ())) - here


def _gone(contract: Document, operation: Described, elsewhere: frozenset[str]) -> Entry:
    """Return the entry of an operation that only the contract has."""
    kind, sentence = Kind.BREAKING, "the published document does not have this operation"
    if segments := elsewhere.intersection(operation.path.split("/")):
        kind, sentence = Kind.ELSEWHERE, f"the published document has no path with {min(segments)} at all"
    return Entry(kind, operation.label, operation.id, sentence, place_of(contract.raw, operation).pointer, None)


def _new(published: Document, operation: Described) -> Entry:
    """Return the entry of an operation that only the published document has."""
    pointer = place_of(published.raw, operation).pointer
    return Entry(Kind.NOT_BREAKING, operation.label, "", "the contract lacks this operation", None, pointer)
