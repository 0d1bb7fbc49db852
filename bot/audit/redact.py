"""Keeps secrets and personal data out of the plain columns, whatever a caller hands over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final

from bot.store.types import instant_text

REDACTED: Final = "[redacted]"
SEALED: Final = "[sealed]"

_SECRET: Final = re.compile(
    r"""xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{6,}     # Slack bot, user, refresh, configuration tokens
      | xapp-[A-Za-z0-9-]{6,}                        # Slack app-level token
      | hooks\.slack\.com/services/[A-Za-z0-9/]+     # Slack incoming webhook: its address is its secret
      | \bBearer\s+[A-Za-z0-9._~+/=-]{6,}
      | \d{5,}:[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])    # Telegram bot token
      | \beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*   # JSON Web Token
      | -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----[\s\S]*""",
    re.VERBOSE | re.IGNORECASE,
)
_EMAIL: Final = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+")
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
SHORTEST_MASKED: Final = 3


_MARKS: Final = ("xox", "xapp-", "hooks.slack", "bearer", "eyj", "-----", "\x00")
_COLON: Final = re.compile(r":[a-z0-9_-]{35}")
_ANY_COLON: Final = re.compile(_COLON.pattern, re.IGNORECASE)
"""What follows the digits in a Telegram bot token: begun by the colon, it is looked for quickly."""


def is_plain(text: str) -> bool:
    """Whether `plain_text` is sure to leave a text, and each part of it, as it is; may doubt, never err.

    Every secret holds one of a few marks in small letters, or what follows the colon of a bot's token.
    """
    if text.isascii():
        small, colon = text.lower(), _COLON
    elif _UNSTORABLE.search(text):
        return False
    else:
        small, colon = text.casefold(), _ANY_COLON  # as the search for secrets does, which minds no case
    for mark in _MARKS:
        if mark in small:
            return False
    return colon.search(text if colon is _ANY_COLON else small) is None


def plain_text(text: str) -> str:
    """Drop secrets, and characters that a database or UTF-8 cannot hold."""
    return _UNSTORABLE.sub("\ufffd", _SECRET.sub(REDACTED, text))


def personal_mask(person_id: str | None, pseudonym: str | None, personal: object) -> Callable[[str], str]:
    """Make the filter of one entry's JSON: no e-mail, sealed value or person's id is left plain.

    The id is replaced only where it is the whole text, by the pseudonym; a sealed value also as whole words.
    """
    found = {text for text in _texts(personal) if len(text) >= SHORTEST_MASKED}
    values = sorted(found, key=len, reverse=True)

    def mask(text: str) -> str:
        if person_id is not None and text == person_id:
            return str(pseudonym)
        text = _EMAIL.sub(SEALED, plain_text(text))
        for value in values:
            # Looked for first: to compile an expression for each entry would cost most of its time.
            if value in text:
                text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", SEALED, text)
        return text

    return mask


def cleaned(value: object, mask: Callable[[str], str]) -> object:
    """Rebuild a value from what JSON can hold, texts and keys through `mask`; never raises for its shape."""
    if isinstance(value, Enum):
        return cleaned(value.value, mask)
    if isinstance(value, str):
        return mask(value)
    if value is None or isinstance(value, int | float):
        return _number(value)
    if isinstance(value, Mapping):
        return {mask(str(key)): cleaned(item, mask) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: cleaned(getattr(value, f.name), mask) for f in fields(value)}
    return _other(value, mask)


def _number(value: float | None) -> object:
    # JSON in the store holds 64 bits; a lost entry would be worse than a number as text.
    too_long = type(value) is int and not -(2**63) <= value < 2**63
    return str(value) if too_long else value


def _other(value: object, mask: Callable[[str], str]) -> object:
    if isinstance(value, datetime):
        return instant_text(value) if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted((cleaned(item, mask) for item in value), key=str)
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [cleaned(item, mask) for item in value]
    return mask(str(value))


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _texts(item)
