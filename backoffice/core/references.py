"""Opaque references: what the outside world sees instead of row ids."""

import re
import secrets

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base32: no i, l, o, u
LENGTH = 20  # 100 bits

_LETTERS = bytes(
    ord(ALPHABET[byte % len(ALPHABET)]) for byte in range(256)
)  # 256 is a multiple of 32: all are as likely
_SHAPE = re.compile(r"^[a-z]{2,4}_[0-9a-hjkmnp-tv-z]{20}$")


def new(prefix: str) -> str:
    """A new reference such as ``ord_…``: unguessable, safe in URLs, one case."""
    return f"{prefix}_{secrets.token_bytes(LENGTH).translate(_LETTERS).decode()}"


def is_reference(text: str) -> bool:
    return bool(_SHAPE.match(text))
