"""What the user gives: each malformed setting gets its own sentence before anything is sent."""

import pytest

from contracts.errors import UsageError
from tests.harness.settings import SANDBOX, Profile, Secret, Target, target_from_environment
from tests.unit.building import DOCUMENT, TOKEN, table

GOOD = {"PROPEXO_TOKEN": TOKEN, "PROPEXO_INTEGRATION_ID": "rm-1", "PROPEXO_EVENT_IDS": "evt-1,evt-2"}
VARIABLES = ("PROPEXO_INTEGRATION_ID", "PROPEXO_EVENT_IDS", "PROPEXO_LEAD_ID")


def target(name: str = "http://127.0.0.1:4010", **changes: str) -> Target:
    return target_from_environment(name, VARIABLES, GOOD | changes)


def test_url_is_the_target() -> None:
    assert (target().kind, target().url, target().token) == ("url", "http://127.0.0.1:4010", TOKEN)


def test_sandbox_is_a_name_for_its_url() -> None:
    assert (target("sandbox").kind, target("sandbox").url) == ("sandbox", SANDBOX)
    assert SANDBOX in DOCUMENT.servers


def test_slash_at_the_end_is_not_part_of_the_url() -> None:
    assert target("https://api.example.com/").url == "https://api.example.com"


@table(
    "url, local",
    {
        "address": ("http://127.0.0.1:1", True),
        "name": ("http://localhost", True),
        "IPv6": ("http://[::1]:8080", True),
        "another host": ("https://api.example.com", False),
        "a host that looks alike": ("http://localhost.example.com", False),
        "sandbox": ("sandbox", False),
    },
)
def test_only_this_machine_is_local(url: str, local: bool) -> None:  # noqa: FBT001 - the table's column
    assert target(url).local is local


def test_several_ids_are_separated_by_commas() -> None:
    known = target(PROPEXO_EVENT_IDS=" evt-1 ,evt-2,evt 3").known
    assert known == {"PROPEXO_INTEGRATION_ID": ("rm-1",), "PROPEXO_EVENT_IDS": ("evt-1", "evt-2", "evt 3")}


def test_white_space_around_the_token_is_not_part_of_it() -> None:
    assert target(PROPEXO_TOKEN=f" {TOKEN}\n").token == TOKEN


@pytest.mark.parametrize("token", ["a", "a-b.c_d~e+f/g==", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."])
def test_any_token_of_rfc_6750_is_taken(token: str) -> None:
    assert target(PROPEXO_TOKEN=token).token == token


@pytest.mark.parametrize("value", ["", " ", "\n"])
def test_variable_without_a_value_is_not_known(value: str) -> None:
    assert target(PROPEXO_EVENT_IDS=value).known == {"PROPEXO_INTEGRATION_ID": ("rm-1",)}


def test_variable_that_no_operation_names_is_not_known() -> None:
    assert target_from_environment("sandbox", [], GOOD).known == {}


def test_token_is_all_that_every_target_needs() -> None:
    assert target_from_environment("sandbox", VARIABLES, {"PROPEXO_TOKEN": TOKEN}).known == {}


NAMES_A_TARGET = "--target takes mock, sandbox or a base URL such as http://127.0.0.1:4010, not "
NO_CREDENTIALS = "--target takes a base URL without credentials and query"
BARE_TOKEN = "PROPEXO_TOKEN holds characters that no bearer token has: give the bare token, without the scheme."


@table(
    "name, changes, sentence",
    {
        "no target": ("", {}, NAMES_A_TARGET + "''"),
        "another word": ("production", {}, NAMES_A_TARGET + "'production'"),
        "no scheme": ("api.example.com", {}, NAMES_A_TARGET + "'api.example.com'"),
        "another scheme": ("ftp://api.example.com", {}, NAMES_A_TARGET),
        "no host": ("https:///v1", {}, NAMES_A_TARGET),
        "user": ("https://user@api.example.com", {}, NO_CREDENTIALS),
        "password": ("https://:secret@api.example.com", {}, NO_CREDENTIALS),
        "query": ("https://api.example.com?a=b", {}, NO_CREDENTIALS),
        "fragment": ("https://api.example.com#a", {}, NO_CREDENTIALS),
        "no token": (
            "sandbox",
            {"PROPEXO_TOKEN": ""},
            "Set PROPEXO_TOKEN in the environment: --target sandbox needs it.",
        ),
        "blank token": ("sandbox", {"PROPEXO_TOKEN": " "}, "Set PROPEXO_TOKEN in the environment: "),
        "port that is none": ("http://127.0.0.1:http", {}, NAMES_A_TARGET),
        "space": ("https://api.example.com/a b", {}, NAMES_A_TARGET),
        "token with its scheme": ("sandbox", {"PROPEXO_TOKEN": f"Bearer {TOKEN}"}, BARE_TOKEN),
        "token in quotes": ("sandbox", {"PROPEXO_TOKEN": f'"{TOKEN}"'}, BARE_TOKEN),
        "token of two lines": ("sandbox", {"PROPEXO_TOKEN": "a\nb"}, BARE_TOKEN),
        "token beyond ASCII": ("sandbox", {"PROPEXO_TOKEN": "t\u00f6ken"}, BARE_TOKEN),
        "empty id": ("sandbox", {"PROPEXO_EVENT_IDS": "evt-1,,evt-2"}, "PROPEXO_EVENT_IDS holds an empty value: "),
        "comma at the end": ("sandbox", {"PROPEXO_EVENT_IDS": "evt-1,"}, "PROPEXO_EVENT_IDS holds an empty value: "),
    },
)
def test_malformed_setting_is_one_sentence(name: str, changes: dict[str, str], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        target(name, **changes)
    assert str(caught.value).startswith(sentence)
    assert str(caught.value).endswith(".")
    assert TOKEN not in str(caught.value)


def test_token_does_not_show_itself() -> None:
    assert TOKEN not in repr(target())
    assert repr(Secret(TOKEN)) == repr([Secret(TOKEN)])[1:-1] == "$PROPEXO_TOKEN"
    assert f"Bearer {Secret(TOKEN)}" == f"Bearer {TOKEN}"


def test_profiles_allow_ever_more() -> None:
    assert [profile.allowance for profile in Profile] == [45, 120, 1000]
