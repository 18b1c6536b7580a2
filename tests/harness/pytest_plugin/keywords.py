"""Says which words of -k match nothing, where they look like ids, or where nothing is selected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import pytest

from contracts.requirements import ID
from contracts.untrusted.similar_names import nearest
from tests.harness.pytest_plugin.stash import SESSION
from tests.harness.pytest_plugin.terminal import write_line
from tests.harness.pytest_plugin.workers import is_worker

WORD: Final = re.compile(r"[^\s()]+")
OPERATORS: Final = frozenset({"and", "or", "not"})


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Write a line for each such word."""
    config = session.config
    expression = config.option.keyword
    if not expression or SESSION not in config.stash or is_worker(config):
        return
    run = config.stash[SESSION]
    known = [*run.requirements, *(operation.id for operation in run.document.operations)]
    names = [*known, *(operation.label for operation in run.document.operations)]
    for line in unmatched(expression, names, known, nothing_selected=not session.items):
        write_line(config, line)


def unmatched(expression: str, names: Sequence[str], ids: Iterable[str], *, nothing_selected: bool) -> Iterable[str]:
    """Yield a sentence for each word of an expression that is part of no name, with the nearest id.

    Where something is selected, only a word in the form of a requirement's id is meant to match.
    """
    for word in dict.fromkeys(WORD.findall(expression)):
        is_id = ID.fullmatch(word.upper()) is not None
        found = any(word.lower() in name.lower() for name in names)
        if word in OPERATORS or found or not (is_id or nothing_selected):
            continue
        near = nearest(word, ids)
        yield f"-k: no check has {word} in its name{f'; did you mean {near}?' if near else '.'}"
