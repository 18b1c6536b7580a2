"""The last parameter in the path: hostile and unusual ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from operator import methodcaller
from urllib.parse import quote, unquote

from contracts.model.http import Request
from contracts.openapi.operation import PATH_PARAMETER, Operation
from contracts.openapi.parameters import path_prefix
from strategies.core.mutation import Mutation, Priority, combine
from strategies.request.query_values import LONG_VALUE_CHARACTERS, SCRIPTS, UNKNOWN_NAME

UNUSUAL_IDS: Sequence[tuple[str, str]] = (
    ("a space before", " E"),
    ("capitals", "EvT-"),
    ("a space", "a b"),
    ("a plus sign", "1+1"),
    ("an escaped escape", "%41%2F"),
    ("a semicolon", ";v=1"),
    ("braces", "{id}"),
    ("quotes", "'\"`"),
    ("letters of other scripts", "\u00e9\u0416\u4e2d\U0001f3e0"),
    ("300 characters", "0" * 300),
    ("a suffix", ".json"),
    ("a space behind", "1 "),
)
"""Ids that a path can contain, percent-encoded. One request tests all; if it is not accepted, each is tried alone."""

HOSTILE_IDS: Sequence[tuple[str, Priority, Callable[[str], str]]] = (
    ("id that is not UTF-8", Priority.FIRST, lambda raw: f"{raw}%FF%FE"),
    ("id with an encoded NUL", Priority.FIRST, lambda raw: f"{raw}%00"),
    ("id with a bad escape", Priority.USUAL, lambda raw: f"{raw}%zz"),
    ("id with an encoded slash", Priority.USUAL, lambda raw: f"{raw}%2Fx"),
    ("id of 8,000 characters", Priority.USUAL, lambda _: "a" * LONG_VALUE_CHARACTERS),
    ("dot segments for the id", Priority.USUAL, lambda _: "%2e%2e"),
    ("id with SQL", Priority.USUAL, lambda raw: raw + quote("'; SELECT pg_sleep(0)--", safe="")),
    ("id of no characters", Priority.USUAL, lambda _: ""),
    ("id with a lone percent sign", Priority.LAST, lambda raw: f"{raw}%"),
    ("id of spaces", Priority.LAST, lambda _: "%20%20"),
    ("dots and a semicolon for the id", Priority.LAST, lambda _: "..;"),
    ("the template for the id", Priority.LAST, lambda _: "{id}"),
    ("id with a query behind", Priority.LAST, lambda raw: f"{raw}?{UNKNOWN_NAME}=1"),
    ("id with an encoded question mark", Priority.LAST, lambda raw: f"{raw}%3Fx"),
    ("id with a line break", Priority.LAST, lambda raw: f"{raw}%0D%0Ax:%20y"),
    ("id of many scripts", Priority.LAST, lambda _: quote(SCRIPTS, safe="")),
)
"""Name, priority, and the change of the percent-encoded id."""

FUZZER_ONLY = frozenset(
    {
        *("id that is not UTF-8", "id with an encoded NUL", "id with a bad escape", "id with a lone percent sign"),
        *(
            "id of 8,000 characters",
            "dot segments for the id",
            "dots and a semicolon for the id",
            "id with a line break",
        ),
    }
)
"""Ids that no client library produces; many HTTP servers reject them before any handler runs."""


def hostile_path_ids(operation: Operation) -> list[Mutation]:
    """RESP-06: hostile values of the last path parameter. The target may accept or reject them, but must not crash."""
    if not operation.path_parameters:
        return []
    return [
        Mutation(name, on_last_id(operation, change), priority, fuzzer_only=name in FUZZER_ONLY)
        for name, priority, change in HOSTILE_IDS
    ]


def unusual_path_ids(operation: Operation) -> list[Mutation]:
    """RESP-03: ids of unusual characters in the path, which the response must repeat unchanged."""
    if not operation.path_parameters:
        return []
    parts = tuple(
        Mutation(f"id in the path with {name}", on_last_value(operation, partial(_instead, text)))
        for name, text in UNUSUAL_IDS
    )
    whole = "".join(text for _, text in UNUSUAL_IDS)
    mutation = Mutation(
        "id in the path of odd characters", on_last_value(operation, partial(_instead, whole)), Priority.FIRST
    )
    return [replace(mutation, parts=parts, expects_success=True, of_each_operation=True)]


def _instead(text: str, _: str) -> str:
    return text


def equivalent_reads(operation: Operation) -> list[Mutation]:
    """JOB-07: a read in other words. An escaped letter is that letter (RFC 3986, 6.2.2.2), and no content has no type.

    Many clients add a Content-Type to each request.
    """
    if not operation.path_parameters or operation.body is not None:
        return []
    parts = (
        Mutation("id with an escaped letter", on_last_id(operation, _escape_first), gates=False),
        Mutation("type without content", methodcaller("with_header", "Content-Type", "application/json"), gates=False),
    )
    whole = combine(", ".join(part.name for part in parts), parts, Priority.FIRST)
    return [replace(whole, expects_success=True)]


def _escape_first(raw: str) -> str:
    """Return the id with its first letter or digit escaped; one that begins with an escape stays as it is."""
    return f"%{ord(raw[0]):02X}{raw[1:]}" if raw[:1].isalnum() else raw


def trailing_slash(operation: Operation) -> list[Mutation]:
    """Return the mutation that removes the slash at the end of the path, or adds one."""

    def toggle(request: Request) -> Request:
        path, mark, query = request.target.partition("?")
        return replace(request, target=(path[:-1] if path.endswith("/") else f"{path}/") + mark + query)

    return [Mutation("no slash at the end" if operation.path.endswith("/") else "slash at the end", toggle)]


def on_last_id(operation: Operation, change: Callable[[str], str]) -> Callable[[Request], Request]:
    """Return the change of the last path parameter in its percent-encoded form."""
    before, _, rest = operation.encoded_path.rpartition("{")
    after = rest.partition("}")[2]
    literal = before.rpartition("}")[2]
    """The literal before this parameter: from the one before it, or from the start."""

    def apply(request: Request) -> Request:
        path, mark, query = request.target.partition("?")
        end = len(path) - len(after)
        start = path.rfind(literal, 0, end) + len(literal)
        return replace(request, target=path[:start] + change(path[start:end]) + after + mark + query)

    return apply


def on_last_value(operation: Operation, change: Callable[[str], str]) -> Callable[[Request], Request]:
    """Return the change of the last path parameter in its decoded form; what its style puts before it stays."""
    last = PATH_PARAMETER.findall(operation.path)[-1:]
    prefix = next((path_prefix(one) for one in operation.parameters_in("path") if [one.name] == last), "")
    # A plus sign is itself in a path; what reads it as a blank takes the path for a form.
    return on_last_id(operation, lambda raw: prefix + quote(change(unquote(raw.removeprefix(prefix))), safe="+"))
