"""The last requests before a target stopped answering, in every report."""

from __future__ import annotations

from dataclasses import replace

from jsonschema import Draft202012Validator

from contracts.model.http import Exchange
from contracts.model.result import ItemResult, LastRequest
from contracts.model.verdict import Evidence, Status, Verdict
from reports.redaction.redactor import Redactor
from reports.render import markdown, terminal
from reports.render.last_requests import TITLE, last_request, line
from reports.render.wording import failure_text
from reports.writers.summary import summary
from tests.support.factories import CANCEL, REQUIREMENTS, TOKEN, exchange
from tests.support.report_factories import item, run_report
from tests.support.report_files import DOCUMENTED

URL = "https://api.example.com"
DROPPED = "connection dropped; no request was answered after it"
IN_FLIGHT = exchange(None, fault=DROPPED, mutation="odd id", target="/v1/x/id%FF%FE", number=7)
ANSWERED = exchange(200, number=6)
LINE = f"POST /v1/x/id%FF%FE (odd id, request 7): {DROPPED}"


def words(one: Exchange) -> LastRequest:
    return last_request(one, URL, Redactor(TOKEN))


def stopped(*last: Exchange) -> ItemResult:
    return item("inconclusive", stop="It stopped answering.", last_requests=tuple(words(one) for one in last))


def test_request_in_flight_is_reported_with_its_fault_and_a_curl_without_the_token() -> None:
    reported = words(IN_FLIGHT)
    assert line(reported) == LINE
    assert reported.curl.startswith("curl ")
    assert TOKEN not in reported.curl


def test_request_that_was_answered_last_is_reported_with_its_status() -> None:
    assert line(words(ANSWERED)) == f"POST {CANCEL.path} (control, request 6): answered 200"


def test_ids_are_left_out_where_that_was_asked_for() -> None:
    reported = last_request(IN_FLIGHT, URL, Redactor(TOKEN, {"id%FF%FE": "[record]"}))
    assert reported.target == "/v1/x/[record]"


def test_text_of_the_item_names_each_request_below_its_reason() -> None:
    verdict = Verdict("ERR-01", CANCEL.id, Status.COULD_NOT_TELL, "It is away.", Evidence(0, 0, (), {}))
    reported = replace(verdict, last_requests=(IN_FLIGHT, ANSWERED))
    text = failure_text(reported, REQUIREMENTS["ERR-01"], CANCEL, URL, Redactor(TOKEN), {}).splitlines()
    assert text[:2] == ["ERR-01 It is away.", f"{TITLE}: {LINE}"]
    assert text[3].startswith(f"{TITLE}: POST {CANCEL.path}")
    assert len(text) == 5


def test_terminal_names_it_after_the_reason_why_the_run_stopped() -> None:
    lines = terminal.closing_text(run_report(stopped(IN_FLIGHT), exit_code=6), 80).splitlines()
    assert lines[lines.index("     It stopped answering.") + 1] == f"{TITLE}: {LINE}"
    assert words(IN_FLIGHT).curl in lines


def test_markdown_has_a_section_with_a_curl_to_paste() -> None:
    lines = markdown.page(run_report(stopped(IN_FLIGHT), exit_code=6)).splitlines()
    assert lines[lines.index(f"## {TITLE}") + 2] == f"- `{LINE}`"
    assert f"   {words(IN_FLIGHT).curl}" in lines


def test_summary_has_it_once_and_as_documented() -> None:
    reported = summary(run_report(stopped(IN_FLIGHT), exit_code=6))
    (last,) = reported["last_requests"]
    assert (last["edit"], last["curl"]) == ("odd id", words(IN_FLIGHT).curl)
    assert list(Draft202012Validator(DOCUMENTED).iter_errors(reported)) == []
    assert not any("last_requests" in result for result in reported["results"])


def test_what_was_in_flight_in_one_process_outweighs_what_was_answered_in_another() -> None:
    report = run_report(stopped(ANSWERED), stopped(IN_FLIGHT))
    assert [reported.request for reported in report.last_requests] == [7]
    assert [reported.request for reported in run_report(stopped(ANSWERED)).last_requests] == [6]
    assert run_report(item("held")).last_requests == []
