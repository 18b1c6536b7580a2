"""Mocks that read more than JSON: what such servers have in common, as a defect or as a variant."""

from __future__ import annotations

from typing import Final

import yaml

from contracts.mock.http.api import MockApi
from contracts.model.json_value import Json

MAX_LENIENT_BYTES: Final = 64 * 1024
"""Longer bodies are parsed as RFC 8259 says, and not a second time."""


class LenientParser(MockApi):
    """A mock that parses a body in a second way where it is no JSON; neither a defect nor a variant by itself."""

    def parse(self, body: bytes) -> Json:
        """Parse a body; ValueError if it can be read in neither way."""
        try:
            return super().parse(body)
        except ValueError:
            if len(body) > MAX_LENIENT_BYTES:
                raise
        try:
            return self.parse_leniently(body)
        except (TypeError, SyntaxError, MemoryError, RecursionError, yaml.YAMLError) as error:
            raise ValueError("neither JSON nor anything close to it") from error

    def parse_leniently(self, body: bytes) -> Json:
        """Parse a body that is no JSON; ValueError, or an error of the parser in use, if it cannot be read."""
        raise NotImplementedError
