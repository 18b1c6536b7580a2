"""Every exchange of a run as one HAR 1.2 file, redacted, for the network panel of a browser's tools.

Entries are written as they happen, so that memory stays bounded and an interrupted run leaves what it had. Each
worker writes a part of its own; `merge` makes them one file.
"""

from __future__ import annotations

import base64
import datetime as dt
import io
import json
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import parse_qsl, urlsplit

import harfile

from contracts import exchange as values
from reports import VERSION
from reports.redaction import Redactor

LONGEST_BODY = 64 * 1024
"""Bytes of a body that are kept; the sizes told are those of the whole."""
CREATOR = harfile.Creator(name="propexo-conformance", version=VERSION)


class Recorder:
    """Writes exchanges to one file. `sent_for` names what is being tried while they come; safe for threads."""

    def __init__(self, file: Path, base_url: str, redactor: Callable[[], Redactor]) -> None:
        """Begin the file. `redactor` gives the one that knows all that is to be left out by now."""
        self.sent_for = ""
        self._base_url, self._redactor = base_url, redactor
        self._lock = threading.Lock()
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] = file.open("w", encoding="utf-8")
        self._har = harfile.HarFile(self._file, creator=CREATOR)

    def record(self, exchange: values.Exchange) -> None:
        """Write one exchange."""
        elapsed = round(exchange.elapsed * 1000, 3)
        began = dt.datetime.now(tz=dt.UTC) - dt.timedelta(seconds=time.monotonic() - exchange.began)
        request, response = self._request(exchange.request), self._response(exchange)
        with self._lock:
            self._har.add_entry(
                startedDateTime=began.isoformat(timespec="milliseconds"),
                time=elapsed,
                request=request,
                response=response,
                timings=harfile.Timings(send=0, wait=elapsed, receive=0),
                comment=self._redactor().text(self._about(exchange)),
            )

    def close(self) -> None:
        """End the file."""
        with self._lock:
            self._har.close()
            self._file.close()

    def _about(self, exchange: values.Exchange) -> str:
        repeats = f", sent {exchange.attempts} times" if exchange.attempts > 1 else ""
        return f"{self.sent_for} {exchange.operation}: {exchange.edit}, request {exchange.number}{repeats}".strip()

    def _request(self, request: values.Request) -> harfile.Request:
        url = self._base_url + request.target
        body = None
        if request.body is not None:
            kept, cut = self._kept(request.body)
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
            return harfile.Response(0, "", "", comment=exchange.fault or "no answer")
        kept, cut = self._kept(response.body)
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

    def _kept(self, body: bytes) -> tuple[bytes, str]:
        """Return the redacted beginning of a body, and a note where that is not the whole."""
        kept = self._redactor().text(body[:LONGEST_BODY].decode("latin-1")).encode("latin-1")
        return kept, f"the first {LONGEST_BODY:,} of {len(body):,} bytes" if len(body) > LONGEST_BODY else ""

    def _records(self, pairs: Iterable[tuple[str, str]]) -> list[harfile.Record]:
        return [harfile.Record(self._redactor().text(name), self._redactor().text(value)) for name, value in pairs]


def part(file: Path, worker: str) -> Path:
    """Return where a worker writes its part; the file itself where there are no workers."""
    return file.with_name(f"{file.name}.{worker}") if worker else file


def clear(file: Path) -> None:
    """Remove what an earlier run left of parts."""
    for left in file.parent.glob(f"{file.name}.*"):
        left.unlink()


def merge(file: Path) -> None:
    """Make one file of the workers' parts, in the order sent; where there are none, `file` is whole already."""
    parts = sorted(file.parent.glob(f"{file.name}.*"))
    if not parts:
        return
    logs = [_log(one.read_text(encoding="utf-8")) for one in parts]
    entries = sorted(
        (entry for log in logs for entry in log["entries"]), key=lambda entry: str(entry["startedDateTime"])
    )
    file.write_text(json.dumps({"log": logs[0] | {"entries": entries}}, ensure_ascii=False), encoding="utf-8")
    clear(file)


def _log(text: str) -> dict[str, Any]:
    """Return the log of a part; of one whose process was killed while it wrote, what it had."""
    try:
        return cast("dict[str, Any]", json.loads(text)["log"])
    except ValueError:
        pass
    reader, entries = json.JSONDecoder(), []
    _, _, rest = text.partition('"entries": [')
    with suppress(ValueError):
        while rest := rest.lstrip(" \n,"):
            entry, end = reader.raw_decode(rest)
            entries.append(entry)
            rest = rest[end:]
    whole = io.StringIO()
    harfile.HarFile(whole, creator=CREATOR).close()
    return cast("dict[str, Any]", json.loads(whole.getvalue())["log"]) | {"entries": entries}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
