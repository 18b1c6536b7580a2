"""What every strategy has in common, and the edits of credentials and of the request line."""

from base64 import b64decode
from dataclasses import replace
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.model.http import Request
from contracts.openapi.operation import Operation
from strategies.core.mutation import Mutation, combine
from strategies.request import credentials, methods, parameter_values, path_ids, query_values
from tests.harness.config.settings import Secret, Target
from tests.harness.run.request_factory import request_for
from tests.support.factories import (
    CANCEL,
    DOCUMENT,
    LIST,
    STATUS,
    TOKEN,
    WAYS_TO_BE_REFUSED,
    control,
    demands,
    every_edit,
    flat,
    operation,
    replayable,
    table,
)
from tests.support.schemas import texts, tokens

KNOWN = {name: (f"{name.lower()}-1",) for asked in DOCUMENT.operations for name in asked.supplied_by.values()}
TARGET = Target("url", "http://127.0.0.1", Secret(TOKEN), KNOWN)
EVERY = {
    f"{demand.requirement} {asked.id}": (demand.mutations, asked)
    for asked in DOCUMENT.operations
    for demand in demands(asked).values()
    if demand.mutations
} | {
    f"{strategy.__name__} {asked.id}": (strategy, asked)
    for asked in DOCUMENT.operations
    for strategy in (
        *(path_ids.hostile_path_ids, path_ids.trailing_slash, query_values.robustness_queries),
        *(parameter_values.boundary_parameters, parameter_values.invalid_parameters),
    )
}


def good(asked: Operation) -> Request:
    return request_for(asked, TARGET, KNOWN)


def authorizations(request: Request) -> list[str]:
    return [value for name, value in request.headers if name.lower() == "authorization"]


@table("mutations, asked", EVERY)
def test_names_are_unique_short_and_stable(mutations, asked: Operation) -> None:
    named = [mutation.name for mutation in mutations(asked)]
    assert named == [mutation.name for mutation in mutations(asked)]
    assert len(set(named)) == len(named)
    assert all(name == name.strip() and 0 < len(name) < 60 for name in named)


@table("mutations, asked", EVERY)
def test_mutation_makes_the_same_request_every_time(mutations, asked: Operation) -> None:
    request = good(asked)
    once = [mutation.apply(request) for mutation in flat(mutations(asked))]
    assert once == [mutation.apply(request) for mutation in flat(mutations(asked))]
    assert request == good(asked)


@table("mutations, asked", EVERY)
def test_mutations_differ_from_the_control_and_from_each_other(mutations, asked: Operation) -> None:
    applied = [mutation for mutation in mutations(asked) if mutation.applies(good(asked))]
    sent: dict[Request, str] = {}
    for mutation in applied:
        request = mutation.apply(good(asked))
        assert request not in sent, (mutation.name, sent[request])
        sent[request] = mutation.name


def test_mutation_that_changes_nothing_does_not_apply() -> None:
    nothing, something = (
        Mutation("nothing", lambda request: request),
        Mutation("body", lambda request: request.with_body(b"1")),
    )
    assert not nothing.applies(control())
    assert something.applies(control())
    assert combine("both", [nothing, something]).applies(control())


@replayable
@given(tokens | st.sampled_from(["1234567890", "abcba-abcba", "1", "aaaa", "undefined", "x", "null"]))
def test_mutation_of_credentials_never_sends_the_issued_token_as_it_should_be(token: str) -> None:
    request = control(token=token)
    for mutation in every_edit(*WAYS_TO_BE_REFUSED):
        changed = mutation.apply(request)
        assert changed != request, mutation.name
        assert not mutation.issued_token, mutation.name
        assert authorizations(changed) != [f"Bearer {token}"], mutation.name


@replayable
@given(tokens)
def test_other_spelling_of_the_scheme_keeps_the_token(token: str) -> None:
    for mutation in credentials.scheme_spellings(CANCEL):
        (value,) = authorizations(mutation.apply(control(token=token)))
        scheme, _, sent = value.partition(" ")
        assert (scheme != "Bearer", scheme.lower(), sent) == (True, "bearer", token)


@replayable
@given(tokens)
def test_wrong_token_is_well_formed_as_long_and_another(token: str) -> None:
    (value,) = authorizations(credentials.with_unissued_token(control(token=token)))
    wrong = value.removeprefix("Bearer ")
    assert len(wrong) == len(token)
    assert wrong != token
    assert wrong.isalnum()


@pytest.mark.parametrize(("path", "other"), [("/v1/a/", "/v1/a"), ("/v1/a", "/v1/a/")])
def test_other_end_of_a_path_has_the_slash_or_lacks_it(path: str, other: str) -> None:
    (mutation,) = [
        mutation for mutation in credentials.auth_bypass(CANCEL) if mutation.name == "the other end of the path"
    ]
    assert mutation.apply(replace(control(), target=path)).target == other


