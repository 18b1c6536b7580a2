"""No form of the token is written, whoever sent it back, and what stands for it still leads to it."""

import shutil
import subprocess
from base64 import b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.redaction.redactor import SHORTEST_PART, Redactor
from reports.render.curl import curl
from strategies.request import credentials
from tests.support.factories import TOKEN, WAYS_TO_BE_REFUSED, control, every_edit, replayable, table
from tests.support.schemas import tokens

FORMS = {
    "itself": (TOKEN,),
    "case swapped": (TOKEN.swapcase(),),
    "reversed": (TOKEN[::-1],),
    "base64": (b64encode(f"{TOKEN}:".encode()).decode(),),
    "last character cut": (TOKEN[:-1],),
    "first half": (TOKEN[: len(TOKEN) // 2],),
    "middle changed": (TOKEN[:9] + "!" + TOKEN[10:],),
    "twice": (TOKEN * 2,),
}


def gives_away(text: str, token: str) -> list[str]:
    """Return what of the token stands in a text."""
    parts = [token[at : at + SHORTEST_PART] for at in range(len(token) - SHORTEST_PART + 1)]
    whole = [token.swapcase(), token[::-1], b64encode(f"{token}:".encode()).decode(), quote(token, safe="")]
    return [form for form in parts + whole if form in text]


@table("form", FORMS)
def test_form_of_the_token_is_not_written(form: str) -> None:
    text = f"before {form} after"
    assert gives_away(text, TOKEN)
    written = Redactor(TOKEN).redact_text(text)
    assert gives_away(written, TOKEN) == []
    assert written.startswith("before $")
    assert written.endswith(" after")


@replayable
@given(tokens)
def test_percent_encoded_token_is_not_written(token: str) -> None:
    assert gives_away(Redactor(token).redact_text(f"?a={quote(token, safe='')}&b=1"), token) == []


@replayable
@given(st.text())
def test_text_without_the_token_stays_as_it_is(text: str) -> None:
    assert Redactor(TOKEN).redact_text(text) == text


@replayable
@given(tokens)
def test_no_mutation_of_credentials_gives_the_token_away(token: str) -> None:
    redactor, request = Redactor(token), control(token=token)
    for mutation in every_edit(*WAYS_TO_BE_REFUSED, credentials.scheme_spellings):
        changed = mutation.apply(request)
        written = [
            redactor.redact_text(changed.target),
            *(redactor.redact_text(f"{n}: {v}") for n, v in changed.headers),
        ]
        assert gives_away("\n".join(written), token) == [], mutation.name
        assert gives_away(curl(changed, "https://api.example.com", redactor), token) == [], mutation.name


def test_short_part_is_an_ordinary_word() -> None:
    assert Redactor("abcdefghij").redact_text("abcde fghij bcdef") == "abcde fghij bcdef"


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash to fill in the token")
@table("form", {name: form for name, form in FORMS.items() if name != "middle changed"})
def test_replacement_of_the_token_expands_to_it_in_a_shell(form: str) -> None:
    command = f'printf %s "{Redactor(TOKEN).redact_text(form)}"'
    reported = subprocess.run(  # noqa: S603 - our own command
        ["bash", "-c", command],  # noqa: S607 - whichever bash there is
        env={"PROPEXO_TOKEN": TOKEN, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert reported.stdout == form
