"""Files in which a secret stands are found."""

import json
from base64 import b64encode
from pathlib import Path

from reports.redaction.scan import leaks
from tests.support.factories import SECRET


def test_page_is_looked_into_as_it_is_packed(tmp_path: Path) -> None:
    import gzip  # noqa: PLC0415 - only here

    packed = b64encode(gzip.compress(json.dumps({"result": f"Bearer {SECRET}", "more": list(range(99))}).encode()))
    (tmp_path / "index.html").write_bytes(b"<script>unpack('" + packed + b"')</script>")
    (tmp_path / "other.html").write_bytes(b"<script>unpack('" + b"H4sI" + b"A" * 80 + b"')</script>")
    assert [sentence.partition(" contains ")[0] for sentence in leaks([tmp_path], SECRET, "canary-0123456789")] == [
        str(tmp_path / "index.html")
    ]
