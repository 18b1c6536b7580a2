"""Credentials that a careless guard takes: a token in quotes, SQL or JSON, a word for nothing, a scheme by mistake."""

# ruff: noqa: D102 - the mock says what each step does

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Final

from starlette.requests import Request

from contracts.mock.http.api import MockApi
from tests.detection.catalogue import BOTH, WRITE, defect
from tests.detection.probe import Probe

INJECTION: Final = "x' OR 'a'='a"

seeded = partial(defect, group="bearer", affects=BOTH)


def authorised(value: Callable[[str], str]) -> Callable[[Probe], object]:
    """Return the observation of a write whose Authorization header is made of the issued token."""
    return lambda probe: probe.write_with_authorization(value(probe.served.token))


def without_token_at(path: Callable[[str], str]) -> Callable[[Probe], object]:
    """Return the observation of a write without a token to another spelling of its path."""
    return lambda probe: probe.write(headers={"authorization": None}, path=path(probe.write_operation.path)).status


@seeded(requirement="AUTH-04", recommended=True, observe=authorised(lambda token: f'Bearer "{token}"'))
class QuotesAroundTheTokenAreDropped(MockApi):
    """Quotes around the token are dropped, as those around a value of the settings file are."""

    def token_is_known(self, token: str) -> bool:
        return super().token_is_known(token.strip("\"'"))


@seeded(requirement="AUTH-02", observe=authorised(lambda _: f"Bearer {INJECTION}"))
class TokenIsPartOfTheQuery(MockApi):
    """The token is written into the text of the query that looks it up."""

    def token_is_known(self, token: str) -> bool:
        with closing(sqlite3.connect(":memory:")) as database:
            database.execute("CREATE TABLE tokens (value TEXT)")
            database.executemany("INSERT INTO tokens VALUES (?)", [(known,) for known in self.state.tokens])
            try:
                return bool(database.execute(f"SELECT 1 FROM tokens WHERE value = '{token}'").fetchone())  # noqa: S608
            except sqlite3.Error:
                return False


@seeded(requirement="AUTH-04", observe=authorised(lambda token: f'Bearer {{"token":"{token}"}}'))
class TokenIsFoundAnywhereInTheHeader(MockApi):
    """The issued token is looked for anywhere in the header, whatever stands around it."""

    def credential(self, request: Request) -> str | None:
        value = request.headers.get("authorization", "")
        return next((token for token in self.state.tokens if token in value), super().credential(request))


@seeded(requirement="AUTH-04", observe=authorised(lambda token: f'Bearer {{"token":"{token}"}}'))
class TokenAsAnObjectIsTaken(MockApi):
    """A token that is an object of JSON is parsed, and the token in it taken."""

    def token_is_known(self, token: str) -> bool:
        try:
            value = json.loads(token)
        except ValueError:
            value = token
        return super().token_is_known(str(value.get("token")) if isinstance(value, dict) else token)


class _AlsoTakes(MockApi):
    """Takes one word in place of an issued token."""

    word = ""

    def token_is_known(self, token: str) -> bool:
        return token == self.word or super().token_is_known(token)


@seeded(requirement="AUTH-02", observe=authorised(lambda _: "Bearer null"))
class TheWordNullIsTaken(_AlsoTakes):
    """The word null is taken as a token, which a client without one sends."""

    word = "null"


@seeded(requirement="AUTH-02", observe=authorised(lambda _: "Bearer [object Object]"))
class TextOfAnObjectIsTaken(_AlsoTakes):
    """The text that JavaScript makes of an object is taken as a token."""

    word = "[object Object]"


class _AlsoReads(MockApi):
    """Reads the token behind another scheme, too."""

    prefix: re.Pattern[str]

    def credential(self, request: Request) -> str | None:
        found = self.prefix.match(request.headers.get("authorization", ""))
        return request.headers["authorization"][found.end() :] if found else super().credential(request)


@seeded(requirement="AUTH-04", observe=authorised(lambda token: f"JWT {token}"))
class JwtSchemeIsTaken(_AlsoReads):
    """The scheme JWT is taken, which an older library of the server's framework called it."""

    prefix = re.compile("JWT ")


@seeded(requirement="AUTH-04", recommended=True, observe=authorised(lambda token: f"Bearer: {token}"))
class ColonBehindTheSchemeIsTaken(_AlsoReads):
    """A colon behind the scheme is taken."""

    prefix = re.compile("Bearer: ?")


@seeded(requirement="AUTH-04", recommended=True, observe=authorised(lambda token: f"Bearer={token}"))
class EqualsSignBehindTheSchemeIsTaken(_AlsoReads):
    """An equals sign between scheme and token is taken."""

    prefix = re.compile("Bearer ?= ?")


@seeded(
    requirement="AUTH-09",
    recommended=True,
    affects=WRITE,
    observe=without_token_at(lambda path: path.replace("/events", "//events")),
)
class DoubledSlashNeedsNoToken(MockApi):
    """The router takes two slashes for one, and the list of protected paths does not."""

    def path(self, request: Request) -> str:
        return re.sub("/+", "/", super().path(request))

    def authorise(self, request: Request) -> None:
        if "//" not in super().path(request)[1:]:
            super().authorise(request)


@seeded(
    requirement="AUTH-09",
    recommended=True,
    observe=lambda probe: (
        probe.status(
            headers={"authorization": None},
            path=re.sub("[a-z]+(?=/)", lambda found: found[0].upper(), probe.status_operation.path.partition("{")[0])
            + probe.queue_job(),
        ).status
    ),
)
class CapitalsBeforeTheIdNeedNoToken(MockApi):
    """Reads are routed without regard to case, and protected by paths in small letters."""

    def path(self, request: Request) -> str:
        path = super().path(request)
        literal = self.literal
        return literal + path[len(literal) :] if path.lower().startswith(literal) else path

    def authorise(self, request: Request) -> None:
        if request.method != "GET" or super().path(request).startswith(self.literal):
            super().authorise(request)

    @property
    def literal(self) -> str:
        return next(one.path for one in self.document.operations if one.job_status).partition("{")[0]
