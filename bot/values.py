"""Values of the model as stored JSON and back, without loss."""

from __future__ import annotations

from typing import Any

import orjson
from pydantic import TypeAdapter

from policies.model import Account, Group, LifecycleEvent, WayBack

_events = TypeAdapter(LifecycleEvent)
_accounts = TypeAdapter(Account)
_groups = TypeAdapter(Group)
_ways = TypeAdapter(WayBack)


def event_to_plain(event: LifecycleEvent) -> Any:
    """Give the event as plain JSON values; days stay days and instants stay instants."""
    return orjson.loads(_events.dump_json(event))


def event_from_plain(plain: Any) -> LifecycleEvent:
    """Read back what `event_to_plain` gave."""
    return _events.validate_json(orjson.dumps(plain))


def account_to_plain(account: Account) -> Any:
    """Give the account as plain JSON values."""
    return orjson.loads(_accounts.dump_json(account))


def account_from_plain(plain: Any) -> Account:
    """Read back what `account_to_plain` gave."""
    return _accounts.validate_json(orjson.dumps(plain))


def group_to_plain(group: Group | None) -> Any:
    """Give the group as plain JSON values."""
    return None if group is None else orjson.loads(_groups.dump_json(group))


def group_from_plain(plain: Any) -> Group | None:
    """Read back what `group_to_plain` gave."""
    return None if plain is None else _groups.validate_json(orjson.dumps(plain))


def way_to_plain(way: WayBack | None) -> Any:
    """Give a way back as plain JSON values."""
    return None if way is None else orjson.loads(_ways.dump_json(way))


def way_from_plain(plain: Any) -> WayBack | None:
    """Read back what `way_to_plain` gave."""
    return None if plain is None else _ways.validate_json(orjson.dumps(plain))
