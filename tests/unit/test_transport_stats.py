"""What the client met with, in one line."""

from __future__ import annotations

from tests.harness.http.transport_stats import TransportStats, transport_stats_line
from tests.support.factories import table

NOTHING = TransportStats().as_numbers() | {"waited": 0.0, "delayed": 0, "throttled": 0}


@table(
    "processes, line",
    {
        "nothing": ([NOTHING], ""),
        "no process": ([], ""),
        "one that has sent nothing": ([{}], ""),
        "a wait that nobody notices": ([NOTHING | {"waited": 0.9}], ""),
        "one retry": ([NOTHING | {"retries": 1}], "Network: 1 retry."),
        "one outage": (
            [NOTHING | {"outages": 1, "outage_seconds": 7.4}],
            "Network: target unavailable once (7 s).",
        ),
        "three outages": (
            [NOTHING | {"outages": 3, "outage_seconds": 7.4}],
            "Network: target unavailable 3 times (7 s).",
        ),
        "all, in two processes that met with the same outages": (
            [
                {"retries": 2, "outages": 2, "outage_seconds": 5.0, "waited": 60.0, "delayed": 1, "throttled": 0},
                {"retries": 1, "outages": 2, "outage_seconds": 11.0, "waited": 1.0, "delayed": 0, "throttled": 4},
            ],
            (
                "Network: 3 retries, target unavailable twice (11 s), 4 answered 429, "
                "1 delayed near the limit, 61 s waited."
            ),
        ),
    },
)
def test_transport_stats_line(processes, line: str) -> None:
    assert transport_stats_line(processes) == line
