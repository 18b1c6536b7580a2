"""The settings that a run against a mock needs, as lines of a .env file."""

from __future__ import annotations

from collections.abc import Mapping


def env_block(token: str, known: Mapping[str, tuple[str, ...]]) -> str:
    """Return a heading and a line for each variable."""
    lines = [f"PROPEXO_TOKEN={token}", *(f"{name}={','.join(values)}" for name, values in known.items())]
    return "\n".join(["# To paste into .env:", *lines])
