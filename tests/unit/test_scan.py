"""Files in which a secret stands are found."""

import json
from base64 import b64encode
from pathlib import Path

from reports.redaction.scan import leaks
from tests.support.factories import SECRET, table


def test_page_is_looked_into_as_it_is_packed(tmp_path: Path) -> None:
    import gzip  # noqa: PLC0415 - only here

    packed = b64encode(gzip.compress(json.dumps({"result": f"Bearer {SECRET}", "more": list(range(99))}).encode()))
    (tmp_path / "index.html").write_bytes(b"<script>unpack('" + packed + b"')</script>")
    (tmp_path / "other.html").write_bytes(b"<script>unpack('" + b"H4sI" + b"A" * 80 + b"')</script>")
    assert [sentence.partition(" contains ")[0] for sentence in leaks([tmp_path], SECRET, "canary-0123456789")] == [
        str(tmp_path / "index.html")
    ]


CANARY = "canary-0f1e2d3c4b5aaaa88796a5b4"


@table(
    "text, found",
    {
        "whole": (f"PROPEXO_CANARY={CANARY}", True),
        "in base64": (b64encode(f"A=1\0PROPEXO_CANARY={CANARY}\0B=2".encode()).decode(), True),
        "in capitals": (CANARY.upper(), True),
        "its first half": (CANARY[:20], False),
        "its second half, by chance": (f"id-{CANARY[12:]}", False),
        "a row of a letter that it has four of": ("a" * 80, False),
        "its beginning where a text was cut": (f"{CANARY[:9]}...", False),
    },
)
def test_canary_counts_only_whole(text: str, found, tmp_path: Path) -> None:
    (tmp_path / "x.har").write_text(text)
    assert bool(leaks([tmp_path], SECRET, CANARY)) is found
