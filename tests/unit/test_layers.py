"""What the code may know: which layer imports which, and that the API is described in its documents alone."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from contracts.model.json_value import Json
from contracts.openapi.document import Document
from contracts.openapi.loader import load_document
from tests.support.factories import DOCUMENT, table
from tests.support.suite_process import GENERIC, ROOT

OURS = ("contracts", "strategies", "tests", "reports", "conftest")
LAYERS = {
    "contracts": (),
    "strategies": ("contracts",),
    "tests/harness": ("contracts", "strategies"),
    "tests/conformance": ("contracts", "strategies", "tests.harness"),
    "reports": ("contracts",),
    "reports/pytest_plugin": ("contracts", "reports", "tests.harness"),
}
ROOMS = (
    *(
        "contracts.errors",
        "contracts.reader_commands",
        "contracts.standard_streams",
        "contracts.model.json_value",
        "contracts.untrusted",
        "contracts.openapi",
        "contracts.drift",
    ),
    *("contracts.requirements", "contracts.model"),
    "contracts.checks",
    *("contracts.mock.data", "contracts.mock.http"),
    *("contracts.mock.operations", "contracts.mock.http.api", "contracts.mock.http.serve", "contracts.mock.ui"),
    "contracts.mock",
    *("strategies.core", "strategies.body", "strategies.request", "strategies"),
    *("tests.harness.config", "tests.harness.http", "tests.harness.rate_limit", "tests.harness.http.client"),
    *("tests.harness.run", "tests.harness.trial", "tests.harness.pytest_plugin", "tests.harness.cli"),
    "tests.conformance",
    *("reports", "reports.output", "reports.redaction", "reports.run"),
    *(
        "reports.render",
        "reports.writers",
        "reports.cli",
        "reports.site",
        "reports.cli.conformance",
        "reports.cli.merge",
        "reports.cli.drift",
    ),
    *("reports.pytest_plugin", "conftest"),
    "tests.support",
    *("tests.detection.probe", "tests.detection.catalogue", "tests.detection.raw_server"),
    *("tests.detection.intermittent_base", "tests.detection.lenient_parser", "tests.detection.timing_observers"),
    *("tests.detection.defects", "tests.detection"),
    "tests.nights",
    *("tests.e2e", "tests.chaos", "tests.report", "tests.frameworks", "tests.adoption", "tests.shards"),
)
"""Sub-packages, each of which imports itself and those before it. A module that stands apart has a place of its own."""
APART = {"reports": "reports/pytest_plugin"}
"""By layer, a package in it that may import more, and that nothing else imports."""
TOP = [layer for layer in LAYERS if layer not in APART.values()]
FILES = [file for layer in TOP for file in sorted((ROOT / layer).rglob("*.py")) if "node_modules" not in file.parts]
IMPURE = {"httpx", "io", "os", "pathlib", "random", "requests", "socket", "subprocess", "threading", "time"}


def words_of(document: Document) -> Iterator[str]:
    """Yield the ids and paths of operations, and the names of properties and of parameters in the path.

    A name without an underscore, such as `title` or `notes`, is a word that code has other uses for.
    """
    for operation in document.operations:
        yield operation.id
        yield operation.path.partition("{")[0].rstrip("/")
        yield from (name for name in operation.path_parameters if "_" in name)
        for schema in (operation.body or {}, *operation.responses.values()):
            yield from (name for name in named_in(schema) if "_" in name)


def named_in(schema: Json) -> Iterator[str]:
    if isinstance(schema, list):
        yield from (name for entry in schema for name in named_in(entry))
    elif isinstance(schema, dict):
        yield from schema.get("properties", {})
        yield from (name for entry in schema.values() for name in named_in(entry))


OF_THE_API = {word for document in (DOCUMENT, load_document(GENERIC)) for word in words_of(document)}


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


@cache
def nodes(file: Path) -> list[ast.AST]:
    """Return every node of a module's code. Several tests read each module."""
    return list(ast.walk(ast.parse(file.read_text())))


@cache
def imports(file: Path) -> list[str]:
    found: list[str] = []
    for node in nodes(file):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.append("." * node.level + (node.module or ""))
    return found


def texts(file: Path) -> Iterator[str]:
    """Yield the strings of a module's code; what stands by itself is a docstring."""
    prose = {id(node.value) for node in nodes(file) if isinstance(node, ast.Expr)}
    for node in nodes(file):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@table("layer, below", {layer: (layer, below) for layer, below in LAYERS.items()})
