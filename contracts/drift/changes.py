"""What the differences between two descriptions of an operation mean for its clients.

The differences are found by the npm package `api-smart-diff`, which also decides what breaks a client, outside of
schemas. Tried on the changes of a vendor's document over two years, it decided this wrongly, or not at all, so that it
is decided here:

- a request property that is gone, and a response property that is gone, break (it says neither does);
- types: it takes every change of one in a request for breaking, and none in a response: null that a response may now
  hold breaks, an integer where a request took any number breaks, a wider type of a request does not;
- a request that only some values are left for (`enum` where there was none) breaks, and one that has no more list does
  not; in a response it is the other way round;
- limits, patterns and formats of a response: fewer values do not break; `additionalProperties: false` in a request
  does;
- a required request body where there was none breaks;
- the style of a parameter, and credentials, which it does not compare.

What neither decides: keywords that depend on values (`if`, `dependentSchemas`), `contains` and `discriminator` are
reported as not breaking, unless the package says otherwise. Whether two patterns or formats overlap is not asked: one
that changed breaks. Behaviour that no schema states is in no document.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import StrEnum

from contracts.drift.normal_form import ALTERNATIVES
from contracts.drift.pairing import Described
from contracts.drift.schema_rules import BOTH, RULED, SETS, Passes, passes_after
from contracts.drift.spots import Spot, Step, after_name, by_name, parameter_name, spot_at, value_at
from contracts.model.json_value import Json
from contracts.openapi.parameters import DEFAULT_STYLES

WORDS = frozenset({"title", "description", "summary", "$comment"})
STYLE = frozenset({"style", "explode"})
"""Compared together, with their defaults."""
LONGEST_VALUE = 100
"""Characters of a value in a sentence."""


class Kind(StrEnum):
    """What a change means for clients that were written by the contract."""

    BREAKING = "breaking"
    NOT_BREAKING = "not breaking"
    ELSEWHERE = "published elsewhere"
    """No change: the contract has this from other pages of the vendor's, and no published document has it."""
    WORDING = "wording"


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference as the library reports it: `steps` from the operation object, `verdict` its own decision.

    `action` is add, remove or replace; `before` and `after` are None where there is no value.
    """

    action: str
    steps: tuple[Step, ...]
    before: Json
    after: Json
    verdict: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an operation, in one sentence; `steps` lead to it, a parameter being a step of its name."""

    kind: Kind
    sentence: str
    steps: tuple[Step, ...]


def changes_between(before: Described, after: Described, differences: Sequence[Difference]) -> list[Change]:
    """Return the changes of an operation: those that the library found, and those that it does not look for."""
    # The library counts the parameters that there were, then those that were added.
    new = [
        one.after
        for one in differences
        if one.steps[:1] == ("parameters",) and len(one.steps) == len(("parameters", 0)) and one.action == "add"
    ]
    counted = [*before.form["parameters"], *new]
    spots = [spot_at(one.steps, counted) for one in differences]
    groups: dict[Spot, list[Difference]] = {}
    for spot, one in zip(spots, differences, strict=True):
        groups.setdefault(spot, []).append(one)
    found = [change for spot, group in groups.items() for change in _changes(spot, group, before.form, spots)]
    changes = [*_of_security(before, after), *_of_styles(before.form, after.form), *found]
    return [replace(change, steps=by_name(change.steps, counted)) for change in changes]


def _changes(spot: Spot, differences: Sequence[Difference], form: Json, all_spots: Sequence[Spot]) -> Iterator[Change]:
    if spot.name in WORDS and differences[0].verdict == "annotation":
        yield Change(Kind.WORDING, f"{_subject(spot)}: {spot.name} has other words", spot.steps)
    elif spot.keyword in RULED:
        yield from _of_keyword(spot, differences, form, all_spots)
    elif spot.keyword is not None:
        for one in differences:
            yield Change(_by_library(one), _sentence(spot, one.before, one.after), spot.steps)
    elif spot.container:
        for one in differences:
            yield _of_schema(spot, one, form, all_spots)
    elif spot.name not in STYLE:
        for one in differences:
            yield Change(_by_library(one), _sentence(spot, one.before, one.after), spot.steps)


def _of_keyword(
    spot: Spot, differences: Sequence[Difference], form: Json, all_spots: Sequence[Spot]
) -> Iterator[Change]:
    """Yield the change of a keyword that `schema_rules` decide, if there is one."""
    keyword = str(spot.keyword)
    if keyword in SETS:
        before, after = _lists(spot, differences, form)
        if keyword == "required":
            moved = {one.name for one in all_spots if _is_property_of(one, spot)}
            before, after = ([name for name in names or [] if name not in moved] for names in (before, after))
    else:
        before, after = differences[0].before, differences[0].after
    passes = passes_after(keyword, before, after)
    if passes or (keyword != "required" and before != after):
        yield Change(_kind(spot, passes), _sentence(spot, before, after), spot.steps)


def _lists(spot: Spot, differences: Sequence[Difference], form: Json) -> tuple[Json, Json]:
    """Return the entries of a set before and after; the library reports the entries that changed."""
    if differences[0].steps == spot.steps:
        return differences[0].before, differences[0].after
    found = value_at(form, spot.steps)
    before = found if isinstance(found, list) else [] if found is None else [found]
    gone = [one.before for one in differences if one.action != "add"]
    new = [one.after for one in differences if one.action != "remove"]
    after = [*(entry for entry in before if entry not in gone), *new]
    return before or None, after or None


