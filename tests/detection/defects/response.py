"""Answers to accepted writes that differ from the document, some of them only for some values."""

# ruff: noqa: D102 - the mock says what each step does

from __future__ import annotations

import html
import json
import math
import re
import unicodedata
from collections.abc import Mapping
from functools import cached_property, partial
from typing import Final
from urllib.parse import unquote_plus

from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.state import EVENTS, Job
from contracts.mock.http.api import MockApi
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import WRITE, defect

COLUMN_LENGTH: Final = 255
BUFFER_BYTES: Final = 8192

seeded = partial(defect, group="response shape", affects=WRITE)


def knows(api: MockApi, operation: Operation, value: Json) -> bool:
    """Whether there is every record that a write names."""
    return all(event in api.state.records for event in api.sent(operation, value, EVENTS).values())


# The job's id


@seeded(requirement="RESP-01", observe=lambda probe: probe.write().comparable)
class JobIdIsNull(MockApi):
    """The job_id of an accepted write is null."""

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        return {**super().write_answer(operation, value, job), "meta": {"job_id": None}}


@seeded(requirement="RESP-01", observe=lambda probe: probe.write().comparable)
class JobIdIsANumber(MockApi):
    """The job_id of an accepted write is the number of a database row."""

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        return {**super().write_answer(operation, value, job), "meta": {"job_id": len(self.state.jobs)}}


@seeded(requirement="RESP-04", observe=lambda probe: probe.write().job_id)
class JobIdIsBlank(MockApi):
    """The job_id of an accepted write is an empty string."""

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        return {**super().write_answer(operation, value, job), "meta": {"job_id": ""}}


@seeded(requirement="RESP-04", observe=lambda probe: probe.queue_job()[-1])
class JobIdEndsInALineFeed(MockApi):
    """The job_id is read from a command's output, line feed and all."""

    def new_job_id(self) -> str:
        return super().new_job_id() + "\n"


# The two objects


@seeded(requirement="RESP-01", observe=lambda probe: probe.write().comparable)
class JobIdInCamelCase(MockApi):
    """The answer's meta has jobId in place of job_id."""

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        return {**super().write_answer(operation, value, job), "meta": {"jobId": job.id}}


@seeded(requirement="RESP-01", observe=lambda probe: probe.write().comparable)
class MetaIsAList(MockApi):
    """The answer's meta is a list of one object."""

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        return {**super().write_answer(operation, value, job), "meta": [{"job_id": job.id}]}


@seeded(requirement="RESP-01", observe=lambda probe: probe.write().comparable)
class ShapeOfTheGenericEndpoint(MockApi):
    """The answer has job_id and data, as those of the generic endpoints do, in place of meta and result."""

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:  # noqa: ARG002
        return {"job_id": job.id, "data": value}


@seeded(requirement="RESP-01", observe=lambda probe: probe.write_changed(event_id="no such event"))
class ResultIsEmptyForAnUnknownEvent(MockApi):
    """The result is an empty object where the event could not be looked up."""

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        answer = super().write_answer(operation, value, job)
        return answer if knows(self, operation, value) else {**answer, "result": {}}


@seeded(requirement="RESP-01", observe=lambda probe: probe.write_changed(event_id=probe.valid_body()["integration_id"]))
class ResultLosesOneOfTwoEqualIds(MockApi):
    """The result is built by value, so that two properties with the same value become one."""

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        answer = super().write_answer(operation, value, job)
        # By type as well, since 1 and true are the same key.
        by_value = {(type(sent), sent): name for name, sent in answer["result"].items() if sent is not None}
        lost = {name for name, sent in answer["result"].items() if sent is not None} - set(by_value.values())
        return {**answer, "result": {name: sent for name, sent in answer["result"].items() if name not in lost}}


@seeded(requirement="RESP-01", observe=lambda probe: probe.write_changed(event_id=""))
class ResultLeavesOutEmptyText(MockApi):
    """The result leaves out a property that was sent as an empty string."""

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        answer = super().write_answer(operation, value, job)
        return {**answer, "result": {name: sent for name, sent in answer["result"].items() if sent != ""}}


