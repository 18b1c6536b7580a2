"""Mocks that parse more than JSON, as a defect or as a variant."""

from __future__ import annotations

from typing import Final

import yaml

from contracts.mock.http.api import MockApi
from contracts.model.json_value import Json

MAX_LENIENT_BYTES: Final = 64 * 1024
"""Longer bodies are parsed as JSON only."""


class LenientParser(MockApi):
    """A mock that tries a second parser if a body is not JSON; the base of defects and variants."""

    def parse(self, body: bytes) -> Json:
        """Parse a body; ValueError if neither parser accepts it."""
        try:
            return super().parse(body)
        except ValueError:
            if len(body) > MAX_LENIENT_BYTES:
                raise
        try:
            return self.parse_leniently(body)
        except (TypeError, SyntaxError, MemoryError, RecursionError, yaml.YAMLError) as error:
            raise ValueError("neither JSON nor what the lenient parser accepts") from error

    def parse_leniently(self, body: bytes) -> Json:
        """Parse a body that is not JSON; ValueError, or an error of the parser in use, if it cannot."""
        raise NotImplementedError
