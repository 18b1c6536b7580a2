"""Render an Allure results folder into one HTML file that opens from disk.

    python -m reports.site.render RESULTS_DIR HTML_DIR [--trends FOLDER]

The page is made in a private folder and moved into place at the end, so that runs at the same
time never meet. The last line printed is the path of the page.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from contracts.untrusted import sanitize, strict_json
from contracts.untrusted.bounded_files import MEGABYTE, read_bytes
from reports.site.allure import RenderError, allure

# Allure's page loads an analytics script. Nobody is to learn that a report is being read.
ANALYTICS = re.compile(
    rb'<script async src="https://www\.googletagmanager\.com/[^>]*></script>\s*<script>.*?</script>',
    re.DOTALL,
)
# Allure cuts facts off after a few words and texts after a few lines, and it scrolls past the verdict as it opens.
READABLE = b"""<style>
[data-testid=metadata-list]{grid-template-columns:1fr!important}
[data-testid=metadata-item-value] *{white-space:normal!important;max-width:none!important}
[data-testid=markdown-attachment-preview] iframe{height:65vh}
</style>
<script>
const stay = ({ target }) => { target.scrollTop = 0; };
document.addEventListener("scroll", stay, true);
for (const moved of ["keydown", "mousedown", "pointerdown", "touchstart", "wheel"])
  addEventListener(moved, () => document.removeEventListener("scroll", stay, true), true);
