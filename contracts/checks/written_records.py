"""JOB-06, LIST-05, HTTP-02: whether a listing shows what a run created, as it was sent, each record once, and no other.

Which property of an item shows which property of a create is presumed, not documented. So nothing is concluded from
what is not there: only from texts with a mark that this run made up, from days, and from persons.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Final

from contracts.checks.base import CheckFunction
from contracts.checks.listing_agreement import default_order
from contracts.checks.listing_pages import items, point_in_time
from contracts.checks.preview import preview_json
from contracts.model.http import Exchange
from contracts.model.json_value import Json
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.operation import Operation

DAY_TOLERANCE: Final = timedelta(days=1)
"""A time is local to the property: in another time zone it may be on the day before or after."""
HAS_TIME: Final = re.compile(r"[0-9][T ](?!00:00(:00)?(\.0+)?(Z|$))[0-9]", re.IGNORECASE)
"""A day alone has no time zone, and midnight is that of the same day unless a zone moved it, which changes the hour."""
SAME_TIME: Final = timedelta(minutes=1)
"""A create that is done twice is done twice at once, or after a time limit."""
MARKUP_CONVERSIONS: Final = (html.escape, partial(html.escape, quote=False), html.unescape)
MIN_CUT_CHARACTERS: Final = 20
"""A shorter beginning of a text may be a title of the server's own."""
DAY_CHARACTERS: Final = len("2099-01-15")


@dataclass(frozen=True, slots=True)
class Sent:
    """What a create sent: its `values` as texts, by the names of its body, and the mark that its free texts hold."""

    values: Mapping[str, str]
    mark: str


def shown_as_sent(listing: Operation, records: Mapping[str, Sent]) -> CheckFunction:
    """Return the check that the records on a page of `listing`, by id, have the texts, days and persons that were sent.

    A text counts only where it holds the mark, for then it is the run's own, or where only its markup is escaped or
    resolved. It may stand between others, and its white space may differ. A person counts as lost only where the same
    property of another record shows its person.
    """

    def check(_: Operation, exchange: Exchange) -> Decision:
        page = items(listing, exchange)
        if page is None or listing.listing is None:
            return NOT_CONCERNED
        own = [(item, records[str(item.get(listing.listing.id))]) for item in page if _id(listing, item) in records]
        if not own:
            return NOT_CONCERNED
        sent_values = {pair for _, sent in own for pair in sent.values.items()}
        shown = {(name, value) for item in page for name, value in sent_values if _holds(listing, item, name, value)}
        for item, sent in own:
            for name, value in sent.values.items():
                if kind := difference(item.get(listing.listed_as[name]), value, sent.mark):
                    where = listing.listed_as[name]
                    return Violation(
                        f"{where} {kind}",
                        f"{where} of a record as its create sent it: {preview_json(value)}",
                        f"{_id(listing, item)} with {where} = {preview_json(item.get(where))}",
                    )
                if place := _elsewhere(listing, item, name, value):
                    where = listing.listed_as[name]
                    return Violation(
                        f"{where} in {place}",
                        f"{where} with {preview_json(value)}, as its create sent it",
                        f"{_id(listing, item)} with {place} = {preview_json(item.get(place))}",
                    )
                if (name, value) in shown and _lost(item.get(listing.listed_as[name])):
                    where = listing.listed_as[name]
                    return Violation(
                        f"{where} lost",
                        f"{where} with {preview_json(value)}, as of other records",
                        f"{_id(listing, item)} with {where} = {preview_json(item.get(where))}",
                    )
        return PASS

    return check


@dataclass(frozen=True, slots=True)
class Made:
    """What the creates with one mark made.

    `texts` are those of each create that hold the mark, in the order of the listing's properties; `ids` are the records
    that are known, `unknown` is how many more may have been made.
    """

    texts: frozenset[tuple[str, ...]]
    ids: frozenset[str]
    unknown: int


def listed_once(listing: Operation, made: Made, mark: str) -> CheckFunction:
    """Return the check that a page of `listing` has no record with a create's texts that no create is known to make."""

    def check(_: Operation, exchange: Exchange) -> Decision:
        page = items(listing, exchange)
        if page is None:
            return NOT_CONCERNED
        shown = ((item, marked(mark, (str(item.get(name)) for name in listing.listed_as.values()))) for item in page)
        own = {_id(listing, item): texts for item, texts in shown if texts in made.texts}
        others = [record for record in own if record not in made.ids]
        if len(others) > made.unknown:
            expected = f"the {len(made.ids) + made.unknown} records that the accepted creates made"
            observed = f"{others[0]} with {preview_json(own[others[0]][0])} as well"
            return Violation("more records than creates", expected, observed)
        return PASS if own else NOT_CONCERNED

    return check


