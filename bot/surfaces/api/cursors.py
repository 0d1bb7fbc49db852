"""Key-set pagination: a cursor says after which row the next page begins, and in which list."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

import orjson

from bot.surfaces.api.problems import Code, FieldProblem, Problem

LONGEST: Final = 500
MOST: Final = 200
USUAL: Final = 50


def cursor_of(listing: str, *key: str | int) -> str:
    """Spell the place after the row with this key; opaque to whoever reads it."""
    return base64.urlsafe_b64encode(orjson.dumps([listing, *key])).decode().rstrip("=")


def place_of(listing: str, cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """Give the key a cursor of this list stands for, None without one; raises Problem for any other text."""
    if cursor is None:
        return None
    try:
        name, *key = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, binascii.Error):
        raise strange() from None
    if name != listing or [type(part) for part in key] != list(kinds):
        raise strange()
    return tuple(key)


def strange() -> Problem:
    """Make the problem of a cursor that no page of this list gave."""
    told = "give back `next` as the page before gave it, for the same list"
    error = FieldProblem(place="query", pointer="/cursor", code="cursor", detail=told)
    return Problem(Code.INVALID, f"this is no cursor of this list: {told}", errors=[error])