</script>"""
# The page's data: each file of it in base64. Packed, it is a tenth of that.
DATA = re.compile(rb"""Promise\.allSettled\(\[((?:d\("[^"]*","[^"]*"\),?)*)\]\)""")
ENTRY = re.compile(rb"""d\("([^"]*)","([^"]*)"\)""")
UNPACK = b"""(async () => {
  const bytes = Uint8Array.from(atob("%s"), (character) => character.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  for (const [name, text] of Object.entries(await new Response(unpacked).json())) d(name, btoa(text));
})()"""
UNFINISHED = "No verdict: the run did not come to its end"
RUNS_KEPT = 30
LOCK_SECONDS = 30
MAX_FACTS_BYTES = MEGABYTE
"""Of a file with facts of a run: its verdict, its target."""
MAX_TREND_BYTES = 200 * MEGABYTE
"""Of `RUNS_KEPT` runs, as Allure keeps them."""
UNREADABLE = re.compile(r"error parsing (\S+)")
LOADED_FROM_ELSEWHERE = re.compile(rb"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=["']?https?:""")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page, and what the quality gate has against the run: a sentence each, none if it lets the run pass.

    `unreadable` counts the earlier runs that the trend goes on without.
    """

    page: Path
    complaints: tuple[str, ...]
    unreadable: int


def render(results: Path, html: Path, trends: Path | None = None) -> Rendered:
    """Write ``html/index.html`` from the results in the folder ``results``.

    ``trends`` is a folder with a file of earlier runs for each target and contract: they give the report its trends,
    and this run is added. Raise `RenderError` when there can be no report.
    """
    written = sum(1 for _ in results.glob("*-result.json"))
    if not written:
        raise RenderError(f"no Allure results in {results}: run the suite with --alluredir first")
    history = trends / trend_of(results) if trends else None
    html.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".render-", dir=html) as scratch:
        output, past = Path(scratch, "report").resolve(), Path(scratch, "history.jsonl").resolve()
        earlier, unreadable = _earlier(history)
        past.write_bytes(b"".join(earlier))
        said = allure(
            [str(results.resolve()), str(output), _title(results)], {"REPORT_HISTORY": str(past) if history else ""}
        )
        _require_all_shown(written, output, said)
        page = output / "index.html"
        page.write_bytes(_packed(_self_contained(page.read_bytes())))
        if history:
            _append_last_line(past, history)
        return Rendered(page.replace(html / "index.html"), tuple(json.loads(said.splitlines()[-1])), unreadable)


def trend_of(results: Path) -> str:
    """Return the name of the file that keeps the runs of the same target and contract."""
    facts = dict(line.partition("=")[::2] for line in _lines(results / "environment.properties"))
    scope = f"{facts.get('Target', 'unknown')} {facts.get('Contract', '')}".strip()
    return re.sub(r"[^A-Za-z0-9.]+", "-", scope) + ".jsonl"


def _title(results: Path) -> str:
    """Return the headline that the run wrote into its executor file: what was killed wrote none."""
    told = strict_json.read("".join(_lines(results / "executor.json")).encode()).value
    return str(told.get("reportName", UNFINISHED)) if isinstance(told, dict) else UNFINISHED


def _lines(file: Path) -> list[str]:
    if not file.exists():
        return []
    return read_bytes(file, MAX_FACTS_BYTES).decode("utf-8", errors="replace").splitlines()


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
    """Return the page without analytics, verdict and facts in full view, sure that it loads nothing from elsewhere."""
    page = ANALYTICS.sub(b"", page).replace(b"</head>", READABLE + b"</head>", 1)
    if LOADED_FROM_ELSEWHERE.search(page):
        raise RenderError("the page would load files over the network: this version of Allure is not understood")
    return page


def _packed(page: bytes) -> bytes:
    """Return the page with its data compressed, unpacked by the browser when it is opened."""
    data = DATA.search(page)
    if data is None:
        raise RenderError("the page holds its data in another way: this version of Allure is not understood")
    # One character for each byte: that is what btoa takes.
    files = {name.decode(): base64.b64decode(value).decode("latin-1") for name, value in ENTRY.findall(data[1])}
    packed = base64.b64encode(gzip.compress(json.dumps(files, ensure_ascii=False).encode(), mtime=0))
    return page[: data.start()] + UNPACK % packed + page[data.end() :]


def _earlier(history: Path | None) -> tuple[list[bytes], int]:
    """Return the lines of earlier runs, and the number of lines that tell of none: Allure would give up at one."""
    content = read_bytes(history, MAX_TREND_BYTES) if history and history.exists() else b""
    lines = content.splitlines(keepends=True)
    told = [line for line in lines if _tells_of_a_run(line)]
    return told, len(lines) - len(told)


def _tells_of_a_run(line: bytes) -> bool:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return line.endswith(b"\n") and isinstance(value, dict) and {"uuid", "timestamp", "testResults"} <= value.keys()


def _append_last_line(source: Path, target: Path) -> None:
    """Add this run to those kept, the newest of them, so that runs at the same time both keep theirs."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_suffix(".lock"), timeout=LOCK_SECONDS):
        before, _ = _earlier(target)
        added = source.read_bytes().splitlines(keepends=True)[-1]
        fresh = source.with_suffix(".new")
        fresh.write_bytes(b"".join([*before, added][-RUNS_KEPT:]))
        shutil.move(fresh, target)


def main() -> int:
    """Return the exit code: 0 with a report, 1 with a sentence why there is none."""
    parser = argparse.ArgumentParser(prog="python -m reports.site.render", description="Render Allure results.")
    parser.add_argument("results", metavar="RESULTS_DIR", type=Path, help="folder the suite wrote (--alluredir)")
    parser.add_argument("html", metavar="HTML_DIR", type=Path, help="folder to put index.html into")
    parser.add_argument("--trends", metavar="FOLDER", type=Path, help="folder with the runs before this one")
    chosen = parser.parse_args()
    try:
        rendered = render(chosen.results, chosen.html, chosen.trends)
    except (RenderError, OSError) as error:
        print(sanitize.text(f"no report: {error}"), file=sys.stderr)
        return 1
    if rendered.unreadable:
        print(
            f"{rendered.unreadable} earlier runs in {chosen.trends} could not be read: the trend goes on without them."
        )
    print(sanitize.text(f"Quality gate: {'; '.join(rendered.complaints) or 'passed'}."))
    print(rendered.page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
