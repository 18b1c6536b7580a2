"""Values of environment variables, of which the operating system allows any bytes."""

from __future__ import annotations

from contracts.errors import UsageError


def require_utf8(name: str, value: str) -> str:
    """Return the value of a variable; `UsageError` without the value if it is not UTF-8.

    Python turns each byte that it cannot decode into a lone surrogate, which cannot be sent or written.
    """
    try:
        value.encode()
    except UnicodeEncodeError as error:
        byte = ord(value[error.start]) & 0xFF
        raise UsageError(f"{name} is not UTF-8 (it holds the byte 0x{byte:02X}): give its value in UTF-8.") from None
    return value
