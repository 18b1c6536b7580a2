"""What stood in the way, in one line."""

from __future__ import annotations

from tests.harness.http.transport_stats import Weather, transport_stats_line
from tests.support.factories import table

FAIR = Weather().numbers() | {"waited": 0.0, "slowed": 0, "refused": 0}


@table(
    "processes, line",
    {
        "nothing": ([FAIR], ""),
        "no process": ([], ""),
        "one that has sent nothing": ([{}], ""),
        "a wait that nobody notices": ([FAIR | {"waited": 0.9}], ""),
        "one absence": ([FAIR | {"away": 1, "away_seconds": 7.4}], "On the way: the target away once, 7 s in all."),
        "all, in two processes that met with the same absence": (
            [
                {"again": 2, "away": 1, "away_seconds": 5.0, "waited": 60.0, "slowed": 1, "refused": 0},
                {"again": 1, "away": 1, "away_seconds": 6.0, "waited": 1.0, "slowed": 0, "refused": 4},
            ],
            (
                "On the way: 3 sent again, the target away once, 6 s in all, 4 refused with 429, "
                "1 delayed near the limit, 61 s waited."
            ),
        ),
    },
)
def test_weather_line(processes, line: str) -> None:
    assert transport_stats_line(processes) == line