@seeded(requirement="RESP-01", observe=lambda probe: probe.write_changed(event_id="x" * (COLUMN_LENGTH + 1)))
class ResultLeavesOutLongText(MockApi):
    """The result leaves out a property that is too long for its column."""

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        answer = super().write_answer(operation, value, job)
        kept = {
            name: sent
            for name, sent in answer["result"].items()
            if not isinstance(sent, str) or len(sent) <= COLUMN_LENGTH
        }
        return {**answer, "result": kept}


@seeded(requirement="RESP-01", observe=lambda probe: probe.write_changed(event_id="4711"))
class ResultTurnsDigitsIntoANumber(MockApi):
    """The result holds a number where the id that was sent has digits only."""

    def echo(self, operation: Operation, value: Json) -> Mapping[str, Json]:
        return {
            name: int(sent) if isinstance(sent, str) and re.fullmatch(r"[1-9][0-9]{0,15}", sent) else sent
            for name, sent in super().echo(operation, value).items()
        }


@seeded(requirement="RESP-01", observe=lambda probe: probe.write_changed(event_id="null"))
class ResultTurnsTheWordNullIntoNull(MockApi):
    """The result holds null where the word null was sent."""

    def echo(self, operation: Operation, value: Json) -> Mapping[str, Json]:
        return {name: None if sent == "null" else sent for name, sent in super().echo(operation, value).items()}


# Text that does not come back as it was sent


class _Altered(MockApi):
    def alter(self, text: str) -> str:
        return text

    def echo(self, operation: Operation, value: Json) -> Mapping[str, Json]:
        echo = super().echo(operation, value)
        return {name: self.alter(sent) if isinstance(sent, str) else sent for name, sent in echo.items()}


@seeded(requirement="RESP-03", observe=lambda probe: probe.write_changed(event_id="a"))
class ResultIsInAlphabeticalOrder(MockApi):
    """The result pairs the names with the values in alphabetical order, which swaps some pairs of ids."""

    def echo(self, operation: Operation, value: Json) -> Mapping[str, Json]:
        echo = super().echo(operation, value)
        ids = {name: sent for name, sent in echo.items() if name in operation.supplied_by}
        return {**echo, **dict(zip(ids, sorted(ids.values()), strict=True))}


@seeded(requirement="RESP-03", observe=lambda probe: (probe.write_changed(), probe.write_changed(event_id="another")))
class ResultOfThePreviousRequest(MockApi):
    """The result is that of the write before, kept in a variable that outlives the request."""

    @cached_property
    def history(self) -> dict[str, list[Mapping[str, Json]]]:
        return {}

    def echo(self, operation: Operation, value: Json) -> Mapping[str, Json]:
        echoes = self.history.setdefault(operation.id, [])
        echoes.append(super().echo(operation, value))
        return echoes[-2:][0]


@seeded(requirement="RESP-03", observe=lambda probe: probe.write_changed(event_id=" spaced\t"), recommended=True)
class ResultIsTrimmed(_Altered):
    """The result has no white space around its values, though it was sent."""

    def alter(self, text: str) -> str:
        return text.strip()


@seeded(requirement="RESP-03", observe=lambda probe: probe.write_changed(event_id="two  spaces"), recommended=True)
class ResultCollapsesSpaces(_Altered):
    """The result has one space where two were sent."""

    def alter(self, text: str) -> str:
        return re.sub(" +", " ", text)


@seeded(requirement="RESP-03", observe=lambda probe: probe.write_changed(event_id="EVT-1"))
class ResultIsInLowerCase(_Altered):
    """The result has its values in lower case."""

    def alter(self, text: str) -> str:
        return text.lower()


