"""README, CONTRIBUTING and the pages: their links lead somewhere, and their commands, options and exit codes exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.model.exit_codes import ExitCode
from tests.support.suite_process import ROOT

README = ROOT / "README.md"
PAGES = sorted((ROOT / ".github" / "pages").glob("*.md"))
GUIDES = (README, ROOT / "CONTRIBUTING.md", *PAGES)
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
GOLDEN_NAMES = ROOT / "tests" / "e2e" / "golden" / "names.json"
README_LINES = 160
PYTESTS_OWN = {"--strict", "--hypothesis-seed", "-n"}
"""Options of the table that other plugins, or pytest itself, add."""

each_guide = pytest.mark.parametrize("guide", GUIDES, ids=lambda file: file.name)


def anchors(text: str) -> set[str]:
    """Return the anchors of the headings, as GitHub makes them: lower case, blanks as hyphens, no punctuation."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(guide: Path) -> Iterator[str]:
    """Yield the relative links of a guide that lead to no file of the repository, or to no heading of it."""
    for link in re.findall(r"\]\(([^)\s]+)\)", guide.read_text("utf-8")):
        path, _, anchor = link.partition("#")
        file = (guide.parent / path).resolve() if path else guide
        if "://" in link:
            continue
        if not file.is_relative_to(ROOT) or not file.is_file() or (anchor and anchor not in anchors(file.read_text())):
            yield link


def commands(text: str) -> list[str]:
    """Return what follows `make` in each command of a guide: in indented lines and between backquotes."""
    return re.findall(r"(?:^ {4}|`|&& )make ([a-z-]+[^#`&\n]*)", text, re.MULTILINE)


@each_guide
def test_links_lead_to_files_and_headings(guide: Path) -> None:
    assert list(dead_links(guide)) == []


def test_link_to_no_file_and_to_no_heading_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    (tmp_path / "page.md").write_text(
        "# A page: with a name\n\n[one](#a-page-with-a-name) [two](#b) [three](none.md)\n"
    )
    assert list(dead_links(tmp_path / "page.md")) == ["#b", "none.md"]


@each_guide
def test_commands_of_make_have_targets_and_variables(guide: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE)) | {"test-unit", "test-e2e", "test-detection"}
    variables = set(re.findall(r"^([A-Z]+) \?=", MAKEFILE, re.MULTILINE))
    for command in commands(guide.read_text("utf-8")):
        assert command.split()[0] in targets, command
        assert set(re.findall(r"\b([A-Z]+)=", command)) <= variables, command


def test_every_page_is_linked_from_the_readme() -> None:
    text = README.read_text("utf-8")
    assert [page.name for page in PAGES if f"(.github/pages/{page.name}" not in text] == []


def test_readme_is_short() -> None:
    assert len(README.read_text("utf-8").splitlines()) <= README_LINES


def test_page_of_options_lists_every_option() -> None:
    text = (ROOT / ".github" / "pages" / "options.md").read_text("utf-8")
    listed = set(re.findall(r"^\| `(-[-\w]+)` \|", text, re.MULTILINE))
    assert listed == PYTESTS_OWN | set(json.loads(GOLDEN_NAMES.read_text("utf-8"))["options"])


@pytest.mark.parametrize("guide", [README, ROOT / ".github" / "pages" / "results.md"], ids=lambda file: file.name)
def test_table_of_exit_codes_has_every_code_once(guide: Path) -> None:
    table = guide.read_text("utf-8").partition("| exit code |")[2].partition("\n\n")[0]
    codes = [int(code) for row in re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE) for code in row.split(",")]
    assert codes == sorted(ExitCode)
