"""Resolve the references (`$ref`) of a document, with the `referencing` library.

References lead into the document itself, or into files of its folder. Nothing is fetched from an address.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from referencing import Registry, Resource
from referencing._core import Resolver  # its only address
from referencing.exceptions import NoSuchAnchor, NoSuchResource, Unresolvable

from contracts.errors import ContractError
from contracts.model.json_value import Json, resolve_pointer
from contracts.openapi.schema_names import SCHEMA_NAMES, SchemaNames
from contracts.openapi.schemas import ANNOTATIONS
from contracts.untrusted.bounded_files import MAX_CONTRACT_FILE_BYTES, read_bytes
from contracts.untrusted.bounded_yaml import MAX_DEPTH, MAX_VALUES, YamlError, read_yaml

MAX_EXPANDED = 5 * MAX_VALUES // 2
"""Values of an operation with each reference replaced: several copies of it fit into a gigabyte."""
RECURSIONS = 2
"""Levels that a recursive schema is expanded to; below them everything is valid."""
NAMED = frozenset(
    {
        *("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"),
        *("responses", "content", "headers", "links", "callbacks", "parameters"),
    }
)
"""The keys of these objects are names, whatever keyword they look like."""
LITERALS = frozenset({"example", "default", "enum", "const"})
"""The values of these keywords are data, in which `$ref` has no meaning."""
REFERENCES = frozenset({"$ref", "$dynamicRef"})
BESIDE_REFERENCE_30 = ANNOTATIONS | {"nullable", "readOnly", "writeOnly"}


class References:
    """The references of one document. `files` are the contents of the other files that were read, by their path."""

    def __init__(self, file: Path, raw: Json) -> None:
        """Read nothing yet. `file` is where the document is, `raw` its content."""
        self.files: dict[Path, bytes] = {}
        self._folder = file.resolve().parent
        self._base = file.resolve().as_uri()
        self._raw = raw
        self._names = SchemaNames(raw)
        self._beside = BESIDE_REFERENCE_30 if str(raw.get("openapi", "")).startswith("3.0") else None
        registry: Registry[Json] = Registry(retrieve=self._retrieve)  # type: ignore[call-arg]
        # Opaque: an `$id` in a schema changes no base address.
        self._registry = registry.with_resource(self._base, Resource.opaque(raw))

    def resolve(self, node: Json) -> Json:
        """Return a part of the document with each `$ref` replaced by its target.

        Keywords beside a `$ref` override those of its target; in OpenAPI 3.0 they have no meaning, and only annotations
        and `nullable`, which authors write there all the same, count. A recursive schema is expanded `RECURSIONS`
        times. `ContractError` if a reference is remote, dangling or leads only to itself, or if the result exceeds the
        limits.
        """
        return _Expansion(self._registry.resolver(self._base), self._names, self._beside).resolve(node)

    def components_of(self, nodes: Sequence[Json]) -> frozenset[tuple[str, ...]]:
        """Return the places of the components that these parts of the document refer to, directly or not."""
        found: set[tuple[str, ...]] = set()
        waiting = list(nodes)
        while waiting:
            node = waiting.pop()
            if isinstance(node, dict):
                waiting += node.values()
                place = tuple(unquote(step) for step in str(node.get("$ref", "")).split("/"))[1:4]
                if place[:1] == ("components",) and place not in found:
                    found.add(place)
                    waiting.append(resolve_pointer(self._raw, "/" + "/".join(place)))
            elif isinstance(node, list):
                waiting += node
        return frozenset(found)

    def _retrieve(self, uri: str) -> Resource[Json]:
        parts = urlsplit(uri)
        file = Path(unquote(parts.path))
        if parts.scheme != "file" or not file.resolve().is_relative_to(self._folder):
            raise NoSuchResource(uri)
        try:
            content = read_bytes(file, MAX_CONTRACT_FILE_BYTES)
        except OSError as error:
            raise ContractError(f"the referenced file {file.name} cannot be read ({error.strerror})") from error
        try:
            resource: Resource[Json] = Resource.opaque(read_yaml(content))
        except YamlError as error:
            raise ContractError(f"the referenced file {file.name} is {error}") from error
        self.files[file] = content
        return resource


class _Expansion:
    """Replaces the references of one part of a document."""

    def __init__(self, resolver: Resolver[Json], names: SchemaNames, beside: frozenset[str] | None) -> None:
        self._resolver = resolver
        self._names = names
        self._beside = beside
        self._values = 0
        self._around: list[Json] = []
        """The schemas around the present one that have a name or a base address."""

    def resolve(self, node: Json) -> Json:
        return self._resolve(node, self._resolver, (), 1)

    def _resolve(
        self, node: Json, resolver: Resolver[Json], seen: tuple[int, ...], depth: int, *, are_names: bool = False
    ) -> Json:
        """Resolve a node at this depth; `seen` are the targets around it, `are_names` tells that its keys are names."""
        self._values += 1
        if self._values > MAX_EXPANDED:
            raise ContractError(f"it comes to more than {MAX_EXPANDED:,} values, references counted")
        if depth > MAX_DEPTH:
            raise ContractError(f"it is nested more than {MAX_DEPTH} levels deep, references counted")
        if isinstance(node, list):
            return [self._resolve(entry, resolver, seen, depth + 1) for entry in node]
        if not isinstance(node, dict):
            return node
        if are_names:
            return {key: self._resolve(value, resolver, seen, depth + 1) for key, value in node.items()}
        if isinstance(node.get("$dynamicRef"), str):
            node = {**node, "$ref": node["$dynamicRef"]}
        is_around = bool(SCHEMA_NAMES & node.keys())
        if is_around:
            self._around.append(node)
        try:
            if isinstance(node.get("$ref"), str):
                return self._follow(node, resolver, seen, depth)
            return {
                key: value
                if key in LITERALS or key.startswith("x-")
                else self._resolve(value, resolver, seen, depth + 1, are_names=key in NAMED)
                for key, value in node.items()
                if key not in SCHEMA_NAMES
            }
        finally:
            if is_around:
                self._around.pop()

    def _follow(self, node: Json, resolver: Resolver[Json], seen: tuple[int, ...], depth: int) -> Json:
        """Return the target of a reference, itself resolved, with the keywords beside the reference."""
        chain: list[int] = []
        beside: dict[str, Json] = {}
        found: Json = node
        while isinstance(found, dict) and isinstance(found.get("$ref"), str):
            beside = {**self._kept_beside(found), **beside}
            found, resolver = self._look_up(found["$ref"], resolver, is_dynamic="$dynamicRef" in found)
            if id(found) in chain:
                raise ContractError(f"the reference {node['$ref']} leads only to itself")
            chain.append(id(found))
        if any(seen.count(target) >= RECURSIONS for target in chain):
            return {}
        if isinstance(found, bool) and not beside:
            return found  # a schema that everything, or nothing, fits
        if not isinstance(found, dict):
            raise ContractError(f"the reference {node['$ref']} leads to no object")
        return self._resolve({**found, **beside}, resolver, (*seen, *chain), depth)

    def _kept_beside(self, node: Json) -> dict[str, Json]:
        """Return the keywords beside a reference that count."""
        return {
            key: value
            for key, value in node.items()
            if key not in REFERENCES
            and key not in SCHEMA_NAMES
            and (self._beside is None or key in self._beside or key.startswith("x-"))
        }

    def _look_up(self, reference: str, resolver: Resolver[Json], *, is_dynamic: bool) -> tuple[Json, Resolver[Json]]:
        """Return the target of a reference, and the resolver for the references in it."""
        spelled = "".join(reference.split())  # folded over lines, it holds blanks, which no name does
        if (named := self._names.find(spelled, self._around, is_dynamic=is_dynamic)) is not None:
            return named, resolver
        try:
            resolved = resolver.lookup(spelled)
        except NoSuchAnchor:
            raise ContractError(f"the reference {reference} leads nowhere") from None
        except (Unresolvable, TypeError, ValueError) as error:  # the latter: a step into a number, by name into a list
            raise ContractError(_why_unresolved(spelled, error)) from error
        return resolved.contents, resolved.resolver


def _why_unresolved(reference: str, error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ContractError):
            return str(cause)
        cause = cause.__cause__
    if urlsplit(reference).scheme:
        return f"the reference {reference} is remote: only files in the document's folder are read"
    if urlsplit(reference).path:
        return f"the reference {reference} leads out of the document's folder, or to no file"
    return f"the reference {reference} leads nowhere"