def listed_once_as_shown(listing: Operation, unmarked: Collection[str], known: Collection[str]) -> CheckFunction:
    """Return the check that no record on a page is the double of one that a create without a mark made.

    It shows the same of all that writes send, was made within the same minute, and is none of the `known` ones, which
    are the ids of all records that the run created. `unmarked` are those of creates whose texts hold no mark.
    """

    def check(_: Operation, exchange: Exchange) -> Decision:
        page = items(listing, exchange)
        if page is None:
            return NOT_CONCERNED
        own = [item for item in page if _id(listing, item) in unmarked and _is_distinctive(listing, item)]
        for item in page:
            if _id(listing, item) in known:
                continue
            if doubled := next((one for one in own if _is_double(listing, one, item)), None):
                observed = f"{_id(listing, item)} shows the same as {_id(listing, doubled)}"
                return Violation("more records than creates", "one record of each accepted create", observed)
        return PASS if own else NOT_CONCERNED

    return check


def nothing_listed_with(listing: Operation, mark: str) -> CheckFunction:
    """Return the check that no record on a page of `listing` has a text with this mark (HTTP-02)."""

    def check(_: Operation, exchange: Exchange) -> Decision:
        page = items(listing, exchange)
        if page is None:
            return NOT_CONCERNED
        for item in page:
            if made := marked(mark, (str(item.get(name)) for name in listing.listed_as.values())):
                observed = f"{_id(listing, item)} with {preview_json(made[0])}"
                return Violation("a record all the same", "405, and no effect", observed)
        return PASS

    return check


def marked(mark: str, texts: Iterable[str]) -> tuple[str, ...]:
    """Return the texts that hold a mark, in their order."""
    return tuple(text for text in texts if mark in text)


def _id(listing: Operation, item: Mapping[str, Json]) -> str:
    return str(item.get(listing.listing.id)) if listing.listing else ""


def _is_distinctive(listing: Operation, item: Mapping[str, Json]) -> bool:
    """Return whether a record shows a text that hardly stands in a record of somebody else."""
    shown = (item.get(name) for name in listing.listed_as.values())
    return any(isinstance(text, str) and len(text) >= MIN_CUT_CHARACTERS for text in shown)


def _is_double(listing: Operation, one: Mapping[str, Json], other: Mapping[str, Json]) -> bool:
    created = default_order(listing)
    times = point_in_time(one.get(created)), point_in_time(other.get(created))
    same_time = times[0] and times[1] and abs(times[0] - times[1]) <= SAME_TIME
    return bool(same_time) and all(one.get(name) == other.get(name) for name in listing.listed_as.values())


def _holds(listing: Operation, item: Mapping[str, Json], name: str, value: str) -> bool:
    shown = item.get(listing.listed_as[name])
    return isinstance(shown, list) and value in shown


def _elsewhere(listing: Operation, item: Mapping[str, Json], name: str, value: str) -> str:
    """Return the list that has a person whose own list has not; an empty text for none."""
    shown = item.get(listing.listed_as[name])
    if not (_lost(shown) or isinstance(shown, list)) or _holds(listing, item, name, value):
        return ""
    lists = {where: held for where in listing.listed_as.values() if isinstance(held := item.get(where), list)}
    return next((where for where, held in lists.items() if value in held), "")


def _lost(shown: Json) -> bool:
    return shown is None or shown == []


def difference(shown: Json, sent: str, mark: str) -> str:
    """Return how a listed value differs from what was sent; an empty text if nothing can be concluded.

    A text counts only where it holds the `mark`, or where only its markup differs.
    """
    if isinstance(shown, list):
        return "names another" if shown and sent not in shown else ""
    if not isinstance(shown, str):
        return ""
    if mark and mark in shown and mark in sent and plain_text(sent) not in plain_text(shown):
        return "altered"
    if MIN_CUT_CHARACTERS <= len(shown) < len(sent.rstrip()) and sent.startswith(shown):
        return "cut"
    if shown != sent and any(shown in (convert(sent), convert(convert(sent))) for convert in MARKUP_CONVERSIONS):
        return "with its markup converted"
    days = _day(sent), _day(shown)
    tolerance = DAY_TOLERANCE if HAS_TIME.search(shown) else timedelta()
    if days[0] and days[1] and abs(days[0] - days[1]) > tolerance:
        return "has another day"
    return ""


def same_day(one: str, other: str) -> bool:
    """Return whether both texts begin with a day, and with the same one."""
    return _day(one) is not None and _day(one) == _day(other)


def plain_text(text: str) -> str:
    """Return a text composed, and with each white space as one blank: what stores and pages change without harm."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:DAY_CHARACTERS])
    except ValueError:
        return None
