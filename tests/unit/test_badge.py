"""The badge, in the format of shields.io's endpoint."""

import json
from pathlib import Path

from reports.writers.badge import badge, write
from tests.support.factories import table
from tests.support.report_factories import ADVICE, FOUND, OTHER, broken, earlier_run, item, run_report

HELD, VIOLATED = item("held"), broken(FOUND)


@table(
    "report, message, colour",
    {
        "held": (run_report(HELD), "held", "brightgreen"),
        "held, advice not met": (run_report(HELD, broken(ADVICE)), "held", "brightgreen"),
        "held, quality gate failed": (run_report(HELD, refusals=("Fewer.",)), "held, quality gate failed", "orange"),
        "violated anew": (run_report(VIOLATED), "violated, 1 new cause", "red"),
        "violated anew twice": (run_report(broken(FOUND), broken(OTHER)), "violated, 2 new causes", "red"),
        "violated as before": (run_report(VIOLATED, earlier=[earlier_run(23, FOUND)]), "violated", "red"),
        "violated and failed": (
            run_report(VIOLATED, refusals=("x",), earlier=[earlier_run(23, FOUND)]),
            "violated",
            "red",
        ),
        "undecided": (run_report(HELD, item("inconclusive")), "could not tell", "yellow"),
        "nothing": (run_report(broken(ADVICE)), "not tried", "lightgrey"),
        "advice not met, with --strict": (
            run_report(HELD, broken(ADVICE), exit_code=1),
            "recommendation not met",
            "red",
        ),
        "interrupted": (run_report(HELD, exit_code=2), "ended early", "yellow"),
        "a secret was written": (run_report(VIOLATED, exit_code=3), "could not tell", "yellow"),
    },
)
def test_badge_says_what_came_of_the_run(report, message: str, colour: str) -> None:
    reported = badge(report)
    assert reported == {"schemaVersion": 1, "label": "contract of mock", "message": message, "color": colour}


def test_badge_is_written(tmp_path: Path) -> None:
    write(tmp_path / "new" / "badge.json", run_report(HELD))
    assert json.loads((tmp_path / "new" / "badge.json").read_text()) == badge(run_report(HELD))
