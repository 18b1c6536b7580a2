"""Bodies that break the schema and are accepted all the same."""

# ruff: noqa: D102 - the mock says what each step does

from __future__ import annotations

import json
from functools import cached_property, partial

from jsonschema import ValidationError

from contracts.mock.data.state import INTEGRATIONS, Job
from contracts.mock.http.api import MockApi
from contracts.mock.http.refusal import Issue
from contracts.mock.operations.zod_issues import UNKNOWN_PROPERTIES
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.detection.catalogue import WRITE, defect

seeded = partial(defect, group="validation", affects=WRITE)


def about(error: ValidationError, name: str) -> bool:
    """Whether the error is about this property."""
    return list(error.absolute_path) == [name]


# One property is not checked, or made to fit


class _Coercing(MockApi):
    """Makes the values of one property fit before they are validated."""

    coerced = "event_id"

    def coerce(self, value: Json) -> Json:
        raise NotImplementedError

    def normalise(self, operation: Operation, value: Json) -> Json:  # noqa: ARG002
        if isinstance(value, dict) and self.coerced in value:
            return {**value, self.coerced: self.coerce(value[self.coerced])}
        return value


@seeded(requirement="ERR-02", observe=lambda probe: probe.write_changed(event_id={"id": 1}))
class TypeOfTheEventIsNotChecked(MockApi):
    """The event is checked for being there, but not for its type."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        return [
            error
            for error in super().errors(operation, value)
            if not (about(error, "event_id") and error.validator == "type")
        ]


@seeded(requirement="ERR-02", observe=lambda probe: probe.write_changed(event_id=None))
class NullEventIsTakenAsEmpty(_Coercing):
    """An event of null is taken as an empty string."""

    def coerce(self, value: Json) -> Json:
        return "" if value is None else value


@seeded(requirement="ERR-02", observe=lambda probe: probe.write_changed(integration_id=None))
class NullIntegrationIsTheOnlyOne(_Coercing):
    """An integration of null is taken as the one that the token belongs to."""

    coerced = "integration_id"

    def coerce(self, value: Json) -> Json:
        return self.state.integrations[0] if value is None else value


@seeded(requirement="ERR-02", observe=lambda probe: probe.write_changed(integration_id=0))
class FalsyIntegrationIsTheOnlyOne(_Coercing):
    """An integration of 0, false or an empty list or object is taken as the one that the token belongs to."""

    coerced = "integration_id"

    def coerce(self, value: Json) -> Json:
        return value if value or value is None or value == "" else self.state.integrations[0]


@seeded(requirement="ERR-02", observe=lambda probe: probe.write_changed(event_id=[]))
class FalsyEventIsNotChecked(_Coercing):
    """An event of false, 0, null or an empty list or object is taken for none given, which is not refused."""

    def coerce(self, value: Json) -> Json:
        return value or ""


@seeded(requirement="ERR-02", observe=lambda probe: probe.write_changed(event_id=4711))
class WholeNumberIsTakenAsText(_Coercing):
    """A whole number is taken for the event, written out in digits."""

    def coerce(self, value: Json) -> Json:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


@seeded(requirement="ERR-02", observe=lambda probe: probe.write_changed(event_id=0.5))
class FractionIsTakenAsText(_Coercing):
    """A number with a fraction is taken for the event, since only whole ones are looked for."""

    def coerce(self, value: Json) -> Json:
        return str(value) if isinstance(value, float) else value


@seeded(requirement="ERR-02", observe=lambda probe: probe.write_changed(event_id=True))
class BooleanIsTakenAsText(_Coercing):
    """A boolean is taken for the event, as the word true or false."""

    def coerce(self, value: Json) -> Json:
        return str(value).lower() if isinstance(value, bool) else value


@seeded(
    requirement="ERR-02",
    observe=lambda probe: probe.write_changed(integration_id=[probe.valid_body()["integration_id"]]),
)
class ListOfOneIntegrationIsUnwrapped(_Coercing):
    """A list with one integration is taken for the integration."""

    coerced = "integration_id"

    def coerce(self, value: Json) -> Json:
        return value[0] if isinstance(value, list) and len(value) == 1 else value


@seeded(requirement="ERR-02", observe=lambda probe: probe.write_changed(event_id=["a", "b"]))
class ListOfEventsIsJoined(_Coercing):
    """A list of texts is taken for the event, joined by commas."""

    def coerce(self, value: Json) -> Json:
        texts = isinstance(value, list) and value and all(isinstance(entry, str) for entry in value)
        return ",".join(value) if texts else value


@seeded(requirement="ERR-02", observe=lambda probe: probe.write_changed(event_id={"a": 1}))
class ObjectIsTakenAsText(_Coercing):
    """An object is taken for the event, as the text that JavaScript makes of it."""

    def coerce(self, value: Json) -> Json:
        return "[object Object]" if isinstance(value, dict) else value


@seeded(
    requirement="ERR-02",
    observe=lambda probe: probe.write_changed(integration_id={"id": probe.valid_body()["integration_id"]}),
)
class ReferenceIsResolved(_Coercing):
    """An object with the integration as its id is taken for the integration."""

    coerced = "integration_id"

    def coerce(self, value: Json) -> Json:
        return value["id"] if isinstance(value, dict) and value.keys() == {"id"} else value


@seeded(
    requirement="ERR-01", observe=lambda probe: probe.write({"event_id": probe.valid_body()["event_id"]}).comparable
)
class MissingIntegrationIsTheOnlyOne(MockApi):
    """A missing integration is taken from the token."""

    def normalise(self, operation: Operation, value: Json) -> Json:
        if not isinstance(value, dict) or "integration_id" not in operation.supplied_by:
            return value
        return {"integration_id": self.state.integrations[0], **value}


@seeded(
    requirement="ERR-01",
    observe=lambda probe: probe.write({"integration_id": probe.valid_body()["integration_id"]}).comparable,
)
class MissingEventIsAccepted(MockApi):
    """The event may be left out."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        return [
            error
            for error in super().errors(operation, value)
            if not (about(error, "event_id") and error.validator == "required")
        ]