def test_layer_imports_only_itself_and_those_below(layer: str, below: tuple[str, ...]) -> None:
    allowed = (*below, layer.replace("/", "."))
    apart = APART.get(layer)
    files = [
        file
        for file in FILES
        if file.is_relative_to(ROOT / layer) and not (apart and file.is_relative_to(ROOT / apart))
    ]
    ours = {found for file in files for found in imports(file) if within(found, OURS) or found.startswith(".")}
    assert ours, "nothing was looked at"
    assert {found for found in ours if not within(found, allowed)} == set()


@pytest.mark.parametrize("package", [package.replace("/", ".") for package in APART.values()])
def test_package_that_joins_two_layers_is_imported_by_none(package: str) -> None:
    importers = [
        name_of(file)
        for file in FILES
        if not file.is_relative_to(ROOT / package.replace(".", "/"))
        and any(within(found, (package,)) for found in imports(file))
    ]
    assert importers == []


PLUGIN = "tests/harness/pytest_plugin"
BELOW_PLUGIN = [
    file for file in FILES if file.is_relative_to(ROOT / "tests/harness") and not file.is_relative_to(ROOT / PLUGIN)
]


@pytest.mark.parametrize("file", BELOW_PLUGIN, ids=name_of)
def test_harness_below_its_plugin_knows_no_pytest(file: Path) -> None:
    assert [
        found for found in imports(file) if within(found, ("pytest", "_pytest", "xdist", PLUGIN.replace("/", ".")))
    ] == []


def test_conftest_only_registers_plugins() -> None:
    (docstring, plugins) = ast.parse((ROOT / "conftest.py").read_text()).body
    assert isinstance(docstring, ast.Expr)
    assert isinstance(plugins, ast.Assign)


def room_of(module: str) -> str | None:
    """Return the room of a module: the longest entry that it is in; None if there is none."""
    return max((room for room in ROOMS if within(module, (room,))), key=len, default=None)


def modules() -> dict[str, Path]:
    """Return the files of the suite by module, but for unit tests, and for scripts of another environment."""
    files = [*ROOT.glob("*.py"), *(file for top in OURS[:-1] for file in (ROOT / top).rglob("*.py"))]
    apart = {ROOT / "tests" / "unit", ROOT / "tests" / "frameworks" / "python"}
    kept = [file for file in files if "node_modules" not in file.parts and apart.isdisjoint(file.parents)]
    return {name_of(file).removesuffix(".py").replace("/", ".").removesuffix(".__init__"): file for file in kept}


MODULES = modules()


def imported_modules(file: Path) -> Iterator[str]:
    """Yield the modules of the suite that a file imports."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            named = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else str(node.module) for name in named if node.module in MODULES)


@pytest.mark.parametrize("room", ROOMS)
def test_room_imports_only_itself_and_those_before_it(room: str) -> None:
    allowed = ROOMS[: ROOMS.index(room) + 1]
    own = {module: file for module, file in MODULES.items() if room_of(module) == room}
    assert own, "nothing was looked at"
    found = {(module, other) for module, file in own.items() for other in imported_modules(file)}
    assert {(module, other) for module, other in found if room_of(other) and room_of(other) not in allowed} == set()


def test_every_module_has_a_room() -> None:
    holds_nothing = {name for name, file in MODULES.items() if file.name == "__init__.py" and not [*imports(file)]}
    assert {module for module in MODULES if room_of(module) is None} <= holds_nothing


@pytest.mark.parametrize("file", sorted((ROOT / "contracts" / "checks").glob("*.py")), ids=name_of)
def test_check_knows_no_clock_no_chance_and_no_network(file: Path) -> None:
    assert not {found.partition(".")[0] for found in imports(file)} & IMPURE


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_code_names_no_path_and_no_property_of_the_api(file: Path) -> None:
    assert {text for text in texts(file) if any(known in text for known in OF_THE_API)} == set()


def test_what_code_must_not_name_is_found_where_it_stands() -> None:
    named = set(texts(ROOT / "tests" / "support" / "factories.py"))
    assert {"event_id", "cancel_lead_appointment_rentmanager"} <= named & OF_THE_API
    assert {"created_record_id", "/v1/appointments"} <= OF_THE_API
