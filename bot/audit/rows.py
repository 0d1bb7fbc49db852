"""Turns an entry into the exact text of its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Final

import orjson

from bot.audit.entry import Entry
from bot.audit.redact import cleaned, personal_mask, plain_text
from bot.audit.seal import seal
from bot.audit.spelling import Spelling, spelled
from bot.audit.subjects import SubjectKey
from bot.store.types import json_text

_PLAIN: Final = (
    "action",
    "actor",
    "case_id",
    "group_id",
    "group_name",
    "instance",
    "outcome",
    "platform",
    "quality",
    "request_id",
    "rule",
    "run_id",
    "step_id",
)
_plain = attrgetter(*_PLAIN)


def stored_row(
    entry: Entry, seq: int, at: str, subject: SubjectKey | None, prev_hash: str, asked: str | None = None
) -> list[str | None]:
    """Spell an entry as its columns in the order of `HASHED`: redacted, sealed, `at` as stored text.

    `asked`: the request it answers, where the entry names none of its own.
    """
    plain = [text if text is None or type(text) is str else str(text) for text in _plain(entry)]
    found = spelled(entry, plain) or in_full(entry, subject, plain)
    (action, actor, case, group, name, instance, outcome, platform, quality, request, rule, run, step) = (
        found.plain
    )
    sealed = None
    if subject is not None and found.personal:
        sealed = seal(subject.cipher, subject.pseudonym, found.personal)
    return [
        action,
        actor,
        found.after,
        at,
        found.before,
        case,
        found.detail,
        group,
        name,
        instance,
        outcome,
        platform,
        prev_hash,
        quality,
        request or asked,
        rule,
        run,
        sealed,
        str(seq),
        step,
        None if subject is None else subject.pseudonym,
    ]


def in_full(entry: Entry, subject: SubjectKey | None, plain: Sequence[str | None]) -> Spelling:
    """Spell an entry of which something has to be redacted, sealed or made fit for JSON."""
    mask = personal_mask(entry.person_id, subject.pseudonym if subject else None, entry.personal)
    return Spelling(
        [None if text is None else plain_text(text) for text in plain],
        _json(entry.before, mask),
        _json(entry.after, mask),
        _json(entry.detail or None, mask),
        orjson.dumps(cleaned(entry.personal, plain_text)) if entry.personal else None,
    )


def _json(value: Mapping[str, object] | None, mask: Callable[[str], str]) -> str | None:
    return None if value is None else json_text(cleaned(value, mask))
