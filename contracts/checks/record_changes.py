"""JOB-09: whether a listing shows what the accepted writes of a run did to its records, and nothing else.

Others may write at the same time. So only records are compared that the run created, or that its user gave it to write
to; what an item shows of a write is presumed, not documented, and a listing may lag behind. So nothing is concluded
from a property that shows something unexpected, but from those that changed without a write, and an update counts as
lost only where the same page shows one that was sent later.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from contracts.checks.base import CheckFunction
from contracts.checks.listing_agreement import default_order
from contracts.checks.listing_pages import items, items_by_id, point_in_time
from contracts.checks.listing_queries import PRECISION
from contracts.checks.preview import preview_json
from contracts.checks.written_records import difference, plain_text, same_day
from contracts.model.http import Exchange
from contracts.model.json_value import Json
from contracts.model.verdict import NOT_CONCERNED, PASS, Decision, Violation
from contracts.openapi.operation import Operation

Item: TypeAlias = Mapping[str, Json]
SIMPLE_TEXT: Final = re.compile(r"[ -~]{1,255}")
"""What no careful server changes before it stores it, but for white space at its ends."""
DISTINCTIVE_CHARACTERS: Final = 8
"""A shorter text may well stand in a record of somebody else."""
MIN_TEXTS: Final = 2
"""One text alone may, too."""


@dataclass(frozen=True, slots=True)
class RecordWrites:
    """The accepted writes of one record since a page was read.

    `updates` are what each update sent of what a listing shows but ids, by the names of its body, in the order sent;
    `numbers` are those of their requests. `cancelled`: a cancellation of the record was accepted, also before the page.
    `removed` is the number of the first cancellation whose job succeeded, 0 for none.
    `uncertain`: a write may have been done or not, or its values are not known. `earlier` are the updates before the
    page, which may still be under way.
    """

    updates: Sequence[Mapping[str, Json]] = ()
    numbers: Sequence[int] = ()
    cancelled: bool = False
    removed: int = 0
    uncertain: bool = False
    earlier: Sequence[Mapping[str, Json]] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """What is known of the records of a run since the page `before`: their writes, by the record's id.

    `created` are the ids of records that the run created, `named` those that its other writes made up; `marks` are the
    texts by which the created ones are known whose ids are not.
    `shared`: a record with the texts of another may be one that other processes of the suite made, which send the same
    texts at the same time, or one that the run made without a mark, and whose id it does not know.
    """

    before: Exchange
    writes: Mapping[str, RecordWrites]
    created: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    marks: frozenset[str] = field(default=frozenset(), repr=False)
    shared: bool = False


def only_writes_change_records(listing: Operation, changes: Changes) -> CheckFunction:
    """Return the check that the run's records on a page differ from the page before by what its writes sent only.

    A record without a write is as before. A cancellation changes neither persons nor the time of creation, and an
    update neither unless it sends them. Whether an update keeps a text that it leaves out is open.
    """

    def check(_: Operation, exchange: Exchange) -> Decision:
        earlier, found = items_by_id(listing, changes.before), items_by_id(listing, exchange)
        decision: Decision = NOT_CONCERNED
        for record, writes in changes.writes.items():
            if record not in earlier or record not in found or writes.uncertain:
                continue
            decision = PASS
            for where in _kept(listing, earlier[record], writes):
                before, now = earlier[record][where], found[record].get(where)
                if _differs(before, now) and not _was_sent_before(listing, where, now, writes):
                    by = "an update" if writes.updates else "a cancellation" if writes.cancelled else "no write"
                    kind = f"{where} changed by {by}" + ("" if writes.updates or writes.cancelled else " of the record")
                    expected = f"{record} with {where} = {preview_json(before)}, as before"
                    return Violation(kind, expected, f"{where} = {preview_json(now)}")
        return decision

    return check


def updates_are_shown(listing: Operation, changes: Changes) -> CheckFunction:
    """Return the check that the run's records on a page have what their last updates sent.

    Not concerned with records as before, while no update that was sent later is shown.
    """

    def check(_: Operation, exchange: Exchange) -> Decision:
        found = items_by_id(listing, exchange)
        current = updates_shown(listing, exchange, changes)
        last = {record: changes.writes[record].updates[-1] for record in current}
        showing = set().union(*current.values())
        altered = (_altered(listing, record, found[record], last[record], showing) for record in current)
        missing = (violation for _, violation in _not_shown(listing, exchange, changes))
        violations = [violation for violation in (*altered, *missing) if violation]
        return violations[0] if violations else (PASS if current else NOT_CONCERNED)

    return check


def updates_shown(listing: Operation, exchange: Exchange, changes: Changes) -> Mapping[str, set[str]]:
    """Return the properties that show a text of a record's last update and did not before, by the record's id."""
    earlier, found = items_by_id(listing, changes.before), items_by_id(listing, exchange)
    return {
        record: places
        for record, writes in changes.writes.items()
        if writes.updates and not (writes.cancelled or writes.uncertain) and record in found and record in earlier
        if (
            places := {
                where
                for where, sent in _texts(listing, writes.updates[-1])
                if _shows(found[record].get(where), sent) and not _shows(earlier[record].get(where), sent)
            }
        )
    }


def lost_updates(listing: Operation, exchange: Exchange, changes: Changes) -> list[int]:
    """Return the numbers of the updates that a page does not show while it shows later ones."""
    return [changes.writes[record].numbers[-1] for record, _ in _not_shown(listing, exchange, changes)]


def _not_shown(listing: Operation, exchange: Exchange, changes: Changes) -> Iterator[tuple[str, Violation]]:
    """Yield each record that does not show its last update, while another shows one that was sent later."""
    earlier, found = items_by_id(listing, changes.before), items_by_id(listing, exchange)
    current = updates_shown(listing, exchange, changes)
    latest = max((changes.writes[record].numbers[-1] for record in current), default=-1)
    for record, writes in changes.writes.items():
        if record in current or not writes.updates or writes.cancelled or writes.uncertain:
            continue
        if record not in earlier or record not in found:
            continue
        as_sent = any(_shows(found[record].get(where), sent) for where, sent in _texts(listing, writes.updates[-1]))
        if not as_sent and writes.numbers[-1] < latest:
            violation = _lost(listing, record, earlier[record], found[record], writes, set().union(*current.values()))
            violation = violation or _of_another(listing, record, earlier[record], found[record], changes)
            if violation:
                yield record, violation


def no_record_is_added(listing: Operation, changes: Changes) -> CheckFunction:
    """Return the check that updates and cancellations leave no copy of a record beside it.

    A copy is newer than all records on the page before, is none that a create of the run made, and has every text of a
    record of the run, or of its last update. Where other processes of the suite write, too, it may be one of theirs.
    """

    def check(_: Operation, exchange: Exchange) -> Decision:
        earlier, page = items_by_id(listing, changes.before), items(listing, exchange)
        own = {record: writes for record, writes in changes.writes.items() if record in earlier}
        if page is None or not own:
            return NOT_CONCERNED
        created = default_order(listing)
        newest = max((str(item.get(created)) for item in earlier.values()), default="")
        originals = {
            texts: record
            for record, writes in own.items()
            for texts in (_all_texts(listing, earlier[record]), _update_texts(listing, writes))
            if sum(len(text) >= DISTINCTIVE_CHARACTERS for _, text in texts) >= MIN_TEXTS
        }
        for item in page:
            record = str(item.get(listing.listing.id)) if listing.listing else ""
            shown = _all_texts(listing, item)
            known = record in earlier or record in changes.created or str(item.get(created)) <= newest
            if known or any(mark in text for mark in changes.marks for _, text in shown):
                continue
            for texts, original in originals.items():
                if texts <= shown and changes.shared:
                    return NOT_CONCERNED
                if texts <= shown:
                    observed = f"{record} with the texts of {original} as well"
                    return Violation("a copy of a record", "no record but those that creates made", observed)
        return PASS

    return check


def _kept(listing: Operation, before: Item, writes: RecordWrites) -> Iterator[str]:
    """Yield the properties of a record that no write may have changed, and that had a value."""
    sent = {name for update in writes.updates for name in update}
    names = [default_order(listing)]
    for name, where in listing.listed_as.items():
        written = writes.updates or writes.cancelled
        if name not in sent and (not written or isinstance(before.get(where), list)):
            names.append(where)
    yield from (where for where in names if before.get(where) not in (None, "", []))


def _was_sent_before(listing: Operation, where: str, now: Json, writes: RecordWrites) -> bool:
    """Return whether an update before the page sent what is shown now: its job may have ended after the page."""
    sent = [value for update in writes.earlier for name, value in update.items() if listing.listed_as[name] == where]
    texts = [value for value in sent if isinstance(value, str) and isinstance(now, str)]
    return any(_shows(now, text) or same_day(str(now), text) for text in texts)


def _differs(before: Json, now: Json) -> bool:
    if (first := point_in_time(before)) and (last := point_in_time(now)):
        return abs(last - first) >= PRECISION
    if isinstance(before, str) and isinstance(now, str):
        return plain_text(before) != plain_text(now) and not same_day(before, now)
    if isinstance(before, list) and isinstance(now, list):
        return any(one not in now for one in before)
    return bool(before != now)


def _texts(listing: Operation, update: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Yield the texts of an update, each with the property that presumably shows it; days and blanks are left out."""
    for name, sent in update.items():
        if name in listing.listed_as and isinstance(sent, str) and sent.strip() and not same_day(sent, sent):
            yield listing.listed_as[name], sent


