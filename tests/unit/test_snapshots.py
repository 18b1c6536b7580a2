"""What a run knows of its records between two pages of a listing."""

from types import SimpleNamespace

import pytest

from contracts.model.http import Exchange
from tests.harness.config.settings import Secret, Target
from tests.harness.run.context import RunContext
from tests.harness.run.created_resources import CreatedResources
from tests.harness.run.snapshots import Snapshots
from tests.support.factories import CREATE, DOCUMENT, LIST, TOKEN, UPDATE, exchange

TARGET = Target("url", "http://127.0.0.1:9", Secret(TOKEN), {})


def page() -> Exchange:
    return exchange(200, {"meta": {}, "results": []}, operation=LIST.id, method="GET", target=LIST.path, number=1)


@pytest.mark.parametrize("marked", [True, False], ids=["with a mark", "without one"])
def test_copy_cannot_be_told_from_a_record_whose_id_and_mark_are_not_known(marked) -> None:
    resources = CreatedResources(DOCUMENT)
    notes = f"Visit {resources.mark_of(CREATE)}" if marked else "Visit"
    sent = {"lead_id": "l-1", "title": "Tour of the house", "notes": notes}
    create = exchange(200, {"meta": {"job_id": "job-1"}}, operation=CREATE.id, request_body=sent, number=2)
    resources.observe(create, resources.begin(CREATE, create.request))
    context = RunContext(DOCUMENT, TARGET, None, frozenset(), resources)  # type: ignore[arg-type]
    snapshots = Snapshots(UPDATE, context, SimpleNamespace(operation=LIST), None)  # type: ignore[arg-type]
    snapshots.before = page()
    changes = snapshots.changes()
    assert changes is not None
    assert changes.shared is not marked
