"""Intermittent defects: each is a trigger and a fault."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.detection.catalogue import BOTH, READ, WRITE, defect
from tests.detection.intermittent_base import (
    AfterRejection,
    AfterUnauthorized,
    AtRandom,
    DuringAnotherRequest,
    EqualIds,
    EscapedBody,
    EveryNth,
    FailsWith500,
    FirstOfConnection,
    FirstRepetition,
    FirstRequest,
    HasAlteredEcho,
    HasEmptyJobId,
    HasNoErrorEnvelope,
    HasNoMeta,
    HasNoRateHeaders,
    IsAnsweredByGateway,
    IsNotAuthorised,
    IsNotValidated,
    IsPendingAgain,
    IsUnauthorized,
    IsUnavailable,
    LongValue,
    NonAsciiBody,
    NumericId,
)
from tests.detection.probe import Answer, Probe
from tests.detection.timing_observers import concurrent_answers

seeded = partial(defect, group="intermittent")


def repeated(times: int, ask: Callable[[Probe], Answer] = Probe.write) -> Callable[[Probe], object]:
    """Return the observation of the same request, several times over."""
    return lambda probe: [ask(probe).comparable for _ in range(times)]


def tokenless(probe: Probe) -> Answer:
    """Return the answer to a good write without a token."""
    return probe.write(headers={"authorization": None})


def event_id(value: str) -> Callable[[Probe], object]:
    """Return the observation of a write with this id."""
    return lambda probe: probe.write(probe.valid_body(event_id=value)).comparable


# Every nth request


@seeded(requirement="RESP-06", affects=BOTH, observe=repeated(10))
class EveryTenthRequestFails(EveryNth, FailsWith500):
    """Every tenth request is answered 500."""


@seeded(requirement="RESP-06", affects=BOTH, observe=repeated(20))
class EveryTwentiethRequestIsUnavailable(EveryNth, IsUnavailable):
    """Every twentieth request is answered 503 without a Retry-After."""

    every = 20


@seeded(requirement="RESP-06", affects=BOTH, observe=repeated(100))
class EveryHundredthRequestMeetsTheGateway(EveryNth, IsAnsweredByGateway):
    """Every hundredth request is answered 502, by a page of the gateway."""

    every = 100


@seeded(requirement="RESP-06", affects=BOTH, observe=repeated(40))
class OneRequestInTwentyFails(AtRandom, FailsWith500):
    """One request in twenty is answered 500, without any order."""


@seeded(requirement="RESP-01", affects=WRITE, observe=repeated(10))
class EveryTenthWriteLacksMeta(EveryNth, HasNoMeta):
    """Every tenth request, if it is an accepted write, has no meta in its answer."""


@seeded(
    requirement="RESP-04",
    affects=WRITE,
    observe=lambda probe: [probe.queue_job() == "" for _ in range(20)],
)
class EveryTwentiethWriteHasNoJob(EveryNth, HasEmptyJobId):
    """Every twentieth request, if it is an accepted write, has an empty job_id."""

    every = 20


@seeded(requirement="RESP-03", affects=WRITE, observe=repeated(20))
class EveryTwentiethWriteIsEchoedWrongly(EveryNth, HasAlteredEcho):
    """Every twentieth request, if it is an accepted write, gets back the ids without their last character."""

    every = 20


@seeded(
    requirement="ERR-02",
    affects=WRITE,
    observe=repeated(10, lambda probe: probe.write(probe.valid_body(event_id=7))),
)
class EveryTenthBodyIsNotValidated(EveryNth, IsNotValidated):
    """Every tenth request is accepted whatever its body breaks of the schema."""


@seeded(requirement="ERR-05", affects=WRITE, observe=repeated(10, lambda probe: probe.write(b"{}")))
class EveryTenthErrorIsBare(EveryNth, HasNoErrorEnvelope):
    """Every tenth request, if it is refused, gets an error without the envelope."""


@seeded(requirement="AUTH-01", affects=BOTH, observe=repeated(20, tokenless))
class EveryTwentiethRequestNeedsNoToken(EveryNth, IsNotAuthorised):
    """Every twentieth request passes whatever its credentials are."""

    every = 20


@seeded(requirement="AUTH-11", affects=BOTH, observe=repeated(20))
class EveryTwentiethTokenIsRefused(EveryNth, IsUnauthorized):
    """Every twentieth request is refused with 401 though its token is the issued one."""

    every = 20


@seeded(
    requirement="JOB-02",
    affects=READ,
    observe=lambda probe: [probe.status(job).comparable for job in [probe.queue_job()] * 8],
)
class EveryFifthStatusIsPendingAgain(EveryNth, IsPendingAgain):
    """Every fifth request, if it reads the status of a job, finds it pending, even after its end."""

    every = 5


@seeded(
    requirement="RATE-01",
    affects=BOTH,
    observe=lambda probe: [len(probe.write().headers) for _ in range(10)],
)
class EveryTenthAnswerTellsNoLimit(EveryNth, HasNoRateHeaders):
    """Every tenth answer has no rate-limit headers."""


# First ones and second ones


@seeded(requirement="RESP-06", affects=BOTH, observe=repeated(2))
class FirstRequestFails(FirstRequest, FailsWith500):
    """The first request after the start is answered 500, and no other."""


@seeded(requirement="AUTH-01", affects=BOTH, observe=tokenless)
class FirstRequestNeedsNoToken(FirstRequest, IsNotAuthorised):
    """The first request after the start passes without a token: the keys are not loaded yet."""


@seeded(requirement="RESP-06", affects=BOTH, observe=repeated(1))
class FirstRequestOfAConnectionIsUnavailable(FirstOfConnection, IsUnavailable):
    """The first request of every connection is answered 503 without a Retry-After."""


@seeded(
    requirement="RESP-06",
    affects=BOTH,
    observe=lambda probe: concurrent_answers(probe.write, probe.write),
)
class FirstOfTwoRequestsFails(DuringAnotherRequest, FailsWith500):
    """A request is answered 500 if another one arrives before its answer is made."""


@seeded(requirement="RESP-06", affects=WRITE, observe=repeated(2))
class SecondIdenticalWriteFails(FirstRepetition, FailsWith500):
    """A body that has come once before, byte by byte, is answered 500."""


@seeded(requirement="RESP-01", affects=WRITE, observe=repeated(2))
class SecondIdenticalWriteLacksMeta(FirstRepetition, HasNoMeta):
    """A body that has come once before, byte by byte, is accepted without a meta in the answer."""


@seeded(requirement="ERR-09", affects=WRITE, observe=repeated(2, lambda probe: probe.write({})))
class SecondIdenticalBadBodyIsAccepted(FirstRepetition, IsNotValidated):
    """A bad body that has come once before, byte by byte, is accepted."""


# After something


@seeded(
    requirement="AUTH-02",
    affects=BOTH,
    observe=lambda probe: [probe.write({}).status, probe.write(headers={"authorization": "Bearer nobody"}).status],
)
class AfterARefusalAnyTokenPasses(AfterRejection, IsNotAuthorised):
    """The request right after a refused one passes whatever its credentials are."""


@seeded(
    requirement="RESP-01",
    affects=WRITE,
    observe=lambda probe: [probe.write({}).comparable, probe.write().comparable],
)
class AfterARefusalMetaIsLacking(AfterRejection, HasNoMeta):
    """The write right after a refused request has no meta in its answer."""


@seeded(
    requirement="ERR-05", affects=BOTH, observe=lambda probe: [tokenless(probe).comparable, probe.write({}).comparable]
)
class AfterA401TheErrorIsBare(AfterUnauthorized, HasNoErrorEnvelope):
    """The request right after a 401, if it is refused, gets an error without the envelope."""


@seeded(
    requirement="RESP-06",
    affects=BOTH,
    observe=lambda probe: [tokenless(probe).comparable, probe.write().comparable],
)
class AfterA401TheNextRequestFails(AfterUnauthorized, FailsWith500):
    """The request right after a 401 is answered 500."""


# Some values only


@seeded(requirement="RESP-06", affects=WRITE, observe=event_id("Žofie"))
class BeyondAsciiFails(NonAsciiBody, FailsWith500):
    """A value with a character that is not ASCII is answered 500."""


@seeded(requirement="RESP-03", affects=WRITE, observe=event_id("Žofie"))
class BeyondAsciiIsGarbled(NonAsciiBody, HasAlteredEcho):
    """A value with a character that is not ASCII comes back as UTF-8 that was read as Latin-1."""

    def changed(self, text: str) -> str:
        """Decode with the wrong one."""
        return text.encode(errors="replace").decode("latin-1")


@seeded(requirement="ERR-02", affects=WRITE, observe=lambda probe: probe.write({"ünknown": None}).status)
class EscapedBodiesAreNotValidated(EscapedBody, IsNotValidated):
    """A body that is written with an escape of the kind backslash u is accepted whatever it breaks of the schema."""


@seeded(requirement="RESP-03", affects=WRITE, observe=event_id("e" * 65))
class Above64CharactersIsCut(LongValue, HasAlteredEcho):
    """Values come back cut to 64 characters."""

    def changed(self, text: str) -> str:
        """Store them in a column of that width."""
        return text[: self.characters]


@seeded(requirement="RESP-06", affects=WRITE, observe=event_id("e" * 256))
class Above255CharactersFails(LongValue, FailsWith500):
    """A value above 255 characters is answered 500."""

    characters = 255


@seeded(
    requirement="RESP-04",
    affects=WRITE,
    observe=lambda probe: probe.queue_job(probe.valid_body(event_id=probe.valid_body()["integration_id"])) == "",
)
class EqualIdsGetNoJob(EqualIds, HasEmptyJobId):
    """A write with twice the same id is accepted with an empty job_id."""


@seeded(requirement="RESP-03", affects=WRITE, observe=event_id("0012"), recommended=True)
class DigitsLoseTheirZeros(NumericId, HasAlteredEcho):
    """An id of nothing but digits comes back without the zeros at its beginning."""

    def changed(self, text: str) -> str:
        """Take it for a number in between."""
        return text.lstrip("0") if text.isascii() and text.isdigit() else text


@seeded(requirement="RESP-01", affects=WRITE, observe=event_id("0012"))
class DigitsLackMeta(NumericId, HasNoMeta):
    """A write with an id of nothing but digits has no meta in its answer."""
