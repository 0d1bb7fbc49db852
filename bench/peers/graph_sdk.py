"""msgraph-sdk: one removal after another, ten at a time, or twenty in each batch by its own helper."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Sequence
from typing import Any

from kiota_abstractions.authentication import AnonymousAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient

BATCH = 20


def main(job: dict[str, Any], how: str) -> dict[str, Any]:
    """Remove everybody from everything; `how`: one, ten or batch. Gives how many ended in an error."""
    return asyncio.run(_all(job, how))


async def _all(job: dict[str, Any], how: str) -> dict[str, Any]:
    adapter = GraphRequestAdapter(AnonymousAuthenticationProvider())
    adapter.base_url = f"{job['url']}/v1.0"
    client = GraphServiceClient(request_adapter=adapter)
    pairs = [(group, user) for user, groups in job["leavers"].items() for group in groups]
    if how == "batch":
        together = importlib.import_module("bench.peers.graph_batches").together
        return {"errors": sum([await together(client, adapter, part) for part in _parts(pairs)])}
    turns = asyncio.Semaphore(1 if how == "one" else 10)

    async def one(group: str, user: str) -> int:
        async with turns:
            return await _remove(client, group, user)

    return {"errors": sum(await asyncio.gather(*(one(group, user) for group, user in pairs)))}


def _parts(pairs: Sequence[tuple[str, str]]) -> list[Sequence[tuple[str, str]]]:
    return [pairs[start : start + BATCH] for start in range(0, len(pairs), BATCH)]


def reference(client: Any, group: str, user: str) -> Any:
    """Give the SDK's builder of one membership."""
    return client.groups.by_group_id(group).members.by_directory_object_id(user).ref


async def _remove(client: Any, group: str, user: str) -> int:
    try:
        await reference(client, group, user).delete()
    except Exception:  # noqa: BLE001 - the SDK has an exception for each error; here it is one lost removal
        return 1
    return 0
