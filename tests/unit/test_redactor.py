"""Every spelling of a token is found and replaced, and nothing else is."""

import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.redaction.redactor import HIDDEN, Redactor
from tests.support.factories import SECRET, replayable, table

FORMS = {
    "itself": SECRET,
    "percent": quote(SECRET, safe=""),
    "percent, twice": quote(quote(SECRET, safe=""), safe=""),
    "percent, all of it": "".join(f"%{ord(character):02x}" for character in SECRET),
    "JSON": SECRET.replace("/", "\\/"),
    "JSON, all of it": "".join(f"\\u{ord(character):04X}" for character in SECRET),
    "JSON in JSON": json.dumps(SECRET.replace("/", "\\/")),
    "Python": "".join(f"\\x{ord(character):02x}" for character in SECRET),
    "XML": "".join(f"&#{ord(character)};" for character in SECRET),
    "XML in hex": "".join(f"&#x{ord(character):X};" for character in SECRET),
    "in colour": SECRET.replace("-", "\x1b[33m-\x1b[39;49;00m"),
    "backwards": SECRET[::-1],
    "case swapped": SECRET.swapcase(),
    "last character cut": SECRET[:-1],
    "first character cut": SECRET[1:],
    "cut short": f"{SECRET[:9]}...",
    "cut short by one character": f"{SECRET[:9]}\u2026",
    "cut in the middle": f"x...{SECRET[-12:]}",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_form_is_found_and_replaced(form: str) -> None:
    redactor = Redactor(SECRET)
    assert redactor.occurs_in(f"before {form} after".encode())
    clean = redactor.redact_output(f"before {form} after")
    assert not redactor.occurs_in(clean.encode())
    assert clean.startswith("before ")
    assert clean.endswith(" after")


@replayable
@given(st.binary(max_size=20), st.binary(max_size=20), st.sampled_from([b64encode, urlsafe_b64encode]))
def test_base64_is_found_at_any_alignment_of_the_token(before: bytes, after: bytes, encode) -> None:
    text = encode(before + SECRET.encode() + after)
    redactor = Redactor(SECRET)
    assert redactor.occurs_in(text)
    assert not redactor.occurs_in(redactor.redact_output_bytes(text))


@replayable
@given(st.binary())
def test_bytes_without_the_token_stay_as_they_are(data: bytes) -> None:
    assert Redactor(SECRET).redact_output_bytes(data) == data


IDS = {"evt-1": "[PROPEXO_EVENT_IDS]", "lead 22": "[PROPEXO_LEAD_ID]"}


@table(
    "text, shown",
    {
        "given id": ("updated evt-1, not evt-12", "updated [PROPEXO_EVENT_IDS], not evt-12"),
        "id in a path": ("/v1/events/evt-1?x", "/v1/events/[PROPEXO_EVENT_IDS]?x"),
        "id in JSON": ('{"event_id":"other"}', f'{{"event_id":"{HIDDEN}"}}'),
        "bare id": ('{"id": "77-x", "status": "ok"}', f'{{"id": "{HIDDEN}", "status": "ok"}}'),
        "name": ('{"first_name":"Ann","last-name":"Lee"}', f'{{"first_name":"{HIDDEN}","last-name":"{HIDDEN}"}}'),
        "name in JSON in JSON": (r"{\"name\":\"Ann\"}", rf"{{\"name\":\"{HIDDEN}\"}}"),
        "name in a repr": ("{'email': 'ann@example.com'}", f"{{'email': '{HIDDEN}'}}"),
        "name that is cut short": ('{"name":"Ann of\u2026', f'{{"name":"{HIDDEN}'),
        "nothing of that": ('{"code":"invalid","valid":"yes"}', '{"code":"invalid","valid":"yes"}'),
    },
)
def test_ids_and_names_are_hidden_where_that_was_asked_for(text: str, shown: str) -> None:
    assert Redactor(SECRET, IDS).redact_text(text) == shown
    assert Redactor(SECRET).redact_text(text) == text