@seeded(requirement="RESP-03", observe=lambda probe: probe.write_changed(event_id="cafe\u0301"), recommended=True)
class ResultIsComposed(_Altered):
    """The result has its text in Unicode's composed form, whatever form was sent."""

    def alter(self, text: str) -> str:
        return unicodedata.normalize("NFC", text)


@seeded(
    requirement="RESP-03",
    observe=lambda probe: probe.write_changed(event_id="x" * (COLUMN_LENGTH + 1)),
    recommended=True,
)
class ResultIsCutAtTheColumn(_Altered):
    """The result holds the first 255 characters of what was sent."""

    def alter(self, text: str) -> str:
        return text[:COLUMN_LENGTH]


@seeded(
    requirement="RESP-03",
    observe=lambda probe: probe.write_changed(event_id="x" * (BUFFER_BYTES + 1)),
    recommended=True,
)
class ResultIsCutAtTheBuffer(_Altered):
    """The result holds the first 8,192 bytes of what was sent."""

    def alter(self, text: str) -> str:
        content = text.encode(errors="surrogatepass")
        return content[:BUFFER_BYTES].decode(errors="ignore") if len(content) > BUFFER_BYTES else text


@seeded(requirement="RESP-03", observe=lambda probe: probe.write_changed(event_id="R&D <1>"))
class ResultIsEscapedForHtml(_Altered):
    """The result has HTML entities for angle brackets, quotes and ampersands."""

    def alter(self, text: str) -> str:
        return html.escape(text)


@seeded(requirement="RESP-03", observe=lambda probe: probe.write_changed(event_id="a+b%20c"))
class ResultIsUnescapedAsAUrl(_Altered):
    """The result has percent-escapes and plus signs undone, as if the body were a form."""

    def alter(self, text: str) -> str:
        return unquote_plus(text)


@seeded(requirement="RESP-03", observe=lambda probe: probe.write_changed(event_id="0042"), recommended=True)
class ResultLosesLeadingZeros(_Altered):
    """The result has an id of digits without its leading zeros."""

    def alter(self, text: str) -> str:
        return text.lstrip("0") or text if text.isascii() and text.isdigit() else text


@seeded(requirement="RESP-03", observe=lambda probe: probe.write_changed(event_id="Zo\u00eb"))
class ResultIsReadAsLatin1(_Altered):
    """The result has each byte of the UTF-8 that was sent as a character of its own."""

    def alter(self, text: str) -> str:
        return text.encode(errors="surrogatepass").decode("latin-1")


@seeded(requirement="RESP-03", observe=lambda probe: probe.write_changed(event_id="Zo\u00eb"))
class ResultHasQuestionMarks(_Altered):
    """The result has a question mark for every character beyond ASCII."""

    def alter(self, text: str) -> str:
        return text.encode("ascii", errors="replace").decode()


@seeded(requirement="RESP-03", observe=lambda probe: probe.write_changed(event_id="a \U0001f4c5 date"))
class ResultEndsBeforeAnEmoji(_Altered):
    """The result ends before the first character beyond the Basic Multilingual Plane, as old MySQL columns do."""

    def alter(self, text: str) -> str:
        return re.split("[\U00010000-\U0010ffff]", text)[0]


@seeded(requirement="RESP-03", observe=lambda probe: probe.write_changed(event_id="a\x07b"), recommended=True)
class ResultLosesControlCharacters(_Altered):
    """The result has no control characters, though they were sent."""

    def alter(self, text: str) -> str:
        return re.sub("[\x00-\x1f\x7f]", "", text)


@seeded(requirement="RESP-03", observe=lambda probe: probe.write_changed(event_id="a\r\nb"), recommended=True)
class ResultHasOtherLineEnds(_Altered):
    """The result has a line feed where carriage return and line feed were sent."""

    def alter(self, text: str) -> str:
        return text.replace("\r\n", "\n")


# The body as bytes


@seeded(requirement="RESP-01", observe=lambda probe: probe.write().comparable)
class AnswerIsEncodedTwice(MockApi):
    """The body of an accepted write is a JSON string that holds the JSON."""

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        return self.encode(super().write_answer(operation, value, job)).decode()


