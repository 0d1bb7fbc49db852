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
PERSONAL = frozenset({"it_contact", "notices.only_to"})
"""Settings that name people: that they changed is said, not to whom."""


async def note_settings(app: Bawab, tx: AsyncConnection, run_id: str) -> None:
    """Log what is set differently from the last run; the first run stores it without a word."""
    meta, now = columns(MetaRow), dict(_flat(_plain(app.settings)))
    known = await one(tx, MetaRow, meta.key == KEY)
    if known is None:
        await add(tx, MetaRow(key=KEY, value=now))
        return
    names = sorted(name for name in {*now, *known.value} if now.get(name) != known.value.get(name))
    if not names:
        return
    await change(tx, MetaRow, {"value": now}, meta.key == KEY)
    before = {name: _shown(name, known.value.get(name)) for name in names}
    after = {name: _shown(name, now.get(name)) for name in names}
    entry = Entry(Action.SETTINGS_CHANGE, "bawab", run_id=run_id, before=before, after=after)
    await app.audit.append(tx, entry)


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
