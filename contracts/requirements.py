"""requirements.yaml -> `Requirement` values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from contracts.errors import ContractError
from contracts.openapi.operation import Operation
from contracts.openapi.traits import TRAITS
from contracts.untrusted.bounded_files import MAX_CONTRACT_FILE_BYTES, read_bytes
from contracts.untrusted.bounded_yaml import YamlError, read_yaml

LEVELS = ("must", "should")
BASES = ("stated", "example", "standard", "expected")
SCOPES = ("own", "all-exchanges")
ACCESS = ("none", "token", "write")
ID = re.compile(r"[A-Z]{1,20}-\d\d")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One numbered sentence that a target must or should satisfy; requirements.yaml explains the fields."""

    id: str
    group: str
    level: str
    basis: str
    sentence: str
    source: str
    applies_to: str
    scope: str
    access: str = ACCESS[-1]
    gates_because: str = ""
    recommended: str = ""

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


def load_requirements(file: Path) -> dict[str, Requirement]:
    """Read the requirements by id, in the file's order; `ContractError` in one sentence if one is malformed."""
    try:
        return dict(_requirements(file, read_bytes(file, MAX_CONTRACT_FILE_BYTES)))
    except OSError as error:
        raise ContractError(f"{file} cannot be read ({error.strerror}).") from error
    except YamlError as error:
        raise ContractError(f"{file} is {error}.") from error


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
            raise ContractError(f"Requirement {name} in {file} cannot be used: {problem}.")
        found[name] = Requirement(
            id=name,
            group=raw["groups"][name.partition("-")[0]],
            level=entry["level"],
            basis=entry["basis"],
            sentence=entry["sentence"],
            source=entry["source"],
            applies_to=entry["applies-to"],
            scope=entry["scope"],
            access=entry.get("access", ACCESS[-1]),
            gates_because=entry.get("gates-because", ""),
            recommended=entry.get("recommended", ""),
        )
    return found


def _problem(entry: dict[str, str], groups: dict[str, str]) -> str | None:
    name = str(entry.get("id"))
    choices = {"level": LEVELS, "basis": BASES, "applies-to": tuple(TRAITS), "scope": SCOPES}
    for field, allowed in choices.items():
        if entry.get(field) not in allowed:
            return f"`{field}` is {entry.get(field)!r}, not one of {', '.join(allowed)}"
    if entry.get("access", ACCESS[-1]) not in ACCESS:
        return f"`access` is {entry['access']!r}, not one of {', '.join(ACCESS)}"
    if not ID.fullmatch(name) or name.partition("-")[0] not in groups:
        return "its id is not GROUP-NN with one of the groups"
    if entry["level"] == "must" and not entry.get("gates-because"):
        return "a must says in `gates-because` why it gates"
    if entry["level"] != "must" and {"gates-because", "recommended"} & entry.keys():
        return "only a must has `gates-because` or `recommended`"
    if not entry.get("sentence", "").endswith("."):
        return "its sentence does not end with a full stop"
    if not entry.get("source", "").startswith("https://"):
        return "its source is not an https address"
    return None
