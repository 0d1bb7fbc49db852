"""Text that every database can keep: a NUL that a platform sends is replaced before anything reads it."""

from __future__ import annotations

import re
from typing import Final

_ESCAPED: Final = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_INSTEAD: Final = rb"\1\\ufffd"


def storable(body: bytes) -> bytes:
    """Give a JSON body with U+FFFD in the place of each NUL.

    JSON can hold a NUL only as the escape `\\u0000` (RFC 8259, section 7). PostgreSQL's text cannot hold it
    at all, and SQLite's functions end at it. A name that somebody chose must stop no case, so it is not
    refused; and it is replaced here, so that what is stored, hashed and compared is one and the same.
    """
    if b"\\u0000" not in body:
        return body
    return _ESCAPED.sub(_INSTEAD, body)
