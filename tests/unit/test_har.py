"""The HAR file: valid, redacted, bounded, and one file however many wrote it."""

import base64
import io
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reports.output.safe_files import OutputFile, open_exclusively
from reports.redaction.redactor import Redactor
from reports.writers import har
from reports.writers.har import LONGEST_BODY, HarRecorder, merge_parts, open_part
from tests.support.factories import CANCEL, TOKEN, exchange, table
from tests.support.report_files import entries

URL = "https://api.example.com"


def recording(output: OutputFile) -> HarRecorder:
    return HarRecorder(output, URL, lambda: Redactor(TOKEN))


def recorded(folder: Path, *exchanges) -> list[dict]:
    recorder = recording(open_exclusively(folder / "x.har"))
    for one in exchanges:
        recorder.record(one)
    recorder.close()
    return entries(folder / "x.har")


def test_run_without_exchanges_is_a_har(tmp_path: Path) -> None:
    assert recorded(tmp_path) == []


def test_entry_has_request_response_time_and_purpose(tmp_path: Path) -> None:
    began = time.monotonic()
    one = exchange(
        mutation="event_id missing",
        target="/v1/x?b=%20c&a=",
        began=began,
        elapsed=0.25,
        number=7,
        attempts=2,
        sent_for="ERR-01",
    )
    (entry,) = recorded(tmp_path, one)
    assert entry["request"]["url"] == f"{URL}/v1/x?b=%20c&a="
    assert entry["request"]["queryString"] == [{"name": "b", "value": " c"}, {"name": "a", "value": ""}]
    assert json.loads(entry["request"]["postData"]["text"]) == one.request.json()
    assert entry["response"]["content"]["text"] == one.response.body.decode()
    assert (entry["time"], entry["timings"]["wait"]) == (250, 250)
    assert entry["comment"] == f"ERR-01 {CANCEL.id}: event_id missing, request 7, sent 2 times"
    assert (entry["response"]["status"], entry["response"]["statusText"]) == (200, "OK")


def test_request_without_body_has_no_post_data(tmp_path: Path) -> None:
    (entry,) = recorded(tmp_path, exchange(request_body=None))
    assert "postData" not in entry["request"]


def test_no_answer_says_what_happened(tmp_path: Path) -> None:
    (entry,) = recorded(tmp_path, exchange(None, fault="connection dropped"))
    assert (entry["response"]["status"], entry["response"]["comment"]) == (0, "connection dropped")


def test_unheard_of_status_has_no_phrase(tmp_path: Path) -> None:
    (entry,) = recorded(tmp_path, exchange(599))
    assert entry["response"]["statusText"] == ""


def test_bytes_that_are_not_text_are_recorded(tmp_path: Path) -> None:
    (entry,) = recorded(tmp_path, exchange(request_body=b"\xff{}", body=b"\x00\xfe"))
    assert base64.b64decode(entry["response"]["content"]["text"]) == b"\x00\xfe"
    assert entry["request"]["postData"]["text"] == "\\xff{}"
    assert entry["request"]["postData"]["comment"] == "not UTF-8: invalid bytes are escaped"


def test_long_body_is_cut_and_its_size_recorded(tmp_path: Path) -> None:
    (entry,) = recorded(tmp_path, exchange(request_body=b"x" * 1_000_000, body=b"\xff" + b"y" * 1_000_000))
    assert entry["request"]["bodySize"] == 1_000_000
    assert entry["response"]["content"]["size"] == 1_000_001
    assert entry["request"]["postData"]["comment"] == f"the first {LONGEST_BODY:,} of 1,000,000 bytes"
    assert (tmp_path / "x.har").stat().st_size < 3 * LONGEST_BODY


NEAR = TOKEN[:-1]


@table(
    "reported",
    {
        "header": (exchange(authorization=f"Bearer {NEAR}"),),
        "query": (exchange(target=f"/v1/x?token={TOKEN}"),),
        "body": (exchange(request_body=f'{{"token": "{TOKEN}"}}'.encode()),),
        "answer": (exchange(body=f"you sent {NEAR}".encode()),),
        "answer, no text": (exchange(body=b"\xff" + TOKEN.encode()),),
        "header of the answer": (exchange(headers={"location": f"/x?t={TOKEN}", "content-type": TOKEN}),),
        "at the cut": (exchange(body=b"x" * (LONGEST_BODY - len(TOKEN) + 1) + TOKEN.encode()),),
    },
)
def test_token_is_in_no_byte(tmp_path: Path, reported) -> None:
    (entry,) = recorded(tmp_path, reported)
    text = (tmp_path / "x.har").read_text()
    assert TOKEN[:6] not in text
    content = entry["response"]["content"]
    assert TOKEN[:6].encode() not in base64.b64decode(content["text"] if content.get("encoding") else "")


def test_exchanges_of_several_threads_are_all_recorded(tmp_path: Path) -> None:
    recorder = recording(open_exclusively(tmp_path / "x.har"))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(recorder.record, [exchange(number=number) for number in range(200)]))
    recorder.close()
    assert len(entries(tmp_path / "x.har")) == 200


