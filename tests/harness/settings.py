"""What the user gives: environment variables and options, checked before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from contracts.errors import UsageError

SANDBOX = "https://api.sandbox.propexo.com"
TOKEN = "PROPEXO_TOKEN"  # noqa: S105 - the name of a variable, not a token
TOKEN_CHARACTERS = re.compile(r"[A-Za-z0-9._~+/=-]+")
"""RFC 6750, section 2.1."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Profile(StrEnum):
    """How much a run may send."""

    QUICK = "quick"
    NIGHTLY = "nightly"
    DEEP = "deep"

    @property
    def allowance(self) -> int:
        """Return the most requests per operation, everything counted."""
        return {Profile.QUICK: 45, Profile.NIGHTLY: 120, Profile.DEEP: 1000}[self]


class Secret(str):
    """A text that does not show itself in a repr, so that no traceback or log holds it."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return a placeholder."""
        return f"${TOKEN}"


@dataclass(frozen=True, slots=True)
class Target:
    """What is tested. `known` maps an environment variable to the values that the target knows for it."""

    kind: str
    url: str
    token: Secret = field(repr=False)
    known: Mapping[str, tuple[str, ...]]

    @property
    def local(self) -> bool:
        """Return whether the target is on this machine, where nobody else pays for speed."""
        return urlsplit(self.url).hostname in LOOPBACK


def target_from_environment(name: str, variables: Iterable[str], environment: Mapping[str, str]) -> Target:
    """Return the target `sandbox` or a base URL, with the values of those `variables` that are set.

    `UsageError` in one sentence if anything cannot be used.
    """
    url = SANDBOX if name == "sandbox" else name.rstrip("/")
    try:
        parts = urlsplit(url)
        whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        whole = False
    if not whole or any(character.isspace() for character in url):
        raise UsageError(f"--target takes mock, sandbox or a base URL such as http://127.0.0.1:4010, not {name!r}.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError("--target takes a base URL without credentials and query; the token goes into PROPEXO_TOKEN.")
    if not environment.get(TOKEN, "").strip():
        raise UsageError(f"Set {TOKEN} in the environment: --target {name} needs it.")
    token = environment[TOKEN].strip()
    if not TOKEN_CHARACTERS.fullmatch(token):
        raise UsageError(f"{TOKEN} holds characters that no bearer token has: give the bare token, without the scheme.")
    known = {
        variable: tuple(part.strip() for part in environment[variable].split(","))
        for variable in sorted(variables)
        if environment.get(variable, "").strip()
    }
    for variable, values in known.items():
        if not all(values):
            raise UsageError(f"{variable} holds an empty value: separate the values by single commas.")
    return Target("sandbox" if name == "sandbox" else "url", url, Secret(token), known)
