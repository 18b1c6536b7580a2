"""The examples of CONTRIBUTING, put into a copy of the tree as it says, pass the tests that it names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.suite_process import OWN_VARIABLES, ROOT

EXAMPLES = (
    ("An operation", "contracts/appointments.yaml", "components:\n"),
    ("A requirement", "contracts/requirements.yaml", ""),
    ("A requirement", "tests/conformance/test_protocol.py", ""),
    ("A check", "contracts/checks/http_methods.py", ""),
    ("A check", "tests/unit/test_checks_protocol.py", ""),
    ("A mutation", "strategies/body/json_syntax.py", '    Malformation("single quotes"'),
    ("A defect", "tests/detection/defects/protocol.py", ""),
    ("A variant", "tests/detection/defects/variants_refusals.py", ""),
    ("What a real server does", "", ""),
)
"""By heading, in the order of the text: the file that an example goes into, before which text ("": at its end).

The last one is an entry that the file has.
"""
LEFT_OUT = shutil.ignore_patterns(
    *(".git", ".venv*", ".env", ".*_cache", ".hypothesis", "__pycache__", "node_modules"),
    *("results", "html", "history", "proof.json"),
)
TIMEOUT_SECONDS = 120
STRICT = ("-W", "error", "-p", "no:cacheprovider", "-v")


def examples() -> Iterator[tuple[str, str]]:
    """Yield the code blocks of the common changes, each with the heading that it is under."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## Common changes\n")[2]
    for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        heading = section.partition("\n")[0]
        for code in re.findall(r"^```(?:yaml|python)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL):
            yield heading, code


def insert(file: Path, before: str, code: str) -> None:
    """Put code into a file before a text, or at the end; a row of a table ends with a comma."""
    text = file.read_text("utf-8")
    if not before:
        blank = "\n\n" if file.suffix == ".py" else ""
        file.write_text(text + blank + code, "utf-8")
        return
    assert text.count(before) == 1
    row = f"    {code.rstrip()},\n" if file.suffix == ".py" else code
    file.write_text(text.replace(before, row + before), "utf-8")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the tree with all examples in it."""
    folder = tmp_path_factory.mktemp("contributing") / "tree"
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    for (_, name, before), (_, code) in zip(EXAMPLES, examples(), strict=True):
        if name:
            insert(folder / name, before, code)
    listed = folder / "tests" / "unit" / "test_document.py"
    listed.write_text(listed.read_text("utf-8").replace("*others]", '*others, "read_service_health"]'), "utf-8")
    return folder


def run(tree: Path, *command: str) -> str:
    """Run a module of Python in the tree and return its output; it has to end with exit code 0."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OWN_VARIABLES)}
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", *command],
        cwd=tree,
        env=inherited | {"XDG_STATE_HOME": str(tree.parent / "state")},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_example_has_a_place() -> None:
    assert [heading for heading, _ in examples()] == [heading for heading, _, _ in EXAMPLES]


def test_examples_are_formatted(tree: Path) -> None:
    changed = [name for _, name, _ in EXAMPLES if name.endswith(".py")]
    run(tree, "ruff", "check", *changed)
    run(tree, "ruff", "format", "--check", *changed)


def test_examples_pass_the_unit_tests_of_what_they_add_to(tree: Path) -> None:
    parts = ("requirements", "requirements_page", "checks_protocol", "checks_wording", "strategies_wire")
    chosen = (
        "test_document.py::test_operations_are_those_of_the_document",
        "test_strategies.py::test_names_are_unique_short_and_stable",
        "test_layers.py::test_code_names_no_path_and_no_property_of_the_api",
    )
    files = [f"tests/unit/{name}" for name in (*(f"test_{part}.py" for part in parts), *chosen)]
    output = run(tree, "pytest", *files, *STRICT)
    assert "test_not_redirected[redirected] PASSED" in output
    assert "test_requirement_is_cited_by_one_test[HTTP-04] PASSED" in output


def test_requirement_that_is_being_written_is_on_the_page(tree: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    shutil.copytree(tree, folder)
    file = folder / "contracts" / "requirements.yaml"
    code = "".join(code for heading, code in examples() if heading == "A requirement" and code.startswith("  - id"))
    unfinished = re.sub(r"to-mend: .*", 'to-mend: ""', code)
    assert unfinished != code
    file.write_text(
        file.read_text("utf-8").replace(code, unfinished + unfinished.replace("HTTP-04", "HTTP-05")), "utf-8"
    )
    output = run(folder, "pytest", "tests/conformance", "--collect-only", "-qq", "--requirements", "page.html")
    assert "Unfinished: HTTP-04: `to-mend` is not a sentence that ends with a full stop." in output
    assert "Unfinished: HTTP-05: " in output, "no row cites it"
    assert "<dt>Unfinished</dt>" in (folder / "page.html").read_text("utf-8")


def test_operation_and_requirement_are_tested_and_the_mutation_is_sent(tree: Path) -> None:
    har = tree.parent / "exchanges.har"
    chosen = ("--operation", "read_service_health", "--operation", "cancel_lead_appointment_rentmanager")
    output = run(tree, "pytest", "tests/conformance", *chosen, *STRICT, "--env-file", os.devnull, "--har", str(har))
    assert "[HTTP-04 GET /v1/admin/service-health] PASSED" in output
    assert "[RESP-01 GET /v1/admin/service-health] PASSED" in output
    assert " ERROR " not in output, "all that applies to an operation without parameters can be decided"
    assert "ERR-04 cancel_lead_appointment_rentmanager: in parentheses" in har.read_text("utf-8")


def test_defect_and_variant_differ_from_the_healthy_mock(tree: Path) -> None:
    chosen = "origin-is-refused or frames-are-forbidden"
    output = run(tree, "pytest", "tests/detection", "-k", chosen, *STRICT)
    assert "test_defect_differs_from_the_healthy_mock[origin-is-refused] PASSED" in output
    assert "test_variant_differs_from_the_usual_mock[frames-are-forbidden] PASSED" in output


def test_defect_is_detected_and_variant_is_not_reported(tree: Path) -> None:
    detected = run(tree, "tests.detection.prove", "--only", "origin-is-refused", "--only", "frames-are-forbidden")
    assert re.search(r"^all +1 +1 +0 of 0$", detected, re.MULTILINE)
    assert "1 conforming variants, 0 with a false alarm" in detected
