"""Defects detected over the requests of a run, as numbers and as a picture."""

import xml.etree.ElementTree as ET

from tests.detection.detection_curve import detected_by_request, greedy_cover, requests_until, svg

DETECTED_BY = {"a": frozenset("xy"), "b": frozenset("x"), "c": frozenset("z"), "d": frozenset()}


def test_defects_are_counted_as_their_first_request_goes_out() -> None:
    assert detected_by_request([9, 2, 2]) == [(2, 1), (2, 2), (9, 3)]


def test_greedy_cover_takes_what_shows_most_first() -> None:
    assert greedy_cover(DETECTED_BY) == [(1, 2), (2, 3)]


def test_share_is_of_what_was_detected() -> None:
    assert requests_until([(3, 1), (7, 2), (20, 4)], 0.5) == 7


def test_picture_is_xml_that_names_its_curves() -> None:
    drawn = ET.fromstring(svg({"one": [(1, 1), (4, 2)], "two": [(2, 2)]}, 3))  # noqa: S314 - our own
    assert {"one", "two", "requests sent"} <= {text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")}
