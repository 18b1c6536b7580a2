"""The HTML description of an Allure result."""

import re
from dataclasses import replace

from contracts.model.http import CONTROL
from contracts.model.verdict import Evidence, Finding, Status, Verdict, Violation
from reports.redaction.redactor import Redactor
from reports.render.details_html import LONGEST_BODY, details_html
from reports.render.wording import NON_GATING, allure_message
from reports.run.trend import FindingTrend, State
from tests.support.factories import CANCEL, REQUIREMENTS, TOKEN, exchange
from tests.support.report_factories import FOUND

URL = "https://api.example.com"
ERR = REQUIREMENTS["ERR-01"]
FINDING = Finding(
    requirement=ERR.id,
    operation=CANCEL.id,
    mutation="event_id missing",
    violation=Violation("answered 200", "400", "200 {}"),
    exchange=exchange(mutation="event_id missing"),
    seen=3,
    tried=3,
)
OTHER = replace(FINDING, violation=Violation("answered 500", "not this", "500 boom"))


def description(*findings: Finding, status: Status = Status.VIOLATED, reason: str = "", trends=None) -> str:
    verdict = Verdict(ERR.id, CANCEL.id, status, reason, Evidence(60, 2, ("empty",), {"400": 58}), findings)
    return details_html(verdict, ERR, URL, Redactor(TOKEN), trends or {})


def test_requirement_has_level_and_source() -> None:
    html = description(status=Status.HELD)
    for text in (
        f"ERR-01 {ERR.sentence}",
        "must: the vendor documents it",
        ERR.source,
        "60 deciding requests",
        "empty",
    ):
        assert text in html


def test_request_and_response_are_side_by_side() -> None:
    request, answer = description(FINDING).partition(">Response</th>")[2].split("</td><td")[:2]
    assert f"{CANCEL.method} {URL}{CANCEL.path}" in request
    assert "event_id" in request
    assert "200" in answer
    assert "job-1" in answer


def test_what_a_mutation_changed_is_marked_beside_its_control() -> None:
    control = exchange(request_body={"event_id": "evt-1", "notes": "x"})
    mutated = replace(FINDING, exchange=exchange(mutation="notes missing", request_body={"event_id": "evt-1"}))
    verdict = Verdict(ERR.id, CANCEL.id, Status.VIOLATED, "", Evidence(3, 2, (), {}), (mutated,))
    html = details_html(verdict, ERR, URL, Redactor(TOKEN), {}, control)
    before, after = html.partition("Request: notes missing")[2].split("</pre>")[:2]
    assert "notes" in "".join(marks(before))
    assert "evt-1" not in "".join((*marks(before), *marks(after)))
    assert "evt-1" in before
    assert "evt-1" in after
    assert "Response to the unmodified request" in html


def test_control_that_violates_stands_alone() -> None:
    alone = replace(FINDING, exchange=exchange(mutation=CONTROL))
    verdict = Verdict(ERR.id, CANCEL.id, Status.VIOLATED, "", Evidence(3, 2, (), {}), (alone,))
    assert "Unmodified" not in details_html(verdict, ERR, URL, Redactor(TOKEN), {}, exchange())


def marks(html: str) -> list[str]:
    return re.findall("<mark[^>]*>(.*?)</mark>", html, re.DOTALL)


def test_command_and_identity_are_description() -> None:
    html = description(FINDING)
    assert "curl -i " in html
    assert FINDING.identity in html


def test_finding_has_a_hint_with_its_code_marked_and_a_requirement_that_holds_has_none() -> None:
    html = description(FINDING)
    assert "<th align='left'>Usually because</th>" in html
    assert "<code>required=True</code>" in html
    assert "`" not in html.partition("To mend")[2]
    assert "To mend" not in description(status=Status.HELD)


def test_first_finding_is_described_in_the_message_and_others_here() -> None:
    change = FindingTrend(replace(FOUND, identity=OTHER.identity), State.OPEN, "2026-11-20T02:00:00+00:00", 4)
    html = description(FINDING, OTHER, trends={OTHER.identity: change})
    assert "200 {}" not in html
    assert "500 boom" in html
    assert "still open since 2026-11-20, 4 runs" in html


def test_missing_response_is_description() -> None:
    silent = replace(FINDING.exchange, response=None, fault="connection closed")
    assert "connection closed" in description(replace(FINDING, exchange=silent))


def test_long_body_is_cut_with_its_length() -> None:
    long = replace(FINDING, exchange=exchange(request_body={"event_id": "x" * 9_000}))
    html = description(long).partition("run this in bash")[0]
    assert "x" * (LONGEST_BODY + 1) not in html
    assert "bytes in total" in html


def test_text_from_the_target_is_escaped() -> None:
    hostile = "<img src=x onerror=alert(1)>"
    html = description(
        OTHER, replace(FINDING, violation=Violation(hostile, hostile, hostile), exchange=exchange(body=hostile))
    )
    assert "<img" not in html
    assert "&lt;img" in html


def test_token_is_redacted() -> None:
    leak = Violation("credentials echoed", f"no {TOKEN}", f"token {TOKEN[:-1]}")
    assert TOKEN[:6] not in description(
        OTHER, replace(FINDING, violation=leak, exchange=exchange(body={"token": TOKEN}))
    )


def test_reason_is_shown_without_a_finding() -> None:
    assert "No exchange allowed a decision." in description(
        status=Status.COULD_NOT_TELL, reason="No exchange allowed a decision."
    )


def test_must_that_does_not_gate_says_so() -> None:
    assert NON_GATING in description(replace(FINDING, gates=False), status=Status.NOT_MET)


def test_message_is_expected_observed_how_often_and_history() -> None:
    change = FindingTrend(replace(FOUND, identity=FINDING.identity), State.NEW, "2026-11-20T02:00:00+00:00", 1)
    verdict = Verdict(ERR.id, CANCEL.id, Status.VIOLATED, "", Evidence(60, 2, (), {}), (FINDING, OTHER))
    assert allure_message(verdict, ERR, Redactor(TOKEN), {FINDING.identity: change}).splitlines() == [
        f"ERR-01 {ERR.sentence}",
        "",
        "expected: 400",
        "observed: 200 {}",
        "mutation: event_id missing, 3 of 3",
        "history:  new",
        "also:     500 boom (event_id missing, 3 of 3)",
    ]
