"""What a run imports: imported once, by the process that the runs are forked from."""

from importlib import import_module

for name in (
    "allure_pytest.plugin",
    "hypothesis.strategies",
    "reports.writers.allure_results",
    "schemathesis",
    "tests.conformance.test_authentication",
    "tests.conformance.test_errors",
    "tests.conformance.test_jobs",
    "tests.conformance.test_listing",
    "tests.conformance.test_protocol",
    "tests.conformance.test_response",
    "tests.harness.pytest_plugin.plugin",
):
    import_module(name)