# Names


@seeded(
    requirement="ERR-14",
    recommended=True,
    observe=lambda probe: (
        probe.write({"INTEGRATION_ID": probe.valid_body()["integration_id"], "Event_Id": "x"}).comparable
    ),
)
class NamesAreTakenInAnyCase(MockApi):
    """The names of properties are taken in any case, as Go's decoder does."""

    def normalise(self, operation: Operation, value: Json) -> Json:  # noqa: ARG002
        return {name.lower(): sent for name, sent in value.items()} if isinstance(value, dict) else value


@seeded(
    requirement="ERR-14",
    observe=lambda probe: (
        probe.write({"integrationId": probe.valid_body()["integration_id"], "eventId": "x"}).comparable
    ),
)
class NamesAreTakenInCamelCase(MockApi):
    """The names of properties are taken in camel case too, without a word of that in the documentation."""

    def normalise(self, operation: Operation, value: Json) -> Json:  # noqa: ARG002
        usual = {"integrationId": "integration_id", "eventId": "event_id"}
        return {usual.get(name, name): sent for name, sent in value.items()} if isinstance(value, dict) else value


@seeded(
    requirement="ERR-14",
    observe=lambda probe: (
        probe.write({"integration_id": probe.valid_body()["integration_id"], " event_id ": "x"}).comparable
    ),
)
class NamesAreTrimmed(MockApi):
    """The names of properties are taken with white space around them."""

    def normalise(self, operation: Operation, value: Json) -> Json:  # noqa: ARG002
        return {name.strip(): sent for name, sent in value.items()} if isinstance(value, dict) else value


@seeded(requirement="ERR-14", observe=lambda probe: probe.write_changed(event_id=None))
class NullAloneIsNoFault(MockApi):
    """An event of null is refused beside another fault only: the list of issues is filtered before it is counted."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        found = super().errors(operation, value)
        alone = len(found) == 1 and about(found[0], "event_id") and found[0].instance is None
        return [] if alone else found


@seeded(requirement="ERR-07", observe=lambda probe: probe.write_changed(notes="x"))
class PropertiesOfCreatesAreDropped(MockApi):
    """Properties that a create has are dropped from any write: all of them share one list of what is known."""

    def normalise(self, operation: Operation, value: Json) -> Json:
        others = {"notes", "title", "appointment_date"} - (operation.body or {}).get("properties", {}).keys()
        return {name: sent for name, sent in value.items() if name not in others} if isinstance(value, dict) else value


@seeded(requirement="ERR-07", observe=lambda probe: probe.write_changed(constructor="x"))
class ConstructorIsIgnored(MockApi):
    """A property is taken for a known one if every object in JavaScript has one of its name."""

    def normalise(self, operation: Operation, value: Json) -> Json:  # noqa: ARG002
        names = {"constructor", "toString", "valueOf", "hasOwnProperty"}
        return {name: sent for name, sent in value.items() if name not in names} if isinstance(value, dict) else value


@seeded(requirement="ERR-07", observe=lambda probe: probe.write_changed(note="x"))
class UnknownPropertyIsIgnored(MockApi):
    """A property that the schema does not list is ignored."""

    def normalise(self, operation: Operation, value: Json) -> Json:
        return self.sent(operation, value) if isinstance(value, dict) else value


@seeded(requirement="ERR-07", observe=lambda probe: probe.write_changed(note=None))
class UnknownNullIsIgnored(MockApi):
    """A property that the schema does not list is ignored where it is null."""

    def normalise(self, operation: Operation, value: Json) -> Json:
        if not isinstance(value, dict):
            return value
        known = self.sent(operation, value)
        return {name: sent for name, sent in value.items() if name in known or sent is not None}


@seeded(requirement="ERR-07", observe=lambda probe: probe.write_changed(note={"a": 1}))
class UnknownObjectIsIgnored(MockApi):
    """A property that the schema does not list is ignored where it is an object or a list."""

    def normalise(self, operation: Operation, value: Json) -> Json:
        if not isinstance(value, dict):
            return value
        known = self.sent(operation, value)
        return {name: sent for name, sent in value.items() if name in known or not isinstance(sent, dict | list)}


@seeded(
    requirement="ERR-07",
    observe=lambda probe: probe.write({"id": "x", **probe.valid_body()}).comparable,
)
class OnlyTheLastUnknownPropertyIsRefused(MockApi):
    """A property that the schema does not list is refused only where it stands after the others."""

    def normalise(self, operation: Operation, value: Json) -> Json:
        if not isinstance(value, dict) or not value:
            return value
        last = next(reversed(value))
        return self.sent(operation, value) | {last: value[last]}


# Combinations


@seeded(requirement="ERR-02", observe=lambda probe: probe.write_changed(event_id=1))
class OneWrongTypeIsNotEnough(MockApi):
    """A wrong type is refused only where both properties have one: an `and` that should be an `or`."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        found = super().errors(operation, value)
        types = [error for error in found if error.validator == "type" and error.absolute_path]
        return [error for error in found if error not in types] if len(types) == 1 else found


