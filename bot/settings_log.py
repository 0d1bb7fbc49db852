"""A changed setting is an act: noticed when a run starts, and logged with what it was and what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.settings import Settings
from bot.store.query import add, change, columns, one
from bot.store.tables import MetaRow

KEY = "settings"
SEEN = "settings_of_hosts"
MOST_SEEN = 32
OF_A_HOST = frozenset({"data_dir", "policies", "registry", "staff", "witness", "listen"})
PERSONAL = frozenset({"it_contact", "notices.only_to"})
"""Settings that name people: that they changed is said, not to whom."""
Changes = dict[str, tuple[Any, Any]]
"""By name: what was set, and what is set now."""


async def note_settings(app: Bawab, tx: AsyncConnection, run_id: str) -> None:
    """Log what is set differently from the last run; the first run stores it without a word.

    Of many hosts on one PostgreSQL each has its own paths and address: of those, what no host had before.
    """
    now = dict(_flat(_plain(app.settings)))
    if app.store.dialect == "postgresql":
        own = {name: value for name, value in now.items() if _is_of_a_host(name)}
        shared = {name: value for name, value in now.items() if name not in own}
        changed = await _differing(tx, shared) | await _not_seen_before(tx, own)
        changed = {name: both for name, both in changed.items() if name in now or not _is_of_a_host(name)}
    else:
        changed = await _differing(tx, now)
    if not changed:
        return
    before = {name: _shown(name, was) for name, (was, _) in sorted(changed.items())}
    after = {name: _shown(name, is_now) for name, (_, is_now) in sorted(changed.items())}
    entry = Entry(Action.SETTINGS_CHANGE, "bawab", run_id=run_id, before=before, after=after)
    await app.audit.append(tx, entry)


async def _differing(tx: AsyncConnection, now: Mapping[str, Any]) -> Changes:
    """Give what differs from the last run; remembers it as it is now."""
    meta = columns(MetaRow)
    known = await one(tx, MetaRow, meta.key == KEY)
    if known is None:
        await add(tx, MetaRow(key=KEY, value=dict(now)))
        return {}
    names = [name for name in {*now, *known.value} if now.get(name) != known.value.get(name)]
    if names:
        await change(tx, MetaRow, {"value": dict(now)}, meta.key == KEY)
    return {name: (known.value.get(name), now.get(name)) for name in names}


async def _not_seen_before(tx: AsyncConnection, own: Mapping[str, Any]) -> Changes:
    """Give those of a host's own settings that no host had so; remembers the last few of each."""
    meta = columns(MetaRow)
    known = await one(tx, MetaRow, meta.key == SEEN)
    seen: dict[str, list[Any]] = {} if known is None else known.value
    new = {name: value for name, value in own.items() if value not in seen.get(name, [])}
    if not new:
        return {}
    found = seen | {name: [*seen.get(name, []), value][-MOST_SEEN:] for name, value in new.items()}
    if known is None:
        await add(tx, MetaRow(key=SEEN, value=found))
        return {}
    await change(tx, MetaRow, {"value": found}, meta.key == SEEN)
    return {name: (seen[name][-1] if seen.get(name) else None, value) for name, value in new.items()}


def _is_of_a_host(name: str) -> bool:
    """Whether hosts on one database may well differ in it: where files lie, and where it listens."""
    return name in OF_A_HOST or name.endswith((".path", "_file"))


def _plain(settings: Settings) -> dict[str, Any]:
    """Give the settings as JSON values; a secret is ten stars, whatever it is."""
    return settings.model_dump(mode="json")


def _flat(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        place = f"{path}.{name}" if path else name
        if isinstance(value, dict):
            yield from _flat(value, place)
        else:
            yield place, value


def _shown(name: str, value: object) -> object:
    return "(a person)" if name in PERSONAL and value else value
