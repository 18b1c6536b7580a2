"""A run sends no id that may be somebody else's."""

import json
from pathlib import Path
from typing import Any

from contracts.mock.data.state import State
from contracts.mock.http.api import MockApi
from tests.support.suite_process import document, run, serving


class Numbered(MockApi):
    """Knows its records by numbers, as many systems do, and keeps every write that it was sent."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.bodies: list[dict[str, Any]] = []

    def write(self, request: Any, operation: Any, body: bytes) -> Any:
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict) and operation.supplied_by.keys() & value.keys():
            self.bodies.append(value)
        return super().write(request, operation, body)


def test_run_names_no_number_that_was_not_given(tmp_path: Path) -> None:
    events = [str(1000 + 7 * at) for at in range(24)]
    api = Numbered(document(), state=State(known={"PROPEXO_EVENT_IDS": events, "PROPEXO_INTEGRATION_ID": ["12"]}))
    with serving(api) as (target, environment):
        chosen = ("--operation", "cancel_lead*", "--profile", "deep", "-k", "RESP-03 or ERR-02")
        finished = run(tmp_path, *target, *chosen, environment=environment)
    assert finished.code == 0, finished.output
    sent = [body["event_id"] for body in api.bodies if "event_id" in body]
    assert {"evt\x00one", "null"} < {value for value in sent if isinstance(value, str)}
    assert [value for value in sent if str(value)[:1].isdigit() and value not in events] == []
