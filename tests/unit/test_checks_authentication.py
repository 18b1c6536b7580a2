"""AUTH: each check accepts the good, refuses the bad for its reason, and is silent on what is not its own."""

from contracts.checks import authentication
from contracts.checks.base import is_documented_request
from contracts.model.verdict import NOT_CONCERNED, PASS
from tests.support.factories import CANCEL, STATUS, TOKEN, WRONG, all_decided, decided, exchange, refusal, table

ELSEWHERE = {"target": CANCEL.path + "/"}
OTHER = {"authorization": "Bearer fedcba9876543210"}
NONE = {"authorization": ()}
BASIC = {"authorization": "Basic dDo="}
TWICE = {"authorization": (WRONG, WRONG)}


@table(
    "expected, seen",
    {
        "401": (PASS, refusal(401)),
        "400": (PASS, refusal(400)),
        "redirected": (PASS, refusal(302)),
        "401 from another path": (PASS, refusal(401, **ELSEWHERE)),
        "200": ("accepted with 200", refusal(200)),
        "204": ("accepted with 204", refusal(204, body=b"")),
        "304": ("accepted with 304", refusal(304, body=b"")),
        "500": ("answered 500", refusal(500)),
        "throttled": (NOT_CONCERNED, refusal(429)),
        "no answer": (NOT_CONCERNED, refusal(None)),
    },
)
def test_credentials_refused(expected, seen) -> None:
    assert decided(authentication.credentials_rejected(CANCEL, seen)) == expected


@table(
    "expected, seen",
    {
        "401 with a challenge": (PASS, refusal(401)),
        "challenge in capitals": (PASS, refusal(401, headers={"WWW-Authenticate": 'BEARER realm="x"'})),
        "403 for a wrong token": (PASS, refusal(403)),
        "401 without credentials": (PASS, refusal(401, **NONE)),
        "400 for another scheme": (PASS, refusal(400, **BASIC)),
        "400 for two tokens": (PASS, refusal(400, **TWICE)),
        "no challenge": ("no challenge", refusal(401, headers={"www-authenticate": None})),
        "another challenge": ("no challenge", refusal(401, headers={"www-authenticate": "Basic"})),
        "400 for a wrong token": ("answered 400", refusal(400)),
        "404 for a wrong token": ("answered 404", refusal(404)),
        "403 without credentials": ("answered 403", refusal(403, **NONE)),
        "400 without credentials": ("answered 400", refusal(400, **NONE)),
        "422 for another scheme": ("answered 422", refusal(422, **BASIC)),
        "accepted": (NOT_CONCERNED, refusal(200)),
        "crashed": (NOT_CONCERNED, refusal(500)),
        "throttled": (NOT_CONCERNED, refusal(429)),
        "no answer": (NOT_CONCERNED, refusal(None)),
        "issued token": (NOT_CONCERNED, exchange(400)),
        "malformed as well": (NOT_CONCERNED, refusal(400, otherwise_invalid=True)),
        "another path": (NOT_CONCERNED, refusal(404, **ELSEWHERE)),
        "another method": (NOT_CONCERNED, refusal(405, method="GET")),
    },
)
def test_rejection_is_401(expected, seen) -> None:
    assert decided(authentication.rejection_is_401(CANCEL, seen)) == expected


def envelope(code: str = "unauthorized", message: str = "unauthorized", **more):
    return {"error": {"code": code, "message": message}} | more


def alike(status: int = 401, body=None, **fields):
    return refusal(status, body=envelope() if body is None else body, **fields)


@table(
    "expected, seen",
    {
        "alike": ([PASS] * 3, [alike(), alike(**OTHER), alike(**BASIC)]),
        "other details": ([PASS] * 2, [alike(), alike(body=envelope(request="2"), **OTHER)]),
        "401 and 403": ([PASS] * 2, [alike(), alike(403, **OTHER)]),
        "another message for another scheme": ([PASS] * 2, [alike(), alike(body=envelope("scheme"), **BASIC)]),
        "another message without credentials": ([PASS] * 2, [alike(), alike(body=envelope("none"), **NONE)]),
        "another message for two tokens": ([PASS] * 2, [alike(), alike(body=envelope("two"), **TWICE)]),
        "another code": ([PASS, "wrong tokens told apart"], [alike(), alike(body=envelope("expired"), **OTHER)]),
        "another message": (
            [PASS, "wrong tokens told apart"],
            [alike(), alike(body=envelope(message="expired"), **OTHER)],
        ),
        "a reference in the message": (
            [PASS] * 2,
            [alike(body=envelope(message="no (8f3a-1c)")), alike(body=envelope(message="no (70be-9)"), **OTHER)],
        ),
        "no envelope": (["body breaks type"], [alike(body=b"no")]),
        "no code": (["error lacks code"], [alike(body={"error": {"message": "no"}})]),
        "400 and 404": ([PASS] * 2, [alike(400), alike(404, **OTHER)]),
        "not refused": ([], [alike(200, {}), alike(302, {}), alike(500, {}), alike(429, {}), alike(None)]),
        "issued token": ([], [exchange(401, b"no")]),
        "malformed as well": ([], [alike(body=b"no", otherwise_invalid=True)]),
        "another path": ([], [alike(body=b"no", **ELSEWHERE)]),
    },
)
def test_rejections_of_wrong_tokens_are_the_same(expected, seen) -> None:
    assert all_decided(authentication.rejections_are_uniform(CANCEL, seen)) == expected


