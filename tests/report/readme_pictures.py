"""Take the README's pictures anew: the report of a run against a mock with three faults.

    python -m tests.report.readme_pictures

Writes .github/report.png and .github/violation.png; needs chromium and chromedriver.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from contracts.mock.http.serve import serve
from reports.site.render import render
from tests.report.reader import reader
from tests.report.reported_runs import SecondRunTarget
from tests.support.suite_process import ROOT, document, run, settings_of

PICTURES = ROOT / ".github"
WIDTH, FIRST_SCREEN, WHOLE_RESULT = 1000, 900, 1500
"""Pixels of the pictures: what a laptop shows first, and a result down to its curl."""
VIOLATED, OPERATION = "New violation", "GET /v1/admin/write-status"


def main() -> int:
    """Take the pictures; return the exit code."""
    with tempfile.TemporaryDirectory() as scratch, serve(SecondRunTarget(document())) as server:
        folder = Path(scratch)
        files = ("--alluredir", str(folder / "allure"), "--requirements", str(folder / "html" / "requirements.html"))
        history = ("--history", str(folder / "history" / "findings.jsonl"))
        options = ("--profile", "quick", "--target", server.url, *files, *history)
        run(folder, *options, environment=settings_of(server))
        page = render(folder / "allure", folder / "html", folder / "history").page
        with reader(folder / "browser") as browser:
            browser.use_a_phone(WIDTH, FIRST_SCREEN)
            browser.open(page)
            browser.keep_as(PICTURES / "report.png", "metadata-list")
            browser.use_a_phone(WIDTH, WHOLE_RESULT)
            browser.click(browser.see("nav-tab-categories"))
            browser.click(browser.under(VIOLATED, OPERATION))
            browser.keep_as(PICTURES / "violation.png", "test-result-description-frame")
    return 0


if __name__ == "__main__":
    sys.exit(main())
