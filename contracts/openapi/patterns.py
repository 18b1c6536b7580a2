"""Matching of a document's patterns in bounded time.

Document and text are both untrusted, and a pattern such as `^(a+)+$` takes a backtracking engine years. jsonschema-rs
implements ECMA-262 patterns, as JSON Schema requires. Its engine takes linear time for all but look-around and
back-references, which end after `MAX_BACKTRACKS` steps.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from random import Random
from typing import Any, Final

import jsonschema_rs
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import HypothesisSideeffectWarning, InvalidArgument, NoSuchExample, Unsatisfiable
from hypothesis.strategies import from_regex
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from contracts.model.json_value import Json

MAX_BACKTRACKS: Final = 100_000
"""Some milliseconds per text."""
MATCHING_EXAMPLES, MATCHING_SEED = 50, 1
MAX_COMPILED_BYTES: Final = 1_000_000
"""Of one pattern; nested counted repetitions would otherwise grow without bound."""
PATTERN_PROPERTIES: Final = "patternProperties"
TOKEN: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*+\]|.", re.DOTALL)
"""An escaped character, a class, or any other character."""
REPETITIONS: Final = frozenset("*+{")
LONGEST_PATTERN: Final = 1000
"""Characters; a longer pattern is assumed to backtrack."""
FEW_REPETITIONS: Final = 4
"""This many in sequence take a backtracking engine at most the fourth power of a text's length."""


def occurs(pattern: str, text: str) -> bool | None:
    """Return whether the text contains a match; None if the pattern is invalid or takes too long."""
    validator = _validator(pattern)
    if validator is None:
        return None
    text = _whole(text)
    if validator.is_valid(text):
        return True
    return False if all(error.kind.name == "pattern" for error in validator.iter_errors(text)) else None


def may_backtrack(pattern: str) -> bool:
    """Return whether a backtracking engine, such as Python's, may take unreasonably long for this pattern.

    It may if a group with repetitions or alternatives is repeated, or if there are many repetitions. Few such patterns
    do take long; others never do.
    """
    if len(pattern) > LONGEST_PATTERN:
        return True
    tokens = [*TOKEN.findall(pattern), ""]
    open_groups, repetitions = [False], 0
    for sign, following in pairwise(tokens):
        if sign == "(":
            open_groups.append(False)
        elif sign == ")" and len(open_groups) > 1:
            ambiguous = open_groups.pop()
            if ambiguous and following in REPETITIONS:
                return True
            open_groups[-1] |= ambiguous
        elif sign in REPETITIONS:
            repetitions += 1
            open_groups[-1] = True
        elif sign == "|":
            open_groups[-1] = True
    return repetitions > FEW_REPETITIONS


@lru_cache(maxsize=256)
def _validator(pattern: str) -> jsonschema_rs.Draft202012Validator | None:
    options = jsonschema_rs.FancyRegexOptions(backtrack_limit=MAX_BACKTRACKS, size_limit=MAX_COMPILED_BYTES)
    try:
        return jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=options)
    except (jsonschema_rs.ValidationError, ValueError):
        return None


def _pattern(_: Any, pattern: str, instance: Json, __: Json) -> Iterator[ValidationError]:
    if isinstance(instance, str) and occurs(pattern, instance) is False:
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Json, instance: Json, _: Json) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for pattern, schema in patterns.items():
            for name in [name for name in instance if occurs(pattern, name)]:
                yield from validator.descend(instance[name], schema, path=name, schema_path=pattern)


def _additional_properties(validator: Any, additional: Json, instance: Json, schema: Json) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    patterns = schema.get(PATTERN_PROPERTIES, ())
    # A name that some pattern may match need not be additional.
    rest = {name: instance[name] for name in instance if all(occurs(one, name) is False for one in patterns)}
    listed = {key: value for key, value in schema.items() if key != PATTERN_PROPERTIES}
    yield from Draft202012Validator.VALIDATORS["additionalProperties"](validator, additional, rest, listed)


def _unevaluated_properties(validator: Any, rest: Json, instance: Json, schema: Json) -> Iterator[ValidationError]:
    # jsonschema finds evaluated properties by matching patterns without a bound.
    if PATTERN_PROPERTIES not in repr(schema):
        yield from Draft202012Validator.VALIDATORS["unevaluatedProperties"](validator, rest, instance, schema)


def _is_pattern(text: object) -> bool:
    """Return whether this is a pattern by ECMA-262; Python's own parser fails at deep nesting."""
    return not isinstance(text, str) or jsonschema_rs.is_valid({"format": "regex"}, _whole(text), validate_formats=True)


def _whole(text: str) -> str:
    """Return the text with lone surrogates replaced: no engine accepts them."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


FORMATS: Final = FormatChecker(())
"""The formats of draft 2020-12 that jsonschema checks, each within a bound."""
FORMATS.checkers = {**Draft202012Validator.FORMAT_CHECKER.checkers, "regex": (_is_pattern, ())}
KEYWORDS: Final[Mapping[str, Any]] = {
    "pattern": _pattern,
    PATTERN_PROPERTIES: _pattern_properties,
    "additionalProperties": _additional_properties,
    "unevaluatedProperties": _unevaluated_properties,
}
"""jsonschema's keywords that match patterns, within the bound; an undecided match is no violation."""


@lru_cache(maxsize=256)
def matching_text(pattern: str, shortest: int, longest: int) -> str | None:
    """Return a simple string that matches a pattern, the same one every time; None if none is found soon."""
    if may_backtrack(pattern):
        return None
    # Hypothesis begins with the simplest text; to look for a simpler one than the first that does takes a second.
    quiet = settings(
        max_examples=MATCHING_EXAMPLES,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    try:
        with warnings.catch_warnings():
            # A document is read while pytest starts, which Hypothesis takes for a slow plugin.
            warnings.simplefilter("ignore", HypothesisSideeffectWarning)
            return find(
                from_regex(re.compile(pattern, re.ASCII)),
                lambda text: shortest <= len(text) <= longest and occurs(pattern, text) is not False,
                settings=quiet,
                random=Random(MATCHING_SEED),  # noqa: S311 - no secret
            )
    # The last two: a pattern that Python's engine does not take, for example.
    except (NoSuchExample, Unsatisfiable, InvalidArgument, re.error):
        return None
