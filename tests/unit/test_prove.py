"""The proof counts the defects that gate, and does not take what a variant departs from for a false alarm."""

from dataclasses import replace
from pathlib import Path

import pytest

from contracts.requirements import load_requirements
from tests.detection import prove
from tests.detection.catalogue import Defect, Variant, must_gate
from tests.detection.defects import DEFECTS, VARIANTS
from tests.detection.prove import ServerRun, false_alarms, longest_first, proof_of, report

KNOWN = load_requirements(Path(__file__).parents[2] / "contracts" / "requirements.yaml")
MUST, SHOULD = "ERR-04", "ERR-07"
BREAKS_A_MUST = next(one for one in DEFECTS if one.requirement == MUST and not one.recommended)
BREAKS_A_RECOMMENDATION = next(one for one in DEFECTS if one.requirement == MUST and one.recommended)
BREAKS_A_SHOULD = next(one for one in DEFECTS if one.requirement == SHOULD)
DEPARTING = replace(VARIANTS[0], departs_from=frozenset({MUST}))


def server_run(
    of: Defect | Variant, *, violated: frozenset[str] = frozenset(), not_met: frozenset[str] = frozenset()
) -> ServerRun:
    return ServerRun(of.name, violated, not_met, frozenset(), 1, 1.0, 1.0, 1 if violated else 0, frozenset(), None)


def test_defect_that_breaks_only_what_is_recommended_of_a_must_does_not_have_to_gate() -> None:
    assert must_gate([BREAKS_A_MUST, BREAKS_A_RECOMMENDATION, BREAKS_A_SHOULD], KNOWN) == (BREAKS_A_MUST,)


def test_only_a_must_that_recommends_something_has_defects_of_that_kind() -> None:
    assert [one.name for one in DEFECTS if one.recommended and not KNOWN[one.requirement].recommended] == []


def test_detected_recommendation_is_not_counted_as_a_must() -> None:
    detected = {one.name: server_run(one, not_met=frozenset({one.requirement})) for one in DEFECTS}
    proof = proof_of(detected | {one.name: server_run(one) for one in VARIANTS}, "quick")
    assert proof.noticed == proof.seeded
    assert (proof.must_seeded, proof.must_noticed) == (len(must_gate(DEFECTS, KNOWN)), 0)


@pytest.mark.parametrize(
    ("defect", "violated", "line"),
    [
        (BREAKS_A_MUST, frozenset({MUST}), None),
        (BREAKS_A_MUST, frozenset(), f"does not gate  {BREAKS_A_MUST.name}"),
        (BREAKS_A_RECOMMENDATION, frozenset(), None),
        (BREAKS_A_RECOMMENDATION, frozenset({MUST}), f"gates  {BREAKS_A_RECOMMENDATION.name}"),
    ],
    ids=["must gates", "must does not gate", "recommendation does not gate", "recommendation gates"],
)
def test_report_names_what_gates_and_should_not_or_the_other_way_round(
    defect: Defect, violated: frozenset[str], line: str | None
) -> None:
    text = report({defect.name: server_run(defect, violated=violated, not_met=frozenset({MUST}) - violated)})
    named = [one for one in text.splitlines() if defect.name in one and not one.startswith("longest: ")]
    assert [one.startswith(line or "") for one in named] == ([True] if line else [])


def test_requirement_that_a_variant_departs_from_may_be_reported_as_not_met() -> None:
    assert false_alarms(DEPARTING, server_run(DEPARTING, not_met=frozenset({MUST}))) == frozenset()


def test_requirement_that_a_variant_departs_from_may_not_be_reported_as_violated() -> None:
    assert false_alarms(DEPARTING, server_run(DEPARTING, violated=frozenset({MUST}))) == {MUST}


def test_requirement_that_a_variant_does_not_depart_from_may_not_be_reported_as_not_met() -> None:
    assert false_alarms(DEPARTING, server_run(DEPARTING, not_met=frozenset({SHOULD}))) == {SHOULD}


def test_variant_that_was_not_decided_or_not_tested_is_a_false_alarm() -> None:
    could_not_tell = replace(server_run(DEPARTING), could_not_tell=frozenset({SHOULD}), code=6)
    assert false_alarms(DEPARTING, could_not_tell) == {f"{SHOULD} could not tell"}
    assert false_alarms(DEPARTING, replace(server_run(DEPARTING), code=5)) == {"nothing was tested"}


def test_long_runs_start_first_and_those_of_unknown_length_before_them() -> None:
    one, several = (next(each for each in DEFECTS if (len(each.affects) > 1) is more) for more in (False, True))
    short, long = VARIANTS[:2]
    names = [short.name, one.name, long.name, several.name]
    assert longest_first(names, {short.name: 1.0, long.name: 9.0}) == [several.name, one.name, long.name, short.name]


def test_suite_that_fails_on_the_healthy_mock_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    failing = replace(server_run(DEPARTING, violated=frozenset({MUST})), name=prove.HEALTHY)
    monkeypatch.setattr(prove, "run_suite", lambda *_: failing)
    with pytest.raises(SystemExit, match=rf"exit code 1 on the healthy mock \({MUST}\)"):
        prove.run_on_healthy_mock("quick", 0)


def test_runs_of_the_proof_have_the_configuration_of_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    class Configuration(prove._ResultCollector):
        def pytest_configure(self, config: pytest.Config) -> None:
            found.append(config.inipath)
            pytest.exit("nothing needs to be run")

    found: list[Path | None] = []
    monkeypatch.setattr(prove, "_ResultCollector", Configuration)
    prove.run_suite_on(BREAKS_A_MUST.name, "quick", 0)
    assert found == [prove.ROOT / "pyproject.toml"]
