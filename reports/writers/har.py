"""Every exchange of a run as one HAR 1.2 file, redacted, for the network panel of a browser's tools.

Entries are written as they happen, so that memory stays bounded and an interrupted run leaves what it had. Each
worker writes a part of its own, in a folder that no other run knows; `merge_parts` joins them into one file. A file is
locked while a run writes to it: of two runs at once, the second takes another name.
"""

from __future__ import annotations

import base64
import datetime as dt
import io
import json
import os
import re
import shutil
import stat
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import harfile
from filelock import lock_descriptor

from contracts.model import http as values
from contracts.untrusted import sanitize
from reports import VERSION
from reports.redaction.redactor import Redactor
from reports.writers.safe_files import unguessable_name

LONGEST_BODY = 64 * 1024
"""Bytes of a body that are kept; the sizes told are those of the whole."""
ENTRIES, BETWEEN = '"entries": [', re.compile(r"[\s,]*+")
"""What stands before the entries of a HAR, and between two of them."""
CREATOR = harfile.Creator(name="propexo-conformance", version=VERSION)


class OutputFile:
    """A file that is open for writing. What was written to it stays whole where there is no room for more."""

    def __init__(self, file: io.FileIO) -> None:
        """Take over the file; what is in there goes with the first write."""
        self.name = Path(str(file.name))
        self._file = file
        self._begun = False
        self._before_last = self._end = 0

    @property
    def is_empty(self) -> bool:
        """Return whether nothing that was written stands there."""
        return self._end == 0

    def write(self, text: str) -> None:
        """Write all of a text. `OSError` where that cannot be done: then nothing of it is in the file."""
        data = text.encode()
        if not self._begun:
            self._cut(0)
            self._begun = True
        left = memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError:
            self._cut(self._end)
            raise
        self._before_last, self._end = self._end, self._end + len(data)

    def write_last(self, text: str) -> None:
        """Write what has to be there for the rest to be worth something, be it in place of what was written last."""
        try:
            self.write(text)
        except OSError:
            self._end = self._before_last
            self._cut(self._end)
            self.write(text)
            raise

    def close(self) -> None:
        """Close the file, and let others write to it."""
        self._file.close()

    def _cut(self, size: int) -> None:
        if stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
            self._file.truncate(size)


def open_exclusively(file: Path) -> OutputFile:
    """Open a file that no other run writes to: it, or one beside it where another run does."""
    opened = io.FileIO(file, "a")
    if stat.S_ISREG(os.fstat(opened.fileno()).st_mode) and not lock_descriptor(opened.fileno(), blocking=False):
        opened.close()
        opened = io.FileIO(unguessable_name(file), "x")
        lock_descriptor(opened.fileno())
    return OutputFile(opened)