def test_token_in_the_query_gates_nothing_since_libraries_read_it() -> None:
    (whole,) = credentials.wrong_location(STATUS)
    gating = {part.name for part in whole.parts if part.gates}
    assert not whole.gates
    assert {"in X-Api-Key", "in the cookie token"} <= gating
    assert not any("query" in name for name in gating)


def test_basic_credentials_hold_the_token_in_both_places() -> None:
    basic = next(one for one in credentials.malformed_header(STATUS) if one.name == "Basic scheme")
    value = next(value for name, value in basic.apply(control(STATUS)).headers if name == "Authorization")
    assert b64decode(value.removeprefix("Basic ")).decode() == f"{TOKEN}:{TOKEN}"


def test_what_frameworks_read_as_the_issued_token_gates_nothing() -> None:
    """Echo skips seven characters, Rails takes quotes, Laravel the last Bearer, cpp-httplib decodes header values."""
    tried = [*credentials.near_miss_tokens(STATUS), *credentials.malformed_header(STATUS)]
    assert {one.name for one in tried if not one.gates} == {
        *("a character percent-encoded", "another word after it", "two headers, a wrong one first"),
        *("colon after the scheme", "no space after the scheme", "equals sign after the scheme"),
        *("Token scheme", "token in quotes", "scheme twice", "two tokens", "another scheme before"),
    }


def test_token_is_read_from_the_request() -> None:
    assert credentials.token_of(control()) == TOKEN


@replayable
@given(texts.filter(lambda text: len(text) > 1 and text not in ("undefined", "__proto__")))
def test_unknown_id_is_never_the_given_one(job: str) -> None:
    path = STATUS.path.partition("{")[0]
    request = Request("GET", path + quote(job, safe=""), control(STATUS).headers)
    for mutation in methods.unknown_path_ids(STATUS):
        changed = mutation.apply(request)
        assert changed.target != request.target, mutation.name
        assert changed.target.startswith(path)
        assert changed.target.isascii()


@pytest.mark.parametrize("asked", DOCUMENT.operations, ids=str)
def test_other_method_is_none_that_the_document_has_for_the_path(asked: Operation) -> None:
    request = good(asked)
    sent = [mutation.apply(request) for mutation in methods.other_methods(asked)]
    of_a_job = {"DELETE"} if asked.job_status else set()
    usual = {"GET", "PUT", "POST", "PATCH", "TRACE"}
    assert {changed.method for changed in sent} == (usual | of_a_job) - asked.path_methods
    assert {changed.target for changed in sent if changed.method != "GET"} <= {request.target}


def test_get_has_the_values_of_the_body_in_its_query() -> None:
    changed = next(mutation.apply(good(CANCEL)) for mutation in methods.other_methods(CANCEL))
    path, _, query = changed.target.partition("?")
    assert (changed.method, path, dict(parse_qsl(query))) == ("GET", CANCEL.path, good(CANCEL).json())


def test_method_of_another_operation_on_the_path_is_left_out() -> None:
    taken = operation(path_methods=frozenset({"POST", "GET"}))
    assert {mutation.name for mutation in methods.other_methods(taken)} == {"PUT", "PATCH", "TRACE"}


@pytest.mark.parametrize("asked", [CANCEL, STATUS], ids=str)
def test_override_keeps_path_credentials_and_body(asked: Operation) -> None:
    request = control(asked)
    for mutation in methods.method_overrides(asked):
        for changed in [mutation.apply(request), *(part.apply(request) for part in mutation.parts)]:
            assert (changed.target, changed.body) == (request.target, request.body)
            assert set(request.headers) < set(changed.headers)


def test_later_page_of_a_listing_is_asked_for_without_credentials() -> None:
    later = next(one for one in credentials.no_credentials(LIST) if "later page" in one.name).apply(control(LIST))
    assert later.target.partition("?")[2] == "limit=1&offset=1"
    assert [name for name, _ in later.headers if name == credentials.AUTHORIZATION] == []
    assert not any("page" in one.name for one in credentials.no_credentials(CANCEL))


def test_reads_are_asked_for_in_other_ways_without_credentials() -> None:
    read, write = ({one.name: one for one in credentials.auth_bypass(of)} for of in (LIST, CANCEL))
    assert read["HEAD"].apply(control(LIST)).method == "HEAD"
    assert "HEAD" not in write
    trusting = "headers of trust and routing"
    assert dict(read[trusting].apply(control(LIST)).headers)["If-None-Match"] == "*"
    assert "If-None-Match" not in dict(write[trusting].apply(control(CANCEL)).headers)


def test_scheme_in_capitals_comes_first() -> None:
    first = credentials.scheme_spellings(LIST)[0].apply(control(LIST))
    assert dict(first.headers)[credentials.AUTHORIZATION].startswith("BEARER ")
