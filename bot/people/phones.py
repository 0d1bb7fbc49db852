"""Telephone numbers, as far as they can be compared without guessing a country."""

from __future__ import annotations

import unicodedata

SHORTEST, LONGEST = 7, 15
"""Digits of a number in E.164 form, country code included (ITU-T E.164)."""


def e164(text: str | None) -> str | None:
    """Give `+966501234567` for a number written with its country code; None for anything else.

    A number without its country (`0501234567`) could be somebody's in any country, so it is none here.
    """
    written, digits = unicodedata.normalize("NFKC", text or "").strip(), _digits(text)
    if not written.startswith("+"):
        if not digits.startswith("00"):
            return None
        digits = digits.removeprefix("00")
    return f"+{digits}" if SHORTEST <= len(digits) <= LONGEST and not digits.startswith("0") else None


def may_be(text: str | None, number: str) -> bool:
    """Whether a number written without its country may be `number`, which is in E.164 form."""
    national = _digits(text).lstrip("0")
    return e164(text) is None and len(national) >= SHORTEST and number.endswith(national)


def _digits(text: str | None) -> str:
    """Keep the digits, in whatever script they were written."""
    return "".join(str(unicodedata.digit(char)) for char in text or "" if char.isdecimal())
