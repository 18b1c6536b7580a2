"""The commands that the reader of a message has: those of `make` in a checkout, elsewhere `propexo-conformance`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

IN_CHECKOUT: Final = (Path(__file__).parents[1] / "Makefile").is_file()
"""Whether the suite runs from its checkout: pip installs no Makefile."""
INSTALLED: Final = "propexo-conformance"
TEST: Final = "conformance"
INSTALLED_WORDS: Final = {TEST: "run"}
"""Words of the installed command, by those of `make` that differ."""


def command(word: str, *options: str, cause: str = "", target: str = "", contract: str = "") -> str:
    """Return a command line that can be pasted: `word` is a target of the Makefile, `options` are those of its command.

    `cause`, `target` and `contract` are what it is about, where it takes them.
    """
    if IN_CHECKOUT:
        variables = {"CAUSE": cause, "TARGET": target, "CONTRACT": contract, "ARGS": shlex.join(options)}
        given = [f"{name}={shlex.quote(value)}" for name, value in variables.items() if value]
        return " ".join(["make", word, *given])
    named = [
        part for name, value in (("--target", target), ("--contract", contract)) if value for part in (name, value)
    ]
    return shlex.join([INSTALLED, INSTALLED_WORDS.get(word, word), *filter(None, [cause]), *named, *options])


def program(word: str, module: str) -> str:
    """Return the name of a command in its own usage: `module` implements the word of `make`."""
    return f"python -m {module}" if IN_CHECKOUT else f"{INSTALLED} {INSTALLED_WORDS.get(word, word)}"