@seeded(requirement="RESP-02", observe=lambda probe: probe.write().body)
class AnswerStartsWithAByteOrderMark(MockApi):
    """The body of every answer starts with a byte order mark."""

    def encode(self, value: Json) -> bytes:
        return b"\xef\xbb\xbf" + super().encode(value)


@seeded(requirement="RESP-02", observe=lambda probe: probe.write().body)
class AnswerHoldsNan(MockApi):
    """The answer has a duration that was never measured: NaN, which is not JSON."""

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        return {**super().write_answer(operation, value, job), "took": math.nan}

    def encode(self, value: Json) -> bytes:
        return json.dumps(value).encode()


@seeded(requirement="RESP-02", recommended=True, observe=lambda probe: probe.write().body)
class AnswerNamesAKeyTwice(MockApi):
    """The answer's meta holds job_id twice."""

    def encode(self, value: Json) -> bytes:
        return re.sub(rb'("job_id":"[^"]*")', rb"\1,\1", super().encode(value))


@seeded(requirement="RESP-02", observe=lambda probe: probe.write(probe.valid_body(event_id='the "blue" room')).body)
class QuoteIsNotEscaped(MockApi):
    """The answer is put together as text, and a quotation mark in an id ends the string."""

    def encode(self, value: Json) -> bytes:
        return super().encode(value).replace(b'\\"', b'"')


@seeded(requirement="RESP-02", observe=lambda probe: probe.write(probe.valid_body(event_id="two\nlines")).body)
class LineFeedIsNotEscaped(MockApi):
    """The answer is put together as text, with a bare line feed in a string where an id has one."""

    def encode(self, value: Json) -> bytes:
        return re.sub(rb"(?<!\\)\\n", b"\n", super().encode(value))


@seeded(requirement="RESP-02", observe=lambda probe: probe.write(probe.valid_body(event_id="Zo\u00eb")).body)
class AnswerIsInLatin1(MockApi):
    """The answer is encoded in Latin-1, which is the same as UTF-8 until a name has an accent."""

    def encode(self, value: Json) -> bytes:
        return super().encode(value).decode().encode("latin-1", errors="backslashreplace")


# The status


@seeded(requirement="RESP-05", observe=lambda probe: probe.write().status)
class AcceptedWith201(MockApi):
    """An accepted write is answered with 201."""

    def write(self, request: Request, operation: Operation, body: bytes) -> Response:
        response = super().write(request, operation, body)
        response.status_code = 201
        return response


@seeded(requirement="RESP-05", observe=lambda probe: probe.write_changed(event_id="no such event"))
class UnknownEventIsAcceptedWith202(MockApi):
    """A write is answered with 202 where its event still has to be looked up."""

    def write(self, request: Request, operation: Operation, body: bytes) -> Response:
        response = super().write(request, operation, body)
        if not knows(self, operation, {**self.decode(request, body), **request.path_params}):
            response.status_code = 202
        return response


@seeded(requirement="RESP-05", observe=lambda probe: (probe.write_changed(), probe.write_changed()))
class SecondCancelHasNoContent(MockApi):
    """Cancelling what is already cancelled is answered with 204 and no body."""

    def write(self, request: Request, operation: Operation, body: bytes) -> Response:
        before = len(self.state.removed)
        response = super().write(request, operation, body)
        known = self.decode(request, body).get("event_id") in self.state.removed
        return Response(status_code=204) if known and len(self.state.removed) == before else response


@seeded(requirement="RESP-05", observe=lambda probe: probe.write_changed(event_id="no such event"))
class SuccessCarriesAnError(MockApi):
    """A 200 holds an error beside meta and result where the event is unknown."""

    def write_answer(self, operation: Operation, value: Json, job: Job) -> Json:
        answer = super().write_answer(operation, value, job)
        error = {"code": "upstream", "message": "no such event"}
        return answer if knows(self, operation, value) else {**answer, "error": error}
