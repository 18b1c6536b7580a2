"""Records that came from a create: what a listing shows of them is judged, whichever of the two is tested."""

from pathlib import Path

from contracts.mock.data.state import Record
from contracts.mock.http.api import MockApi
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.support.factories import CREATE, LIST
from tests.support.suite_process import document, run, serving


class SpellsTheVendorOtherwise(MockApi):
    """Shows the vendor of created records in a spelling that the schema does not have."""

    def item(self, operation: Operation, record: Record) -> dict[str, Json]:
        item = super().item(operation, record)
        return item | {"integration_vendor": "RentManager"} if record.number >= len(self.state.events) else item


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
