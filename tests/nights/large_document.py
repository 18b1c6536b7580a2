"""A document as large as a vendor's: families of operations, made from those of the embedded contract.

A family is what an API has for one kind of record: two listings, a read by id, a query that is not supported, and the
writes that cancel, create and update. Its paths, properties and components have names of their own, and its bodies
differ in an optional property. One operation reads the jobs that all writes queue.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from contracts.untrusted.bounded_yaml import read_yaml

CONTRACT: Final = Path(__file__).parents[2] / "contracts" / "appointments.yaml"
STATUS: Final = "/v1/admin/write-status/{root_job_id}"
LISTING: Final = "/v1/appointments/"
CREATE: Final = "/v1/events/appointments/leads/rentmanager/"
UPDATE: Final = "/v1/events/appointments/leads/rentmanager/{event_id}"
CANCEL: Final = "/v1/events/appointments/leads/cancel/rentmanager"
QUERY: Final = "/v1/appointment-availability/rentmanager/"
RECORDS: Final = (
    *("lease", "charge", "payment", "invoice", "vendor_bill", "work_order", "inspection", "guest_card", "amenity_slot"),
    *("renewal", "deposit", "refund", "notice", "pet_form", "parking_space", "storage_room", "meter_reading", "parcel"),
    *("key_loan", "roommate", "guarantor", "insurance_proof", "concession", "late_fee", "budget_line", "vacancy"),
    *("showing", "survey", "message", "call_log", "screening", "move_in", "move_out", "tax_form", "unit_type"),
)
"""Kinds of records, one a family: `RECORDS[0]` is the first one's."""
OPTIONAL: Final[tuple[dict[str, Any], ...]] = (
    {"priority": {"type": "string", "enum": ["LOW", "MEDIUM", "HIGH"]}},
    {"amount_in_cents": {"type": "integer", "minimum": 0, "maximum": 1_000_000}},
    {"due_on": {"type": "string", "format": "date"}},
    {"is_urgent": {"type": "boolean"}},
    {"reference": {"type": "string", "minLength": 2, "maxLength": 12}},
)
"""Optional properties of the bodies of creates and updates, by turns of the families."""
OPERATIONS_OF_A_FAMILY: Final = 7
WITHOUT_WRITES: Final = 4
"""Of them, which come first and need none of the others."""
MAX_OPERATIONS: Final = 1 + OPERATIONS_OF_A_FAMILY * (len(RECORDS) - 1)
"""The last family is for a rest that is more than the reads of one."""
_REFERENCE: Final = re.compile(r"#/components/(\w+)/(\w+)")


def large_document(operations: int) -> dict[str, Any]:
    """Return an OpenAPI document with so many operations, the same for the same number.

    Raises ValueError for a number that is not from 1 to `MAX_OPERATIONS`.
    """
    if not 1 <= operations <= MAX_OPERATIONS:
        raise ValueError(f"a document of {operations:,} operations cannot be made: from 1 to {MAX_OPERATIONS}")
    contract: dict[str, Any] = read_yaml(CONTRACT.read_bytes())
    paths: dict[str, Any] = {STATUS: copy.deepcopy(contract["paths"][STATUS])}
    components: dict[str, Any] = copy.deepcopy(contract["components"])
    for path, method, operation, parts in _operations(contract, operations - 1):
        paths.setdefault(path, {})[method] = operation
        for (section, name), part in parts.items():
            components[section][name] = part
    paths[STATUS]["get"]["responses"]["200"]["links"] = _links(paths)
    _drop_unused(components, paths)
    about = {"title": "A large API", "version": "1"}
    return contract | {"info": about, "tags": [], "paths": paths, "components": components}


Parts = dict[tuple[str, str], Any]


