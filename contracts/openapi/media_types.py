"""Media types of JSON."""

from __future__ import annotations

import re

JSON_LIKE = re.compile(r"application/([\w.+-]+\+)?json\s*(;.*)?|application/\*|\*/\*", re.IGNORECASE)
"""Media types of JSON, with parameters or as a range, as the specification of OpenAPI allows them."""
