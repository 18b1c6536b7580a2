"""How many records the creates of a run may have made that nobody knows the ids of."""

from contracts.model.http import Request
from tests.harness.run.created_resources import CreatedResources
from tests.harness.run.sent_records import begun_by_record, made_by_mark, made_without_mark
from tests.support.factories import CREATE, DOCUMENT, LIST, table


def made(**known: object):
    resources = CreatedResources(DOCUMENT)
    mark = resources.mark_of(CREATE)
    request = Request("POST", CREATE.path, ()).with_json({"title": f"Visit {mark}"})
    first = resources.begin(CREATE, request)
    first.job, first.id, first.lost_responses = "job-1", "rec-1", 0
    other = resources.begin(CREATE, request)
    other.lost_responses = 0
    for name, value in known.items():
        setattr(other, name, value)
    return resources, mark


@table(
    "unknown, known",
    {
        "known": (0, {"job": "job-2", "id": "rec-2"}),
        "its job is under way": (1, {"job": "job-2"}),
        "its job failed": (0, {"job": "job-2", "removed": True}),
        "rejected": (0, {"removed": True}),
        "no response": (1, {"lost_responses": 1}),
    },
)
def test_records_without_an_id_are_counted(unknown: int, known) -> None:
    resources, mark = made(**known)
    found = made_by_mark(resources, LIST)[mark]
    assert found.unknown == unknown
    assert {"rec-1"} <= found.ids


def test_time_of_a_create_is_known_where_its_record_is() -> None:
    resources, _ = made(job="job-2")
    assert [*begun_by_record(resources, LIST)] == ["rec-1"]
    assert all(began > 0 for began in begun_by_record(resources, LIST).values())


@table(
    "ids, known",
    {"all known": ({"rec-1", "rec-2"}, {"job": "job-2", "id": "rec-2"}), "one is not": (set(), {"job": "job-2"})},
)
def test_doubles_are_looked_for_where_every_create_without_a_mark_is_known(ids, known) -> None:
    resources, _ = made(mark="", **known)
    next(iter(resources.listed_by(LIST))).mark = ""
    assert made_without_mark(resources, LIST) == ids


def test_creates_with_a_mark_are_none_without_one() -> None:
    resources, _ = made(job="job-2", id="rec-2")
    assert made_without_mark(resources, LIST) == frozenset()
