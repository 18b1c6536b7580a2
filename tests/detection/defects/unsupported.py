"""The operation that is documented to be refused with 405 whatever is asked, when it is not."""

# ruff: noqa: D102 - the mock says what each step does

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from contracts.mock.data.state import SUCCESS, Job
from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Refusal
from contracts.mock.operations.zod_issues import custom
from contracts.model.json_value import Json
from tests.detection.catalogue import UNSUPPORTED, defect
from tests.detection.intermittent_base import EveryNth
from tests.detection.probe import Probe

seeded = partial(
    defect,
    group="protocol",
    requirement="HTTP-02",
    affects=UNSUPPORTED,
    observe=lambda probe: probe.unsupported().comparable,
)


class _Refused(MockApi):
    """Refuses what is not supported in another way."""

    refusal: Refusal

    def not_supported(self) -> Refusal:
        return self.refusal


class _Answered(MockApi):
    """Answers what is not supported, where it `likes` the body."""

    def likes(self, value: Json) -> bool:
        raise NotImplementedError

    def success_body(self) -> Json:
        return {}

    def answer(self, request: Request, body: bytes) -> Response:
        try:
            return super().answer(request, body)
        except Refusal as refusal:
            if refusal.cause != "unsupported":
                raise
            try:
                value = self.parse(body)
            except ValueError:
                value = ...
            if not self.likes(value):
                raise
            return self.respond(200, self.success_body())


@seeded()
class UnsupportedIs200(_Answered):
    """What is not supported is answered with 200 and an empty object."""

    def likes(self, value: Json) -> bool:  # noqa: ARG002
        return True


@seeded()
class UnsupportedIs400(_Refused):
    """What is not supported is refused with 400."""

    refusal = Refusal.invalid("unsupported", [custom("Not supported")])


@seeded()
class UnsupportedIs404(_Refused):
    """What is not supported is refused with 404, as if there were no such path."""

    refusal = Refusal(404, "not_found", "not found", "unsupported")


@seeded()
class UnsupportedIs501(_Refused):
    """What is not supported is refused with 501, the status for methods that a server does not know."""

    refusal = Refusal(501, "not_implemented", "not implemented", "unsupported")


@seeded(observe=lambda probe: probe.unsupported({"integration_id": probe.valid_body()["integration_id"]}).comparable)
class UnsupportedIsAnsweredForAKnownIntegration(_Answered):
    """What is not supported is answered with 200 and an empty list where the body names a known integration."""

    def likes(self, value: Json) -> bool:
        sent = value.get("integration_id") if isinstance(value, dict) else None
        return sent in self.state.integrations

    def success_body(self) -> Json:
        return {"results": []}


@seeded(observe=lambda probe: (probe.unsupported({"a": 1}).status, probe.unsupported({}).status))
class UnsupportedIs405OnlyWithABody(_Answered):
    """What is not supported is refused where something is asked, and an empty object answered with 200."""

    def likes(self, value: Json) -> bool:
        return bool(value == {})


@seeded(recommended=True)
class UnsupportedHasNoMessage(MockApi):
    """What is not supported is refused with 405 and an empty body, which does not say what is missing."""

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        if refusal.cause != "unsupported":
            return super().refuse(request, refusal)
        return Response(status_code=405)


@seeded()
class UnsupportedQueuesAJob(MockApi):
    """What is not supported is refused with 405 and queued all the same, as the job in its answer shows."""

    def error_body(self, refusal: Refusal) -> Json:
        body = super().error_body(refusal)
        if refusal.cause != "unsupported":
            return body
        job = Job(self.new_job_id(), self.document.operations[0].id, SUCCESS)
        self.state.jobs[job.id] = job
        return {**body, "meta": {"job_id": job.id}}


@seeded(requirement="RESP-06", observe=lambda probe: probe.unsupported([]).comparable)
class CrashOnAnUnsupportedList(MockApi):
    """What is not supported is answered with 500 where its body is no object."""

    def answer(self, request: Request, body: bytes) -> Response:
        if not self.route(request)[0].supported:
            self.parse(body).get("integration_id")
        return super().answer(request, body)


def several(probe: Probe) -> object:
    """Return the statuses of ten equal requests."""
    return [probe.unsupported().status for _ in range(10)]


@seeded(group="intermittent", observe=several)
class UnsupportedIsAnsweredNowAndThen(EveryNth, _Answered):
    """Every fifth request, if it asks for what is not supported, is answered with 200."""

    every = 5

    def likes(self, value: Json) -> bool:  # noqa: ARG002
        return self.picked


@seeded(group="intermittent", observe=lambda probe: [probe.unsupported().status for _ in range(26)])
class UnsupportedIsEmptyOnceInAWhile(_Answered):
    """Each thirteenth request for what is not supported is answered with 200: one stub of the old gateway is left."""

    asked = 0

    def likes(self, value: Json) -> bool:  # noqa: ARG002
        self.asked += 1
        return self.asked % 13 == 0
