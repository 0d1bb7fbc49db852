"""One-time and bearer secrets: made with 256 random bits, kept only as their hash, told once."""

from __future__ import annotations

import hashlib
import secrets

_BYTES = 32
"""256 bits: nobody guesses such a secret, so a plain SHA-256 of it may be kept."""


def make_secret(prefix: str = "") -> str:
    """Make a secret of 256 random bits, in letters that stand in a cookie, a header and a link."""
    return prefix + secrets.token_urlsafe(_BYTES)


def hash_of(secret: str) -> str:
    """Give what is stored of a secret."""
    return hashlib.sha256(secret.strip().encode()).hexdigest()
