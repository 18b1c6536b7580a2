"""What a run that ended early left out, told like what it did."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from contracts.document import Operation
from contracts.requirements import Requirement

NOT_RUN: Final = "not run"
"""Stands where a verdict would: nobody came to try the requirement."""
ITEM: Final = re.compile(r"\[(\S+) (.+)\]$")


def left_out(
    planned: Iterable[str],
    told: Iterable[Mapping[str, Any]],
    requirements: Mapping[str, Requirement],
    operations: Sequence[Operation],
) -> Iterator[dict[str, Any]]:
    """Yield an entry for each item of `planned`, which are pytest's ids, that told nothing."""
    heard = {(entry["requirement"], entry.get("operation")) for entry in told}
    by_label = {operation.label: operation for operation in operations}
    for name in dict.fromkeys(planned):
        found = ITEM.search(name)
        if found is None or found[1] not in requirements or found[2] not in by_label:
            continue
        cited, operation = requirements[found[1]], by_label[found[2]]
        if (cited.id, operation.id) not in heard and (name, None) not in heard:
            yield {
                "requirement": cited.id,
                "group": cited.group,
                "gates": cited.gates and cited.applies(operation.stated),
                "sentence": cited.sentence,
                "operation": operation.id,
                "verdict": NOT_RUN,
                "text": "",
                "findings": [],
                "observations": [],
            }