def _shows(shown: Json, sent: str) -> bool:
    return isinstance(shown, str) and plain_text(sent) == plain_text(shown)


def _all_texts(listing: Operation, item: Item) -> frozenset[tuple[str, str]]:
    values = ((where, item.get(where)) for where in listing.listed_as.values())
    return frozenset((where, plain_text(value)) for where, value in values if isinstance(value, str))


def _update_texts(listing: Operation, writes: RecordWrites) -> frozenset[tuple[str, str]]:
    last = writes.updates[-1] if writes.updates else {}
    return frozenset((where, plain_text(sent)) for where, sent in _texts(listing, last))


def _altered(
    listing: Operation, record: str, item: Item, update: Mapping[str, Json], showing: Collection[str]
) -> Violation | None:
    """Return how a record that shows its last update differs from it.

    A text is only compared in a property that is `showing` what updates sent, on this record or another.
    """
    for name, sent in update.items():
        where = listing.listed_as.get(name, "")
        shown = item.get(where)
        if not where or not isinstance(sent, str):
            continue
        kind = difference(shown, sent, "")
        text = where in showing and (where, sent) in {*_texts(listing, update)}
        if not kind and text and SIMPLE_TEXT.fullmatch(sent) and plain_text(sent) not in plain_text(str(shown)):
            kind = "of another type" if not isinstance(shown, str) else "altered"
        if kind:
            expected = f"{record} with {where} = {preview_json(sent)}, as its last update sent it"
            return Violation(f"{where} {kind} after an update", expected, f"{where} = {preview_json(shown)}")
    return None


