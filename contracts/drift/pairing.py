"""The operations of two documents, matched by method and path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contracts.drift.normal_form import normal_form, path_key
from contracts.model.json_value import Json
from contracts.openapi.descriptions import NotJudged
from contracts.openapi.document import Document


@dataclass(frozen=True, slots=True)
class Described:
    """An operation as one of the documents describes it: `form` is the one to compare."""

    path: str
    method: str
    id: str
    form: Json
    security: Sequence[frozenset[str]]

    @property
    def label(self) -> str:
        """Return method and path, as they are written there."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Pairing:
    """What to compare: operations of both documents, those of one of them, and those that one cannot be read of."""

    both: Sequence[tuple[Described, Described]]
    only_contract: Sequence[Described]
    only_published: Sequence[Described]
    not_compared: Sequence[NotJudged]


def pair_operations(contract: Document, published: Document) -> Pairing:
    """Match the operations of a contract with those of a published document.

    A path that gained or lost a slash at its end has moved: its operations are compared all the same. An operation that
    only one of them has is in `not_compared` if the other has it, too, but it cannot be read there.
    """
    ours, theirs = _described(contract), _described(published)
    moved = {
        other: key for key in ours.keys() - theirs.keys() if (other := _other_end(key)) in theirs.keys() - ours.keys()
    }
    theirs = {moved.get(key, key): one for key, one in theirs.items()}
    unread = {"contract": _unread(contract), "published document": _unread(published)}
    both = [(one, theirs[key]) for key, one in ours.items() if key in theirs]
    only_contract, gaps = _apart(ours, theirs, unread["published document"], "published document")
    only_published, other_gaps = _apart(theirs, ours, unread["contract"], "contract")
    return Pairing(both, only_contract, only_published, [*gaps, *other_gaps])


def _other_end(key: str) -> str:
    """Return a path without the slash at its end, or with one where it has none."""
    return key.removesuffix("/") if key.endswith("/") else f"{key}/"


def _apart(
    own: Mapping[str, Described], others: Mapping[str, Described], unread: Mapping[str, str], whose: str
) -> tuple[list[Described], list[NotJudged]]:
    """Return the operations that the other document lacks, and those that cannot be read of it, with the reason."""
    apart = {key: one for key, one in own.items() if key not in others}
    reasons = {key: unread.get(key) or unread.get(key.partition(" ")[2]) for key in apart}
    lacking = [one for key, one in apart.items() if reasons[key] is None]
    return lacking, [
        NotJudged(one.label, f"it cannot be read in the {whose}: {reasons[key]}")
        for key, one in apart.items()
        if reasons[key] is not None
    ]


def _described(document: Document) -> Mapping[str, Described]:
    """Return the operations that were read, by method and path."""
    return {
        f"{method.upper()} {path_key(path)}": Described(
            path, method.upper(), entry["operationId"], normal_form(entry, path), _security(document.raw, entry)
        )
        for path, item in document.resolved_paths.items()
        for method, entry in item.items()
    }


def _unread(document: Document) -> Mapping[str, str]:
    """Return the reasons for what was not read, by method and path, or by path where that is a whole path item."""
    return {path_key(one.part): one.reason for one in document.not_judged}


def _security(raw: Json, entry: Json) -> tuple[frozenset[str], ...]:
    """Return the alternatives of credentials that an operation takes, by kind: the schemes' names are nobody's."""
    alternatives = entry.get("security", raw.get("security")) or [{}]
    schemes = (raw.get("components") or {}).get("securitySchemes") or {}
    return tuple(
        frozenset(_kind(name, schemes.get(name)) for name in one) for one in alternatives if isinstance(one, dict)
    )


def _kind(name: str, scheme: Json) -> str:
    if not isinstance(scheme, dict):
        return name
    parts = (scheme.get("type"), str(scheme.get("scheme", "")).lower(), scheme.get("in"), scheme.get("name"))
    return " ".join(str(part) for part in parts if part)
