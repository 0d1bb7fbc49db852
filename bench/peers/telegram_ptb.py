"""python-telegram-bot: one ban after another, all gathered, or with its own AIORateLimiter."""

from __future__ import annotations

import asyncio
from typing import Any

from telegram.error import RetryAfter, TelegramError
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import HTTPXRequest

TRIES = 100


def main(job: dict[str, Any], how: str) -> dict[str, Any]:
    """Ban everybody everywhere; `how`: sequential, gathered or limiter. Gives how many ended in an error."""
    return asyncio.run(_all(job, how))


async def _all(job: dict[str, Any], how: str) -> dict[str, Any]:
    limiter = AIORateLimiter(max_retries=TRIES) if how == "limiter" else None
    request = HTTPXRequest(connection_pool_size=64, pool_timeout=600.0)
    bot = ExtBot(job["tokens"]["bot"], f"{job['url']}/bot", request=request, rate_limiter=limiter)
    pairs = [(int(user), int(chat)) for user, chats in job["leavers"].items() for chat in chats]
    async with bot:
        if how == "sequential":
            return {"errors": sum([await _ban(bot, user, chat) for user, chat in pairs])}
        return {"errors": sum(await asyncio.gather(*(_ban(bot, user, chat) for user, chat in pairs)))}


async def _ban(bot: ExtBot[Any], user: int, chat: int) -> int:
    """Ban, waiting as long as Telegram says; 1 where it did not work."""
    for _ in range(TRIES):
        try:
            await bot.ban_chat_member(chat, user)
        except RetryAfter as error:
            seconds = error.retry_after
            await asyncio.sleep(seconds if isinstance(seconds, int | float) else seconds.total_seconds())
        except TelegramError:
            return 1
        else:
            return 0
    return 1
