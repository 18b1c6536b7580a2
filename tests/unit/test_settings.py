"""What the user gives: each malformed setting gets its own sentence before anything is sent."""

import os
import re
import sys
from pathlib import Path

import pytest

from contracts.errors import UsageError
from tests.harness.config.access import Access
from tests.harness.config.settings import (
    ENV_FILE,
    SANDBOX,
    Profile,
    Secret,
    Settings,
    Target,
    env_file_from,
    limited_to,
    settings_from,
    target_from,
)
from tests.harness.rate_limit.open_counter import counter_for
from tests.harness.rate_limit.shared_counter import SharedRateCounter
from tests.support.factories import DOCUMENT, TOKEN, table

GOOD = {"PROPEXO_TOKEN": TOKEN, "PROPEXO_INTEGRATION_ID": "rm-1", "PROPEXO_EVENT_IDS": "evt-1,evt-2"}
NOT_UTF8 = " is not UTF-8 (it holds the byte 0xFF):"
VARIABLES = ("PROPEXO_INTEGRATION_ID", "PROPEXO_EVENT_IDS", "PROPEXO_LEAD_ID")


def settings(*variables: str, env_file: Path | None = None, **environment: str) -> Settings:
    return settings_from(variables, environment, env_file)


def target(name: str = "http://127.0.0.1:4010", **changes: str) -> Target:
    return target_from(name, settings(*VARIABLES, **GOOD | changes))


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


