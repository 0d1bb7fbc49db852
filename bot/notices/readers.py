"""Whoever reads a message: language, zone, calendar and channels, by their own word before HR's."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.locale import Translator, translator
from bot.notices.ports import NoticeLimits
from bot.store.access_tables import PreferenceRow
from bot.store.people import person as record_of
from bot.store.query import columns, one


@dataclass(frozen=True, slots=True)
class Reader:
    """How one person is written to."""

    language: str | None
    """Their own choice, else HR's word; None where neither says."""
    zone: str
    hijri: bool
    channels: tuple[str, ...] | None
    """Kinds of channel or names of instances in their order; None where they never chose."""

    def translator(self, fallback: str) -> Translator:
        """Give the sentences in their language, else in the one given."""
        return translator(self.language, fallback).with_hijri(self.hijri)


async def reader_of(tx: AsyncConnection, person_id: str, limits: NoticeLimits) -> Reader:
    """Put together how somebody is written to: what they chose, else HR's record, else the settings."""
    chosen = await one(tx, PreferenceRow, columns(PreferenceRow).person_id == person_id)
    known = await record_of(tx, person_id)
    hijri = chosen.hijri if chosen is not None else None
    return Reader(
        language=(chosen.language if chosen else None) or (known.language if known else None),
        zone=(chosen.zone if chosen else None) or (known.time_zone if known else None) or limits.time_zone,
        hijri=limits.hijri if hijri is None else hijri,
        channels=tuple(chosen.channels) if chosen is not None and chosen.channels else None,
    )
