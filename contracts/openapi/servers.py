"""The servers of a document, and the path under which its operations are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from contracts.model.json_value import Json

VARIABLE: Final = re.compile(r"\{([^{}]*)\}")
UNKNOWN_HOST: Final = "document.invalid"
"""Stands for the host of the document, which a relative server is relative to, and which nobody knows."""
PATH_CHARACTERS: Final = "/%:@!$&'()*+,;=~-._"


def server_urls(entries: Json) -> tuple[str, ...]:
    """Return the URLs of server objects, variables replaced by their defaults; relative ones have no host.

    Those of an entry that is no server are left out; so are those with a variable that has neither default nor values.
    """
    return tuple(_urls(entries))


def unreadable_servers(entries: Json) -> Iterator[str]:
    """Yield why a server is not used, for each that is not."""
    for entry in entries if isinstance(entries, list) else ():
        url = entry.get("url") if isinstance(entry, dict) else None
        if isinstance(url, str) and _url(entry) is None:
            unknown = VARIABLE.findall(_filled(entry, url))
            why = f"has no value for {unknown[0]}: give the variable a default" if unknown else "is no URL"
            yield f"the server {url} {why}"


def base_path(urls: Sequence[str], host: str | None = None) -> str:
    """Return the path of the server on this host and port, else of the first, percent-encoded, no slash at its end."""
    chosen = next((url for url in urls if urlsplit(url).netloc == host), next(iter(urls), ""))
    return quote(urlsplit(chosen).path.rstrip("/"), safe=PATH_CHARACTERS)


def other_hosts(urls: Sequence[str], usual: Sequence[str]) -> tuple[str, ...]:
    """Return the hosts of an operation's own servers if none of them is a host of the document's."""
    own, theirs = ({urlsplit(url).netloc: None for url in one} for one in (urls, usual))
    anywhere = not own or not theirs or "" in own or "" in theirs
    return () if anywhere or own.keys() & theirs.keys() else tuple(own)


def _urls(entries: Json) -> Iterator[str]:
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("url"), str) and (url := _url(entry)) is not None:
            yield url


def _url(entry: Mapping[str, Json]) -> str | None:
    """Return the URL of a server, resolved; None if a variable has no value, or it is no URL."""
    filled = _filled(entry, entry["url"])
    if "{" in filled or "}" in filled:
        return None
    try:
        parts = urlsplit(urljoin(f"https://{UNKNOWN_HOST}/", filled.strip()))
    except ValueError:
        return None
    host = "" if parts.netloc == UNKNOWN_HOST else f"{parts.scheme}://{parts.netloc}"
    return host + parts.path.rstrip("/")


def _filled(entry: Mapping[str, Json], url: str) -> str:
    variables = entry.get("variables")
    known = variables if isinstance(variables, dict) else {}

    def value(found: re.Match[str]) -> str:
        described = known.get(found.group(1))
        if not isinstance(described, dict):
            return found.group()
        choices = [described["default"]] if "default" in described else described.get("enum") or [found.group()]
        return str(choices[0])

    return VARIABLE.sub(value, url)
