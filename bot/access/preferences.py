"""How somebody wants to be met: language, zone, calendar, channels; their own word before HR's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.store.access_tables import PreferenceRow
from bot.store.query import add, change, columns, one
from policies.model import Person


@dataclass(frozen=True, slots=True)
class Manner:
    """What holds for one person, once their own wishes, HR's record and the settings are put together."""

    language: str
    zone: str
    hijri: bool
    channels: tuple[str, ...]
    """Kinds of channel or names of instances, the first first."""


async def preference_of(tx: AsyncConnection, person_id: str) -> PreferenceRow | None:
    """Give what somebody chose, or None where they chose nothing yet."""
    return await one(tx, PreferenceRow, columns(PreferenceRow).person_id == person_id)


async def manner_of(app: Bawab, tx: AsyncConnection, person_id: str, person: Person | None) -> Manner:
    """Put together how somebody is met: what they chose, else what HR says of them, else the settings."""
    chosen, settings = await preference_of(tx, person_id), app.settings
    mine = chosen or PreferenceRow(person_id=person_id, updated_at=app.now())
    return Manner(
        language=mine.language or (person.language if person else None) or settings.language,
        zone=mine.zone or (person.time_zone if person else None) or settings.time_zone or "UTC",
        hijri=settings.console.hijri if mine.hijri is None else mine.hijri,
        channels=tuple(mine.channels or settings.notices.channels),
    )


async def keep_preference(app: Bawab, tx: AsyncConnection, person_id: str, chosen: dict[str, Any]) -> bool:
    """Store these fields of somebody's wishes; False where they stood so already."""
    values = {**chosen, "updated_at": app.now()}
    known = await preference_of(tx, person_id)
    if known is None:
        await add(tx, PreferenceRow(person_id=person_id, **values))
        return True
    if all(getattr(known, name) == value for name, value in chosen.items()):
        return False
    await change(tx, PreferenceRow, values, columns(PreferenceRow).person_id == person_id)
    return True


def plain_channels(channels: Sequence[str]) -> list[str]:
    """Give channels as stored: each once, in order."""
    return list(dict.fromkeys(channels))
