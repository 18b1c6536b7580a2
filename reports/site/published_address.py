"""Fetch the document at an http(s) address: within one time, of a bounded size, and without showing its credentials.

An address may hold a user and a password, and its query a token: both are sent, and neither is ever shown.
"""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass
from typing import Final

import httpx

from contracts.errors import ContractError
from contracts.untrusted.bounded_files import MAX_CONTRACT_FILE_BYTES, MEGABYTE

SCHEMES: Final = ("http://", "https://")
FETCH_SECONDS: Final = 30.0
"""For the whole document, redirects included, however slowly each of its bytes comes."""
HTML: Final = (b"<!doctype", b"<html")
GZIP_OR_ZLIB: Final = zlib.MAX_WBITS | 32


def is_address(source: str) -> bool:
    """Return whether a document is named by an address, and not by a file."""
    return source.lower().startswith(SCHEMES)


@dataclass(frozen=True, slots=True)
class PublishedAddress:
    """An address, and as which it may be shown: without user, password, query and fragment."""

    url: httpx.URL
    shown: str

    @classmethod
    def parse(cls, source: str) -> PublishedAddress:
        """Parse an address; `ContractError` in a sentence that quotes none of it if it is none."""
        try:
            url = httpx.URL(source)
            bare = url.copy_with(userinfo=b"", query=None, fragment=None)
        except (httpx.InvalidURL, ValueError):
            url = bare = httpx.URL("")
        if not url.host:
            raise ContractError("The address of the published document is not valid: name an OpenAPI document.")
        return cls(url, f"{bare}{'?…' * bool(url.query)}")

    def __repr__(self) -> str:
        """Return what may be shown."""
        return self.shown

    def fetch(self, seconds: float = FETCH_SECONDS) -> bytes:
        """Return the document; `ContractError` in one sentence if that is not possible within so many seconds."""
        try:
            return asyncio.run(self._fetched_within(seconds))
        except TimeoutError:
            raise ContractError(f"{self.shown} was not read within {seconds:g} seconds: try again later.") from None
        except httpx.HTTPError as error:
            reason = self._without_credentials(str(error)) or type(error).__name__
            raise ContractError(f"{self.shown} cannot be read ({reason}): name an OpenAPI document.") from None

    async def _fetched_within(self, seconds: float) -> bytes:
        headers = {"accept-encoding": "gzip"}
        auth = (self.url.username, self.url.password) if self.url.userinfo else None
        url = self.url.copy_with(userinfo=b"")  # the library logs it
        async with (
            asyncio.timeout(seconds),
            httpx.AsyncClient(follow_redirects=True, timeout=None, headers=headers) as client,  # noqa: S113 - all of it
            client.stream("GET", url, auth=auth) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise ContractError(f"{self.shown} answered {response.status_code}: name an OpenAPI document.")
            return await self._body(response)

    async def _body(self, response: httpx.Response) -> bytes:
        """Return the body, decoded by as much as a document may have: a few kilobytes can be made to be terabytes."""
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if encoding not in ("", "identity", "gzip", "deflate"):
            unread = f"{self.shown} comes encoded as {encoding[:20]}"
            raise ContractError(f"{unread}, which was not asked for: name an OpenAPI document.")
        decoder = zlib.decompressobj(GZIP_OR_ZLIB) if encoding in ("gzip", "deflate") else None
        content = bytearray()
        async for part in response.aiter_raw():
            room = MAX_CONTRACT_FILE_BYTES + 1 - len(content)
            try:
                content += part if decoder is None else decoder.decompress(part, room)
            except zlib.error:
                raise ContractError(f"{self.shown} is no valid {encoding}: try again later.") from None
            if len(content) > MAX_CONTRACT_FILE_BYTES:
                limit = MAX_CONTRACT_FILE_BYTES // MEGABYTE
                raise ContractError(f"{self.shown} has more than {limit} MB: name an OpenAPI document.")
        if decoder is not None and not decoder.eof:
            raise ContractError(f"{self.shown} ended in the middle of its {encoding}: try again later.")
        if content.lstrip()[:20].lower().startswith(HTML):
            raise ContractError(f"{self.shown} is a page for browsers: name the OpenAPI document itself.")
        return bytes(content)

    def _without_credentials(self, text: str) -> str:
        """Return a message of the library, in which nothing of the address is left but what may be shown."""
        secrets = (self.url.userinfo.decode(), self.url.username, self.url.password, self.url.query.decode())
        for secret in sorted(filter(None, secrets), key=len, reverse=True):
            text = text.replace(secret, "…")
        return text