class HarRecorder:
    """Writes exchanges to one file. `sent_for` names what is being tried while they come; safe for threads."""

    def __init__(self, output: OutputFile, base_url: str, redactor: Callable[[], Redactor]) -> None:
        """Begin the file. `redactor` gives the one that knows all that is to be left out by now."""
        self.sent_for = ""
        self._base_url, self._redactor = base_url, redactor
        self._lock = threading.Lock()
        self._output = output
        self._text = io.StringIO()
        self._har = harfile.HarFile(self._text, creator=CREATOR)

    def record(self, exchange: values.Exchange) -> None:
        """Write one exchange. `OSError` where that cannot be done: then the file is ended without it."""
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
                comment=self._redactor().text(self._about(exchange)),
            )
            try:
                self._output.write(self._taken())
            except OSError:
                self._end()
                raise

    def close(self) -> None:
        """End the file, if that was not done yet."""
        with self._lock:
            if not self._har.closed:
                self._end()

    def _end(self) -> None:
        if self._output.is_empty:
            self._har = harfile.HarFile(self._text, creator=CREATOR)  # what it has begun is not there
        self._har.close()
        try:
            self._output.write_last(self._taken())
        finally:
            self._output.close()

    def _taken(self) -> str:
        """Return what harfile has made since the last time."""
        text = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return sanitize.json(text)

    def _about(self, exchange: values.Exchange) -> str:
        repeats = f", sent {exchange.attempts} times" if exchange.attempts > 1 else ""
        return f"{self.sent_for} {exchange.operation}: {exchange.mutation}, request {exchange.number}{repeats}".strip()

    def _request(self, request: values.Request) -> harfile.Request:
        url = self._base_url + request.target
        body = None
        if request.body is not None:
            kept, cut = self._kept(request)
            try:
                text = kept.decode()
            except UnicodeDecodeError:
                text = kept.decode(errors="backslashreplace")
                cut = ", ".join(filter(None, (cut, "not UTF-8: such bytes stand as escapes")))
            kind = next((value for name, value in request.headers if name.lower() == "content-type"), "")
            body = harfile.PostData(mimeType=self._redactor().text(kind), text=text, comment=cut or None)
        return harfile.Request(
            method=request.method,
            url=self._redactor().text(url),
            httpVersion="HTTP/1.1",
            headers=self._records(request.headers),
            queryString=self._records(parse_qsl(urlsplit(url).query, keep_blank_values=True)),
            postData=body,
            bodySize=len(request.body or b""),
        )

    def _response(self, exchange: values.Exchange) -> harfile.Response:
        response = exchange.response
        if response is None:
            return harfile.Response(0, "", "", comment=self._redactor().text(exchange.fault or "no answer"))
        kept, cut = self._kept(response)
        content = harfile.Content(
            size=len(response.body), mimeType=self._redactor().text(response.header("content-type") or "")
        )
        content.comment = cut or None
        try:
            content.text = kept.decode()
        except UnicodeDecodeError:
            content.text, content.encoding = base64.b64encode(kept).decode(), "base64"
        return harfile.Response(
            status=response.status,
            statusText=_phrase(response.status),
            httpVersion="HTTP/1.1",
            headers=self._records(response.headers),
            content=content,
            redirectURL=self._redactor().text(response.header("location") or ""),
            bodySize=len(response.body),
        )

    def _kept(self, said: values.Request | values.Response) -> tuple[bytes, str]:
        """Return the redacted beginning of a body, and a note where that is not the whole."""
        body, redactor = said.body or b"", self._redactor()
        kept = redactor.body(body[: LONGEST_BODY + redactor.margin], said.codings)[:LONGEST_BODY]
        return kept, f"the first {LONGEST_BODY:,} of {len(body):,} bytes" if len(body) > LONGEST_BODY else ""

    def _records(self, pairs: Iterable[tuple[str, str]]) -> list[harfile.Record]:
        return [harfile.Record(self._redactor().text(name), self._redactor().text(value)) for name, value in pairs]


def open_part(folder: Path, worker: str) -> OutputFile:
    """Open the file for a worker's part in the folder of these parts."""
    return OutputFile(io.FileIO(folder / f"{worker}.har", "x"))


def merge_parts(folder: Path, output: OutputFile) -> None:
    """Write the workers' parts as one, in the order sent, and remove their folder.

    `OSError` where they cannot be written, or one cannot be read: then all of them are kept where they are.
    """
    entries = [entry for one in sorted(folder.iterdir()) for entry in _entries(one)]
    entries.sort(key=lambda entry: str(entry["startedDateTime"]))
    empty = io.StringIO()
    harfile.HarFile(empty, creator=CREATOR).close()
    whole = {"log": json.loads(empty.getvalue())["log"] | {"entries": entries}}
    output.write(sanitize.json(json.dumps(whole, ensure_ascii=False)))
    output.close()
    shutil.rmtree(folder)


def _entries(part: Path) -> list[Any]:
    """Return the entries of a part; of one whose process was killed while it wrote, those that it had written."""
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
