"""requirements.yaml -> `Requirement` values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from contracts.errors import ContractError
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from contracts.openapi.traits import TRAITS, includes
from contracts.untrusted.bounded_files import MAX_CONTRACT_FILE_BYTES, read_bytes
from contracts.untrusted.bounded_yaml import YamlError, read_yaml

LEVELS = ("must", "should")
BASES = ("stated", "example", "standard", "expected")
SCOPES = ("own", "all-exchanges")
ACCESS = ("none", "token", "write")
ID = re.compile(r"[A-Z]{1,20}-\d\d")
MAX_VIOLATION_CHARACTERS = 90
"""A violation is the title of a finding: one line of a terminal, with its number."""


@dataclass(frozen=True, slots=True)
class FixHint:
    """Why targets usually violate a requirement, and how to mend that; `sources` are https addresses.

    Code in the two texts is between backticks.
    """

    usually_because: str
    to_mend: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One numbered sentence that a target must or should satisfy; requirements.yaml explains the fields.

    `unfinished` says what its entry lacks; it is empty in every run.
    """

    id: str
    group: str
    level: str
    basis: str
    sentence: str
    violation: str
    source: str
    applies_to: str
    scope: str
    fix: FixHint
    access: str = ACCESS[-1]
    gates_because: str = ""
    recommended: str = ""
    implied_by: tuple[str, ...] = ()
    unfinished: str = ""

    @property
    def gates(self) -> bool:
        """Return whether a violation fails the run."""
        return self.level == "must"

    @property
    def checks_all_exchanges(self) -> bool:
        """Return whether it is checked on all exchanges of an operation's run, not only on its own requests."""
        return self.scope == "all-exchanges"

    def applies(self, operation: Operation) -> bool:
        """Return whether the operation has the trait that this requirement applies to."""
        return self.applies_to in operation.traits


def load_requirements(file: Path, *, allow_unfinished: bool = False) -> dict[str, Requirement]:
    """Read the requirements by id, in the file's order; `ContractError` in one sentence if one is malformed.

    With `allow_unfinished` an entry may lack texts, as it does while somebody writes it.
    """
    try:
        found = dict(_requirements(file, read_bytes(file, MAX_CONTRACT_FILE_BYTES)))
    except OSError as error:
        raise ContractError(f"{file} cannot be read ({error.strerror}).") from error
    except YamlError as error:
        raise ContractError(f"{file} is {error}.") from error
    for requirement in found.values():
        if requirement.unfinished and not allow_unfinished:
            raise _malformed(requirement.id, file, requirement.unfinished)
    return found


@lru_cache(maxsize=8)
def _requirements(file: Path, content: bytes) -> dict[str, Requirement]:
    raw = read_yaml(content)
    found: dict[str, Requirement] = {}
    for entry in raw["requirements"]:
        name = str(entry.get("id"))
        problem = _problem(entry, raw["groups"])
        if name in found:
            problem = "its id is given twice"
        if problem:
            raise _malformed(name, file, problem)
        fix = entry.get("fix")
        hint = fix if isinstance(fix, dict) else {}
        found[name] = Requirement(
            id=name,
            group=raw["groups"][name.partition("-")[0]],
            level=entry["level"],
            basis=entry["basis"],
            sentence=_text(entry, "sentence"),
            violation=_text(entry, "violation"),
            source=_text(entry, "source"),
            applies_to=entry["applies-to"],
            scope=entry["scope"],
            fix=FixHint(_text(hint, "usually-because"), _text(hint, "to-mend"), tuple(_addresses(hint.get("sources")))),
            access=entry.get("access", ACCESS[-1]),
            gates_because=_text(entry, "gates-because"),
            recommended=_text(entry, "recommended"),
            implied_by=tuple(entry.get("implied-by", ())),
            unfinished=_text_problem(entry) or "",
        )
    for requirement in found.values():
        if problem := _implication_problem(requirement, found):
            raise _malformed(requirement.id, file, problem)
    return found


