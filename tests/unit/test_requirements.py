"""requirements.yaml, and that the conformance tests cite it one to one."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from contracts.errors import ContractError
from contracts.openapi.loader import load_document
from contracts.openapi.traits import TRAITS, WIDER, includes
from contracts.requirements import FixHint, load_requirements
from tests.harness.pytest_plugin.collection import MOST_TELLING
from tests.support.factories import DOCUMENT, REQUIREMENTS, conformance_tests, table
from tests.support.suite_process import GENERIC

GOOD = {
    "id": "RESP-01",
    "level": "must",
    "basis": "stated",
    "sentence": "It answers.",
    "violation": "It does not answer.",
    "source": "https://example.com/page",
    "applies-to": "any",
    "scope": "own",
    "gates-because": "Everybody keeps it.",
    "fix": {"usually-because": "It sleeps.", "to-mend": "Set `awake: true`.", "sources": ["https://example.com/docs"]},
}
FIX = GOOD["fix"]
CITATIONS = dict(conformance_tests())
each_requirement = table("requirement", {name: (found,) for name, found in REQUIREMENTS.items()})


def written(folder: Path, *entries: object) -> Path:
    file = folder / "requirements.yaml"
    file.write_text(yaml.safe_dump({"groups": {"RESP": "Response shape"}, "requirements": entries}))
    return file


@pytest.mark.parametrize("test", CITATIONS)
def test_conformance_test_cites_exactly_one_requirement(test: str) -> None:
    assert len(CITATIONS[test]) == 1
    assert CITATIONS[test][0].requirement in REQUIREMENTS


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_requirement_is_cited_by_one_test(name: str) -> None:
    citing = [test for test, demanded in CITATIONS.items() if demanded[0].requirement == name]
    assert len(citing) == 1


@each_requirement
def test_requirement_that_checks_its_own_requests_sends_some(requirement) -> None:
    demand = next(found[0] for found in CITATIONS.values() if found[0].requirement == requirement.id)
    # A should may wait for a larger profile; the smallest one still has a word on every must.
    fewest = demand.extra_requests[0] if requirement.gates else demand.extra_requests[1]
    assert requirement.checks_all_exchanges or demand.mutations or fewest


@each_requirement
def test_source_is_a_page_of_a_host(requirement) -> None:
    source = urlsplit(requirement.source)
    assert source.scheme == "https"
    assert "." in source.netloc
    assert source.path.startswith("/")
    assert requirement.source == requirement.source.strip()


@each_requirement
def test_requirement_applies_to_an_operation_of_the_document(requirement) -> None:
    assert any(requirement.applies(operation) for operation in DOCUMENT.operations)


@pytest.mark.parametrize("trait", TRAITS)
def test_trait_distinguishes_operations(trait: str) -> None:
    has = {operation.id for operation in DOCUMENT.operations if trait in operation.traits}
    assert has
    assert trait == "any" or len(has) < len(DOCUMENT.operations)


def test_every_trait_is_used_and_explained() -> None:
    assert {requirement.applies_to for requirement in REQUIREMENTS.values()} == set(TRAITS)
    assert all(TRAITS.values())


def test_good_requirement_is_read(tmp_path: Path) -> None:
    found = load_requirements(written(tmp_path, GOOD))
    assert list(found) == ["RESP-01"]
    assert (found["RESP-01"].group, found["RESP-01"].applies_to) == ("Response shape", "any")
    assert found["RESP-01"].gates


@table("given, access", {"nothing": ({}, "write"), "token": ({"access": "token"}, "token")})
def test_requirement_needs_what_a_write_takes_unless_it_says_otherwise(tmp_path: Path, given, access: str) -> None:
    assert load_requirements(written(tmp_path, GOOD | given))["RESP-01"].access == access


def test_should_does_not_gate(tmp_path: Path) -> None:
    advised = {name: value for name, value in GOOD.items() if name != "gates-because"} | {"level": "should"}
    assert not load_requirements(written(tmp_path, advised))["RESP-01"].gates


def test_hint_is_read(tmp_path: Path) -> None:
    fix = load_requirements(written(tmp_path, GOOD))["RESP-01"].fix
    assert fix == FixHint("It sleeps.", "Set `awake: true`.", ("https://example.com/docs",))


def test_must_says_why_it_gates_and_what_of_it_is_recommended(tmp_path: Path) -> None:
    found = load_requirements(written(tmp_path, GOOD | {"recommended": "That it is fast."}))["RESP-01"]
    assert (found.gates_because, found.recommended) == ("Everybody keeps it.", "That it is fast.")


@table(
    "change, complaint",
    {
        "unknown level": ({"level": "may"}, "`level` is 'may', not one of must, should"),
        "no level": ({"level": None}, "`level` is None, not one of must, should"),
        "unknown basis": ({"basis": "hearsay"}, "`basis` is 'hearsay', not one of"),
        "unknown trait": ({"applies-to": "every"}, "`applies-to` is 'every', not one of any, supported"),
        "unknown scope": ({"scope": "some"}, "`scope` is 'some', not one of own, all-exchanges"),
        "unknown access": ({"access": "all"}, "`access` is 'all', not one of none, token, write"),
        "must without a reason": ({"gates-because": ""}, "a must says in `gates-because` why it gates"),
        "should with a reason": ({"level": "should"}, "only a must has `gates-because` or `recommended`"),
        "id without a number": ({"id": "RESP"}, "its id is not GROUP-NN"),
        "id with three digits": ({"id": "RESP-001"}, "its id is not GROUP-NN"),
        "id of no group": ({"id": "LIST-01"}, "its id is not GROUP-NN with one of the groups"),
        "no full stop": ({"sentence": "It answers"}, "does not end with a full stop"),
        "no sentence": ({"sentence": ""}, "does not end with a full stop"),
        "no violation": ({"violation": None}, "`violation` is not a sentence that ends with a full stop"),
        "violation without a full stop": ({"violation": "It fails"}, "`violation` is not a sentence that ends with"),
        "long violation": ({"violation": "x" * 90 + "."}, "`violation` has 91 characters, 90 at most"),
        "implied by a text": ({"implied-by": "RESP-02"}, "`implied-by` is not a list of ids"),
        "implied by a number": ({"implied-by": [2]}, "`implied-by` is not a list of ids"),
        "implied by none there": ({"implied-by": ["RESP-09"]}, "`implied-by` names RESP-09, which is not in this file"),
        "implied by itself": ({"implied-by": ["RESP-01"]}, "`implied-by` names RESP-01, which is implied by RESP-01"),
        "http source": ({"source": "http://example.com"}, "its source is not an https address"),
        "no hint": ({"fix": None}, "`fix` does not have exactly `usually-because`, `to-mend` and `sources`"),
        "hint without a cause": ({"fix": {"to-mend": "Mend it."}}, "`fix` does not have exactly `usually-because`"),
        "hint with one part more": ({"fix": FIX | {"see": "there"}}, "`fix` does not have exactly `usually-because`"),
        "cause without a full stop": (
            {"fix": FIX | {"usually-because": "Sleep"}},
            "`usually-because` is not a sentence",
        ),
        "mending that is no text": ({"fix": FIX | {"to-mend": 1}}, "`to-mend` is not a sentence that ends with a full"),
        "open backtick": ({"fix": FIX | {"to-mend": "Set `awake."}}, "a backtick in `to-mend` is not closed"),
        "hint without sources": ({"fix": FIX | {"sources": []}}, "`sources` is not a list of https addresses"),
        "http source of a hint": ({"fix": FIX | {"sources": ["http://x.y"]}}, "`sources` is not a list of https"),
        "no source": ({"source": ""}, "its source is not an https address"),
    },
)
def test_malformed_requirement_is_one_sentence(tmp_path: Path, change, complaint: str) -> None:
    with pytest.raises(ContractError) as caught:
        load_requirements(written(tmp_path, GOOD | change))
    assert complaint in str(caught.value)
    assert str(caught.value).startswith(f"Requirement {change.get('id', 'RESP-01')} in ")
    assert str(caught.value).endswith(".")


@table(
    "change, complaint",
    {
        "texts": ({"sentence": None, "violation": "", "source": 1}, "its sentence does not end with a full stop"),
        "no hint": ({"fix": None}, "`fix` does not have exactly `usually-because`, `to-mend` and `sources`"),
        "empty hint": (
            {"fix": {"usually-because": "", "to-mend": None, "sources": None}},
            "`usually-because` is not a sentence that ends with a full stop",
        ),
        "must without a reason": ({"gates-because": None}, "a must says in `gates-because` why it gates"),
    },
)
def test_requirement_that_is_being_written_is_read_where_that_is_allowed(tmp_path: Path, change, complaint) -> None:
    found = load_requirements(written(tmp_path, GOOD | change), allow_unfinished=True)["RESP-01"]
    assert found.unfinished == complaint
    assert not load_requirements(written(tmp_path, GOOD), allow_unfinished=True)["RESP-01"].unfinished


def test_entry_that_says_nothing_of_its_place_is_refused_also_where_it_may_be_unfinished(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="`level` is"):
        load_requirements(written(tmp_path, GOOD | {"level": None}), allow_unfinished=True)


def test_id_given_twice_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"Requirement RESP-01 in .* cannot be used: its id is given twice\.$"):
        load_requirements(written(tmp_path, GOOD, GOOD))


def test_requirement_is_implied_by_those_that_it_names(tmp_path: Path) -> None:
    implied = GOOD | {"id": "RESP-02", "implied-by": ["RESP-01"]}
    found = load_requirements(written(tmp_path, implied, GOOD))
    assert (found["RESP-01"].implied_by, found["RESP-02"].implied_by) == ((), ("RESP-01",))


def test_circle_of_implications_is_one_sentence(tmp_path: Path) -> None:
    circle = {"RESP-01": "RESP-03", "RESP-02": "RESP-01", "RESP-03": "RESP-02"}
    entries = [GOOD | {"id": name, "implied-by": [implying]} for name, implying in circle.items()]
    with pytest.raises(
        ContractError, match=r"RESP-01 in .* `implied-by` names RESP-03, which is implied by RESP-01\.$"
    ):
        load_requirements(written(tmp_path, *entries))


@table(
    "implying, implied, complaint",
    {
        "the same": ("secured", "secured", None),
        "wider": ("supported", "requires-property", None),
        "narrower": ("requires-property", "takes-body", r"\(requires-property, takes-body\)\.$"),
        "apart": ("queues-job", "secured", r"\(queues-job, secured\)\.$"),
    },
)
def test_implying_requirement_applies_wherever_the_implied_one_does(
    tmp_path: Path, implying, implied, complaint
) -> None:
    first = GOOD | {"applies-to": implying}
    second = GOOD | {"id": "RESP-02", "applies-to": implied, "implied-by": ["RESP-01"]}
    if complaint is None:
        assert load_requirements(written(tmp_path, first, second))["RESP-02"].implied_by == ("RESP-01",)
    else:
        with pytest.raises(
            ContractError, match="`implied-by` names RESP-01, which does not apply to every .*" + complaint
        ):
            load_requirements(written(tmp_path, first, second))


@pytest.mark.parametrize(
    "operation", [*DOCUMENT.operations, *load_document(GENERIC).operations], ids=lambda one: one.id
)
def test_operation_with_a_trait_has_the_wider_ones(operation) -> None:
    for narrow in operation.traits:
        assert {wide for wide in TRAITS if includes(wide, narrow)} <= operation.traits


def test_wider_traits_are_traits() -> None:
    assert WIDER.keys() | set(WIDER.values()) <= TRAITS.keys()


@each_requirement
def test_requirement_says_what_a_target_does_that_violates_it(requirement) -> None:
    assert requirement.violation != requirement.sentence
    assert requirement.violation[0].isupper()
    assert not re.search(r"\bnot\b.*\b(not|un\w+)\b", requirement.violation), "a negation of a negation"


@each_requirement
def test_hint_is_plain_text_but_for_its_code(requirement) -> None:
    for text in (requirement.fix.usually_because, requirement.fix.to_mend):
        assert not set("*_<>[]|#") & set("".join(text.split("`")[::2])), "Markdown and HTML would read it as markup"


@each_requirement
def test_requirement_is_tested_after_those_that_imply_it(requirement) -> None:
    order = [found[0].requirement for found in CITATIONS.values()]
    order.sort(key=lambda name: REQUIREMENTS[name].checks_all_exchanges)
    assert all(order.index(name) < order.index(requirement.id) for name in requirement.implied_by)


def test_what_comes_first_neither_depends_on_a_later_test_nor_implies_another() -> None:
    implying = {name for one in REQUIREMENTS.values() for name in one.implied_by}
    assert set(MOST_TELLING) <= REQUIREMENTS.keys()
    assert not implying & set(MOST_TELLING)
    assert not [name for name in MOST_TELLING if REQUIREMENTS[name].implied_by]
    assert not [name for name in MOST_TELLING if REQUIREMENTS[name].checks_all_exchanges]
