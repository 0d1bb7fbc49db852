"""Turns an entry into the exact text of its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.audit.entry import Entry
from bot.audit.redact import cleaned, personal_mask, plain_text
from bot.audit.seal import seal
from bot.audit.subjects import SubjectKey
from bot.store.types import json_text

_COPIED = (
    "case_id",
    "step_id",
    "run_id",
    "instance",
    "platform",
    "group_id",
    "group_name",
    "rule",
    "quality",
    "request_id",
)


def stored_row(
    entry: Entry, seq: int, at: str, subject: SubjectKey | None, prev_hash: str
) -> dict[str, int | str | None]:
    """Spell an entry as its row, without its hash: redacted, sealed, `at` as stored text."""
    mask = personal_mask(entry.person_id, subject.pseudonym if subject else None, entry.personal)
    return {
        "seq": seq,
        "at": at,
        "actor": plain_text(entry.actor),
        "action": entry.action.value,
        "outcome": plain_text(entry.outcome),
        "subject": subject.pseudonym if subject else None,
        **{name: _plain(getattr(entry, name)) for name in _COPIED},
        "before": _json(entry.before, mask),
        "after": _json(entry.after, mask),
        "detail": _json(entry.detail or None, mask),
        "sealed": _sealed(entry, subject),
        "prev_hash": prev_hash,
    }


def _plain(value: str | None) -> str | None:
    return None if value is None else plain_text(str(value))


def _json(value: Mapping[str, object] | None, mask: Callable[[str], str]) -> str | None:
    return None if value is None else json_text(cleaned(value, mask))


def _sealed(entry: Entry, subject: SubjectKey | None) -> str | None:
    if subject is None or not entry.personal:
        return None
    return seal(subject.key, subject.pseudonym, cleaned(entry.personal, plain_text))
