"""The page of the requirements: each has an entry with all parts, and text from a document is only text."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from reports.render import requirements_page
from reports.render.requirements_page import LONGEST_LIST, SHOWN_AT_ONCE, Entry, Scope, page
from tests.support.factories import REQUIREMENTS, table

SCOPE = Scope("Appointments", "contracts/a.yaml", "nightly", 4)
EMPTY = ("meta", "br", "link", "img")


class Reader(HTMLParser):
    """Reads a page: the text of each `article` by its id, all ids, links and tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.articles: dict[str, str] = {}
        self.ids: Counter[str] = Counter()
        self.links: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: Counter[str] = Counter()
        self.open: list[str] = []
        self._article = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags[tag] += 1
        self.attributes.update(list(given))
        self.ids.update([given["id"]] if "id" in given else [])
        self.links += [given["href"]] if "href" in given else []
        if tag == "article":
            self._article = given["id"]
            self.articles[self._article] = ""
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "article":
            self._article = ""

    def handle_data(self, data: str) -> None:
        if self._article:
            self.articles[self._article] += data


def entry(name: str = "ERR-01", *, operations=("POST /v1/x",), mutations=("title missing",), other: int = 0) -> Entry:
    return Entry(REQUIREMENTS[name], tuple(operations), tuple(mutations), other)


def test_unfinished_entry_says_what_is_to_be_written() -> None:
    unfinished = replace(entry(), unfinished="`fix` is missing")
    assert "Unfinished" in Reader(page(SCOPE, [unfinished])).articles["ERR-01"]
    assert "fix is missing." in Reader(page(SCOPE, [unfinished])).articles["ERR-01"]
    assert "Unfinished" not in Reader(page(SCOPE, [entry()])).articles["ERR-01"]


WHOLE = Reader(page(SCOPE, [entry(name) for name in REQUIREMENTS]))


@table("requirement", {name: (found,) for name, found in REQUIREMENTS.items()})
def test_requirement_has_an_entry_with_all_parts(requirement) -> None:
    text = WHOLE.articles[requirement.id]
    for part in (
        *(requirement.id, requirement.level, requirement.sentence, requirement.violation),
        *(requirement.gates_because, requirement.recommended),
        *(requirement.fix.usually_because, requirement.fix.to_mend),
        *("title missing", "POST /v1/x", "1 of 4 operations", requirements_page.TRAITS[requirement.applies_to]),
        *(requirements_page.BASIS[requirement.basis], requirements_page.ACCESS[requirement.access]),
        *requirement.implied_by,
    ):
        assert part.replace("`", "") in text
    assert {requirement.source, *requirement.fix.sources} <= set(WHOLE.links)


def test_requirement_that_is_added_gets_an_entry() -> None:
    added = replace(REQUIREMENTS["ERR-01"], id="ERR-99", sentence="Something new holds.", implied_by=("ERR-01",))
    found = Reader(page(SCOPE, [entry(), replace(entry(), requirement=added)]))
    assert "Something new holds." in found.articles["ERR-99"]
    assert "#ERR-99" in found.links
    assert "violations of ERR-99 on the same operation" in found.articles["ERR-01"]


def test_every_anchor_is_there_once_and_every_link_within_the_page_leads_to_one() -> None:
    assert set(WHOLE.ids.values()) == {1}
    within = {link.removeprefix("#") for link in WHOLE.links if link.startswith("#")}
    assert within == set(WHOLE.ids)
    assert not WHOLE.open


def test_page_is_one_file_without_script_in_a_stated_language() -> None:
    text = page(SCOPE, [entry()])
    assert text.startswith("<!doctype html>\n<html lang='en'>")
    assert not {"script", "img", "link", "iframe"} & WHOLE.tags.keys()
    assert "url(" not in text
    assert "@media (prefers-color-scheme: dark)" in text
    assert "@media print" in text


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "' onclick='x", "</title><b>", "&lt;b&gt;", "\u202e"])
def test_text_of_a_document_is_only_text(hostile: str) -> None:
    plain = Reader(page(SCOPE, [entry()]))
    found = Reader(page(Scope(hostile, hostile, hostile, 1), [entry(operations=[hostile], mutations=[hostile])]))
    assert found.tags == plain.tags
    assert found.attributes == plain.attributes
    assert hostile in found.articles["ERR-01"] or hostile == "\u202e"
    assert "\u202e" not in found.articles["ERR-01"]


@table(
    "given, text",
    {
        "mutations": ({}, "1 mutation"),
        "both": ({"other": 3}, "1 mutation, and up to 3 other requests on an operation"),
        "other requests": (
            {"mutations": (), "other": 1},
            "no mutation of its own, but up to 1 other request on an operation",
        ),
        "nothing": ({"mutations": ()}, "nothing of its own: it is checked on whatever else is sent"),
        "no operation": ({"mutations": (), "operations": ()}, "(no operation of this document)"),
    },
)
def test_what_is_sent_is_said_in_words(given, text: str) -> None:
    assert text in Reader(page(SCOPE, [entry(**given)])).articles["ERR-01"]


def test_many_mutations_are_folded_and_hundreds_are_counted() -> None:
    names = [f"mutation {number:03}" for number in range(SHOWN_AT_ONCE + LONGEST_LIST + 7)]
    text = Reader(page(SCOPE, [entry(mutations=names)])).articles["ERR-01"]
    before = text.partition(f"{LONGEST_LIST + 7} more")[0]
    assert before.count("mutation 0") == SHOWN_AT_ONCE
    assert names[SHOWN_AT_ONCE + LONGEST_LIST - 1] in text
    assert names[SHOWN_AT_ONCE + LONGEST_LIST] not in text
    assert "and 7 more" in text
