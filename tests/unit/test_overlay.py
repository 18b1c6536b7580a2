"""Overlays: what an action changes, and that a mistake in one is said with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.errors import ContractError
from contracts.model.json_value import Json
from contracts.openapi import json_path
from contracts.openapi.document import Document
from contracts.openapi.loader import load_document
from contracts.openapi.overlay import apply_overlay, read_overlay
from tests.support.documents import described, taking
from tests.support.factories import objects, table
from tests.support.suite_process import GENERIC

DOCUMENT = {"servers": [{"url": "a"}, {"url": "b"}], "paths": {"/x": {"get": {"tags": ["one"]}, "post": {}}}}


def overlaid(document: Json, *actions: Json) -> Json:
    text = yaml.safe_dump({"overlay": "1.0.0", "actions": list(actions)}).encode()
    changed, unmatched = apply_overlay(read_overlay(Path("o.yaml"), text, yaml.safe_load(text)), document)
    assert unmatched == []
    return changed


def written(folder: Path, name: str, content: Any) -> Path:
    file = folder / name
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))
    return file


def with_overlay(folder: Path, text: str) -> Document:
    """Return the document with one POST, which takes a name, changed by an overlay."""
    document = described(taking(objects({"name": {"type": "string"}}, ["name"])))
    return load_document(written(folder, "plain.yaml", document), [written(folder, "o.yaml", text)])


@table(
    "path, found",
    {
        "the document": ("$", [DOCUMENT]),
        "names": ("$.paths['/x'].get", [{"tags": ["one"]}]),
        "double quotes": ('$.paths["/x"].post', [{}]),
        "an index": ("$.servers[0].url", ["a"]),
        "the last": ("$.servers[-1].url", ["b"]),
        "every entry": ("$.servers[*].url", ["a", "b"]),
        "every value": ("$.paths.*.*", [{"tags": ["one"]}, {}]),
        "an escaped quote": (r"$.paths['it\'s']", []),
        "a missing name": ("$.path['/x']", []),
        "an index out of range": ("$.servers[2]", []),
        "a name in a list": ("$.servers.url", []),
    },
)
def test_path_selects(path: str, found: list[Json]) -> None:
    assert [container[key] for container, key in json_path.select(DOCUMENT, json_path.parse(path))] == found


@pytest.mark.parametrize(
    "path", ["$..get", "$.paths[?@.get]", "$.servers[0:1]", "$.a['b','c']", "paths", "$.", "$['\\u0061']"]
)
def test_path_beyond_the_part_that_is_read_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"only \.name|does not begin with"):
        json_path.parse(path)


def test_update_merges_objects_appends_to_arrays_and_replaces_the_rest() -> None:
    update = {"get": {"tags": ["two"], "summary": "s"}, "x-own": 1}
    changed = overlaid(
        DOCUMENT,
        {"target": "$.paths['/x']", "update": update},
        {"target": "$.paths['/x']", "update": {"x-own": {"deep": 2}}},
        {"target": "$.servers", "update": {"url": "c"}},
        {"target": "$.servers[0]", "remove": True},
    )
    assert changed == {
        "servers": [{"url": "b"}, {"url": "c"}],
        "paths": {"/x": {"get": {"tags": ["one", "two"], "summary": "s"}, "post": {}, "x-own": {"deep": 2}}},
    }
    assert DOCUMENT["paths"] == {"/x": {"get": {"tags": ["one"]}, "post": {}}}


def test_what_a_wildcard_selects_is_removed_whole() -> None:
    assert overlaid(DOCUMENT, {"target": "$.servers[*]", "remove": True})["servers"] == []
    assert overlaid(DOCUMENT, {"target": "$.paths.*.get", "remove": True, "update": {}})["paths"] == {
        "/x": {"post": {}}
    }


def test_one_update_that_several_targets_get_is_not_shared_by_them() -> None:
    changed = overlaid(
        DOCUMENT,
        {"target": "$.paths['/x'].*", "update": {"x-list": [1]}},
        {"target": "$.paths['/x'].post['x-list']", "update": 2},
    )
    assert changed["paths"]["/x"]["get"]["x-list"] == [1]


def test_extension_stands_in_an_overlay_beside_the_document(tmp_path: Path) -> None:
    document = with_overlay(
        tmp_path,
        "overlay: 1.0.0\nactions:\n- target: $.paths['/things'].post.requestBody.content['application/json'].schema\n"
        "  update: {properties: {name: {x-supplied-by: NAMES}}}\n",
    )
    assert document.operation("make").supplied_by == {"name": "NAMES"}
    plain = load_document(tmp_path / "plain.yaml")
    assert plain.operation("make").supplied_by == {}
    assert document.digest != plain.digest


def test_overlay_alone_extends_a_file_relative_to_it(tmp_path: Path) -> None:
    (tmp_path / "vendor").mkdir()
    written(tmp_path / "vendor", "plain document.yaml", described())
    overlay = {
        "overlay": "1.0.0",
        "extends": "vendor/plain%20document.yaml",
        "actions": [{"target": "$.info", "update": {"title": "New"}}],
    }
    assert load_document(written(tmp_path, "o.yaml", overlay)).title == "New"


def test_overlays_are_applied_in_turn(tmp_path: Path) -> None:
    plain = written(tmp_path, "plain.yaml", described())
    first = {"overlay": "1.0.0", "actions": [{"target": "$.paths['/things'].post", "update": {"operationId": "one"}}]}
    second = {"overlay": "1.0.1", "actions": [{"target": "$.paths['/things'].post", "update": {"operationId": "two"}}]}
    overlays = [written(tmp_path, "1.yaml", first), written(tmp_path, "2.yaml", second)]
    assert [one.id for one in load_document(plain, overlays).operations] == ["two"]
    assert [one.id for one in load_document(plain, overlays[::-1]).operations] == ["one"]


def test_action_that_matches_nothing_is_named_with_its_line(tmp_path: Path) -> None:
    document = with_overlay(
        tmp_path,
        "overlay: 1.0.0\nactions:\n- target: $.info\n  update: {}\n- target: $.paths['/thing']\n  remove: true\n",
    )
    (line,) = [str(one) for one in document.not_judged if "JSON body" not in one.reason]
    assert (
        line
        == "o.yaml, line 5: its target $.paths['/thing'] matches nothing in the document (a JSONPath follows no $ref)"
    )


@table(
    "text, complaint",
    {
        "another version": (
            "overlay: 2.0.0\nactions: []",
            "o.yaml is not an OpenAPI Overlay 1.0: its `overlay` is 2.0.0.",
        ),
        "no overlay": ("openapi: 3.1.0", "o.yaml is not an OpenAPI Overlay 1.0: its `overlay` is missing."),
        "no actions": (
            "overlay: 1.0.0\nactions: []",
            "o.yaml, line 2: `actions` has to be a list of at least one action.",
        ),
        "nothing to do": (
            "overlay: 1.0.0\nactions:\n- target: $.info",
            "line 3: an action needs `update`, or `remove: true`.",
        ),
        "no target": ("overlay: 1.0.0\nactions:\n- {update: {}}", "line 3: an action has no `target`."),
        "a misspelled entry": (
            "overlay: 1.0.0\nactions:\n- target: $.info\n  updat: {}",
            "line 4: an action has no entry 'updat'.",
        ),
        "a filter": (
            "overlay: 1.0.0\nactions:\n- target: $.paths[?@.get]\n  remove: true",
            "line 3: the target $.paths[?@.get] cannot be used: '[?@.get]' in it is more than is read here",
        ),
        "a text for a flag": (
            "overlay: 1.0.0\nactions:\n- target: $.info\n  remove: 'yes'",
            "line 4: `remove` has to be true",
        ),
        "everything removed": ("overlay: 1.0.0\nactions:\n- {target: $, remove: true}", "line 3: the whole document"),
        "a list into an object": (
            "overlay: 1.0.0\nactions:\n- target: $.info\n  update: []",
            "o.yaml, line 3 cannot change $.info: `update` has to be an object.",
        ),
        "a change of a text": (
            "overlay: 1.0.0\nactions:\n- target: $.info.title\n  update: New",
            "o.yaml, line 3 cannot change $.info.title: it is no object and no array.",
        ),
        "an address": (
            "overlay: 1.0.0\nextends: https://example.com/a.yaml\nactions:\n- {target: $, update: {}}",
            "line 2: `extends` has to name a file beside it: nothing is fetched.",
        ),
        "a repeated key": ("overlay: 1.0.0\noverlay: 1.0.0", "o.yaml is ambiguous: line 2 repeats the key 'overlay'"),
    },
)
def test_overlay_that_cannot_be_applied_is_refused_with_file_and_line(
    tmp_path: Path, text: str, complaint: str
) -> None:
    with pytest.raises(ContractError) as refused:
        with_overlay(tmp_path, text)
    assert complaint in str(refused.value)


def test_overlay_for_no_document_and_files_that_are_missing_are_said(tmp_path: Path) -> None:
    alone = written(tmp_path, "o.yaml", "overlay: 1.0.0\nactions:\n- {target: $, update: {}}")
    with pytest.raises(ContractError, match=r"o.yaml is an overlay that extends no document: add `extends`"):
        load_document(alone)
    plain = written(tmp_path, "plain.yaml", described())
    with pytest.raises(ContractError, match=r"none.yaml cannot be read .*: name an OpenAPI overlay"):
        load_document(plain, [tmp_path / "none.yaml"])
    dangling = written(tmp_path, "d.yaml", "overlay: 1.0.0\nextends: none.yaml\nactions:\n- {target: $, update: {}}")
    with pytest.raises(ContractError, match=r"none.yaml cannot be read .*: name an OpenAPI document"):
        load_document(dangling)


def test_our_own_overlay_matches_its_document_whole() -> None:
    document = load_document(GENERIC)
    assert document.not_judged == ()
    assert {one.id for one in document.operations if one.supplied_by} == {
        one.id for one in document.operations if not one.job_status
    }


def test_overlay_in_json_that_only_json_parsers_read_has_messages_too(tmp_path: Path) -> None:
    text = '{"overlay": "1.0.0", "info": "\\ud83d\\ude00",\t"actions": [{"target": "$.info"}]}'
    with pytest.raises(ContractError, match=r"o.yaml, line 1: an action needs `update`"):
        with_overlay(tmp_path, text)


def test_change_that_breaks_the_document_is_named_like_a_fault_of_the_document(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="its schema is invalid"):
        with_overlay(
            tmp_path,
            "overlay: 1.0.0\nactions:\n- target: $.paths['/things'].post.requestBody.content.*.schema\n"
            "  update: {type: strin}\n",
        )
