"""Render an Allure results folder into one HTML file that opens from disk.

    python -m reports.site.render RESULTS_DIR HTML_DIR [--trends FOLDER]

The page is made in a private folder and moved into place at the end, so that parallel runs do not interfere.
The last line printed is the path of the page.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from contracts.standard_streams import run_command
from contracts.untrusted import strict_json
from contracts.untrusted.bounded_files import MEGABYTE, read_bytes
from reports.output.console import fail, show
from reports.run.counts import pluralize
from reports.site.allure import RenderError, allure

# Allure's page loads an analytics script, which would disclose who reads a report.
ANALYTICS = re.compile(
    rb'<script async src="https://www\.googletagmanager\.com/[^>]*></script>\s*<script>.*?</script>',
    re.DOTALL,
)
# Allure truncates metadata and texts, scrolls past the headline when it opens, and cuts off the end of a long note. Its
# ring shows a rate of success, which is high where the contract is broken; its numbers of rows differ from tab to tab,
# and only causes have a number. What ran the suite is a row above the causes.
READABLE = b"""<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
[role=img][aria-label^="Success rate"],article:has(>[aria-label^="Success rate"]),
:has(>[class*=report-logo]),[data-testid=metadata-item-new],[data-testid=tree-leaf-order]{display:none!important}
[data-testid=metadata-list]{display:flex!important;flex-direction:column;gap:6px!important}
[data-testid=metadata-item]{display:grid!important;align-items:start!important}
[data-testid=metadata-item]{grid-template-columns:112px 1fr!important;gap:0 12px!important}
[data-testid=metadata-item]:first-child:has(~*){order:1}
[data-testid=metadata-item] *{max-width:none!important;white-space:normal!important;overflow-wrap:anywhere}
[data-testid=metadata-item-value] div{background:none!important;padding:0!important}
[data-testid=metadata-item-value] span{font:inherit!important;line-height:1.4!important}
[data-testid=metadata-item] *{min-height:0!important;height:auto!important}
[data-testid=metadata-item-key]{font-weight:600!important;line-height:1.4!important;padding:0!important}
[data-testid=tree-leaf-title]{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
@media(max-width:600px){*{scrollbar-width:none}
[data-testid=metadata-item],[data-testid=metadata-item] *{display:inline!important;font-size:13px!important}
[data-testid=metadata-item]{display:block!important}
[data-testid=metadata-item-key]{margin-right:6px}
div:has(>div>[data-testid=metadata-item-total]),:has(>[data-testid=base-layout])~div,
div:has(>[data-testid=metadata-list])>button:first-child{display:none!important}
div:has(>[data-testid=metadata-list]){padding:8px 0 12px!important}
[data-testid=base-layout]{padding:0 8px!important}
div:has(>div>div>div>div>[data-testid=metadata-list]){padding:0 12px!important}
div:has(>div>[data-testid=report-header]){padding:12px 12px 0!important}
[data-testid=report-header]{margin-bottom:4px!important}
[data-testid=report-header] h2{font-size:17px;line-height:1.25}}
[data-testid=report-header]{margin-left:0!important;padding-left:0!important}
[data-testid=report-header] h2{overflow-wrap:anywhere}
[data-testid=markdown-attachment-preview] iframe{height:65vh}
</style>
<script>
const stay = ({ target }) => { target.scrollTop = 0; };
document.addEventListener("scroll", stay, true);
for (const moved of ["keydown", "mousedown", "pointerdown", "touchstart", "wheel"])
  addEventListener(moved, () => document.removeEventListener("scroll", stay, true), true);
globalThis.Blob = class extends Blob {
  constructor(parts, options) {
    const ofNote = options?.type === "text/html" && typeof parts?.[0] === "string";
    const scrolls = "<style>html{overflow-y:auto!important}</style></head>";
    super(ofNote ? [parts[0].replace("</head>", scrolls), ...parts.slice(1)] : parts, options);
  }
};
new MutationObserver(() => {
  for (const link of document.querySelectorAll('a[href^="https://beside.invalid/"]'))
    link.href = link.href.slice("https://beside.invalid/".length);
}).observe(document, { attributeFilter: ["href"], childList: true, subtree: true });
</script>"""
# Allure shows a relative link as text. An address that is nowhere passes, and the script above makes it relative again.
RELATIVE_LINK = re.compile(rb'"url":"(?=[A-Za-z0-9_.%-]+#)')
BESIDE = b'"url":"https://beside.invalid/'
# The data of the page, each file in base64. Compressed, it is a tenth of the size.
DATA = re.compile(rb"""Promise\.allSettled\(\[((?:d\("[^"]*","[^"]*"\),?)*)\]\)""")
ENTRY = re.compile(rb"""d\("([^"]*)","([^"]*)"\)""")
UNPACK = b"""(async () => {
  const bytes = Uint8Array.from(atob("%s"), (character) => character.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  for (const [name, text] of Object.entries(await new Response(unpacked).json())) d(name, btoa(text));
})()"""
UNFINISHED = "No verdict: the run did not finish"
RUNS_KEPT = 30
LOCK_SECONDS = 30
MAX_FACTS_BYTES = MEGABYTE
"""Of environment.properties and executor.json."""
MAX_TREND_BYTES = 200 * MEGABYTE
"""Of `RUNS_KEPT` runs in Allure's format."""
HISTORY_ID = re.compile(rb'"historyId": ?"(\w+)"')
UNREADABLE = re.compile(r"error parsing (\S+)")
LOADED_FROM_ELSEWHERE = re.compile(rb"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=["']?https?:""")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page, and a sentence for each rule of the quality gate that the run fails.

    `unreadable` counts the earlier runs that the trend omits.
    """

    page: Path
    failed_rules: tuple[str, ...]
    unreadable: int


def render(results: Path, html: Path, trends: Path | None = None) -> Rendered:
    """Write ``html/index.html`` from the results in the folder ``results``.

    ``trends`` is a folder with a file of earlier runs for each target and contract: the report shows their trends, and
    this run is added. `RenderError` if no report can be made.
    """
    written = sum(1 for _ in results.glob("*-result.json"))
    if not written:
        raise RenderError(f"no Allure results in {results}: run the suite with --alluredir first")
    name = trend_of(results)
    history = trends / name if trends and name else None
    html.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".render-", dir=html) as scratch:
        output, past = Path(scratch, "report").resolve(), Path(scratch, "history.jsonl").resolve()
        earlier, unreadable = _earlier(history)
        past.write_bytes(b"".join(earlier))
        output_text = allure(
            [str(results.resolve()), str(output), _title(results)], {"REPORT_HISTORY": str(past) if history else ""}
        )
        _require_all_results(written, output, output_text)
        page = output / "index.html"
        page.write_bytes(_packed(_self_contained(page.read_bytes())))
        if history:
            _append_last_line(past, history)
        return Rendered(page.replace(html / "index.html"), tuple(json.loads(output_text.splitlines()[-1])), unreadable)


def trend_of(results: Path) -> str:
    """Return the name of the file with the runs of the same checks on the same target and contract.

    Beside runs of the whole suite, one of a single operation would look like a fall of all numbers. A run of some
    checks, selected with -k, --lf or --finding, has no trend: the name is empty.
    """
    if _executor(results).get("selectsChecks"):
        return ""
    facts = dict(line.partition("=")[::2] for line in _lines(results / "environment.properties"))
    texts = (file.read_bytes() for file in results.glob("*-result.json"))
    checks = {found[1] for text in texts if (found := HISTORY_ID.search(text))}
    selection = hashlib.sha256(b"\n".join(sorted(checks))).hexdigest()[:8]
    scope = f"{facts.get('Target', 'unknown')} {facts.get('Contract', '')}".strip()
    return re.sub(r"[^A-Za-z0-9.]+", "-", f"{scope} {selection}") + ".jsonl"


def _title(results: Path) -> str:
    """Return the headline in the run's executor.json; a run that was killed has none."""
    return str(_executor(results).get("reportName", UNFINISHED))


def _executor(results: Path) -> dict[str, Any]:
    executor = strict_json.read("".join(_lines(results / "executor.json")).encode()).value
    return executor if isinstance(executor, dict) else {}


def _lines(file: Path) -> list[str]:
    if not file.exists():
        return []
    return read_bytes(file, MAX_FACTS_BYTES).decode("utf-8", errors="replace").splitlines()


def _require_all_results(written: int, output: Path, output_text: str) -> None:
    """Raise `RenderError` unless the report has every result: Allure may drop some without an error."""
    reported = json.loads(Path(output, "summary.json").read_text("utf-8"))["stats"]["total"]
    if reported == written:
        return
    if unreadable := sorted(set(UNREADABLE.findall(output_text))):
        raise RenderError(f"Allure cannot read {', '.join(unreadable)}")
    raise RenderError(
        f"the report would contain {reported} of {written} results: Allure counts results with the same full name"
        " and parameters as retries of one test"
    )


def _self_contained(page: bytes) -> bytes:
    """Return the page without analytics and with its full metadata; `RenderError` if it would load other files."""
    page = ANALYTICS.sub(b"", page).replace(b"</head>", READABLE + b"</head>", 1)
    if LOADED_FROM_ELSEWHERE.search(page):
        raise RenderError("the page would load files over the network: this version of Allure is not supported")
    return page


def _packed(page: bytes) -> bytes:
    """Return the page with its data compressed, for the browser to unpack."""
    data = DATA.search(page)
    if data is None:
        raise RenderError("the page contains its data in another form: this version of Allure is not supported")
    # One character for each byte, as btoa needs.
    files = {
        name.decode(): RELATIVE_LINK.sub(BESIDE, base64.b64decode(value)).decode("latin-1")
        for name, value in ENTRY.findall(data[1])
    }
    packed = base64.b64encode(gzip.compress(json.dumps(files, ensure_ascii=False).encode(), mtime=0))
    return page[: data.start()] + UNPACK % packed + page[data.end() :]


def _earlier(history: Path | None) -> tuple[list[bytes], int]:
    """Return the lines of earlier runs, and the number of invalid lines, which Allure would fail at."""
    content = read_bytes(history, MAX_TREND_BYTES) if history and history.exists() else b""
    lines = content.splitlines(keepends=True)
    runs = [line for line in lines if _is_run(line)]
    return runs, len(lines) - len(runs)


def _is_run(line: bytes) -> bool:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return line.endswith(b"\n") and isinstance(value, dict) and {"uuid", "timestamp", "testResults"} <= value.keys()


def _append_last_line(source: Path, target: Path) -> None:
    """Add this run to the newest runs of the file, under a lock, so that parallel runs both are added."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_suffix(".lock"), timeout=LOCK_SECONDS):
        before, _ = _earlier(target)
        added = source.read_bytes().splitlines(keepends=True)[-1]
        fresh = source.with_suffix(".new")
        fresh.write_bytes(b"".join([*before, added][-RUNS_KEPT:]))
        shutil.move(fresh, target)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code: 0 with a report, else 1, with a sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m reports.site.render", description="Render Allure results.")
    parser.add_argument("results", metavar="RESULTS_DIR", type=Path, help="folder that the suite wrote (--alluredir)")
    parser.add_argument("html", metavar="HTML_DIR", type=Path, help="folder for index.html")
    parser.add_argument("--trends", metavar="FOLDER", type=Path, help="folder with earlier runs")
    chosen = parser.parse_args(argv)
    try:
        rendered = render(chosen.results, chosen.html, chosen.trends)
    except (RenderError, OSError) as error:
        return fail(f"no report: {error}")
    if rendered.unreadable:
        runs = pluralize(rendered.unreadable, "earlier run")
        show(f"The trend omits {runs} that could not be read in {chosen.trends}.")
    show(f"Quality gate: {'; '.join(rendered.failed_rules) or 'passed'}.")
    show(rendered.page)
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
