"""The page for a job's summary, an issue or a chat: short, and nothing that a target sent is rendered."""

from dataclasses import replace

from markdown_it import MarkdownIt

from contracts.model.result import FindingText
from contracts.requirements import FixHint
from reports.render import markdown
from reports.render.markdown import code, page, prose, write
from tests.support.factories import REQUIREMENTS, table
from tests.support.report_factories import ADVICE, FOUND, ISSUE, OTHER, altered, broken, earlier_run, item, run_report


def test_order_is_verdict_changes_evidence() -> None:
    told = [broken(FOUND), broken(OTHER), broken(ADVICE, suppressed=True)]
    known = replace(ISSUE, finding=ADVICE.identity)
    known_until = "known until 2026-11-24, since 2026-11-24, 1 run, team-x, `https://tracker.example/1`"
    report = run_report(
        *told, earlier=[earlier_run(23, OTHER)], issues=[known], exit_code=1, not_cancelled=("record r-1",)
    )
    first, second, third = (cause.identity for cause in report.causes)
    shape, limit = REQUIREMENTS["RESP-01"].violation, REQUIREMENTS["RATE-02"].violation
    text = page(report)
    assert text.splitlines() == [
        "# Contract violated: 2 causes, 2 of 2 musts, 1 known issue - mock, contract 0123456789ab",
        "",
        "Exit code 1: a must is violated.",
        "",
        "## What changed",
        "",
        "Compared with the run of 2026-11-23 02:00 UTC.",
        "",
        f"1. **new** - A body without a required property is not rejected with 400. ERR-01 on cancel `{first}`",
        "   - observed: `cancel`, `event_id missing`: `200 {}`",
        "   - expected: `400`",
        "   - occurred: 3 of 3 times",
        "   - the same request shows cause 2, cause 3",
        "",
        "   ```bash",
        "   curl -i x",
        "   ```",
        f"2. **still open since 2026-11-23, 2 runs** - {shape} RESP-01 on cancel `{second}`",
        "   - observed: `cancel`, `event_id missing`: `200 {}`",
        f"3. **{known_until}** - {limit} RATE-02 (recommendation) on cancel `{third}`",
        "   - observed: `cancel`, `event_id missing`: `200 {}`",
        "",
        "## Evidence",
        "",
        "- Checks: 3 (3 requirements on the operations they apply to): 2 violated, 1 known issue",
        "- Musts: 2 of 3 checks can fail the run: 2 violated",
        "- Requests: 40 sent, 2 controls accepted",
        "- Detection: not measured for this version and profile: run make prove",
        "- Evidence: 9 decisions on 40 requests, 3 of 3 requirements decided on at least one operation",
        "- Contract: 0123456789ab",
        "- Profile: quick, seed 5",
        "- Suite: 0.1.0",
        "- Access: write: enough for every check",
        "",
        "## Left at the target",
        "",
        "- record r-1",
    ]


def test_punctuation_is_no_part_of_a_code_span() -> None:
    assert prose("at http://x.test, as get_thing.") == "at `http://x.test`, as `get_thing`."


def test_rejection_by_the_gate_and_a_history_that_starts_anew_are_reported() -> None:
    text = page(run_report(item("held"), refusals=("Fewer.",), exit_code=7, notice="History starts anew: no file"))
    assert "- **Quality gate:** Fewer." in text
    assert "History starts anew: no file." in text
    assert "No findings." in text


def test_every_cause_has_its_remedy_and_the_whole_hint_stands_once() -> None:
    hints = {"ERR-01": FixHint("It sleeps.", "Set `awake: true`.", ()), "RESP-01": FixHint("No.", "Nor this.", ())}
    second = replace(FOUND, identity="dddddddddddd", edit="title missing")
    text = page(run_report(broken(FOUND, second), broken(OTHER), earlier=[earlier_run(23, OTHER)], hints=hints))
    lines = [line for line in text.splitlines() if line.startswith(("   - usually because", "   - to mend"))]
    sleeps = "   - usually because: It sleeps."
    assert lines == [sleeps, "   - to mend: Set `awake: true`.", sleeps, "   - usually because: No."]
    assert text.index("1. **new**") < text.index("It sleeps.") < text.index("2. **new**")


HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "`` ` <b>bold</b> @someone #1",
    "a\n# Contract held\n\n| x |",
    "[link](https://evil.example) https://evil.example",
    "`",
    "```\n</code><script>",
)


@table("sent", {text: (text,) for text in HOSTILE})
def test_nothing_that_a_target_sent_is_rendered(sent: str) -> None:
    reported = broken(replace(FOUND, edit=sent, problem=sent), text=FindingText(sent, sent, f"curl '{sent}'"))
    tokens = MarkdownIt("commonmark", {"linkify": False}).parse(page(run_report(reported)))
    inside = [child for token in tokens for child in token.children or ()]
    assert {token.type for token in [*tokens, *inside]} <= {
        *("heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline", "text", "softbreak"),
        *("ordered_list_open", "ordered_list_close", "bullet_list_open", "bullet_list_close"),
        *("list_item_open", "list_item_close", "strong_open", "strong_close", "code_inline", "fence"),
    }
    assert [token.markup for token in tokens if token.type == "heading_open"] == ["#", "##", "##"]
    words = "".join(token.content for token in inside if token.type == "text")
    assert not any(part in words for part in ("onerror", "bold", "someone", "evil", "script"))


@table(
    "text, span",
    {
        "plain": ("a", "`a`"),
        "nothing": ("", "nothing"),
        "backticks": ("a``b`", "``` a``b` ```"),
        "lines": ("a\n\tb", "`a b`"),
        "long": ("x" * 400, f"`{'x' * 300}…`"),
    },
)
def test_code_span(text: str, span: str) -> None:
    assert code(text) == span


def test_many_findings_and_long_commands_keep_the_page_small(tmp_path) -> None:
    long = FindingText("y" * 10_000, "x" * 10_000, "z" * 100_000)
    many = broken(
        *(replace(FOUND, identity=f"{number:012}", problem=f"answered {number}") for number in range(500)), text=long
    )
    write(tmp_path / "new" / "summary.md", run_report(many, files={"--summary": "results/summary.json"}))
    text = (tmp_path / "new" / "summary.md").read_text()
    assert len(text) < 50_000
    assert f"- and {500 - markdown.CAUSES_OF_A_STATE} more new: see results/summary.json" in text
    assert "# 100,000 characters: see results/summary.json" in text


def test_cause_that_is_not_shown_in_full_has_its_remedy() -> None:
    many = broken(*(replace(FOUND, identity=f"{number:012}", problem=f"answered {number}") for number in range(12)))
    lines = page(run_report(many, hints={"ERR-01": FixHint("It sleeps.", "Wake it.", ())})).splitlines()
    assert lines.count("   - usually because: It sleeps.") == 12


def test_reason_of_many_checks_is_one_line_with_its_operations() -> None:
    reported = [
        item("inconclusive", operation=name, text=f"ERR-01 No control was accepted: {name} answered 400. Give others.")
        for name in ("a", "b")
    ]
    line = "- 2 checks on 2 operations: No control was accepted; for example: a answered 400. Give others"
    assert f"## What could not be told\n\n{line}\n\n## Evidence" in page(run_report(*reported))


def test_command_that_tries_a_cause_again_is_named() -> None:
    files = {"--summary": "own/summary.json"}
    assert "`make replay CAUSE=1 ARGS='--summary own/summary.json'` tries cause 1 again" in page(
        run_report(broken(FOUND), files=files)
    )
    assert "again" not in page(run_report(item("held"), files=files))


def test_option_is_named_where_nothing_holds_the_rest() -> None:
    many = broken(*(replace(FOUND, identity=f"{number:012}", problem=f"answered {number}") for number in range(40)))
    assert "- and 10 more new: write them with --summary FILE" in page(run_report(many))


def test_findings_that_the_documentation_shows_by_example_are_counted() -> None:
    text = page(run_report(item("held"), altered(broken(ADVICE), gates_if_stated=True)))
    assert "1 more finding would fail it if the documentation stated what it shows by example" in text
    assert "would fail it" not in page(run_report(item("held"), broken(ADVICE)))
