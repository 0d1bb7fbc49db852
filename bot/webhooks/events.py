"""What another program is told of an entry: that it happened, to which case; nobody's name and no words.

A person is their pseudonym in the log. Whoever may know more asks the API for the case, with a token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from bot.audit.actions import Action
from bot.store.types import instant_text

_COPIED: Final = ("case_id", "step_id", "run_id", "subject", "instance", "platform", "rule", "quality")
_DETAIL: Final = frozenset({"hold", "kind", "count", "due", "steps", "task", "feed"})
"""Of an entry's detail: numbers, instants and ids of our own. Reasons, notes and names are not among them."""
NEVER: Final = frozenset({Action.WEBHOOK_SEND.value, Action.WEBHOOK_FAIL.value})
"""Telling of a delivery would make another delivery, without end."""


def is_told(action: str, events: Sequence[str]) -> bool:
    """Whether a webhook wants entries of this action: by its own name, or by its subject (`case`)."""
    return action not in NEVER and (action in events or action.partition(".")[0] in events)


def message(row: Mapping[str, Any]) -> bytes:
    """Give the body for a stored entry, the same bytes each time it is asked for."""
    detail = _decoded(row["detail"])
    data = {name: row[name] for name in _COPIED if row[name] is not None}
    data |= {"seq": row["seq"], "outcome": row["outcome"], "by": _kind_of(row["actor"])}
    data |= {name: value for name, value in detail.items() if name in _DETAIL and _is_plain(value)}
    at = row["at"] if isinstance(row["at"], str) else instant_text(row["at"])
    return orjson.dumps({"type": row["action"], "timestamp": at, "data": data}, option=orjson.OPT_SORT_KEYS)


def _kind_of(actor: str) -> str:
    """`person`, `bawab`, `system`: who exactly is asked of the log."""
    return actor.partition(":")[0]


def _decoded(value: Any) -> Mapping[str, Any]:
    found = orjson.loads(value) if isinstance(value, str) else value
    return found if isinstance(found, dict) else {}


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool)
