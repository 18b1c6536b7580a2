"""The badge, in the format of shields.io's endpoint."""

import json
from pathlib import Path

from reports.writers.badge import badge, write
from tests.support.factories import table
from tests.support.report_factories import ADVICE, FOUND, OTHER, accounted, broken, item, night

HELD, VIOLATED = item("held"), broken(FOUND)


@table(
    "account, message, colour",
    {
        "held": (accounted(HELD), "held", "brightgreen"),
        "held, advice not met": (accounted(HELD, broken(ADVICE)), "held", "brightgreen"),
        "held, quality gate failed": (accounted(HELD, refusals=("Fewer.",)), "held, quality gate failed", "orange"),
        "violated anew": (accounted(VIOLATED), "violated, 1 new finding", "red"),
        "violated anew twice": (accounted(broken(FOUND, OTHER)), "violated, 2 new findings", "red"),
        "violated as before": (accounted(VIOLATED, earlier=[night(23, FOUND)]), "violated", "red"),
        "violated and failed": (
            accounted(VIOLATED, refusals=("x",), earlier=[night(23, FOUND)]),
            "violated",
            "red",
        ),
        "undecided": (accounted(HELD, item("inconclusive")), "could not tell", "yellow"),
        "nothing": (accounted(broken(ADVICE)), "not tried", "lightgrey"),
        "advice not met, with --strict": (
            accounted(HELD, broken(ADVICE), exit_code=1),
            "recommendation not met",
            "red",
        ),
        "interrupted": (accounted(HELD, exit_code=2), "ended early", "yellow"),
        "a secret was written": (accounted(VIOLATED, exit_code=3), "could not tell", "yellow"),
    },
)
def test_badge_says_what_came_of_the_run(account, message: str, colour: str) -> None:
    told = badge(account)
    assert told == {"schemaVersion": 1, "label": "contract of mock", "message": message, "color": colour}


def test_badge_is_written(tmp_path: Path) -> None:
    write(tmp_path / "new" / "badge.json", accounted(HELD))
    assert json.loads((tmp_path / "new" / "badge.json").read_text()) == badge(accounted(HELD))