@table(
    "expected, seen",
    {
        "accepted": (PASS, exchange()),
        "refused for its body": (PASS, exchange(400, mutation="empty")),
        "forbidden with an edit": (PASS, exchange(403, mutation="event_id with digits")),
        "crashed": (PASS, exchange(500)),
        "401": ("issued token answered 401", exchange(401)),
        "401 with an edit": ("issued token answered 401", exchange(401, mutation="empty")),
        "control forbidden": (PASS, exchange(403)),
        "another token": (NOT_CONCERNED, refusal(401)),
        "no answer": (NOT_CONCERNED, exchange(None)),
        "another path": (NOT_CONCERNED, exchange(401, **ELSEWHERE)),
    },
)
def test_issued_token_is_honoured(expected, seen) -> None:
    assert decided(authentication.issued_token_accepted(CANCEL, seen)) == expected


OF_ANOTHER_ACCOUNT = {"request_body": {"event_id": "evt-2"}}


@table(
    "expected, seen",
    {
        "accepted every time": ([PASS, PASS], [exchange()] * 2),
        "forbidden after it was accepted": ([PASS, "issued token answered 403"], [exchange(), exchange(403)]),
        "forbidden before it was accepted": (["issued token answered 403", PASS], [exchange(403), exchange()]),
        "forbidden for what it names": ([PASS], [exchange(), exchange(403, **OF_ANOTHER_ACCOUNT)]),
        "forbidden every time": ([], [exchange(403)] * 2),
        "forbidden with an edit": ([PASS], [exchange(), exchange(403, mutation="empty")]),
        "no answer": ([PASS], [exchange(), exchange(None)]),
    },
)
def test_accepted_request_is_allowed(expected, seen) -> None:
    assert all_decided(authentication.accepted_request_is_allowed(CANCEL, seen)) == expected


@table(
    "expected, seen",
    {
        "the same status": (PASS, refusal(403, body=b"")),
        "another status": ("answered 400", refusal(400)),
        "accepted": ("answered 200", refusal(200)),
        "throttled": (NOT_CONCERNED, refusal(429)),
        "no answer": (NOT_CONCERNED, refusal(None)),
    },
)
def test_answered_like(expected, seen) -> None:
    assert decided(authentication.has_status_of(refusal(403))(CANCEL, seen)) == expected


READ = {"operation": STATUS.id, "method": "GET"}


@table(
    "own, operation, seen",
    {
        "its path": (True, CANCEL, exchange()),
        "its path with a query": (True, CANCEL, exchange(target=CANCEL.path + "?a=/b")),
        "its path with a value": (True, STATUS, exchange(target="/v1/admin/write-status/job-1", **READ)),
        "a longer path": (False, STATUS, exchange(target="/v1/admin/write-status/job-1/x", **READ)),
        "no value": (False, STATUS, exchange(target="/v1/admin/write-status/", **READ)),
        "a slash too many": (False, CANCEL, exchange(target="/" + CANCEL.path)),
        "capitals": (False, CANCEL, exchange(target=CANCEL.path.upper())),
        "another method": (False, CANCEL, exchange(method="GET")),
        "another operation": (False, CANCEL, exchange(operation=STATUS.id)),
    },
)
def test_own_request_is_method_and_path_as_documented(own, operation, seen) -> None:
    assert is_documented_request(operation, seen) is own


def test_rejection_without_a_challenge_shows_the_header_that_was_sent() -> None:
    violation = authentication.rejection_is_401(CANCEL, refusal(401, headers={"www-authenticate": "Basic"}))
    assert violation.observed == "WWW-Authenticate: Basic"
    assert TOKEN not in repr(violation)
