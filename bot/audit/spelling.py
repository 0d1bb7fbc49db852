"""The quick way to an entry's columns: where nothing in it needs cleaning, it is spelled as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import orjson

from bot.audit.entry import Entry
from bot.audit.redact import SHORTEST_MASKED, is_plain
from bot.store.types import json_text

_AS_IT_IS: Final = frozenset({str, bool, type(None), float})
_MOST: Final = 2**63


class Spelling(NamedTuple):
    """What an entry's caller handed over, as text."""

    plain: Sequence[str | None]
    before: str | None
    after: str | None
    detail: str | None
    personal: bytes | None
    """The JSON that is to be sealed."""


def spelled(entry: Entry, plain: Sequence[str | None]) -> Spelling | None:
    """Spell an entry of which `bot.audit.redact` would change nothing; None where it might.

    It may doubt what is harmless, never trust what is not: one look at all texts together finds every mark
    without which no secret, no e-mail and no sealed value can be there.
    """
    for given in (entry.before, entry.after, entry.detail, entry.personal):
        if given and not _is_simple(given):
            return None
    try:
        before, after, detail = _json(entry.before), _json(entry.after), _json(entry.detail or None)
        personal = orjson.dumps(entry.personal) if entry.personal else None
        told = "\n".join([text for text in (before, after, detail) if text])
        inside = "" if personal is None else personal.decode()
        texts = [text for text in plain if text]
        if is_plain("\n".join([*texts, told, inside])) and not _names(told, entry, inside):
            return Spelling(plain, before, after, detail, personal)
    except (TypeError, UnicodeEncodeError):
        pass  # what JSON cannot hold is made fit the long way
    return None


def _json(value: Mapping[str, object] | None) -> str | None:
    return None if value is None else json_text(value)


def _names(told: str, entry: Entry, inside: str) -> bool:
    """Whether JSON may hold an e-mail, the person's id or one of the values that are sealed beside it."""
    if "\\" in told or "\\" in inside:  # what is escaped looks different from itself
        return True
    if not told:
        return False
    if "@" in told:
        return True
    if entry.person_id is not None and entry.person_id in told:
        return True
    return any(text in told for text in _sealed_texts(entry.personal))


def _sealed_texts(personal: object) -> list[str]:
    if isinstance(personal, str):
        return [personal] if len(personal) >= SHORTEST_MASKED else []
    if isinstance(personal, Mapping):
        return [text for value in personal.values() for text in _sealed_texts(value)]
    if isinstance(personal, list | tuple):
        return [text for value in personal for text in _sealed_texts(value)]
    return []


def _is_simple(value: object) -> bool:
    """Whether JSON spells a value just as `cleaned` would: no instants, odd keys, numbers of many digits."""
    kind = type(value)
    if kind in _AS_IT_IS:
        return True
    if kind is dict:
        return _is_simple_object(value)  # type: ignore[arg-type]  # a dict
    if kind is int:
        return -_MOST <= value < _MOST  # type: ignore[operator]  # an int
    if kind is list or kind is tuple:
        return all(map(_is_simple, value))  # type: ignore[call-overload]  # one of both
    return isinstance(value, StrEnum)


def _is_simple_object(value: dict[object, object]) -> bool:
    for key, item in value.items():
        if type(key) is not str or (type(item) not in _AS_IT_IS and not _is_simple(item)):
            return False
    return True
