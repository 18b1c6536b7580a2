"""How reports, history and known issues name a contract, and where the file with that name is."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]


def contract_name(file: Path) -> str:
    """Return the path of a contract: relative to the suite or else to the working folder, if it is inside.

    A name with an absolute path would differ between a laptop and CI, and with it history and known issues.
    """
    found = file.resolve()
    inside = next((folder for folder in (ROOT, Path.cwd()) if found.is_relative_to(folder)), None)
    return str(found.relative_to(inside) if inside else found)


def contract_file(name: str) -> Path:
    """Return the file that `contract_name` gave this name; without such a file a path in the working folder."""
    in_suite = ROOT / name
    return in_suite if in_suite.is_file() else Path(name).absolute()
