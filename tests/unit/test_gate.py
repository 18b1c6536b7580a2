"""The gate's own rules, each from both sides."""

from dataclasses import replace

from reports.run.history import DetectionPower
from reports.run.quality_gate import fewer_musts_exercised, proof_regressions, refusals
from tests.support.factories import table
from tests.support.report_factories import earlier_run

POWER = DetectionPower(seeded=100, noticed=96, must_seeded=60, must_noticed=58, false_alarms=0)
BEFORE = earlier_run(23, power=POWER)


@table(
    "power, reported",
    {
        "as before": (POWER, ""),
        "one less detected": (replace(POWER, noticed=95), "95 of 100 seeded defects detected, 96 of 100 before"),
        "one must less": (
            replace(POWER, must_noticed=57),
            "57 of 60 defects that break a must detected, 58 of 60 before",
        ),
        "one more": (replace(POWER, noticed=97), ""),
        "more defects, more missed": (replace(POWER, seeded=120, noticed=100), ""),
        "fewer defects, as many missed": (replace(POWER, seeded=90, noticed=86), ""),
        "fewer defects, more missed": (replace(POWER, seeded=90, noticed=80), "80 of 90 seeded defects detected"),
        "a false alarm": (replace(POWER, false_alarms=1), "1 false alarm, 0 before"),
        "no proof": (None, ""),
    },
)
def test_fall_of_the_proof(power, reported: str) -> None:
    found = proof_regressions(earlier_run(24, power=power), [BEFORE])
    assert bool(found) == bool(reported)
    assert reported in "".join(found)


FALLEN = earlier_run(24, power=replace(POWER, noticed=90))


@table(
    "earlier, refused",
    {
        "no run": ([], False),
        "a run without proof": ([earlier_run(23)], False),
        "the last proof counts, not the last run": ([BEFORE, earlier_run(23)], True),
        "a proof of another profile": ([replace(BEFORE, profile="deep")], False),
    },
)
def test_fall_counts_against_the_last_proof_of_the_profile(earlier, refused) -> None:
    assert bool(proof_regressions(FALLEN, earlier)) == refused


ALL = earlier_run(23, decided=["ERR-01", "AUTH-01"])


@table(
    "run, earlier, refused",
    {
        "one is missing": (earlier_run(24, decided=["ERR-01"]), [ALL], True),
        "one more": (earlier_run(24, decided=["ERR-01", "AUTH-01", "AUTH-02"]), [ALL], False),
        "a run of a part": (earlier_run(24, decided=["ERR-01"], whole=False), [ALL], False),
        "another profile": (earlier_run(24, decided=["ERR-01"], profile="deep"), [ALL], False),
        "after a run of a part": (
            earlier_run(24, decided=["ERR-01"]),
            [earlier_run(23, decided=["AUTH-01"], whole=False)],
            False,
        ),
        "the last whole run counts": (
            earlier_run(24, decided=["ERR-01"]),
            [ALL, replace(ALL, whole=False, musts=())],
            True,
        ),
        "the first run": (earlier_run(24, decided=["ERR-01"]), [], False),
    },
)
def test_fewer_musts_exercised(run, earlier, refused) -> None:
    found = fewer_musts_exercised(run, earlier)
    assert found == (["Fewer musts were tested than in the run of 2026-11-23: AUTH-01 not."] if refused else [])


def test_every_reason_is_reported() -> None:
    run = replace(FALLEN, musts=())
    reported = refusals(run, [BEFORE], ["Known issue x is no longer violated."])
    assert [sentence.split()[0] for sentence in reported] == ["Known", "The", "Fewer"]
    assert refusals(BEFORE, [BEFORE], []) == ()
