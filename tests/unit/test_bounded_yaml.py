"""YAML from outside: what multiplies, has no end, is too deep or has no JSON value is told before it costs anything."""

import pytest

from contracts.untrusted import bounded_yaml
from contracts.untrusted.bounded_yaml import MAX_DEPTH, YamlError, read_yaml
from tests.support.factories import table


@table(
    "text, value",
    {
        "nothing": ("# nothing\n", None),
        "JSON": ('{"a": [1, 2.5, null, true, "x"]}', {"a": [1, 2.5, None, True, "x"]}),
        "a pair of surrogates, as JSON escapes it": (r'"\ud83d\ude00"', "\U0001f600"),
        "an alias": ("a: &a [1]\nb: *a\n", {"a": [1], "b": [1]}),
        "a merge": ("a: &a {x: 1}\nb: {<<: *a, y: 2}\n", {"a": {"x": 1}, "b": {"x": 1, "y": 2}}),
        "an override of what is merged": ("a: &a {x: 1}\nb: {x: 2, <<: *a}\n", {"a": {"x": 1}, "b": {"x": 2}}),
        "a merge of several": ("{<<: [{x: 1, y: 1}, {x: 2, z: 2}]}", {"x": 1, "y": 1, "z": 2}),
        "what YAML 1.1 takes for a date": ("2026-12-31", "2026-12-31"),
        "what YAML 1.1 takes for a boolean": ("[NO, yes, on, y]", ["NO", "yes", "on", "y"]),
        "what YAML 1.1 takes for minutes": ("1:30", "1:30"),
        "what YAML 1.1 takes for an octal number": ("[010, 0o10]", [10, 8]),
        "an equals sign": ("a: =", {"a": "="}),
        "keys that look like other values": (
            "{200: a, on: b, null: c, 1.0: d}",
            {"200": "a", "on": "b", "null": "c", "1.0": "d"},
        ),
        "a key that is an alias": ("a: &a x\n*a : y\n", {"a": "x", "x": "y"}),
        "JSON with tabs": ('{"a":\t[\t1\t]}', {"a": [1]}),
        "a pair of surrogates in YAML": (r'a: "\ud83d\ude00"', {"a": "\U0001f600"}),
        "numbers with an exponent": ("[1e3, 1E-1]", [1000.0, 0.1]),
        "a tag that says what it is": ("[!!str 1, !!float 1]", ["1", 1.0]),
        "DEL": ('"a\x7f"', "a\x7f"),
        "the deepest": ("[" * MAX_DEPTH + "]" * MAX_DEPTH, None),
    },
)
def test_text_within_the_bounds_is_read(text: str, value) -> None:
    assert read_yaml(text.encode()) == value or value is None


def multiplying(first: str, several: str) -> str:
    """Return a text of nine levels, each of them nine times the one before."""
    lines = [f"a0: &a0 {first}"]
    lines += [f"a{at}: &a{at} {several % ','.join([f'*a{at - 1}'] * 9)}" for at in range(1, 9)]
    return "\n".join(lines)


@table(
    "text, complaint",
    {
        "aliases that multiply": (multiplying("[x,x,x,x,x,x,x,x,x]", "[%s]"), "aliases counted"),
        "merges that multiply": (multiplying("{x: 1, y: 2}", "{<<: [%s]}"), "aliases counted"),
        "an alias inside of itself": ("&a [*a]", "endless: *a on line 1 stands inside of what it stands for"),
        "an alias inside of a mapping of its own": ("a: &a {b: {c: *a}}", "endless: *a"),
        "a level too deep": ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "nested more than 100 levels deep"),
        "far too deep": ("[" * 100_000, "nested more than 100 levels deep"),
        "a deep block": ("- " * 100_000, "nested more than 100 levels deep"),
        "too deep by an alias": (f"a: &a {'[' * 60}{']' * 60}\nb: {'[' * 60}*a{']' * 60}", "nested more than"),
        "infinity": ("maximum: .inf", "it holds inf, which JSON has no number for"),
        "no number": ("[.nan]", "it holds nan"),
        "a number too long to count with": ("0x" + "f" * 400, "a number of more than 300 digits"),
        "a number too long to read": ("a: " + "9" * 5_000, "line 1 holds a number of more than 300 digits"),
        "a number too long to read in JSON": ("9" * 5_000, "a number of more than 300 digits"),
        "half of a surrogate pair": (r'"\ud800"', "half of a surrogate pair"),
        "half of a pair in a key": (r'{"\udc00": 1}', "half of a surrogate pair"),
        "a key that is repeated": ("a: 1\nb: 2\na: 3\n", "line 3 repeats the key 'a' of line 1"),
        "a key that is repeated in JSON": ('{"a": 1,\n"a": 2}', "line 2 repeats the key 'a' of line 1"),
        "a merge of a number": ("a: {<<: 1}", "<< on line 1 merges something else than a mapping"),
        "a second document": ("a: 1\n---\nb: 2", "the second begins on line 2"),
        "bytes": ("a: !!binary aGk=", "line 1 has the tag !!binary, which has no value in JSON"),
        "a set": ("!!set {a}", "line 1 has the tag !!set"),
        "a tag that its value does not fit": (
            "!!bool x",
            "line 1 has the tag !!bool, which has no value in JSON for 'x'",
        ),
        "a tag of Python": ("!!python/object/apply:os.system [true]", "has the tag !!python/object/apply:os.system"),
        "a list for a key": ("? [a]\n: b", "line 1 has a list or a mapping for a key"),
        "an alias of nothing": ("*a", "undefined alias"),
        "no text": ("\0", "unacceptable character"),
    },
)
def test_text_beyond_the_bounds_is_one_phrase(text: str, complaint: str) -> None:
    with pytest.raises(YamlError) as caught:
        read_yaml(text.encode())
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_values_are_counted_without_aliases_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_yaml, "MAX_VALUES", 10)
    assert read_yaml(b"[a,2,3,4,5,6,7,8,9]")
    with pytest.raises(YamlError, match="more than 10 values"):
        read_yaml(b"[a,2,3,4,5,6,7,8,9,0]")


def test_text_that_takes_too_long_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_yaml, "PARSE_SECONDS", 0.0)
    with pytest.raises(YamlError, match="too much: reading it takes more than 0 s"):
        read_yaml(b"[a]")