def _is_property_of(one: Spot, required: Spot) -> bool:
    """Return whether a spot is a property, as a whole, of the schema that has this `required`."""
    return one.keyword is None and one.container == "properties" and one.steps[:-2] == required.steps[:-1]


def _of_schema(spot: Spot, difference: Difference, form: Json, all_spots: Sequence[Spot]) -> Change:
    """Return the change of a schema as a whole, by what it is in its container."""
    is_new, is_gone = difference.action == "add", difference.action == "remove"
    if spot.container == "properties" and (is_new or is_gone):
        return _of_property(spot, difference)
    passes: AbstractSet[Passes] = BOTH
    if spot.container in ALTERNATIVES:
        if is_new or is_gone:
            passes = {Passes.MORE if is_new != _is_first_or_last(spot, form, all_spots) else Passes.FEWER}
    elif is_new or is_gone:
        passes = {Passes.FEWER} if is_new else {Passes.MORE}
    return Change(_kind(spot, passes), _sentence(spot, difference.before, difference.after), spot.steps)


def _is_first_or_last(spot: Spot, form: Json, all_spots: Sequence[Spot]) -> bool:
    """Return whether there were no alternatives before this one, or are none after it, so that everything passed."""
    listed = value_at(form, spot.steps[:-1])
    if not isinstance(listed, list):
        around = value_at(form, spot.steps[:-2])
        return isinstance(around, dict) and around.keys() <= WORDS
    changed = {int(one.steps[-1]) for one in all_spots if not one.keyword and one.steps[:-1] == spot.steps[:-1]}
    return changed == set(range(len(listed)))


def _of_property(spot: Spot, difference: Difference) -> Change:
    if difference.action == "remove":
        return Change(Kind.BREAKING, f"{spot.where} is gone", spot.steps)
    required = difference.verdict == Kind.BREAKING and not spot.in_response
    kind = Kind.BREAKING if required else Kind.NOT_BREAKING
    return Change(kind, f"{spot.where} is new{' and required' if required else ''}", spot.steps)


def _kind(spot: Spot, passes: AbstractSet[Passes]) -> Kind:
    more_breaks = spot.in_response != spot.inverted
    if more_breaks and spot.in_response and spot.keyword == "additionalProperties":
        return Kind.NOT_BREAKING  # like a property that is new
    return Kind.BREAKING if (Passes.MORE if more_breaks else Passes.FEWER) in passes else Kind.NOT_BREAKING


def _by_library(difference: Difference) -> Kind:
    if difference.steps == ("requestBody",):
        needed = difference.after is None or difference.after.get("required") is True
        return Kind.BREAKING if needed else Kind.NOT_BREAKING
    kinds = {"breaking": Kind.BREAKING, "annotation": Kind.WORDING}
    return kinds.get(difference.verdict, Kind.NOT_BREAKING)


def _of_security(before: Described, after: Described) -> Iterator[Change]:
    if set(before.security) == set(after.security):
        return
    suffices = all(any(needed <= held for needed in after.security) for held in before.security)
    words = " → ".join(_alternatives(one.security) for one in (before, after))
    yield Change(Kind.NOT_BREAKING if suffices else Kind.BREAKING, f"credentials: {words}", ("security",))


def _alternatives(security: Sequence[frozenset[str]]) -> str:
    return " or ".join(" with ".join(sorted(one)) or "none" for one in security)


def _of_styles(before: Json, after: Json) -> Iterator[Change]:
    styles = {(one["name"], one["in"]): _style(one) for one in after.get("parameters", [])}
    for index, one in enumerate(before.get("parameters", [])):
        style = styles.get((one["name"], one["in"]))
        if style is not None and style != _style(one):
            sentence = f"{parameter_name(one)} is written in another style: {_style(one)} → {style}"
            yield Change(Kind.BREAKING, sentence, ("parameters", index))


def _style(parameter: Json) -> str:
    style = parameter.get("style", DEFAULT_STYLES.get(parameter["in"], ""))
    return f"{style}{', exploded' if parameter.get('explode', style in ('form', 'deepObject')) else ''}"


def _sentence(spot: Spot, before: Json, after: Json) -> str:
    subject = _subject(spot)
    whole = after if before is None else before
    if spot.keyword is None and None in (before, after) and isinstance(whole, dict):
        named = f": the alternative {_value(whole)}" if spot.container in ALTERNATIVES else ""
        return f"{subject}{named} is {'new' if before is None else 'gone'}"
    if spot.keyword in ("enum", "required") and isinstance(before, list) and isinstance(after, list):
        words = {
            "gains": [one for one in after if one not in before],
            "loses": [one for one in before if one not in after],
        }
        return f"{subject}: {spot.keyword} " + ", ".join(
            f"{verb} {_short(', '.join(map(_entry, names)))}" for verb, names in words.items() if names
        )
    label = f"{spot.keyword} " if spot.keyword else ""
    return f"{subject}: {label}{_value(before)} → {_value(after)}"


def _subject(spot: Spot) -> str:
    """Return what the sentence is about; parts without a schema are named by their last steps, too."""
    rest = [] if spot.container else [str(step) for step in after_name(spot.steps)]
    if not spot.container and spot.name in WORDS:
        rest = rest[:-1]
    return ", ".join(filter(None, [spot.where, " ".join(rest)])) or "the operation"


def _value(value: Json) -> str:
    if value is None:
        return "none"
    if isinstance(value, list) and not any(isinstance(entry, dict | list) for entry in value):
        return _short(" or ".join(map(_entry, value)))
    return _short(_entry(value))


def _entry(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
