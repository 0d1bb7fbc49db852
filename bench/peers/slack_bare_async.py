"""The bare loop by the SDK's asynchronous client: one session, sixteen calls in flight, no memory."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

ABREAST = 16


def main(job: dict[str, Any]) -> dict[str, Any]:
    """Make `job["calls"]`: [method, verb, parameters]; gives how many Slack refused."""
    return asyncio.run(_all(job))


async def _all(job: dict[str, Any]) -> dict[str, Any]:
    turns = asyncio.Semaphore(ABREAST)
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            token=job["tokens"]["bot"], base_url=f"{job['url']}/api/", session=session, retry_handlers=[]
        )

        async def one(method: str, verb: str, said: dict[str, str]) -> int:
            given = {"params": said} if verb == "GET" else {"data": said}
            async with turns:
                try:
                    await client.api_call(method, http_verb=verb, **given)
                except SlackApiError:
                    return 1
            return 0

        return {"errors": sum(await asyncio.gather(*(one(*call) for call in job["calls"])))}
