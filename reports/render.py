"""Render an Allure results folder into one HTML file that opens from disk.

    python -m reports.render RESULTS_DIR HTML_DIR [--title TEXT] [--history FILE]

The page is made in a private folder and moved into place at the end, so that runs at the same
time never meet. The last line printed is the path of the page.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

from reports.node import HERE, RenderError, allure

# Allure's page loads an analytics script. Nobody is to learn that a report is being read.
ANALYTICS = re.compile(
    rb'<script async src="https://www\.googletagmanager\.com/[^>]*></script>\s*<script>.*?</script>',
    re.DOTALL,
)
UNREADABLE = re.compile(r"error parsing (\S+)")
LOADED_FROM_ELSEWHERE = re.compile(rb"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=["']?https?:""")


def render(results: Path, html: Path, *, title: str | None = None, history: Path | None = None) -> Path:
    """Write ``html/index.html`` from the results in the folder ``results`` and return its path.

    ``title`` replaces the headline. ``history`` is a JSON-lines file: its earlier lines give the
    report its trends, and this run adds one. Raise `RenderError` when there can be no report.
    """
    written = sum(1 for _ in results.glob("*-result.json"))
    if not written:
        raise RenderError(f"no Allure results in {results}: run the suite with --alluredir first")
    html.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".render-", dir=html) as scratch:
        output, past = Path(scratch, "report").resolve(), Path(scratch, "history.jsonl").resolve()
        if history and history.exists():
            shutil.copyfile(history, past)
        # Allure takes its argument for a glob pattern, which a folder's name may look like.
        command = ["generate", ".", "--cwd", str(results.resolve())]
        command += ["--config", str(HERE / "allurerc.mjs"), "--output", str(output)]
        if headline := title or _verdict(results):
            command += ["--report-name", headline]
        said = allure(command, {"REPORT_HISTORY": str(past) if history else ""})
        _require_all_shown(written, output, said)
        page = output / "index.html"
        page.write_bytes(_self_contained(page.read_bytes()))
        if history:
            _append_last_line(past, history)
        return page.replace(html / "index.html")


def _verdict(results: Path) -> str | None:
    """Return the verdict that the run wrote into its environment file, or None where it wrote none."""
    file = results / "environment.properties"
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return next((line.removeprefix("Verdict=") for line in lines if line.startswith("Verdict=")), None)


def _require_all_shown(written: int, output: Path, said: str) -> None:
    """Raise unless each result is in the report: Allure drops some without an error."""
    shown = json.loads(Path(output, "summary.json").read_text("utf-8"))["stats"]["total"]
    if shown == written:
        return
    if unreadable := sorted(set(UNREADABLE.findall(said))):
        raise RenderError(f"Allure cannot read {', '.join(unreadable)}")
    raise RenderError(
        f"of {written} results the report would show {shown}: Allure takes results with"
        " the same full name and parameters for one that was repeated"
    )


def _self_contained(page: bytes) -> bytes:
    """Return the page without analytics, sure that it loads nothing over the network."""
    page = ANALYTICS.sub(b"", page)
    if LOADED_FROM_ELSEWHERE.search(page):
        raise RenderError("the page would load files over the network: this version of Allure is not understood")
    return page


def _append_last_line(source: Path, target: Path) -> None:
    """Add one line in one write, so that runs at the same time both keep theirs."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("ab", buffering=0) as file:
        file.write(source.read_bytes().splitlines(keepends=True)[-1])


def main() -> int:
    """Return the exit code: 0 with a report, 1 with a sentence why there is none."""
    parser = argparse.ArgumentParser(prog="python -m reports.render", description="Render Allure results.")
    parser.add_argument("results", metavar="RESULTS_DIR", type=Path, help="folder the suite wrote (--alluredir)")
    parser.add_argument("html", metavar="HTML_DIR", type=Path, help="folder to put index.html into")
    parser.add_argument("--title", help="headline of the report, for example the verdict")
    parser.add_argument("--history", metavar="FILE", type=Path, help="JSON-lines file with the runs before this one")
    chosen = parser.parse_args()
    try:
        print(render(chosen.results, chosen.html, title=chosen.title, history=chosen.history))
    except (RenderError, OSError) as error:
        print(f"no report: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
