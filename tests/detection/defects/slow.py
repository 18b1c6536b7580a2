"""Answers that are slow for one class of requests while all others are quick, and slowness that means nothing."""

# ruff: noqa: ARG002, D102 - a step keeps its parameters, and the mock says what each step does

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from starlette.requests import Request

from contracts.mock.http.api import MockApi
from contracts.model.json_value import Json
from tests.detection.catalogue import CREATE, LIST, UPDATE, WRITE, defect, variant
from tests.detection.probe import Answer, Probe

SECONDS: Final = 1.5
NOTICED_SECONDS: Final = 0.5
TITLE_LENGTH: Final = 50

EVERY: Final = 50

seeded = partial(defect, group="robustness", requirement="RESP-12")


def slowness_of(ask: Callable[[Probe], Answer]) -> Callable[[Probe], object]:
    """Return the observation whether an answer takes long."""

    def observe(probe: Probe) -> object:
        began = time.monotonic()
        status = ask(probe).status
        return status, time.monotonic() - began > NOTICED_SECONDS

    return observe


class Slow(MockApi):
    """Takes its time for some requests; no defect by itself."""

    seconds = SECONDS

    def is_costly(self, request: Request, value: Json) -> bool:
        raise NotImplementedError

    async def read(self, request: Request) -> bytes:
        body = await super().read(request)
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            value = None
        if self.is_costly(request, value):
            await asyncio.sleep(self.seconds)
        return body


@seeded(
    affects=CREATE + UPDATE,
    observe=slowness_of(lambda probe: probe.create(probe.create_body(title="t" * TITLE_LENGTH))),
)
class LongTitlesTakeLong(Slow):
    """A write whose title is as long as it may be takes a second and a half: its pattern backtracks."""

    def is_costly(self, request: Request, value: Json) -> bool:
        return isinstance(value, dict) and len(str(value.get("title", ""))) == TITLE_LENGTH


@seeded(affects=WRITE, observe=slowness_of(lambda probe: probe.write(probe.valid_body(foo=1))))
class UnknownPropertiesTakeLong(Slow):
    """A write with a property that is not known takes a second and a half: the schema is read for the error."""

    def is_costly(self, request: Request, value: Json) -> bool:
        return isinstance(value, dict) and not value.keys() <= {"integration_id", "event_id"}


@seeded(affects=LIST, observe=slowness_of(lambda probe: probe.page("order-by=updated_at")))
class OrdersWithoutAnIndexTakeLong(Slow):
    """A page in another order than that of the creation takes a second and a half: there is no index."""

    def is_costly(self, request: Request, value: Json) -> bool:
        order = request.query_params.get("order-by", "")
        return bool(order) and not order.startswith("created_at")


@variant(observe=slowness_of(lambda probe: probe.write(headers={"authorization": "Bearer nobody"})))
class WrongTokensHaveToWait(Slow):
    """A wrong token is answered after more than a second, so that nobody can try many."""

    seconds = 1.2

    def is_costly(self, request: Request, value: Json) -> bool:
        return request.headers.get("authorization") not in {f"Bearer {token}" for token in self.state.tokens}


@variant(observe=slowness_of(lambda probe: [probe.write() for _ in range(EVERY)][-1]))
class EveryFiftiethAnswerIsLate(Slow):
    """One answer in fifty, whatever was asked, takes more than a second, as on a machine that collects garbage."""

    asked = 0

    def is_costly(self, request: Request, value: Json) -> bool:
        self.asked += 1
        return self.asked % EVERY == 0
