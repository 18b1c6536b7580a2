"""Every conformance test of a package, whichever of them pytest selects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Final

from tests.harness.trial.plan import RequestDemand
from tests.harness.trial.requirement_test import RequirementTest

CONFORMANCE: Final = "tests.conformance"


@dataclass(frozen=True, slots=True)
class CataloguedTest:
    """A test function, and what the requirement that it cites wants to send."""

    demand: RequestDemand
    function: Callable[[RequirementTest], None]


def catalogue_of(module: ModuleType) -> dict[str, CataloguedTest]:
    """Return the conformance tests of a module's package, by the requirements' ids, in the order of collection.

    pytest imports only the modules that it selects from, which are fewer under --lf, or where one file is named.
    """
    package = import_module(module.__package__) if module.__package__ else None
    modules = [module] if package is None else [import_module(name) for name in _test_modules(package)]
    return {test.demand.requirement: test for one in modules for test in _tests_in(one)}


def requirements_that_need_others() -> frozenset[str]:
    """Return the ids of the requirements that are judged by what others send, so that a few requests show nothing."""
    demands = [test.demand for test in catalogue_of(import_module(CONFORMANCE)).values()]
    return frozenset(demand.requirement for demand in demands if demand.compares or demand.depends_on)


def _test_modules(package: ModuleType) -> Iterator[str]:
    for found in sorted(iter_modules(package.__path__), key=lambda found: found.name):
        if found.name.startswith("test_"):
            yield f"{package.__name__}.{found.name}"


def _tests_in(module: ModuleType) -> Iterator[CataloguedTest]:
    for value in vars(module).values():
        for mark in getattr(value, "pytestmark", ()):
            if mark.name == "requirement":
                yield CataloguedTest(mark.args[0], value)