@seeded(
    requirement="ERR-14",
    observe=lambda probe: probe.write_changed(integration_id=[probe.valid_body()["integration_id"]], event_id=[1]),
)
class TwoWrongTypesCancelOut(MockApi):
    """Wrong types in both properties are accepted, each alone is refused: the second check overwrites the first."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        found = super().errors(operation, value)
        types = [error for error in found if error.validator == "type" and error.absolute_path]
        return [error for error in found if error not in types] if len(types) > 1 else found

    def unknown_values(self, operation: Operation, value: Json) -> list[Issue]:
        texts = all(isinstance(sent, str) for sent in value.values())
        return super().unknown_values(operation, value) if texts else []


@seeded(
    requirement="ERR-14",
    observe=lambda probe: probe.write({"integration_id": probe.valid_body()["integration_id"], "id": "x"}).comparable,
)
class PropertiesAreCountedNotNamed(MockApi):
    """A body with as many properties as are required is taken for complete, and for known."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        found = super().errors(operation, value)
        required = (operation.body or {}).get("required", [])
        if not isinstance(value, dict) or len(value) != len(required):
            return found
        return [error for error in found if error.validator == "type"]


@seeded(requirement="ERR-14", observe=lambda probe: probe.write(probe.valid_body(event_id=5, note=1)).comparable)
class UnknownPropertyEndsValidation(MockApi):
    """An unknown property hides everything else that is wrong, and is then ignored itself."""

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        found = super().errors(operation, value)
        unknown = any(error.validator == UNKNOWN_PROPERTIES for error in found)
        return [] if unknown and len(found) > 1 else found


@seeded(requirement="ERR-02", observe=lambda probe: (probe.write_changed(), probe.write_changed(event_id=None)))
class IntegrationIsValidatedOnce(MockApi):
    """After one good request for an integration, the types of later ones for it are not checked."""

    @cached_property
    def trusted(self) -> set[str]:
        return set()

    def errors(self, operation: Operation, value: Json) -> list[ValidationError]:
        found = super().errors(operation, value)
        if isinstance(value, dict) and str(value.get("integration_id")) in self.trusted:
            return [error for error in found if error.validator != "type"]
        return found

    def accept(self, operation: Operation, value: Json) -> Job:
        self.trusted.update(self.sent(operation, value, INTEGRATIONS).values())
        return super().accept(operation, value)


# The whole body


@seeded(requirement="ERR-03", observe=lambda probe: probe.write([probe.valid_body()]).comparable)
class ListOfOneBodyIsUnwrapped(MockApi):
    """A list with one good body is taken for the body."""

    def normalise(self, operation: Operation, value: Json) -> Json:  # noqa: ARG002
        return value[0] if isinstance(value, list) and len(value) == 1 else value


@seeded(
    requirement="ERR-03",
    recommended=True,
    observe=lambda probe: probe.write(json.dumps(probe.valid_body())).comparable,
)
class TextIsParsedAgain(MockApi):
    """A string that holds JSON is taken for the body."""

    def normalise(self, operation: Operation, value: Json) -> Json:  # noqa: ARG002
        try:
            return json.loads(value) if isinstance(value, str) else value
        except (ValueError, RecursionError):
            return value


@seeded(
    requirement="ERR-03",
    recommended=True,
    observe=lambda probe: probe.write(list(probe.valid_body().values())).comparable,
)
class ValuesInOrderAreTaken(MockApi):
    """A list of the values in the order of the schema is taken for the body."""

    def normalise(self, operation: Operation, value: Json) -> Json:
        names = list((operation.body or {}).get("properties", {}))
        return dict(zip(names, value, strict=True)) if isinstance(value, list) and len(value) == len(names) else value


@seeded(
    requirement="ERR-14",
    recommended=True,
    observe=lambda probe: probe.write({"data": probe.valid_body()}).comparable,
)
class WrapperIsUnwrapped(MockApi):
    """A good body inside another object is taken for the body."""

    def normalise(self, operation: Operation, value: Json) -> Json:  # noqa: ARG002
        inner = next(iter(value.values())) if isinstance(value, dict) and len(value) == 1 else None
        return inner if isinstance(inner, dict) else value
