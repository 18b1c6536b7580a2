"""What changed between a contract and a published document: as text, as Markdown and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from contracts.drift.changes import Kind
from contracts.drift.report import Drift, Entry
from reports.run.counts import pluralize

HEADINGS = {
    Kind.BREAKING: "Breaking for a client",
    Kind.NOT_BREAKING: "Not breaking for a client",
    Kind.ELSEWHERE: "Published elsewhere, as the contract says",
    Kind.WORDING: "Wording only",
}


def headline(drift: Drift) -> str:
    """Return the result in one sentence."""
    if drift.failure:
        return f"Not compared: {drift.failure}"
    counts = Counter(entry.kind for entry in drift.entries)
    compared = f"{pluralize(drift.compared, 'operation')} compared"
    if not drift.entries:
        return f"No change: {compared}."
    shown = [kind for kind in Kind if counts[kind] or kind is not Kind.ELSEWHERE]
    return f"{', '.join(f'{counts[kind]} {kind}' for kind in shown)}: {compared}."


def text(drift: Drift) -> Iterator[str]:
    """Yield the lines for a terminal: of wording only the number of places."""
    yield f"contract   {drift.contract}"
    yield f"published  {drift.published}"
    for kind, entries in _by_kind(drift.entries):
        yield f"\n{HEADINGS[kind]}:"
        for operation, found in _by_operation(entries):
            if kind is Kind.WORDING:
                yield f"  {operation}: {pluralize(len(found), 'place')}"
                continue
            yield f"  {operation}"
            for entry in found:
                yield f"    {entry.sentence}"
                yield from (f"      {line}" for line in places(entry))
    if drift.not_compared:
        yield "\nNot compared:"
        yield from (f"  {one}" for one in drift.not_compared)
    yield f"\n{headline(drift)}"


def markdown(drift: Drift) -> str:
    """Return the page: every change with its place in both documents."""
    lines = ["# The contract and the published document", "", headline(drift), ""]
    lines += [f"- contract: {_code(drift.contract)}", f"- published: {_code(drift.published)}"]
    for kind, entries in _by_kind(drift.entries):
        lines += ["", f"## {HEADINGS[kind]}"]
        for operation, found in _by_operation(entries):
            lines += ["", f"### {_code(operation)}", ""]
            for entry in found:
                lines.append(f"- {_code(entry.sentence)}")
                lines += [
                    f"  - {line.partition('#')[0]}{_code('#' + line.partition('#')[2])}" for line in places(entry)
                ]
    if drift.not_compared:
        lines += ["", "## Not compared", "", *(f"- {_code(str(one))}" for one in drift.not_compared)]
    return "\n".join(lines) + "\n"


def as_json(drift: Drift) -> str:
    """Return the comparison as JSON, with every change in `changes`."""
    value = totals(drift) | {
        "changes": [asdict(entry) for entry in drift.entries],
        "not_compared": [asdict(one) for one in drift.not_compared],
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def totals(drift: Drift) -> dict[str, Any]:
    """Return, for JSON, what was compared and the number of changes of each kind."""
    counts = Counter(entry.kind for entry in drift.entries)
    return {
        "contract": drift.contract,
        "published": drift.published,
        "compared": drift.compared,
        "counts": {str(kind): counts[kind] for kind in Kind},
    }


def _by_kind(entries: Sequence[Entry]) -> Iterator[tuple[Kind, list[Entry]]]:
    for kind in Kind:
        if found := [entry for entry in entries if entry.kind is kind]:
            yield kind, found


def _by_operation(entries: Sequence[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    yield from ((label, list(found)) for label, found in groupby(entries, key=lambda entry: entry.operation))


def places(entry: Entry) -> list[str]:
    """Return the place of a change in each of the documents that have one, with the document's name before it."""
    pointers = {"contract": entry.contract, "published": entry.published}
    return [f"{name} {pointer}" for name, pointer in pointers.items() if pointer is not None]


def _code(text: str) -> str:
    """Return a text of a document as code, in which nothing is markup."""
    return f"`{' '.join(text.replace('`', chr(39)).split())}`"
