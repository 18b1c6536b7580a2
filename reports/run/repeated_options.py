"""The options of a run that change what is judged, as its summary has them and as a replay repeats them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from reports.run.contract_names import contract_file, contract_name

REPEATED: Final = (
    "--overlay",
    "--access",
    "--allow-production",
    "--allow-writes",
    "--operation",
    "--env-file",
    "--redact",
)
"""Target, contract, profile and seed have keys of their own in a summary."""
FILES: Final = frozenset({"--overlay", "--env-file"})


def options_of(value_of: Callable[[str], Any]) -> dict[str, Any]:
    """Return the value of each option by its key in a summary; `value_of` returns it by the option's name."""
    found = {}
    for option in REPEATED:
        value = value_of(option)
        if option in FILES and value:
            value = [_name(file) for file in value] if isinstance(value, list) else _name(value)
        found[key_of(option)] = value
    return found


def arguments_of(options: Mapping[str, Any], *, same_target: bool) -> Iterator[str]:
    """Yield the arguments by which a replay repeats the options of a summary.

    Operations are named only for --allow-writes: a replay tests those of its findings. What was allowed for one target
    is not for another.
    """
    for option in REPEATED:
        is_of_the_target = option in ("--allow-production", "--allow-writes", "--env-file", "--operation")
        if is_of_the_target and not same_target:
            continue
        if option == "--operation" and not options.get(key_of("--allow-writes")):
            continue
        yield from _arguments(option, options)


def arguments_to_merge(options: Mapping[str, Any]) -> Iterator[str]:
    """Yield the arguments that repeat the options of shards, but for the file of settings: nothing is sent."""
    for option in REPEATED:
        if option != "--env-file":
            yield from _arguments(option, options)


def _arguments(option: str, options: Mapping[str, Any]) -> Iterator[str]:
    value = options.get(key_of(option))
    if value is True:
        yield option
        return
    for one in value if isinstance(value, list) else [value]:
        if one:
            yield f"{option}={contract_file(one) if option in FILES else one}"


def key_of(option: str) -> str:
    """Return the key of an option in a summary."""
    return option.removeprefix("--").replace("-", "_")


def _name(file: str) -> str:
    return contract_name(Path(file))
