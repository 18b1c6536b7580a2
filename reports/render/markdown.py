"""The run as Markdown, for a CI job summary, an issue or a chat: readable in a minute."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from contracts.drift.report import Drift
from contracts.model.result import FindingResult
from contracts.model.verdict import Status
from contracts.requirements import FixHint
from contracts.untrusted import sanitize
from reports.render import last_requests
from reports.render.drift import headline
from reports.render.undecided import reasons
from reports.render.wording import one_line
from reports.run.causes import Cause
from reports.run.counts import pluralize
from reports.run.run_report import RunReport
from reports.run.trend import State, moment

SHOWN_IN_FULL = 10
"""New and expired causes with expected, observed and curl; each other cause takes two lines."""
SAME_REQUEST = 5
"""Other causes that are named."""
CAUSES_OF_A_STATE = 30
REASONS = 10
BREAKING_CHANGES = 20
LONGEST_OBSERVED = 300
ACTIVE = re.compile(r"[@#<>&\[\]`*_\\|~$!^]|:\w+:|://|\bwww\.|\bGH-\d", re.IGNORECASE)
"""Start of a mention, a reference, a link, an emoji or markup."""
LONGEST_COMMAND = 2_000
"""Characters; a longer command is only in the JSON summary."""


def write(file: Path, report: RunReport, redact: Callable[[str], str] = str) -> None:
    """Write the page; `redact` removes secrets from its text."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(sanitize.text(redact(page(report))), encoding="utf-8")


def page(report: RunReport) -> str:
    """Return the page. Text from the target is in code spans and blocks only, so that none of it is rendered."""
    lines = [f"# {prose(report.headline)}", "", prose(report.exit_line), ""]
    lines += [f"- **Quality gate:** {prose(refusal)}" for refusal in report.refusals]
    if report.rotation:
        lines += [f"- **{name}:** {prose(text)}." for name, text in report.rotation.facts().items()]
    lines += ["## What changed", "", *_changes(report), *_again(report), ""]
    if undecided := list(_undecided(report)):
        lines += ["## What could not be told", "", *undecided, ""]
    lines += ["## Evidence", "", *_evidence(report), ""]
    if report.last_requests:
        lines += [f"## {last_requests.TITLE}", "", *_last_requests(report), ""]
    if report.not_judged:
        lines += ["## Not judged", "", *(f"- {code(line)}" for line in report.not_judged), ""]
    if report.drift is not None:
        lines += ["## The published document", "", *_drift(report.drift), ""]
    if report.not_cancelled:
        lines += ["## Left at the target", "", *(f"- {prose(line)}" for line in report.not_cancelled), ""]
    return "\n".join(lines)


def _changes(report: RunReport) -> Iterator[str]:
    if report.notice:
        yield from (f"{prose(report.notice)}.", "")
    if report.last:
        yield from (f"Compared with the run of {moment(report.last)}.", "")
    if not report.causes:
        yield "No findings."
    hints = dict(report.hints)  # the whole of a hint stands once for each requirement
    numbered = list(enumerate(report.causes, start=1))
    for state in State:
        of_state = [(number, cause) for number, cause in numbered if cause.trend.state is state]
        for place, (number, cause) in enumerate(of_state[:CAUSES_OF_A_STATE]):
            yield _line(number, cause)
            if cause.example is not None:
                in_full = state in (State.NEW, State.EXPIRED) and place < SHOWN_IN_FULL
                yield from _example(cause, cause.example, report, hints, in_full=in_full)
        if len(of_state) > CAUSES_OF_A_STATE:
            yield f"- and {len(of_state) - CAUSES_OF_A_STATE} more {state}: {report.full_list_hint('--summary')}"


def _again(report: RunReport) -> Iterator[str]:
    if report.replayable and (again := report.replay_command(report.replayable)):
        yield from ("", f"Where the files of the run are, {code(again)} tries cause {report.replayable} again.")


def _line(number: int, cause: Cause) -> str:
    level = "" if cause.gates else " (recommendation)"
    where = f"{cause.requirement}{level} {prose(cause.extent())}"
    return f"{number}. **{prose(cause.trend.status_text())}** - {prose(cause.title)} {where} `{cause.identity}`"


