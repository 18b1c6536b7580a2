"""Operations that use ids of one pool run in one process, others wherever there is room."""

from contracts.openapi.operation import Operation
from tests.harness.run.value_pools import worker_groups
from tests.support.factories import AVAILABILITY, CANCEL, CREATE, DOCUMENT, LIST, STATUS, UPDATE

EVENTS = {"PROPEXO_INTEGRATION_ID": ("rm-1",), "PROPEXO_EVENT_IDS": ("evt-1", "evt-2", "evt-3")}


def groups_of(*operations: Operation, **test_data: tuple[str, ...]) -> list[str]:
    groups = worker_groups(DOCUMENT, operations, EVENTS | test_data)
    return [groups[operation.id] for operation in operations]


def test_cancellations_of_one_pool_are_a_group() -> None:
    cancellations = [operation for operation in DOCUMENT.operations if operation.consumes_value]
    assert len(cancellations) == 3
    assert set(groups_of(*cancellations)) == {"PROPEXO_EVENT_IDS"}


def test_updates_and_job_statuses_of_the_pool_belong_to_the_group() -> None:
    assert set(groups_of(UPDATE, CANCEL, STATUS)) == {"PROPEXO_EVENT_IDS"}


def test_operations_that_use_nothing_up_are_groups_of_their_own() -> None:
    others = (CREATE, LIST, AVAILABILITY)
    assert groups_of(CANCEL, *others)[1:] == [operation.path for operation in others]


def test_updates_are_groups_of_their_own_where_nothing_uses_their_records_up() -> None:
    assert groups_of(UPDATE, LIST) == [UPDATE.path, LIST.path]