def _lost(
    listing: Operation, record: str, before: Item, item: Item, writes: RecordWrites, showing: Collection[str]
) -> Violation | None:
    """Return that a record has no text of its last update, but those from before or of an earlier one.

    Only properties count that are `showing` what updates sent, on other records.
    """
    sent = [(where, text) for where, text in _texts(listing, writes.updates[-1]) if where in showing]
    former = [one for update in writes.updates[:-1] for one in _texts(listing, update)]
    stale = [
        item.get(where) == before.get(where) or any(at == where and _shows(item.get(at), text) for at, text in former)
        for where, _ in sent
    ]
    if not sent or not all(stale):
        return None
    where, text = sent[0]
    expected = f"{record} with {where} = {preview_json(text)}, as others show what was sent later"
    return Violation("an update is lost", expected, f"{where} = {preview_json(item.get(where))}")


def _of_another(listing: Operation, record: str, before: Item, item: Item, changes: Changes) -> Violation | None:
    """Return that a record shows the text of another record's update."""
    own = {(at, plain_text(text)) for update in changes.writes[record].updates for at, text in _texts(listing, update)}
    for other, writes in changes.writes.items():
        for where, text in _texts(listing, writes.updates[-1]) if other != record and writes.updates else ():
            if (where, plain_text(text)) in own or _shows(before.get(where), text):
                continue
            if _shows(item.get(where), text):
                observed = f"{record} with {where} = {preview_json(text)}, which was sent for {other}"
                return Violation("an update of another record", "what its own update sent", observed)
    return None