def _example(
    cause: Cause, example: FindingResult, report: RunReport, hints: dict[str, FixHint], *, in_full: bool
) -> Iterator[str]:
    """Yield the example of a cause and its remedy; `hints` are those that do not stand in full yet."""
    finding = cause.trend.finding
    observed = example.text.observed or finding.problem
    yield f"   - observed: {code(finding.operation)}, {code(finding.edit)}: {code(observed)}"
    if in_full:
        yield from _details(cause, example)
    if usual := report.hints.get(cause.requirement):
        yield f"   - usually because: {usual.usually_because}"
    if in_full:
        if hint := hints.pop(cause.requirement, None):
            yield f"   - to mend: {hint.to_mend}"
        yield ""
        yield from _command(example.text.curl, report.full_list_hint("--summary"))


def _details(cause: Cause, example: FindingResult) -> Iterator[str]:
    yield f"   - expected: {code(example.text.expected)}"
    yield f"   - occurred: {example.seen} of {example.tried} times"
    if len(cause.operations) > 1:
        yield f"   - operations: {', '.join(code(name) for name in cause.operations)}"
    if cause.followers:
        yield f"   - {pluralize(len(cause.followers), 'finding')} of other requirements follow from it"
    if cause.same_request:
        more = len(cause.same_request) - SAME_REQUEST
        others = ", ".join(f"cause {number}" for number in cause.same_request[:SAME_REQUEST])
        yield f"   - the same request shows {others}{f' and {more} more' if more > 0 else ''}"


def _undecided(report: RunReport) -> Iterator[str]:
    found = reasons(item for item in report.results if item.verdict is Status.COULD_NOT_TELL)
    yield from (f"- {prose(reason.line())}" for reason in found[:REASONS])
    if len(found) > REASONS:
        yield f"- and {pluralize(len(found) - REASONS, 'more reason')}: {report.full_list_hint('--summary')}"


def _last_requests(report: RunReport) -> Iterator[str]:
    for request in report.last_requests:
        yield f"- {code(last_requests.line(request))}"
        yield ""
        yield from _command(request.curl, report.full_list_hint("--summary"))


def _drift(drift: Drift) -> Iterator[str]:
    yield prose(headline(drift))
    if drift.breaking:
        yield ""
    for entry in drift.breaking[:BREAKING_CHANGES]:
        yield f"- breaking (recommendation): {code(entry.operation)}: {code(entry.sentence)}"
    if (more := len(drift.breaking) - BREAKING_CHANGES) > 0:
        yield f"- and {more} more: see `breaking` in summary.json"


def _command(command: str, rest: str) -> Iterator[str]:
    if len(command) > LONGEST_COMMAND:
        command = f"# {len(command):,} characters: {rest}"
    fence = "`" * (_longest_run_of_backticks(command) + 3)
    yield f"   {fence}bash"
    yield from (f"   {line}" for line in command.splitlines())
    yield f"   {fence}"


def _evidence(report: RunReport) -> Iterator[str]:
    for name, value in report.facts().items():
        if name not in ("Verdict", "Outcome", "Target"):
            yield f"- {name}: {prose(value)}"


def prose(text: str) -> str:
    """Return a sentence that may quote the target: words that Markdown or GitHub would interpret become code spans."""
    return " ".join(_prose_word(word) for word in one_line(text).split())


def _prose_word(word: str) -> str:
    """Return a word, as a code span if it could be interpreted; the punctuation behind it is no part of that."""
    if not ACTIVE.search(word):
        return word
    bare = word.rstrip(",;.")
    return f"{code(bare)}{word[len(bare) :]}" if bare else code(word)


def code(text: str) -> str:
    """Return a text of any content as a code span of one line."""
    line = one_line(text)
    line = line if len(line) <= LONGEST_OBSERVED else line[:LONGEST_OBSERVED] + "…"
    fence = "`" * (_longest_run_of_backticks(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}" if line else "nothing"


def _longest_run_of_backticks(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
