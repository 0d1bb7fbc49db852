"""What somebody chooses for themselves: language, time zone, calendar, and the order of channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.access.actor import Actor
from bot.access.preferences import keep_preference, plain_channels, preference_of
from bot.acts.refusals import CannotAct
from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.locale.catalogue import LANGUAGES
from bot.store.access_tables import PreferenceRow

KINDS = ("slack", "telegram", "teams", "email", "webhook")


async def prefer(
    app: Bawab,
    who: Actor,
    *,
    language: str | None = None,
    zone: str | None = None,
    hijri: bool | None = None,
    channels: Sequence[str] | None = None,
) -> PreferenceRow:
    """Keep what somebody chose; what is None stays as it was. Raises CannotAct."""
    chosen: dict[str, Any] = {}
    if language is not None:
        chosen["language"] = _language(language)
    if zone is not None:
        chosen["zone"] = _zone(zone)
    if hijri is not None:
        chosen["hijri"] = hijri
    if channels is not None:
        chosen["channels"] = _channels(app, channels)
    async with app.store.write() as tx:
        if chosen and await keep_preference(app, tx, who.id, chosen):
            detail = {"set": sorted(chosen), "via": who.via}
            entry = Entry(Action.PREFERENCE_SET, who.logged, person_id=who.id, detail=detail)
            await app.audit.append(tx, entry)
        found = await preference_of(tx, who.id)
    return found or PreferenceRow(person_id=who.id, updated_at=app.now())


def _language(language: str) -> str:
    if language not in LANGUAGES:
        raise CannotAct("no_language", what=language)
    return language


def _zone(zone: str) -> str:
    try:
        return ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CannotAct("no_zone", what=zone) from None


def _channels(app: Bawab, channels: Sequence[str]) -> list[str]:
    known = [*KINDS, *app.settings.instance_names, *app.settings.webhooks]
    for name in channels:
        if name not in known:
            raise CannotAct("no_channel", what=name, known=", ".join(known))
    return plain_channels(channels)
