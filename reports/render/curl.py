"""A request as a curl command that sends the very same bytes when pasted into bash."""

from __future__ import annotations

from contracts.model.http import Request
from reports.redaction.redactor import Redactor

LONGEST_BODY = 20_000
"""Bytes of a body in the command itself; a longer body is read from a file."""
OWN_HEADERS = ("Accept", "User-Agent", "Content-Type")
"""Headers that curl adds by default: `-H 'Name:'` removes those that the request did not have."""
WHOLE_TOKEN = "${PROPEXO_TOKEN}"  # noqa: S105 - a variable
NAMED_IF_MISSING = "${PROPEXO_TOKEN:?export it first, as in .env}"
PRINTABLE = range(0x20, 0x7F)


def curl(request: Request, base_url: str, redactor: Redactor) -> str:
    """Return the command, with the token as `${PROPEXO_TOKEN:?…}`: without it bash says so and sends nothing.

    It needs bash, whose `$'…'` holds any byte but NUL; printf pipes a body that has a NUL to standard input.
    """
    sent = {name.lower() for name, _ in request.headers}
    words = ["curl -i --path-as-is -X", request.method, _word(base_url + request.target, redactor)]
    words += [f"-H '{name}:'" for name in OWN_HEADERS if name.lower() not in sent]
    words += [f"-H {_word(f'{name}: {value}' if value else f'{name};', redactor)}" for name, value in request.headers]
    if request.chunked:
        words.append("-H 'Transfer-Encoding: chunked'")
    body, before = request.body, ""
    if body is not None and len(body) > LONGEST_BODY:
        before = f"# save the body, {len(body):,} bytes, as the file body\n"
        words.append("--data-binary @body")
    elif body is not None and b"\x00" in body:
        before = f"printf '{''.join(_octal(byte) for byte in body)}' | "
        words.append("--data-binary @-")
    elif body is not None:
        words.append(f"--data-raw {_word(body.decode('latin-1'), redactor)}")
    return before + " ".join(words)


def _word(text: str, redactor: Redactor) -> str:
    """Quote a text of one character per byte; secrets are in double quotes, for the shell to expand."""
    return "".join(_secret(part.text) if part.secret else _literal(part.text) for part in redactor.parts(text)) or "''"


def _secret(text: str) -> str:
    """Return the expansion of a secret; that of the whole token fails where the variable is not set."""
    return f'"{text.replace(WHOLE_TOKEN, NAMED_IF_MISSING)}"'


def _literal(text: str) -> str:
    if all(ord(character) in PRINTABLE for character in text):
        return "'" + text.replace("'", "'\\''") + "'"
    return "$'" + "".join(_escaped(ord(character)) for character in text) + "'"


def _escaped(byte: int) -> str:
    return chr(byte) if byte in PRINTABLE and chr(byte) not in "'\\" else f"\\{byte:03o}"


def _octal(byte: int) -> str:
    return chr(byte) if byte in PRINTABLE and chr(byte) not in "'\\%" else f"\\{byte:03o}"
