"""The run of one operation against a mock, without pytest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from contracts.mock.http.api import MockApi
from contracts.mock.http.serve import serve
from contracts.openapi.operation import Operation
from tests.harness.config.settings import Profile
from tests.harness.run.operation_run import OperationRun
from tests.harness.run.run_options import Options
from tests.harness.run.session import Session
from tests.support.factories import DOCUMENT
from tests.support.suite_process import CONTRACT


@contextmanager
def running(
    operation: Operation, *selected: str, without: str = "", api: type[MockApi] = MockApi, set_up: bool = True
) -> Iterator[OperationRun]:
    """Give the run of an operation against a mock that names its values, but for one variable."""
    with serve(api(DOCUMENT)) as server:
        known = {variable: ",".join(values) for variable, values in server.known.items() if variable != without}
        environment = {"PROPEXO_TOKEN": server.token, **known}
        session = Session(Options(server.url, selected, Profile.NIGHTLY, 1, CONTRACT, environment))
        try:
            run = session.run(operation)
            if set_up:
                run.set_up()
            yield run
        finally:
            session.clean_up()
            session.close()
