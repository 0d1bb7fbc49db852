"""Everything at once: AsyncWebClient with its rate-limit handler, all kicks gathered."""

from __future__ import annotations

import asyncio
from typing import Any

from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient


def main(job: dict[str, Any], retries: str) -> dict[str, Any]:
    """Gather all kicks; gives how many ended in an error."""
    return asyncio.run(_everything(job, int(retries)))


async def _everything(job: dict[str, Any], retries: int) -> dict[str, Any]:
    client = AsyncWebClient(token=job["tokens"]["bot"], base_url=f"{job['url']}/api/")
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=retries))
    calls = [
        client.conversations_kick(channel=group, user=person)
        for person, groups in job["leavers"].items()
        for group in groups
    ]
    results = await asyncio.gather(*calls, return_exceptions=True)
    return {"errors": sum(isinstance(result, BaseException) for result in results)}
