"""The folder that runs write to: in the suite's checkout its reports/, elsewhere conformance/ in the working folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reports.run.contract_names import ROOT

OF_THE_SUITE = ROOT / "reports"
ELSEWHERE = Path("conformance")


@dataclass(frozen=True, slots=True)
class OutputFolder:
    """A folder, and what is where below it."""

    root: Path

    @property
    def results(self) -> Path:
        """Return the folder with a folder of files for each run."""
        return self.root / "results"

    @property
    def latest(self) -> Path:
        """Return the link to the folder of the last run with results."""
        return self.results / "latest"

    @property
    def html(self) -> Path:
        """Return the folder of the page."""
        return self.root / "html"

    @property
    def history(self) -> Path:
        """Return the file of earlier runs; the trends of the page are beside it."""
        return self.root / "history" / "findings.jsonl"

    @property
    def known_issues(self) -> Path:
        """Return the file of known issues, which may not exist yet."""
        return (ROOT / "contracts" if self._of_the_suite else self.root) / "known-issues.yaml"

    @property
    def cache(self) -> Path:
        """Return pytest's cache."""
        return (ROOT if self._of_the_suite else self.results) / ".pytest_cache"

    @property
    def _of_the_suite(self) -> bool:
        return self.root.resolve() == OF_THE_SUITE


def default_folder() -> Path:
    """Return the folder for a run that names none."""
    return OF_THE_SUITE if Path.cwd() == ROOT else ELSEWHERE