def _operations(contract: dict[str, Any], count: int) -> Iterator[tuple[str, str, dict[str, Any], Parts]]:
    """Yield path, method, operation and its components: of whole families, and for the rest some without writes."""
    whole, rest = divmod(count, OPERATIONS_OF_A_FAMILY)
    for number, record in enumerate(RECORDS):
        size = OPERATIONS_OF_A_FAMILY if number < whole else min(rest, WITHOUT_WRITES)
        rest -= 0 if number < whole else size
        for path, method, operation in islice(_family(contract), size):
            found = {"path": path, "operation": operation, "parts": _parts(contract, operation)}
            renamed = json.loads(_renamed(json.dumps(found), _family_components(contract), record))
            parts = {tuple(name.split("/")): part for name, part in renamed["parts"].items()}
            for (section, name), part in parts.items():
                if section == "schemas" and name.startswith(("Create", "Update")):
                    part["properties"] |= OPTIONAL[number % len(OPTIONAL)]
            yield renamed["path"], method, renamed["operation"], parts


def _family(contract: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, method and operation of the family that all others are copies of."""
    paths = contract["paths"]
    listing = paths[LISTING]["get"]
    yield LISTING, "get", listing
    yield f"{LISTING}{{id}}", "get", _read(listing)
    yield f"{LISTING}archived/", "get", listing | {"operationId": "get_archived_appointments"}
    yield QUERY, "post", paths[QUERY]["post"]
    yield CANCEL, "post", paths[CANCEL]["post"]
    yield CREATE, "post", paths[CREATE]["post"]
    yield UPDATE, "put", paths[UPDATE]["put"]


def _read(listing: dict[str, Any]) -> dict[str, Any]:
    """Return an operation that reads one of the records of a listing."""
    record = {"type": "object", "required": ["results"], "properties": {"results": _ref("schemas", "Appointment")}}
    answers = {
        "200": {"description": "It.", "content": {"application/json": {"schema": record}}},
        "400": _ref("responses", "Refused"),
    }
    path_id = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "operationId": "get_appointment",
        "tags": listing["tags"],
        "summary": "Get one appointment",
        "parameters": [path_id],
        "responses": answers,
    }


def _ref(section: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{section}/{name}"}


def _parts(contract: dict[str, Any], operation: Any) -> dict[str, Any]:
    """Return the components that an operation refers to, also by others, by `section/name`."""
    found: dict[str, Any] = {}
    waiting = [operation]
    while waiting:
        for section, name in _REFERENCE.findall(json.dumps(waiting.pop())):
            if f"{section}/{name}" not in found:
                found[f"{section}/{name}"] = contract["components"][section][name]
                waiting.append(found[f"{section}/{name}"])
    return found


def _family_components(contract: dict[str, Any]) -> set[str]:
    """Return the names of the components that lead to a name of the family; the others are shared by all families."""
    return {
        name
        for section, parts in contract["components"].items()
        for name, part in parts.items()
        if "ppointment" in name or any("ppointment" in key for key in _parts(contract, part)) or section == "links"
        if section != "links"
    }


def _renamed(text: str, own: set[str], record: str) -> str:
    """Return the text of a family with the names of another kind of record."""
    title = "".join(word.capitalize() for word in record.split("_"))
    for name in sorted(own):
        if "ppointment" not in name:
            text = re.sub(rf"(\w+/){name}\b", rf"\g<1>{name}Appointment", text)
    return text.replace("Appointment", title).replace("appointment", record)


def _links(paths: dict[str, Any]) -> dict[str, Any]:
    """Return the links of the status operation: a created record's id is that which an update and a cancel take."""
    records = [one["x-record"] for item in paths.values() for one in item.values() if "x-record" in one]
    created = {"event_id": "$response.body#/created_record_id"}
    cancels = {one["cancelled-by"]: {"requestBody": created} for one in records}
    updates = {one["updated-by"]: {"parameters": created} for one in records}
    return {name: {"operationId": name, **values} for name, values in (cancels | updates).items()}


def _drop_unused(components: dict[str, Any], paths: dict[str, Any]) -> None:
    used = set(_parts({"components": components}, paths))
    for section, parts in components.items():
        if section != "securitySchemes":
            components[section] = {name: part for name, part in parts.items() if f"{section}/{name}" in used}
