"""Every exchange of a run as one HAR 1.2 file, redacted, for the network panel of a browser's tools.

Entries are written as they happen, so that memory stays bounded and an interrupted run leaves what it had. Each
worker writes a part of its own, in a folder of this run alone; `merge_parts` joins them into one file. A file is
locked while a run writes to it: of two runs at once, the second takes another name.
"""

from __future__ import annotations

import base64
import datetime as dt
import io
import json
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import harfile

from contracts.model import http as values
from contracts.untrusted import sanitize
from reports import VERSION
from reports.output.safe_files import OutputFile
from reports.redaction.redactor import Redactor

LONGEST_BODY = 64 * 1024
"""Bytes of a body that are recorded; sizes are those of the whole body."""
ENTRIES, BETWEEN = '"entries": [', re.compile(r"[\s,]*+")
"""The text before the entries of a HAR, and between two of them."""
CREATOR = harfile.Creator(name="propexo-conformance", version=VERSION)


class HarRecorder:
    """Writes exchanges to one file; safe for threads."""

    def __init__(self, output: OutputFile, base_url: str, redactor: Callable[[], Redactor]) -> None:
        """Start the file. `redactor` returns the current redactor: more ids become known during the run."""
        self._base_url, self._redactor = base_url, redactor
        self._lock = threading.Lock()
        self._output = output
        self._text = io.StringIO()
        self._har = harfile.HarFile(self._text, creator=CREATOR)

    def record(self, exchange: values.Exchange) -> None:
        """Write one exchange; on `OSError` the file is ended without it."""
        elapsed = round(exchange.elapsed * 1000, 3)
        began = dt.datetime.now(tz=dt.UTC) - dt.timedelta(seconds=time.monotonic() - exchange.began)
        request, response = self._request(exchange.request), self._response(exchange)
        with self._lock:
            if self._har.closed:
                return
            self._har.add_entry(
                startedDateTime=began.isoformat(timespec="milliseconds"),
                time=elapsed,
                request=request,
                response=response,
                timings=harfile.Timings(send=0, wait=elapsed, receive=0),
                comment=self._redactor().redact_text(self._comment(exchange)),
            )
            try:
                self._output.write(self._new_text())
            except OSError:
                self._end()
                raise

    def close(self) -> None:
        """End the file, unless that is done."""
        with self._lock:
            if not self._har.closed:
                self._end()

    def _end(self) -> None:
        if self._output.is_empty:
            self._har = harfile.HarFile(self._text, creator=CREATOR)  # its beginning was not written
        self._har.close()
        try:
            self._output.write_last(self._new_text())
        finally:
            self._output.close()

    def _new_text(self) -> str:
        """Return the text that harfile has written since the last call."""
        text = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return sanitize.json(text)

    def _comment(self, exchange: values.Exchange) -> str:
        repeats = f", sent {exchange.attempts} times" if exchange.attempts > 1 else ""
        return (
            f"{exchange.sent_for} {exchange.operation}: {exchange.mutation}, request {exchange.number}{repeats}".strip()
        )

    def _request(self, request: values.Request) -> harfile.Request:
        url = self._base_url + request.target
        body = None
        if request.body is not None:
            start, cut = self._redacted_start(request)
            try:
                text = start.decode()
            except UnicodeDecodeError:
                text = start.decode(errors="backslashreplace")
                cut = ", ".join(filter(None, (cut, "not UTF-8: invalid bytes are escaped")))
            kind = next((value for name, value in request.headers if name.lower() == "content-type"), "")
            body = harfile.PostData(mimeType=self._redactor().redact_text(kind), text=text, comment=cut or None)
        return harfile.Request(
            method=request.method,
            url=self._redactor().redact_text(url),
            httpVersion="HTTP/1.1",
            headers=self._records(request.headers),
            queryString=self._records(parse_qsl(urlsplit(url).query, keep_blank_values=True)),
            postData=body,
            bodySize=len(request.body or b""),
        )

    def _response(self, exchange: values.Exchange) -> harfile.Response:
        response = exchange.response
        if response is None:
            return harfile.Response(0, "", "", comment=self._redactor().redact_text(exchange.fault or "no response"))
        start, cut = self._redacted_start(response)
        content = harfile.Content(
            size=len(response.body), mimeType=self._redactor().redact_text(response.header("content-type") or "")
        )
        content.comment = cut or None
        try:
            content.text = start.decode()
        except UnicodeDecodeError:
            content.text, content.encoding = base64.b64encode(start).decode(), "base64"
        return harfile.Response(
            status=response.status,
            statusText=_phrase(response.status),
            httpVersion="HTTP/1.1",
            headers=self._records(response.headers),
            content=content,
            redirectURL=self._redactor().redact_text(response.header("location") or ""),
            bodySize=len(response.body),
        )

    def _redacted_start(self, message: values.Request | values.Response) -> tuple[bytes, str]:
        """Return the redacted start of a body, and a comment if the body is longer."""
        body, redactor = message.body or b"", self._redactor()
        start = redactor.redact_body(body[: LONGEST_BODY + redactor.margin], message.codings)[:LONGEST_BODY]
        return start, f"the first {LONGEST_BODY:,} of {len(body):,} bytes" if len(body) > LONGEST_BODY else ""

    def _records(self, pairs: Iterable[tuple[str, str]]) -> list[harfile.Record]:
        return [
            harfile.Record(self._redactor().redact_text(name), self._redactor().redact_text(value))
            for name, value in pairs
        ]


def open_part(folder: Path, worker: str) -> OutputFile:
    """Create the file for a worker's part in the folder of the parts."""
    return OutputFile(io.FileIO(folder / f"{worker}.har", "x"))


def merge_parts(folder: Path, output: OutputFile) -> None:
    """Join the parts of the workers into one file, in the order of sending, and remove their folder.

    `OSError` if that fails: the parts stay in their folder.
    """
    entries = [entry for part in sorted(folder.iterdir()) for entry in _entries(part)]
    entries.sort(key=lambda entry: str(entry["startedDateTime"]))
    empty = io.StringIO()
    harfile.HarFile(empty, creator=CREATOR).close()
    whole = {"log": json.loads(empty.getvalue())["log"] | {"entries": entries}}
    output.write(sanitize.json(json.dumps(whole, ensure_ascii=False)))
    output.close()
    shutil.rmtree(folder)


def _entries(part: Path) -> list[Any]:
    """Return the entries of a part; a part whose process was killed has the entries that are complete."""
    text = part.read_text(encoding="utf-8")
    with suppress(ValueError):
        return list(json.loads(text)["log"]["entries"])
    reader, entries = json.JSONDecoder(), []
    at = text.find(ENTRIES) + len(ENTRIES)
    with suppress(ValueError):
        while (between := BETWEEN.match(text, at)) and between.end() < len(text):
            entry, at = reader.raw_decode(text, between.end())
            entries.append(entry)
    return entries


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
