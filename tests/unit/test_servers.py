"""Servers with a path: the operations are under it, at the target as in the mock, unless the target says otherwise."""

from pathlib import Path
from typing import Any

import httpx

from contracts.mock.http.api import MockApi
from contracts.mock.http.serve import serve
from contracts.mock.ui.index import IndexedApi
from contracts.openapi.document import Document
from tests.harness.config.settings import Secret, Target
from tests.harness.run.request_factory import request_for
from tests.support.documents import ANSWERS, described, loaded
from tests.support.factories import TOKEN, table

TARGET = Target("url", "http://127.0.0.1:9", Secret(TOKEN), {})
GET = {"operationId": "get", "responses": ANSWERS}
V1, V2 = [{"url": "https://a.example/v1"}], [{"url": "https://a.example/v2"}]


def serving(folder: Path, servers: Any, item: Any = None, own: Any = None) -> Document:
    """Return a document with one GET and these servers: of the document, of the path, and of the operation."""
    beside = {} if item is None else {"servers": item}
    get = GET if own is None else GET | {"servers": own}
    return loaded(folder, described(paths={"/things/{id}": {"get": get} | beside}, servers=servers))


def target(document: Document) -> str:
    return request_for(document.operation("get"), TARGET, {}).target


@table(
    "server, path",
    {
        "no path": ({"url": "https://a.example"}, ""),
        "a slash": ({"url": "https://a.example/"}, ""),
        "a path": ({"url": "https://a.example/api/v2"}, "/api/v2"),
        "a path with a slash": ({"url": "https://a.example/api/v2/"}, "/api/v2"),
        "a path without a host": ({"url": "/api/v2"}, "/api/v2"),
        "a path from here": ({"url": "api/v2"}, "/api/v2"),
        "here": ({"url": "."}, ""),
        "another scheme": ({"url": "//a.example/v2"}, "/v2"),
        "other letters": ({"url": "https://a.example/dépôt 1"}, "/d%C3%A9p%C3%B4t%201"),
        "a variable": ({"url": "https://a.example/{v}", "variables": {"v": {"default": "v3"}}}, "/v3"),
        "a variable in the host": ({"url": "https://{r}.a.example/v1", "variables": {"r": {"default": "eu"}}}, "/v1"),
        "a variable that is a path": ({"url": "{base}", "variables": {"base": {"default": "/api/v1"}}}, "/api/v1"),
        "a choice without a default": ({"url": "/{v}", "variables": {"v": {"enum": ["v2", "v1"]}}}, "/v2"),
        "a number": ({"url": "/{v}", "variables": {"v": {"default": 2}}}, "/2"),
    },
)
def test_operations_are_under_the_path_of_the_server(tmp_path: Path, server: Any, path: str) -> None:
    document = serving(tmp_path, [server])
    assert target(document) == f"{path}/things/x"
    assert document.operation("get").path_values(f"{path}/things/a%20b") == {"id": "a b"}
    assert not document.operation("get").has_path("/other/things/x")
    assert document.operation("get").label == "GET /things/{id}"
    with serve(MockApi(document)) as server_:
        assert httpx.get(f"{server_.url}{path}/things/x").status_code == 200
        assert httpx.get(f"{server_.url}/other/things/x").status_code == 404


@table(
    "servers, item, own, path",
    {
        "the document's": (V1, None, None, "/v1"),
        "the path's": (V1, V2, None, "/v2"),
        "the operation's": (V1, [{"url": "/v3"}], V2, "/v2"),
        "none": ([], None, None, ""),
        "the first of two": ([*V2, *V1], None, None, "/v2"),
    },
)
def test_nearest_server_counts(tmp_path: Path, servers: Any, item: Any, own: Any, path: str) -> None:
    assert target(serving(tmp_path, servers, item, own)) == f"{path}/things/x"


@table(
    "url, path",
    {
        "a host of the document": ("https://b.example", "/b"),
        "a host that it does not name": ("http://127.0.0.1:9", "/a"),
        "another port": ("https://b.example:8443", "/a"),
        "a path": ("http://127.0.0.1:9/mine", ""),
        "the same path": ("http://127.0.0.1:9/a", ""),
    },
)
def test_target_decides_between_servers(tmp_path: Path, url: str, path: str) -> None:
    document = serving(tmp_path, [{"url": "https://a.example/a"}, {"url": "https://b.example/b"}])
    assert target(document.served_at(url)) == f"{path}/things/x"


def test_path_of_the_target_wins_and_is_said(tmp_path: Path) -> None:
    document = serving(tmp_path, V1)
    assert [str(one) for one in document.served_at("http://127.0.0.1:9/mine").not_judged[1:]] == [
        "the base path /v1: the target's own, /mine, is used"
    ]
    assert document.served_at("http://127.0.0.1:9/v1").not_judged == document.not_judged
    assert document.served_at("http://127.0.0.1:9").not_judged == document.not_judged


def test_operation_on_another_host_is_named_and_left_out(tmp_path: Path) -> None:
    paths = {
        "/things": {"get": GET},
        "/files": {"servers": [{"url": "https://files.example"}], "get": {"responses": {}}},
    }
    document = loaded(tmp_path, described(paths=paths, servers=V1))
    assert [found.id for found in document.operations] == ["get"]
    assert "GET /files: it is on files.example, another host than the rest of the document" in map(
        str, document.not_judged
    )


@table(
    "server, reason",
    {
        "a placeholder": ({"url": "{{baseUrl}}/v1"}, "has no value for baseUrl: give the variable a default"),
        "a variable without a value": ({"url": "https://a.example/{v}", "variables": {"v": {}}}, "has no value for v"),
        "no URL": ({"url": "http://[::1"}, "is no URL"),
    },
)
def test_server_that_cannot_be_read_is_named(tmp_path: Path, server: Any, reason: str) -> None:
    document = serving(tmp_path, [server])
    assert target(document) == "/things/x"
    assert [one.part for one in document.not_judged if reason in one.reason] == ["the base path"]


def test_commands_of_the_mock_have_the_base_path(tmp_path: Path) -> None:
    with serve(IndexedApi(serving(tmp_path, V1))) as server:
        assert f"{server.url}/v1/things/ID" in httpx.get(f"{server.url}/").text


def test_document_that_is_served_as_it_is_stays_the_same(tmp_path: Path) -> None:
    document = serving(tmp_path, V1)
    assert document.served_at("http://127.0.0.1:9") is document
    assert document.served_at("http://127.0.0.1:9/mine") is not document