def parts_of(folder: Path, **parts: list[int]) -> Path:
    """Write a part for each worker, of exchanges with these numbers, each begun so many seconds after the first."""
    folder.mkdir()
    now = time.monotonic()
    for worker, numbers in parts.items():
        recorder = recording(open_part(folder, worker))
        for number in numbers:
            recorder.record(exchange(began=now - 10 + number, number=number))
        recorder.close()
    return folder


def numbers(file: Path) -> list[int]:
    return [int(entry["comment"].rpartition(" ")[2]) for entry in entries(file)]


@pytest.mark.parametrize("name", ["x.har", "run[1].har", "a b*?.har"])
def test_parts_of_workers_become_one_file_in_the_order_sent(name: str, tmp_path: Path) -> None:
    merge_parts(parts_of(tmp_path / "parts", gw0=[3, 1], gw1=[2]), open_exclusively(tmp_path / name))
    assert numbers(tmp_path / name) == [1, 2, 3]
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_files_beside_it_are_left_alone(tmp_path: Path) -> None:
    others = [tmp_path / f"x.har{ending}" for ending in (".bak", ".gz", ".old.txt", ".gw0", ".tmp")]
    for other in others:
        other.write_text("precious")
    merge_parts(parts_of(tmp_path / "parts", gw0=[1]), open_exclusively(tmp_path / "x.har"))
    assert {other.read_text() for other in others} == {"precious"}


def test_part_of_a_worker_that_was_killed_is_merged(tmp_path: Path) -> None:
    parts = parts_of(tmp_path / "parts", gw0=[1, 3])
    killed = open_part(parts, "gw1")
    recording(killed).record(exchange(number=2))
    killed.close()
    merge_parts(parts, open_exclusively(tmp_path / "x.har"))
    assert sorted(numbers(tmp_path / "x.har")) == [1, 2, 3]


def test_part_that_was_cut_off_gives_what_it_had(tmp_path: Path) -> None:
    parts = parts_of(tmp_path / "parts", gw0=[1, 3], gw1=[2])
    whole = (parts / "gw0.har").read_text()
    (parts / "gw0.har").write_text(whole[: whole.rindex("startedDateTime") + 30])
    (parts / "gw2.har").write_text("")
    merge_parts(parts, open_exclusively(tmp_path / "x.har"))
    assert len(numbers(tmp_path / "x.har")) == 2
    assert 2 in numbers(tmp_path / "x.har")


def test_run_of_workers_that_sent_nothing_is_a_har(tmp_path: Path) -> None:
    merge_parts(parts_of(tmp_path / "parts"), open_exclusively(tmp_path / "x.har"))
    assert entries(tmp_path / "x.har") == []


def test_second_of_two_runs_at_once_takes_another_name(tmp_path: Path) -> None:
    file = tmp_path / "x.har"
    first, second = open_exclusively(file), open_exclusively(file)
    assert first.name == file
    assert second.name != file
    assert (second.name.parent, second.name.suffix) == (tmp_path, ".har")
    for number, output in enumerate((first, second)):
        recorder = recording(output)
        recorder.record(exchange(number=number))
        recorder.close()
    assert (numbers(first.name), numbers(second.name)) == ([0], [1])
    third = open_exclusively(file)
    third.close()
    assert third.name == file, "the lock ends with the run"


def test_file_of_the_last_run_stays_until_something_is_written(tmp_path: Path) -> None:
    recorded(tmp_path, exchange(number=1))
    open_exclusively(tmp_path / "x.har").close()
    assert numbers(tmp_path / "x.har") == [1]
    recorded(tmp_path, exchange(number=2))
    assert numbers(tmp_path / "x.har") == [2]


@pytest.mark.parametrize("room", range(0, 9_000, 333))
def test_file_without_room_for_more_holds_what_it_had_room_for(room: int, tmp_path: Path) -> None:
    class Small(io.FileIO):
        def write(self, data: bytes) -> int:
            left = room - os.fstat(self.fileno()).st_size
            if left <= 0:
                raise OSError(28, "No space left on device")
            return super().write(data[:left])

    recorder = recording(OutputFile(Small(tmp_path / "x.har", "a")))
    refused = []
    for number in range(20):
        try:
            recorder.record(exchange(number=number))
        except OSError:
            refused.append(number)
    assert len(refused) == 1, "what comes after it is left out"
    recorder.close()
    if text := (tmp_path / "x.har").read_text():
        assert numbers(tmp_path / "x.har") == list(range(len(json.loads(text)["log"]["entries"])))
        assert len(text) > room - 2 * TWO_ENTRIES
    else:
        assert room < TWO_ENTRIES


TWO_ENTRIES = 3_000
"""Bytes that two of these exchanges need, and more."""


def test_device_is_written_to_as_it_is() -> None:
    recorder = recording(open_exclusively(Path("/dev/full")))
    with pytest.raises(OSError, match="No space left"):
        recorder.record(exchange())


@pytest.mark.parametrize("code", [200, 400])
def test_phrase_of_a_status(code: int) -> None:
    assert har._phrase(code)
