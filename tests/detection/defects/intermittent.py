"""Any of the other faults, but only now and then: each defect is a trigger and a fault."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.detection.catalogue import BOTH, READ, WRITE, defect
from tests.detection.intermittent_base import (
    AfterARefusal,
    AfterRefusedCredentials,
    AtRandom,
    BeyondAscii,
    Digits,
    Equal,
    Escaped,
    Every,
    Fails,
    First,
    FirstOfAConnection,
    FirstOfTwo,
    HasABareError,
    HasNoJob,
    IsEchoedWrongly,
    IsNotAuthorised,
    IsNotValidated,
    IsPendingAgain,
    IsTakenForAStranger,
    IsUnavailable,
    LacksMeta,
    Longer,
    MeetsTheGateway,
    SecondOfItsKind,
    TellsNoLimit,
)
from tests.detection.probe import Answer, Probe
from tests.detection.timing_observers import overlapping

seeded = partial(defect, group="intermittent")


def repeated(times: int, ask: Callable[[Probe], Answer] = Probe.write) -> Callable[[Probe], object]:
    """Return the observation of the same request, several times over."""
    return lambda probe: [ask(probe).said for _ in range(times)]


def tokenless(probe: Probe) -> Answer:
    """Return the answer to a good write without a token."""
    return probe.write(headers={"authorization": None})


def event_id(value: str) -> Callable[[Probe], object]:
    """Return the observation of a write with this id."""
    return lambda probe: probe.write(probe.good(event_id=value)).said


# Every nth request


@seeded(requirement="RESP-06", touches=BOTH, observe=repeated(10))
class EveryTenthRequestFails(Every, Fails):
    """Every tenth request is answered 500."""


@seeded(requirement="RESP-06", touches=BOTH, observe=repeated(20))
class EveryTwentiethRequestIsUnavailable(Every, IsUnavailable):
    """Every twentieth request is answered 503 without a Retry-After."""

    every = 20


@seeded(requirement="RESP-06", touches=BOTH, observe=repeated(100))
class EveryHundredthRequestMeetsTheGateway(Every, MeetsTheGateway):
    """Every hundredth request is answered 502, by a page of the gateway."""

    every = 100


@seeded(requirement="RESP-06", touches=BOTH, observe=repeated(40))
class OneRequestInTwentyFails(AtRandom, Fails):
    """One request in twenty is answered 500, without any order."""


@seeded(requirement="RESP-01", touches=WRITE, observe=repeated(10))
class EveryTenthWriteLacksMeta(Every, LacksMeta):
    """Every tenth request, if it is an accepted write, has no meta in its answer."""


@seeded(
    requirement="RESP-04",
    touches=WRITE,
    observe=lambda probe: [probe.queue() == "" for _ in range(20)],
)
class EveryTwentiethWriteHasNoJob(Every, HasNoJob):
    """Every twentieth request, if it is an accepted write, has an empty job_id."""

    every = 20


@seeded(requirement="RESP-03", touches=WRITE, observe=repeated(20))
class EveryTwentiethWriteIsEchoedWrongly(Every, IsEchoedWrongly):
    """Every twentieth request, if it is an accepted write, gets back the ids without their last character."""

    every = 20


@seeded(
    requirement="ERR-02",
    touches=WRITE,
    observe=repeated(10, lambda probe: probe.write(probe.good(event_id=7))),
)
class EveryTenthBodyIsNotValidated(Every, IsNotValidated):
    """Every tenth request is accepted whatever its body breaks of the schema."""


@seeded(requirement="ERR-05", touches=WRITE, observe=repeated(10, lambda probe: probe.write(b"{}")))
class EveryTenthErrorIsBare(Every, HasABareError):
    """Every tenth request, if it is refused, gets an error without the envelope."""


@seeded(requirement="AUTH-01", touches=BOTH, observe=repeated(20, tokenless))
class EveryTwentiethRequestNeedsNoToken(Every, IsNotAuthorised):
    """Every twentieth request passes whatever its credentials are."""

    every = 20


@seeded(requirement="AUTH-11", touches=BOTH, observe=repeated(20))
class EveryTwentiethTokenIsRefused(Every, IsTakenForAStranger):
    """Every twentieth request is refused with 401 though its token is the issued one."""

    every = 20


@seeded(
    requirement="JOB-02",
    touches=READ,
    observe=lambda probe: [probe.status(job).said for job in [probe.queue()] * 8],
)
class EveryFifthStatusIsPendingAgain(Every, IsPendingAgain):
    """Every fifth request, if it reads the status of a job, finds it pending, even after its end."""

    every = 5


@seeded(
    requirement="RATE-01",
    touches=BOTH,
    observe=lambda probe: [len(probe.write().headers) for _ in range(10)],
)
class EveryTenthAnswerTellsNoLimit(Every, TellsNoLimit):
    """Every tenth answer has no rate-limit headers."""


# First ones and second ones


@seeded(requirement="RESP-06", touches=BOTH, observe=repeated(2))
class FirstRequestFails(First, Fails):
    """The first request after the start is answered 500, and no other."""


@seeded(requirement="AUTH-01", touches=BOTH, observe=tokenless)
class FirstRequestNeedsNoToken(First, IsNotAuthorised):
    """The first request after the start passes without a token: the keys are not loaded yet."""


@seeded(requirement="RESP-06", touches=BOTH, observe=repeated(1))
class FirstRequestOfAConnectionIsUnavailable(FirstOfAConnection, IsUnavailable):
    """The first request of every connection is answered 503 without a Retry-After."""


@seeded(
    requirement="RESP-06",
    touches=BOTH,
    observe=lambda probe: overlapping(probe.write, probe.write),
)
class FirstOfTwoRequestsFails(FirstOfTwo, Fails):
    """A request is answered 500 if another one arrives before its answer is made."""


@seeded(requirement="RESP-06", touches=WRITE, observe=repeated(2))
class SecondIdenticalWriteFails(SecondOfItsKind, Fails):
    """A body that has come once before, byte by byte, is answered 500."""


@seeded(requirement="RESP-01", touches=WRITE, observe=repeated(2))
class SecondIdenticalWriteLacksMeta(SecondOfItsKind, LacksMeta):
    """A body that has come once before, byte by byte, is accepted without a meta in the answer."""


@seeded(requirement="ERR-09", touches=WRITE, observe=repeated(2, lambda probe: probe.write({})))
class SecondIdenticalBadBodyIsAccepted(SecondOfItsKind, IsNotValidated):
    """A bad body that has come once before, byte by byte, is accepted."""


# After something


@seeded(
    requirement="AUTH-02",
    touches=BOTH,
    observe=lambda probe: [probe.write({}).status, probe.write(headers={"authorization": "Bearer nobody"}).status],
)
class AfterARefusalAnyTokenPasses(AfterARefusal, IsNotAuthorised):
    """The request right after a refused one passes whatever its credentials are."""


@seeded(
    requirement="RESP-01",
    touches=WRITE,
    observe=lambda probe: [probe.write({}).said, probe.write().said],
)
class AfterARefusalMetaIsLacking(AfterARefusal, LacksMeta):
    """The write right after a refused request has no meta in its answer."""


@seeded(requirement="ERR-05", touches=BOTH, observe=lambda probe: [tokenless(probe).said, probe.write({}).said])
class AfterA401TheErrorIsBare(AfterRefusedCredentials, HasABareError):
    """The request right after a 401, if it is refused, gets an error without the envelope."""


@seeded(
    requirement="RESP-06",
    touches=BOTH,
    observe=lambda probe: [tokenless(probe).said, probe.write().said],
)
class AfterA401TheNextRequestFails(AfterRefusedCredentials, Fails):
    """The request right after a 401 is answered 500."""


# Some values only


@seeded(requirement="RESP-06", touches=WRITE, observe=event_id("Žofie"))
class BeyondAsciiFails(BeyondAscii, Fails):
    """A value with a character that is not ASCII is answered 500."""


@seeded(requirement="RESP-03", touches=WRITE, observe=event_id("Žofie"))
class BeyondAsciiIsGarbled(BeyondAscii, IsEchoedWrongly):
    """A value with a character that is not ASCII comes back as UTF-8 that was read as Latin-1."""

    def changed(self, text: str) -> str:
        """Decode with the wrong one."""
        return text.encode(errors="replace").decode("latin-1")


@seeded(requirement="ERR-02", touches=WRITE, observe=lambda probe: probe.write({"ünknown": None}).status)
class EscapedBodiesAreNotValidated(Escaped, IsNotValidated):
    """A body that is written with an escape of the kind backslash u is accepted whatever it breaks of the schema."""


@seeded(requirement="RESP-03", touches=WRITE, observe=event_id("e" * 65))
class Above64CharactersIsCut(Longer, IsEchoedWrongly):
    """Values come back cut to 64 characters."""

    def changed(self, text: str) -> str:
        """Store them in a column of that width."""
        return text[: self.characters]


@seeded(requirement="RESP-06", touches=WRITE, observe=event_id("e" * 256))
class Above255CharactersFails(Longer, Fails):
    """A value above 255 characters is answered 500."""

    characters = 255


@seeded(
    requirement="RESP-04",
    touches=WRITE,
    observe=lambda probe: probe.queue(probe.good(event_id=probe.good()["integration_id"])) == "",
)
class EqualIdsGetNoJob(Equal, HasNoJob):
    """A write with twice the same id is accepted with an empty job_id."""


@seeded(requirement="RESP-03", touches=WRITE, observe=event_id("0012"))
class DigitsLoseTheirZeros(Digits, IsEchoedWrongly):
    """An id of nothing but digits comes back without the zeros at its beginning."""

    def changed(self, text: str) -> str:
        """Take it for a number in between."""
        return text.lstrip("0") if text.isascii() and text.isdigit() else text


@seeded(requirement="RESP-01", touches=WRITE, observe=event_id("0012"))
class DigitsLackMeta(Digits, LacksMeta):
    """A write with an id of nothing but digits has no meta in its answer."""