def _text(entry: Mapping[str, Json], name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def _addresses(sources: Json) -> list[str]:
    return [one for one in sources if isinstance(one, str)] if isinstance(sources, list) else []


def _malformed(name: str, file: Path, problem: str) -> ContractError:
    return ContractError(f"Requirement {name} in {file} cannot be used: {problem}.")


def _implication_problem(requirement: Requirement, known: Mapping[str, Requirement]) -> str | None:
    for name in requirement.implied_by:
        if name not in known:
            return f"`implied-by` names {name}, which is not in this file"
        if not includes(known[name].applies_to, requirement.applies_to):
            return (
                f"`implied-by` names {name}, which does not apply to every operation that this one applies to "
                f"({known[name].applies_to}, {requirement.applies_to})"
            )
        if requirement.id in _implying(name, known):
            return f"`implied-by` names {name}, which is implied by {requirement.id}"
    return None


def _implying(name: str, known: Mapping[str, Requirement]) -> set[str]:
    """Return the id and those of the requirements that imply it, directly or through others."""
    found: set[str] = set()
    left = [name]
    while left:
        if (one := left.pop()) not in found and one in known:
            found.add(one)
            left.extend(known[one].implied_by)
    return found


def _problem(entry: Mapping[str, Json], groups: Mapping[str, str]) -> str | None:
    name = str(entry.get("id"))
    choices = {"level": LEVELS, "basis": BASES, "applies-to": tuple(TRAITS), "scope": SCOPES}
    for field, allowed in choices.items():
        if entry.get(field) not in allowed:
            return f"`{field}` is {entry.get(field)!r}, not one of {', '.join(allowed)}"
    if entry.get("access", ACCESS[-1]) not in ACCESS:
        return f"`access` is {entry['access']!r}, not one of {', '.join(ACCESS)}"
    if not ID.fullmatch(name) or name.partition("-")[0] not in groups:
        return "its id is not GROUP-NN with one of the groups"
    if entry["level"] != "must" and {"gates-because", "recommended"} & entry.keys():
        return "only a must has `gates-because` or `recommended`"
    implied_by = entry.get("implied-by", [])
    if not isinstance(implied_by, list) or not all(isinstance(name, str) for name in implied_by):
        return "`implied-by` is not a list of ids"
    return None


def _text_problem(entry: Mapping[str, Json]) -> str | None:
    """Return what a text of an entry lacks; the requirement can be shown all the same."""
    if not _text(entry, "sentence").endswith("."):
        return "its sentence does not end with a full stop"
    if entry["level"] == "must" and not entry.get("gates-because"):
        return "a must says in `gates-because` why it gates"
    violation = entry.get("violation")
    if not isinstance(violation, str) or not violation.endswith("."):
        return "`violation` is not a sentence that ends with a full stop"
    if len(violation) > MAX_VIOLATION_CHARACTERS:
        return f"`violation` has {len(violation)} characters, {MAX_VIOLATION_CHARACTERS} at most"
    if not _is_https(entry.get("source")):
        return "its source is not an https address"
    return _fix_problem(entry.get("fix"))


def _fix_problem(fix: Json) -> str | None:
    if not isinstance(fix, dict) or fix.keys() != {"usually-because", "to-mend", "sources"}:
        return "`fix` does not have exactly `usually-because`, `to-mend` and `sources`"
    for name in ("usually-because", "to-mend"):
        if not isinstance(fix[name], str) or not fix[name].endswith("."):
            return f"`{name}` is not a sentence that ends with a full stop"
        if fix[name].count("`") % 2:
            return f"a backtick in `{name}` is not closed"
    sources = fix["sources"]
    if not isinstance(sources, list) or not sources or not all(map(_is_https, sources)):
        return "`sources` is not a list of https addresses"
    return None


def _is_https(address: Json) -> bool:
    return isinstance(address, str) and address.startswith("https://")
