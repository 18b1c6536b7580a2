"""What a target says of a request that it rejects, and what its values have to be for it to be accepted."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from urllib.parse import unquote_to_bytes

from contracts.checks.preview import preview
from contracts.model.http import Exchange
from contracts.model.json_value import get_path
from contracts.openapi.extensions import SUPPLIED_BY
from contracts.openapi.operation import Operation
from contracts.openapi.schemas import properties
from tests.harness.run.path_ids import SAID, body_variables, id_variables


def reason_of(rejected: Exchange) -> str:
    """Return the reason that the target gives for a rejection: its error message, or the text of its answer."""
    if rejected.response is None:
        return rejected.status_or_fault
    error = get_path(rejected.response.json(), ("error",))
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return preview(rejected.response.body) or "no reason given"
    details = {name: value for name, value in error.items() if name not in ("code", "message")}
    text = f"{error['message']} {json.dumps(details, ensure_ascii=False)}" if details else error["message"]
    return preview(text.encode(errors="replace"))


def values_in(exchanges: Iterable[Exchange], values: Iterable[str]) -> list[str]:
    """Return those of the values that stand in the requests."""
    sent = [(one.request.body or b"") + unquote_to_bytes(one.request.target) for one in exchanges]
    return [value for value in values if any(value.encode() in text for text in sent)]


def used_values_text(used: Mapping[str, Sequence[str]]) -> str:
    """Return a sentence on the values, by variable, that rejected controls had; an empty text if they had none."""
    named = [f"{name}={', '.join(values)}" for name, values in used.items() if values]
    return f"The values used were {'; '.join(named)}: give others that the target can act on." if named else ""


def made_up_values_text(operation: Operation, rejected: Exchange, variables: Collection[str]) -> str:
    """Return a sentence on what to give the values of a rejected control that no setting gave; `variables` could have.

    Where the target names properties or parameters, it is about these.
    """
    if variables:
        return f"Give values that it can act on in {', '.join(variables)}."
    made_up = list(_made_up(operation))
    reason = rejected.response.body.decode(errors="replace") if rejected.response else ""
    named = [name for name in made_up if name in reason] or made_up
    if not named:
        return "Describe in the document what it accepts: the request holds nothing that was made up."
    one = len(named) == 1
    what = f"The value of {named[0]} is" if one else f"The values of {', '.join(named)} are"
    given = {**id_variables(operation), **body_variables(operation)}
    setting = " and ".join(given[name] for name in named if name in given)
    either = f"set {setting}, or " if setting else ""
    advice = f"{either}add an `example` or `{SUPPLIED_BY}` to {'it' if one else 'each'} in the document"
    return f"{what} made up: {advice}."


def _made_up(operation: Operation) -> Iterator[str]:
    """Yield the required properties and parameters for which the document gives no value."""
    required = (operation.body or {}).get("required", ())
    yield from (
        name for name, schema in properties(operation.body or {}) if name in required and not SAID & schema.keys()
    )
    yield from (one.name for one in operation.parameters if one.required and not SAID & one.schema.keys())
