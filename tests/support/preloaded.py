"""What a run imports, reads and builds: done once, by the process that the runs are forked from."""

from importlib import import_module
from pkgutil import iter_modules

from _pytest.config import default_plugins

import tests.conformance
from contracts.openapi.loader import load_document
from strategies.generated import schema_to_generate_from
from tests.support.suite_process import CONTRACT, GENERIC

CONFORMANCE_TESTS = [module.name for module in iter_modules(tests.conformance.__path__, "tests.conformance.")]
PLUGINS = (
    *(f"_pytest.{name}" for name in default_plugins),
    *("allure_pytest.plugin", "anyio.pytest_plugin", "_hypothesis_pytestplugin", "xdist.looponfail", "xdist.newhooks"),
)
WHEN_NEEDED = (
    *("anyio.streams.memory", "anyio.streams.tls", "hypothesis.strategies", "rich._emoji_codes"),
    *("schemathesis.python.asgi", "schemathesis.transport.asgi", "schemathesis.transport.wsgi"),
    *("schemathesis.python._constants.orchestrator", "schemathesis.specs.openapi.coverage._operation"),
)
"""What libraries import at their first use."""
SUITE = ("reports.pytest_plugin.plugin", "tests.harness.pytest_plugin.plugin")

for name in (*PLUGINS, *WHEN_NEEDED, *SUITE, *CONFORMANCE_TESTS):
    import_module(name)
for file in (CONTRACT, GENERIC):
    schema_to_generate_from(load_document(file))
