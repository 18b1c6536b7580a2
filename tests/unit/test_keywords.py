"""The words of -k that match nothing."""

from __future__ import annotations

from tests.harness.pytest_plugin.keywords import unmatched

NAMES = ("ERR-09", "ERR-10", "read_unit", "GET /v1/units")
IDS = ("ERR-09", "ERR-10", "read_unit")


def lines(expression: str, *, nothing_selected: bool = False) -> list[str]:
    return list(unmatched(expression, NAMES, IDS, nothing_selected=nothing_selected))


def test_id_that_no_check_has_is_named_with_the_nearest() -> None:
    expected = ["-k: no check has ERR-99 in its name; did you mean ERR-09?"]
    assert lines("ERR-10 or ERR-99") == lines("not (ERR-99)") == expected


def test_word_is_named_only_where_nothing_is_selected() -> None:
    assert lines("unit and slow") == []
    assert lines("units and read_units", nothing_selected=True) == [
        "-k: no check has read_units in its name; did you mean read_unit?"
    ]
    assert lines("zzz", nothing_selected=True) == ["-k: no check has zzz in its name."]


def test_part_of_a_name_matches_in_any_case() -> None:
    assert lines("err-1 or Units", nothing_selected=True) == []
