"""The ids in paths, and in required filters, that the contract says nothing of: their variables, and who lists them.

A listing serves a parameter
1. by a link of the document, from its response to the parameter,
2. by the path: `GET /v1/units/` lists what stands behind `/v1/units/{…}`,
3. by the name: `GET /v1/units/`, whose last step is a plural of `unit`, lists the values of `unit_id`.

A plural is the word with `s`, with `es`, or with `ies` in place of `y`; `-` and `_` are alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from contracts.model.json_value import Json
from contracts.openapi.document import Document
from contracts.openapi.extensions import SUPPLIED_BY
from contracts.openapi.operation import PATH_PARAMETER, Link, Operation
from contracts.openapi.parameters import Parameter
from contracts.openapi.schemas import properties

PREFIX: Final = "PROPEXO_"
MAX_VALUES: Final = 20
"""Ids that are taken from one page."""
MAX_LEVELS: Final = 3
"""Of objects around the list of records in a response."""
GIVEN: Final = frozenset({SUPPLIED_BY, "enum", "const"})
"""Keywords that say what to send."""
SAID: Final = GIVEN | {"example", "examples", "default", "x-control"}
"""Keywords after which nothing is made up."""


@dataclass(frozen=True, slots=True)
class Source:
    """A listing that shows values of a parameter: at the pointer of a link, or as one of these properties of items."""

    listing: Operation
    properties: tuple[str, ...]
    link: Link | None = None


def id_variables(operation: Operation) -> Mapping[str, str]:
    """Return the variable that gives values of each parameter that names something, by the parameter's name.

    These are the parameters of the path, and required parameters of the query whose name ends in `id`.
    """
    if operation.job_status:
        return {}  # the ids of jobs come from the responses that lead to them
    return {one.name: _variable(operation, one) for one in operation.parameters if _names_something(one)}


def body_variables(operation: Operation) -> Mapping[str, str]:
    """Return the variable that may give values of each property of the body that names something, by its name.

    These are properties whose name ends in `id`, of which the contract says nothing. A value is made up without it.
    """
    return {
        name: PREFIX + "_".join(words).upper()
        for name, schema in properties(operation.body or {})
        if (words := _words(name))[-1:] == ["id"] and len(words) > 1 and not (SAID & schema.keys())
    }


def sources_of(document: Document, operation: Operation, name: str) -> list[Source]:
    """Return the listings that may show values of a parameter, the most certain one first."""
    own = [one for one in document.operations if one.method == "GET" and one.supported and one is not operation]
    linked = [
        Source(one, (), link) for one in own for link in one.links if link.target == operation.id and link.name == name
    ]
    noun = _noun(operation, name)
    shown = tuple(dict.fromkeys((name, *([f"{noun}_id"] if noun else []), "id")))
    collection = _collection(operation, name)
    around = [Source(one, shown) for one in own if collection and _steps(one.path) == collection]
    plural = [Source(one, shown) for one in own if noun and _is_plural(_steps(one.path)[-1:], noun)]
    # A shorter path is the more general listing, and needs fewer ids.
    plural.sort(key=lambda source: len(_steps(source.listing.path)))
    found = [*linked, *around, *plural]
    return [source for at, source in enumerate(found) if source.listing not in [one.listing for one in found[:at]]]


def ids_in(body: Json, source: Source) -> tuple[str, ...]:
    """Return the values of a parameter in a listing's response, each once."""
    if source.link is not None:
        value = source.link.follow(body)
        values = [value]
    else:
        values = next(_columns(body, source.properties), [])
    return tuple(dict.fromkeys(str(value) for value in values if _is_id(value)))[:MAX_VALUES]


def _columns(body: Json, names: tuple[str, ...], level: int = 0) -> Iterator[list[Json]]:
    """Yield the values of the first of these properties that the objects of a list have, outer lists first."""
    if isinstance(body, list):
        items = [item for item in body if isinstance(item, dict)]
        yield from ([item[name] for item in items if name in item] for name in names if any(name in i for i in items))
    elif isinstance(body, dict) and level < MAX_LEVELS:
        for inner in sorted(body.values(), key=lambda value: not isinstance(value, list)):
            yield from _columns(inner, names, level + 1)


def _is_id(value: Json) -> bool:
    return (isinstance(value, str) and bool(value)) or (isinstance(value, int) and not isinstance(value, bool))


def _names_something(parameter: Parameter) -> bool:
    if GIVEN & parameter.schema.keys():
        return False
    in_query = parameter.location == "query" and parameter.required and _words(parameter.name)[-1:] == ["id"]
    return parameter.location == "path" or in_query


def _variable(operation: Operation, parameter: Parameter) -> str:
    noun = _noun(operation, parameter.name)
    words = [noun, "id"] if noun and parameter.name == "id" else _words(parameter.name)
    return PREFIX + "_".join(words).upper()


def _noun(operation: Operation, name: str) -> str:
    """Return what a parameter names, in one word: `unit` for `unit_id`, and for `id` behind `/units/`."""
    words = _words(name)
    if words != ["id"]:
        return "_".join(words[:-1] if words[-1:] == ["id"] else words)
    collection = _collection(operation, name)
    return _singular(collection[-1]) if collection else ""


def _collection(operation: Operation, name: str) -> list[str]:
    """Return the steps of the path in front of a parameter; none if it is not in the path."""
    before, found, _ = operation.path.partition(f"{{{name}}}")
    return _steps(before) if found else []


def _steps(path: str) -> list[str]:
    return [step for step in path.split("/") if step]


def _words(name: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", spaced) if word]


def _singular(word: str) -> str:
    plain = "_".join(_words(word))
    if plain.endswith("ies"):
        return f"{plain[:-3]}y"
    if plain.endswith(("uses", "sses", "xes", "ches", "shes")):
        return plain[:-2]
    return plain.removesuffix("s")


def _is_plural(steps: list[str], noun: str) -> bool:
    plurals = {f"{noun}s", f"{noun}es", f"{noun.removesuffix('y')}ies"}
    return bool(steps) and not PATH_PARAMETER.search(steps[-1]) and "_".join(_words(steps[-1])) in plurals
