"""What a change notification of Graph means: where to look; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Item = Mapping[str, Any]

MOST_ITEMS = 1000
"""Of one request; Graph sends far fewer."""


class Lifecycle(StrEnum):
    """What Graph says of a subscription itself."""

    REAUTHORIZE = "reauthorizationRequired"
    REMOVED = "subscriptionRemoved"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Told:
    """One item of a request; `state` is the word that was agreed upon, and a secret."""

    subscription_id: str
    state: str = field(repr=False)
    lifecycle: Lifecycle | None = None
    item: Item = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class GroupChanged:
    """Memberships of a group, team, channel or chat changed; `added` are account ids, where told."""

    group_id: str
    added: tuple[str, ...] = ()


def items_of(body: object) -> list[Told] | None:
    """Read a request; None for what is no collection of notifications."""
    rows = body.get("value") if isinstance(body, dict) else None
    if not isinstance(rows, list) or len(rows) > MOST_ITEMS:
        return None
    return [_told(row) for row in rows if isinstance(row, dict)]


def _told(row: Item) -> Told:
    event = row.get("lifecycleEvent")
    lifecycle = Lifecycle(event) if isinstance(event, str) and event in set(Lifecycle) else None
    return Told(str(row.get("subscriptionId", "")), str(row.get("clientState", "")), lifecycle, row)


def changes_of(item: Item) -> Iterator[GroupChanged]:
    """Give the groups that changed; nothing for what cannot have let anybody in, or names no group."""
    if item.get("changeType") == "deleted":
        return
    group_id = _group_in(str(item.get("resource", "")))
    data = item.get("resourceData")
    deltas = [data[name] for name in _DELTAS if name in data] if isinstance(data, dict) else []
    added = tuple(account for delta in deltas for account in _added(delta))
    if group_id and (added or not deltas):
        yield GroupChanged(group_id, added)


_INNERMOST = (
    re.compile(r"channels\('(?P<id>[^']+)'\)", re.IGNORECASE),
    re.compile(r"chats\('(?P<id>[^']+)'\)", re.IGNORECASE),
    re.compile(r"teams\('(?P<id>[^']+)'\)", re.IGNORECASE),
    re.compile(r"(?:^|/)channels/(?P<id>[^/]+)", re.IGNORECASE),
    re.compile(r"(?:^|/)chats/(?P<id>[^/]+)", re.IGNORECASE),
    re.compile(r"(?:^|/)(?:teams|groups)/(?P<id>[^/]+)", re.IGNORECASE),
)
_DELTAS = ("members@delta", "owners@delta")
_COLLECTIONS = frozenset({"getallmembers", "getallchannels"})


def _group_in(resource: str) -> str:
    """Find the group in `teams('…')/channels('…')/members('…')` or `Groups/…`: the innermost is meant."""
    for form in _INNERMOST:
        found = form.search(resource)
        if found is not None and found["id"].lower() not in _COLLECTIONS:
            return found["id"]
    return ""


def _added(delta: object) -> Iterator[str]:
    """Read whom a group's `members@delta` adds; whoever went carries `@removed`."""
    for row in delta if isinstance(delta, list) else ():
        if isinstance(row, dict) and "@removed" not in row and isinstance(row.get("id"), str):
            yield row["id"]
