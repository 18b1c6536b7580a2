"""Records that came from a create: what a listing shows of them is judged, whichever of the two is tested."""

from pathlib import Path

from contracts.mock.data.state import INTEGRATIONS, Record
from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Issue, Refusal
from contracts.model.exit_codes import ExitCode
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.support.factories import CREATE, LIST
from tests.support.suite_process import TWO, document, run, serving


class SpellsTheVendorOtherwise(MockApi):
    """Shows the vendor of created records in a spelling that the schema does not have."""

    def item(self, operation: Operation, record: Record) -> dict[str, Json]:
        item = super().item(operation, record)
        return item | {"integration_vendor": "RentManager"} if record.number >= len(self.state.events) else item


ANOTHER = "another-integration"


class KeepsIntegrationsApart(MockApi):
    """Has a second integration, and knows a record only beside the one that it belongs to."""

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        (usual,) = self.state.integrations
        record = self.state.records.get(str(value.get("event_id")))
        if record and "integration_id" in value and value["integration_id"] != record.sent.get("integration_id", usual):
            raise Refusal(403, "forbidden", "No access to this event", "unknown-value")
        known = value.get("integration_id") == ANOTHER
        return super().unknown_values(operation, value | {"integration_id": usual} if known else value)


def judged(api: MockApi, folder: Path, operation: Operation, *more: str) -> str:
    with serving(api) as (arguments, environment):
        finished = run(folder, "--operation", operation.id, *arguments, *more, environment=environment)
    return finished.verdicts[f"RESP-01 {operation.method} {operation.path}"]


def test_created_records_are_judged_where_only_the_listing_is_tested(tmp_path: Path) -> None:
    assert judged(SpellsTheVendorOtherwise(document()), tmp_path, LIST) == "failure"


def test_created_records_are_judged_where_only_the_create_is_tested(tmp_path: Path) -> None:
    assert judged(SpellsTheVendorOtherwise(document()), tmp_path, CREATE) == "failure"


def test_record_that_the_test_of_the_listing_made_is_cancelled(tmp_path: Path) -> None:
    api = MockApi(document())
    assert judged(api, tmp_path, LIST) == "passed"
    made = [record for record in api.state.records.values() if record.number >= len(api.state.events)]
    assert [record.removed for record in made] == [True]


def test_listing_with_no_access_to_writes_creates_nothing(tmp_path: Path) -> None:
    api = MockApi(document())
    assert judged(api, tmp_path, LIST, "--access", "token") == "passed"
    assert not any(record.number >= len(api.state.events) for record in api.state.records.values())


def test_record_is_used_with_the_integration_that_it_belongs_to(tmp_path: Path) -> None:
    verdicts = []
    for more in ((), (ANOTHER,)):
        api = KeepsIntegrationsApart(document())
        with serving(api) as (arguments, environment):
            given = environment | {INTEGRATIONS: ",".join([environment[INTEGRATIONS], *more])}
            finished = run(tmp_path, *TWO, "--strict", *arguments, environment=given)
        assert finished.code == ExitCode.HELD, finished.output
        verdicts.append(finished.verdicts)
    assert verdicts[0] == verdicts[1]
