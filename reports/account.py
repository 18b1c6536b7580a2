"""All that is told of a run, gathered once: terminal, Markdown, JSON and badge put the same account into words."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.changes import Change
from reports.history import Power, Run, Seen
from reports.proof import Proof

DECIDED = ("held", "violated", "not met")
"""The verdicts of a requirement that a run could tell about."""
MEANING: Mapping[int, str] = {
    0: "every must held",
    1: "a must is violated",
    2: "the run was interrupted",
    3: "the suite itself failed, or wrote a secret: please report it",
    4: "an option or a setting is wrong",
    5: "nothing was selected",
    6: "could not tell: the target is away, refuses the token, or left a must undecided",
    7: "the gate refuses the run: less is noticed than before, or a known issue is out of date",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """What the run was made with. `began` is an ISO 8601 time in UTC, `contract` the digest of the document `file`."""

    began: str
    target: str
    title: str
    file: str
    contract: str
    suite: str
    profile: str
    seed: int


@dataclass(frozen=True, slots=True)
class Account:
    """One run. `told` is what each item told, `last` the beginning of the run that `changes` compares with, if any.

    `notice` says what is amiss with the history. `not_cancelled` has a line for each record left at the target,
    `access` tells how far the run could go.
    """

    setting: Setting
    told: Sequence[Mapping[str, Any]]
    exit_code: int
    access: str
    refusals: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    last: str | None = None
    notice: str = ""
    proof: Proof | None = None
    not_cancelled: tuple[str, ...] = ()

    @property
    def outcome(self) -> str:
        """Return `violated`, `could not tell`, `ended early`, `held` or `not tried`."""
        return outcome(self.told)

    @property
    def headline(self) -> str:
        """Return the run in one line: what came of it, of which target, against which contract."""
        refused = "; the gate refuses this run" if self.refusals else ""
        return f"{sentence(self.told)}{refused} - {self.setting.target}, contract {self.setting.contract}"

    @property
    def proof_line(self) -> str:
        """Return what this very suite is known to notice in this profile."""
        return proof_line(self.proof)

    @property
    def controls(self) -> int:
        """Return how many controls were accepted."""
        return sum({e["operation"]: e["evidence"]["controls"] for e in self.told if "evidence" in e}.values())

    @property
    def decisions(self) -> int:
        """Return how many times a request reached a decision."""
        return sum(entry["evidence"]["decided"] for entry in self.told if "evidence" in entry)

    @property
    def sent(self) -> int:
        """Return how many requests the run sent, over all its processes."""
        return sum({entry["process"]: entry["sent"] for entry in self.told if "sent" in entry}.values())

    @property
    def exercised(self) -> int:
        """Return how many requirements a decision was reached about, for any operation."""
        return len({entry["requirement"] for entry in self.told if entry["verdict"] in DECIDED})

    @property
    def requirements(self) -> int:
        """Return how many requirements were to be judged."""
        return len({entry["requirement"] for entry in self.told if "group" in entry})

    @property
    def last_requests(self) -> list[Mapping[str, Any]]:
        """Return what was in flight, in any process, when the target stopped answering, or else its last answers."""
        last = [request for entry in self.told for request in entry.get("last requests", ())]
        return [request for request in last if not request["outcome"].isdigit()] or last

    def facts(self) -> dict[str, str]:
        """Return the facts of the run for a report's first screen, the most telling first."""
        return {
            "Verdict": self.headline,
            "Target": self.setting.target,
            "Requests": f"{self.sent} sent, {self.controls} controls accepted",
            "Detection": self.proof_line,
            "Evidence": (
                f"{self.decisions} times a request reached a decision,"
                f" {self.exercised} of {self.requirements} requirements exercised"
            ),
            "Contract": self.setting.contract,
            "Profile": f"{self.setting.profile}, seed {self.setting.seed}",
            "Suite": self.setting.suite,
            "Access": self.access,
        }


def outcome(told: Sequence[Mapping[str, Any]]) -> str:
    """Return what came of the run, in the fewest words."""
    gating = Counter(entry["verdict"] for entry in told if entry.get("gates") and not entry.get("excused"))
    if gating["violated"]:
        return "violated"
    if any(entry["verdict"] == "internal error" or entry.get("stop") for entry in told) or gating["inconclusive"]:
        return "could not tell"
    if gating["not run"]:
        return "ended early"
    return "held" if gating["held"] else "not tried"


def sentence(told: Sequence[Mapping[str, Any]]) -> str:
    """Return what came of the run, in one sentence."""
    gating = Counter(entry["verdict"] for entry in told if entry.get("gates") and not entry.get("excused"))
    known = sum(bool(entry.get("excused")) for entry in told)
    advice = sum(entry["verdict"] == "not met" and not entry.get("excused") for entry in told)
    stopped = next((entry["stop"] for entry in told if entry.get("stop")), None)
    match outcome(told):
        case "violated":
            line = f"Contract violated: {gating['violated']} of {gating.total()} musts"
        case "held":
            line = f"Contract held: {counted(gating['held'], 'must')}"
        case "ended early":
            line = f"Ended early: {gating['not run']} of {gating.total()} musts not run"
        case "not tried":
            line = "No must was tried"
        case _ if any(entry["verdict"] == "internal error" for entry in told):
            line = "Could not tell: the suite itself failed"
        case _ if stopped:
            line = f"Could not tell: {stopped}"
        case _:
            line = f"Could not tell: {gating['inconclusive']} of {gating.total()} musts undecided"
    line += f", {counted(known, 'known issue')}" if known else ""
    return line + (f", {counted(advice, 'recommendation')} not met" if advice else "")


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def proof_line(proof: Proof | None) -> str:
    """Return what this very suite is known to notice in this profile."""
    return proof.line() if proof else "not proved for this suite and profile: run make prove"


def as_run(
    setting: Setting, told: Sequence[Mapping[str, Any]], exit_code: int, proof: Proof | None, *, whole: bool
) -> Run:
    """Return the run as history keeps it."""
    decided = [entry for entry in told if entry["verdict"] in DECIDED]
    exercised: dict[str, list[str]] = {}
    for entry in decided:
        exercised.setdefault(entry["operation"], []).append(entry["requirement"])
    return Run(
        when=setting.began,
        target=setting.target,
        contract=setting.contract,
        suite=setting.suite,
        profile=setting.profile,
        outcome=outcome(told),
        exit_code=exit_code,
        whole=whole,
        exercised={operation: tuple(sorted(set(ids))) for operation, ids in sorted(exercised.items())},
        musts=tuple(sorted({entry["requirement"] for entry in decided if entry["gates"]})),
        findings=tuple(found for found, _ in findings(told)),
        power=None if proof is None else power(proof),
    )


def power(proof: Proof) -> Power:
    """Return the numbers of a proof."""
    return Power(proof.seeded, proof.noticed, proof.must_seeded, proof.must_noticed, len(proof.false_alarms))


def findings(told: Iterable[Mapping[str, Any]]) -> list[tuple[Seen, Mapping[str, Any]]]:
    """Return each finding as history keeps it, and as the item told it."""
    found: dict[str, tuple[Seen, Mapping[str, Any]]] = {}
    for entry in told:
        for finding in entry.get("findings", ()):
            seen = Seen(
                identity=finding["identity"],
                requirement=entry["requirement"],
                operation=entry["operation"],
                edit=finding["edit"],
                problem=finding["kind"],
                gates=finding["gates"],
            )
            found.setdefault(seen.identity, (seen, finding))
    return list(found.values())


def now() -> str:
    """Return the present time as runs are dated: ISO 8601, UTC, seconds."""
    return dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds")
