"""What a run imports and reads: done once, by the process that the runs are forked from."""

from importlib import import_module
from pkgutil import iter_modules

import tests.conformance
from contracts.openapi.loader import load_document
from strategies.generated import schema_to_generate_from
from tests.support.suite_process import CONTRACT, GENERIC

CONFORMANCE_TESTS = [module.name for module in iter_modules(tests.conformance.__path__, "tests.conformance.")]
PLUGINS = ("allure_pytest.plugin", "hypothesis.strategies")
SUITE = ("reports.pytest_plugin.plugin", "tests.harness.pytest_plugin.plugin")

for name in (*PLUGINS, *SUITE, *CONFORMANCE_TESTS):
    import_module(name)
for file in (CONTRACT, GENERIC):
    schema_to_generate_from(load_document(file))
