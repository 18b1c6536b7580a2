"""Which credentials an operation takes, by its security requirements."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.model.json_value import Json

TOKEN_TYPES = frozenset({"oauth2", "openIdConnect"})
"""Security schemes whose access token is sent as a bearer token (RFC 6750)."""


def needs_bearer_token(raw: Json, details: Json) -> bool:
    """Return whether requests without a bearer token have to be rejected."""
    alternatives = _alternatives(raw, details)
    return {} not in alternatives and any(
        all(_is_bearer(_schemes(raw).get(name, {})) for name in one) for one in alternatives
    )


def other_credentials(raw: Json, details: Json) -> list[str]:
    """Return the credentials that an operation takes in place of a bearer token; empty if it takes one, or none."""
    alternatives = _alternatives(raw, details)
    if {} in alternatives or needs_bearer_token(raw, details):
        return []
    named = [" with ".join(_spelled(_schemes(raw).get(name, {})) for name in one) for one in alternatives]
    return list(dict.fromkeys(named))


def _alternatives(raw: Json, details: Json) -> list[Mapping[str, Json]]:
    security = details.get("security", raw.get("security")) or [{}]
    return [one for one in security if isinstance(one, dict)]


def _schemes(raw: Json) -> Mapping[str, Json]:
    components = raw.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, dict) else None
    return {name: one for name, one in schemes.items() if isinstance(one, dict)} if isinstance(schemes, dict) else {}


def _is_bearer(scheme: Json) -> bool:
    """Return whether a scheme is bearer authentication; one that the document does not describe is taken for it."""
    if scheme.get("type") == "http":
        return str(scheme.get("scheme", "")).lower() == "bearer"
    return not scheme or scheme.get("type") in TOKEN_TYPES


def _spelled(scheme: Json) -> str:
    if scheme.get("type") == "apiKey":
        return f"an API key in the {scheme.get('in', 'header')} {scheme.get('name', '')}".rstrip()
    if scheme.get("type") == "http":
        return f"{str(scheme.get('scheme', '')).capitalize()} authentication"
    return "a bearer token" if _is_bearer(scheme) else f"{scheme.get('type')} credentials"