@pytest.mark.parametrize(
    "token",
    ["a-b.c_d~e+f/g==", "abc1234", "0123456", "Passw0rd", "qzxwvutsrponmlkji", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."],
)
def test_any_token_of_rfc_6750_is_taken(token: str) -> None:
    assert target(PROPEXO_TOKEN=token).token == token


@pytest.mark.parametrize("value", ["", " ", "\n"])
def test_variable_without_a_value_is_not_known(value: str) -> None:
    assert target(PROPEXO_EVENT_IDS=value).known == {"PROPEXO_INTEGRATION_ID": ("rm-1",)}


def test_variable_that_no_operation_names_is_not_known() -> None:
    assert settings(**GOOD).known == {}


@pytest.mark.parametrize("value", ["", " "])
def test_target_without_a_token_gets_one_that_nobody_issued(value: str) -> None:
    first, second = target(PROPEXO_TOKEN=value), target(PROPEXO_TOKEN=value)
    assert first.access is second.access is Access.NONE
    assert first.token != second.token
    assert len(first.token) > 20


def test_file_holds_what_the_environment_does_not(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(f"# mine\nPROPEXO_TOKEN='{TOKEN}'\nPROPEXO_EVENT_IDS=e-1,e-2\nPROPEXO_LEAD_ID=l-1\nPATH=/nowhere\n")
    read = settings(*VARIABLES, env_file=file, PROPEXO_EVENT_IDS="e-9", PROPEXO_LEAD_ID=" ")
    assert read.token is not None
    assert read.token.get_secret_value() == TOKEN
    assert read.known == {"PROPEXO_EVENT_IDS": ("e-9",), "PROPEXO_LEAD_ID": ("l-1",)}


def test_default_file_need_not_be_there(tmp_path: Path) -> None:
    assert settings(env_file=tmp_path / "absent").token is None
    assert env_file_from(None) == ENV_FILE
    assert ENV_FILE.absolute() == Path.cwd() / ".env"


def test_file_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    file = tmp_path / "mine.env"
    for absent in (file, tmp_path):
        with pytest.raises(UsageError, match=r"^--env-file \S+ does not exist: name the file with your settings"):
            env_file_from(absent)
    file.touch()
    assert env_file_from(str(file)) == file
    assert env_file_from(os.devnull) == Path(os.devnull)


def test_file_in_no_encoding_that_we_read_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"PROPEXO_TOKEN=\xff\xfe")
    with pytest.raises(UsageError, match=r"\.env cannot be read as settings \(it is not UTF-8\)\.$"):
        settings(env_file=file)


def test_file_that_refers_to_a_variable_which_is_not_utf_8_is_one_sentence(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("PROPEXO_EVENT_IDS=${ELSEWHERE}\n", "utf-8")
    with pytest.raises(UsageError, match=rf"^PROPEXO_EVENT_IDS{re.escape(NOT_UTF8)} give its value in UTF-8\.$"):
        settings(*VARIABLES, env_file=env_file, **GOOD | {"PROPEXO_EVENT_IDS": "", "ELSEWHERE": "a\udcff"})


def test_other_variables_may_hold_any_bytes() -> None:
    assert settings(*VARIABLES, **GOOD | {"ELSEWHERE": "\udcff"}).known["PROPEXO_EVENT_IDS"] == ("evt-1", "evt-2")


def test_quote_that_is_not_closed_is_reported_without_the_value(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(f"# mine\nPROPEXO_TOKEN='{TOKEN}\nPROPEXO_EVENT_IDS=e-1\n")
    with pytest.raises(UsageError) as caught:
        settings(env_file=file)
    assert str(caught.value) == (
        f"{file} cannot be read as settings (line 2 is not NAME=VALUE, or a quote in it is not closed)."
    )


def test_pipe_that_nobody_writes_to_is_one_sentence(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match=r"cannot be read as settings \(it is a pipe or a device, not a file\)\.$"):
        settings(env_file=env_file_from(tmp_path / "pipe"))


def test_process_environment_is_not_read_behind_the_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROPEXO_TOKEN", TOKEN)
    assert settings().token is None


def test_settings_do_not_show_the_token() -> None:
    assert TOKEN not in repr(settings(*VARIABLES, **GOOD))


@table(
    "declared, known, access",
    {
        "nothing": (None, 2, Access.WRITE),
        "write": (Access.WRITE, 2, Access.WRITE),
        "token": (Access.TOKEN, 0, Access.WRITE),
        "none": (Access.NONE, 0, Access.NONE),
    },
)
def test_what_is_not_to_be_used_is_not_at_hand(declared, known: int, access: Access) -> None:
    limited = limited_to(target(), declared)
    assert (len(limited.known), limited.access) == (known, access)
    assert (limited.token == TOKEN) is (access is not Access.NONE)


PRODUCTION = {
    "name": "https://api.propexo.com",
    "without TLS": "http://api.propexo.com",
    "path": "https://api.propexo.com/v1/",
    "port": "https://api.propexo.com:443",
    "another port": "http://api.propexo.com:8080",
    "capitals": "HTTPS://API.Propexo.COM",
    "dot at the end": "https://api.propexo.com.",
    "dots at the end": "https://api.propexo.com..:443",
}


@pytest.mark.parametrize("url", PRODUCTION.values(), ids=PRODUCTION)
def test_production_is_rejected_unless_allowed(url: str) -> None:
    with pytest.raises(
        UsageError, match=r"^api\.propexo\.com is production, where .* --allow-production to test production"
    ):
        target(url)
    assert target_from(url, settings(**GOOD), allow_production=True).token == TOKEN


DISGUISED = {
    "user": "https://me@api.propexo.com",
    "user and password": "https://me:secret@api.propexo.com",
    "as a user": "https://api.propexo.com@example.com",
    "empty user": "https://@api.propexo.com",
    "back slash": "https://api.propexo.com\\@example.com",
    "wide letters": "https://\uff41pi.propexo.com",
    "wide dot": "https://api\uff0epropexo.com",
    "ideographic dot": "https://api\u3002propexo.com",
    "escape": "https://api%2epropexo.com",
    "soft hyphen": "https://api.pro\u00adpexo.com",
    "tab": "https://api.pro\tpexo.com",
}


@pytest.mark.parametrize("url", DISGUISED.values(), ids=DISGUISED)
def test_production_in_disguise_is_rejected_always(url: str) -> None:
    for allowed in (False, True):
        with pytest.raises(UsageError):
            target_from(url, settings(**GOOD), allow_production=allowed)


@pytest.mark.parametrize("url", [SANDBOX, "https://api.propexo.com.example.com", "https://x-api.propexo.com"])
def test_other_hosts_are_not_production(url: str) -> None:
    assert target(url).url == url


NAMES_A_TARGET = "--target takes mock, sandbox or a base URL such as http://127.0.0.1:4010, not "
NOT_REPEATED = "what was given, which is not repeated: it may hold a password"
NO_CREDENTIALS = "--target takes a base URL without credentials and query"
LIKE_A_WORD = "PROPEXO_TOKEN is so short or so much like a word"
BARE_TOKEN = "PROPEXO_TOKEN holds characters that no bearer token has: give the bare token, without the scheme."


@table(
    "name, changes, sentence",
    {
        "no target": ("", {}, NAMES_A_TARGET + "''"),
        "another word": ("production", {}, NAMES_A_TARGET + "'production'"),
        "password in what is no URL": (
            "htp://user:secret@api.example.com",
            {},
            NAMES_A_TARGET + NOT_REPEATED,
        ),
        "password and a space": ("https://user:sec ret@api.example.com", {}, NAMES_A_TARGET + NOT_REPEATED),
        "no scheme": ("api.example.com", {}, NAMES_A_TARGET + "'api.example.com'"),
        "another scheme": ("ftp://api.example.com", {}, NAMES_A_TARGET),
        "no host": ("https:///v1", {}, NAMES_A_TARGET),
        "user": ("https://user@api.example.com", {}, NO_CREDENTIALS),
        "password": ("https://:secret@api.example.com", {}, NO_CREDENTIALS),
        "query": ("https://api.example.com?a=b", {}, NO_CREDENTIALS),
        "fragment": ("https://api.example.com#a", {}, NO_CREDENTIALS),
        "certificate that is not there": (
            "sandbox",
            {"PROPEXO_CLIENT_CERT": "/no/such.pem"},
            "PROPEXO_CLIENT_CERT names no file: give the path of a PEM file.",
        ),
        "port that is none": ("http://127.0.0.1:http", {}, NAMES_A_TARGET),
        "space": ("https://api.example.com/a b", {}, NAMES_A_TARGET),
        "token with its scheme": ("sandbox", {"PROPEXO_TOKEN": f"Bearer {TOKEN}"}, BARE_TOKEN),
        "token in quotes": ("sandbox", {"PROPEXO_TOKEN": f'"{TOKEN}"'}, BARE_TOKEN),
        "token of two lines": ("sandbox", {"PROPEXO_TOKEN": "a\nb"}, BARE_TOKEN),
        "token of one letter": ("sandbox", {"PROPEXO_TOKEN": "a"}, LIKE_A_WORD),
        "token of six characters": ("sandbox", {"PROPEXO_TOKEN": "a1-b2."}, LIKE_A_WORD),
        "token that is a word": ("sandbox", {"PROPEXO_TOKEN": "appointments"}, LIKE_A_WORD),
        "token that is a name": ("sandbox", {"PROPEXO_TOKEN": "Authorization"}, LIKE_A_WORD),
        "token in capitals": ("sandbox", {"PROPEXO_TOKEN": "SANDBOX"}, LIKE_A_WORD),
        "token beyond ASCII": ("sandbox", {"PROPEXO_TOKEN": "t\u00f6ken"}, BARE_TOKEN),
        "empty id": ("sandbox", {"PROPEXO_EVENT_IDS": "evt-1,,evt-2"}, "PROPEXO_EVENT_IDS holds an empty value: "),
        "token that is not UTF-8": ("sandbox", {"PROPEXO_TOKEN": f"{TOKEN}\udcff"}, "PROPEXO_TOKEN" + NOT_UTF8),
        "id that is not UTF-8": ("sandbox", {"PROPEXO_EVENT_IDS": "evt-1,a\udcff"}, "PROPEXO_EVENT_IDS" + NOT_UTF8),
        "path that is not UTF-8": ("sandbox", {"PROPEXO_CLIENT_CERT": "\udcff"}, "PROPEXO_CLIENT_CERT" + NOT_UTF8),
        "comma at the end": ("sandbox", {"PROPEXO_EVENT_IDS": "evt-1,"}, "PROPEXO_EVENT_IDS holds an empty value: "),
    },
)
def test_malformed_setting_is_one_sentence(name: str, changes: dict[str, str], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        target(name, **changes)
    assert str(caught.value).startswith(sentence)
    assert str(caught.value).endswith(".")
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:p4ssw0rd@api.example.com",
        "https://user:p4ssw0rd@api.example.com:port",
        "https://user:p4ss w0rd@api.example.com",
        "https://user:p4ssw0rd@",
        "user:p4ssw0rd@api.example.com",
        "ftp://user:p4ssw0rd@api.example.com",
        "https://us/er:p4ssw0rd@api.example.com\\",
        "https://user:p4ssw0rd@[api.example.com",
    ],
)
def test_password_in_a_target_is_not_repeated(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        target(url)
    assert "w0rd" not in str(caught.value)
    assert str(caught.value).startswith("--target takes ")


def test_token_does_not_show_itself() -> None:
    assert TOKEN not in repr(target())
    assert repr(Secret(TOKEN)) == repr([Secret(TOKEN)])[1:-1] == "$PROPEXO_TOKEN"
    assert f"Bearer {Secret(TOKEN)}" == f"Bearer {TOKEN}"


def test_profiles_allow_ever_more() -> None:
    assert [profile.budget for profile in Profile] == [45, 120, 1000]


REDIS = "redis://:not-to-be-shown@cache.example:6380/1"


@table(
    "url", {"plain": ("redis://cache",), "whole": (REDIS,), "TLS": (f"rediss{REDIS[5:]}",), "socket": ("unix:///s",)}
)
def test_address_of_a_redis_is_kept_as_a_secret(url: str) -> None:
    found = settings(PROPEXO_REDIS_URL=url)
    assert found.redis_url is not None
    assert found.redis_url.get_secret_value() == url
    assert "not-to-be-shown" not in f"{found!r} {found}"


@table("url", {text: (text,) for text in ("cache:6379", "http://not-shown", "redis://", "redis://not-shown:port", "x")})
def test_address_of_no_redis_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(UsageError) as error:
        settings(PROPEXO_REDIS_URL=url)
    assert str(error.value).startswith("PROPEXO_REDIS_URL is no address of a Redis: give redis://HOST:PORT, or rediss")
    assert "not-shown" not in str(error.value)


def test_run_without_redis_counts_on_its_machine() -> None:
    assert counter_for(settings()) is counter_for(settings(PROPEXO_REDIS_URL=" ")) is SharedRateCounter


def test_package_that_is_missing_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    monkeypatch.delitem(sys.modules, "tests.harness.rate_limit.redis_counter", raising=False)
    with pytest.raises(
        UsageError, match=r"^PROPEXO_REDIS_URL is set, and the package redis is not installed: "
    ) as error:
        counter_for(settings(PROPEXO_REDIS_URL=REDIS))
    assert "not-to-be-shown" not in str(error.value)
