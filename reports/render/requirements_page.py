"""The requirements as one static HTML page: what each demands, what is sent for it, and how to mend a violation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from contracts.openapi.traits import TRAITS
from contracts.requirements import Requirement
from contracts.untrusted import sanitize
from reports.render.requirements_style import STYLE
from reports.render.wording import BASIS, code_html
from reports.run.counts import pluralize

SHOWN_AT_ONCE = 8
"""Further mutations are folded."""
LONGEST_LIST = 200
"""Entries of a folded list; a document of hundreds of operations would make a page of megabytes."""
LEVELS = {
    "must": "must: a violation fails the run.",
    "should": "should: a recommendation, which fails the run only with --strict.",
}
ACCESS = {
    "none": "no token",
    "token": "the token",
    "write": "the token, and values for a request that is accepted",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A requirement, the operations that it applies to as `POST /v1/x`, and what a run sends for it.

    `mutations` are the names of its mutations on any of these operations, `other_requests` is the largest number of
    requests beside them that one operation gets. `unfinished` says what is still to be written, or is empty.
    """

    requirement: Requirement
    operations: tuple[str, ...]
    mutations: tuple[str, ...]
    other_requests: int
    unfinished: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """The document that the page is about, and the profile that decides what is sent. `operations` counts them."""

    title: str
    file: str
    profile: str
    operations: int


def page(scope: Scope, entries: Sequence[Entry]) -> str:
    """Return the page, with an anchor for each requirement's id, group by group."""
    names = dict.fromkeys(entry.requirement.group for entry in entries)
    groups = [(name, [entry for entry in entries if entry.requirement.group == name]) for name in names]
    implied = {entry.requirement.id: _implied_by(entry.requirement, entries) for entry in entries}
    parts = [
        "<!doctype html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width, initial-scale=1'>",
        "<meta name='color-scheme' content='light dark'>",
        f"<title>Requirements - {sanitize.html(scope.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>",
        _header(scope, entries),
        f"<nav aria-label='Requirements by group'>{''.join(_contents(name, found) for name, found in groups)}</nav>",
        "<main>",
    ]
    for name, found in groups:
        articles = "\n".join(_article(entry, implied[entry.requirement.id], scope) for entry in found)
        parts.append(f"<section>\n<h2 id='{_prefix(found)}'>{sanitize.html(name)}</h2>\n{articles}\n</section>")
    return "\n".join([*parts, "</main>\n</body>\n</html>\n"])


def _header(scope: Scope, entries: Sequence[Entry]) -> str:
    musts = sum(entry.requirement.gates for entry in entries)
    counted = f"{pluralize(len(entries), 'requirement')}, of which {musts} can fail a run"
    document = f"<b>{sanitize.html(scope.title)}</b> (<code>{sanitize.html(scope.file)}</code>)"
    return (
        f"<header><h1>Requirements</h1><p>{counted}, on {pluralize(scope.operations, 'operation')} of {document}. "
        f"What is sent for each is that of the profile <b>{sanitize.html(scope.profile)}</b>.</p></header>"
    )


def _prefix(entries: Sequence[Entry]) -> str:
    return entries[0].requirement.id.partition("-")[0]


def _contents(name: str, entries: Sequence[Entry]) -> str:
    links = "".join(
        f"<li><a class='{entry.requirement.level}' href='#{entry.requirement.id}' "
        f"title='{sanitize.html(entry.requirement.sentence)}'>{entry.requirement.id}</a></li>"
        for entry in entries
    )
    return f"<div><a class='group' href='#{_prefix(entries)}'>{sanitize.html(name)}</a><ul>{links}</ul></div>"


def _article(entry: Entry, implied: Sequence[str], scope: Scope) -> str:
    requirement = entry.requirement
    rows = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in _rows(entry, implied, scope))
    return (
        f"<article id='{requirement.id}' class='{requirement.level}'>"
        f"<h3><a href='#{requirement.id}'>{requirement.id}</a> <span class='level'>{requirement.level}</span></h3>"
        f"<p class='sentence'>{code_html(requirement.sentence)}</p><dl>{rows}</dl></article>"
    )


def _rows(entry: Entry, implied: Sequence[str], scope: Scope) -> Iterator[tuple[str, str]]:
    requirement = entry.requirement
    if entry.unfinished:
        yield "Unfinished", code_html(f"{entry.unfinished}.")
    yield "Violated where", code_html(requirement.violation)
    yield "Usually because", code_html(requirement.fix.usually_because)
    yield "To mend", code_html(requirement.fix.to_mend)
    yield "Documentation", ", ".join(map(_link, requirement.fix.sources))
    if requirement.implied_by:
        yield "Follows from", f"{_references(requirement.implied_by)}, where that is violated on the same operation"
    if implied:
        yield "Explains", f"violations of {_references(implied)} on the same operation"
    reason = f" Reason: {code_html(requirement.gates_because)}" if requirement.gates_because else ""
    yield "Level", LEVELS[requirement.level] + reason
    if requirement.recommended:
        yield "Recommended", code_html(requirement.recommended)
    yield "Basis", f"{BASIS[requirement.basis]}: {_link(requirement.source)}"
    yield "Applies where", f"{sanitize.html(TRAITS[requirement.applies_to])} {_operations(entry, scope)}"
    yield "Sent for it", _sent(entry)
    yield "Needs", ACCESS[requirement.access]


def _operations(entry: Entry, scope: Scope) -> str:
    if not entry.operations:
        return "(no operation of this document)"
    return _folded(
        f"{len(entry.operations)} of {pluralize(scope.operations, 'operation')}", "operations", entry.operations
    )


def _sent(entry: Entry) -> str:
    other = f"up to {pluralize(entry.other_requests, 'other request')} on an operation"
    if entry.mutations:
        also = f", and {other}" if entry.other_requests else ""
        first, rest = entry.mutations[:SHOWN_AT_ONCE], entry.mutations[SHOWN_AT_ONCE:]
        folded = _folded(f"{len(rest)} more", "mutations", rest) if rest else ""
        return f"{pluralize(len(entry.mutations), 'mutation')}{also}{_items('mutations', first)}{folded}"
    if entry.other_requests:
        return f"no mutation of its own, but {other}"
    return "nothing of its own: it is checked on whatever else is sent" if entry.operations else "nothing"


def _folded(summary: str, kind: str, names: Sequence[str]) -> str:
    left_out = f"<p>and {len(names) - LONGEST_LIST} more</p>" if len(names) > LONGEST_LIST else ""
    return f"<details><summary>{summary}</summary>{_items(kind, names[:LONGEST_LIST])}{left_out}</details>"


def _items(kind: str, names: Sequence[str]) -> str:
    return f"<ul class='{kind}'>{''.join(f'<li>{sanitize.html(name)}</li>' for name in names)}</ul>"


def _implied_by(requirement: Requirement, entries: Sequence[Entry]) -> list[str]:
    return [entry.requirement.id for entry in entries if requirement.id in entry.requirement.implied_by]


def _references(names: Sequence[str]) -> str:
    return ", ".join(f"<a href='#{name}'>{name}</a>" for name in names)


def _link(address: str) -> str:
    """Return a link that shows host and last part of an address."""
    url = urlsplit(address)
    part = url.fragment or url.path.rstrip("/").rpartition("/")[2].removesuffix(".html")
    text = f"{url.netloc.removeprefix('www.')} {part}".strip()
    return f"<a href='{sanitize.html(address)}' rel='noreferrer'>{sanitize.html(text)}</a>"
