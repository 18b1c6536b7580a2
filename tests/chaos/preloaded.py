"""What a run imports: imported once, by the process that the runs are forked from."""

from importlib import import_module

for name in (
    "allure_pytest.plugin",
    "hypothesis.strategies",
    "reports.results",
    "schemathesis",
    "tests.conformance.test_authentication",
    "tests.conformance.test_errors",
    "tests.conformance.test_jobs",
    "tests.conformance.test_listing",
    "tests.conformance.test_protocol",
    "tests.conformance.test_response",
    "tests.harness.plugin",
):
    import_module(name)
