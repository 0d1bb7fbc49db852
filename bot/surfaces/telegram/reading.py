"""Updates out of Telegram's JSON: one that cannot be read must not keep the others from being heard."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from telegram import Bot, Update

UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)
"""What the SDK raises where a field it counts on is missing, as with a Bot API server of another age."""
# Spelt so that the SDK makes `getUpdates` of it without advising its own method, which reads all or nothing.
_RAW = "get_Updates"

logger = structlog.get_logger(__name__)


async def fetch(
    bot: Bot, *, offset: int | None, limit: int, seconds: int, kinds: Sequence[str]
) -> list[Update]:
    """Fetch a page of updates; raises what the bot raises."""
    try:
        page = await bot.get_updates(offset=offset, limit=limit, timeout=seconds, allowed_updates=list(kinds))
    except UNREADABLE:
        asked = {"limit": limit, "timeout": 0, "allowed_updates": list(kinds)}
        rows = await bot.do_api_request(_RAW, {**asked, "offset": offset} if offset else asked)
        found = [read_update(row, bot) for row in rows] if isinstance(rows, list) else []
        return [update for update in found if update is not None]
    return list(page)


def read_update(plain: object, bot: Bot) -> Update | None:
    """Read one update; an empty one where only its number can be read, None where not even that."""
    number = plain.get("update_id") if isinstance(plain, dict) else None
    if type(number) is not int or not isinstance(plain, dict):
        return None
    try:
        return Update.de_json(plain, bot)
    except UNREADABLE as error:
        # No more is said: the SDK's words could quote a message.
        logger.error("telegram_update_unreadable", update=number, error=type(error).__name__)  # noqa: TRY400
        return Update(number)
