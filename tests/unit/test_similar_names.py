"""What a sentence about an unknown name says of the names that exist."""

from __future__ import annotations

from contracts.untrusted.similar_names import MAX_NAMES, choices, nearest


def test_nearest_name_is_named_whatever_its_case() -> None:
    assert nearest("Nightly", ["quick", "nightly"]) == "nightly"
    assert nearest("err-1", ["ERR-01", "AUTH-01"]) == "ERR-01"
    assert nearest("zzz", ["quick", "nightly"]) is None
    assert nearest("x" * 1_000_000, ["x"]) is None


def test_long_list_is_cut_and_counted() -> None:
    names = [f"name_{number}" for number in range(MAX_NAMES + 3)]
    assert choices("zzz", names).endswith(f"name_{MAX_NAMES - 1} and 3 more.")
    assert choices("zzz", []) == "choose among none."
    assert choices("name_x1", names).startswith("did you mean name_1? Known: name_0, ")
