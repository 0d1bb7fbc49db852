"""The toy connector with all that is optional: who is in a group, handing over, and the way back."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from connectors.contract import (
    Closing,
    Outcome,
    Presence,
    Promotion,
    Quality,
    Result,
    Sight,
    WayBack,
    WayKind,
)
from connectors.errors import ConnectorError
from connectors.manifest import load_manifest
from connectors.wire import Access, Route
from policies.model import Account, Gap, Group, Membership, Refusal, Role
from tests.contract.toy.connector import GET, ROUTES, ToyConnector, evidence

MORE = (
    Route("members", GET, "toy", "groups/{group}/members", Access.READ, "all"),
    Route("promote", frozenset({"PUT"}), "toy", "groups/{group}/owners/{person}", Access.WRITE, "all"),
    Route("link", GET, "toy", "groups/{group}/link", Access.READ, "all"),
    Route("renew", frozenset({"POST"}), "toy", "groups/{group}/link", Access.WRITE, "all"),
)


class WholeToy(ToyConnector):
    """ListsMembers, TransfersOwnership and ClosesTheWayBack."""

    routes = (*ROUTES, *MORE)
    capabilities = load_manifest(Path(__file__).with_name("manifest.toml"))

    async def members(self, group: Group) -> AsyncIterator[Membership | Gap]:
        for item in await self._pages(f"groups/{group.id}/members"):
            yield Membership(Account(self.instance, item["id"]), group, Role(item["role"]))

    async def promote(self, step: Promotion) -> Result:
        if step.account.id == step.leaver_id:
            seen = evidence("guard", Quality.OBSERVED)
            return Result(step.step_id, Outcome.REFUSED, seen, Refusal.AMBIGUOUS)
        return await self._write(step.step_id, "PUT", f"groups/{step.group.id}/owners/{step.account.id}")

    async def sole_ownership(self, step: Promotion) -> Presence:
        try:
            seen = [item async for item in self.members(step.group)]
        except ConnectorError as error:
            return _unreadable(step.step_id, "members", error)
        owners = {
            item.account.id for item in seen if isinstance(item, Membership) and item.role is Role.OWNER
        }
        sight = Sight.ABSENT if step.account.id in owners else Sight.PRESENT
        return Presence(step.step_id, sight, evidence("members", Quality.OBSERVED))

    async def ways_back(self, account: Account, groups: Sequence[Group]) -> AsyncIterator[WayBack | Gap]:
        _ = account  # A link leads anybody in.
        ways = [WayBack(group.id, WayKind.INVITE_LINK, group, await self._mark(group)) for group in groups]
        for way in ways:
            yield way
        remedy = "Ask the members whom they have told the link."
        yield Gap(self.instance, "links_told_to_others", remedy=remedy)

    async def close_way_back(self, step: Closing) -> Result:
        return await self._write(step.step_id, "POST", f"groups/{step.way.id}/link")

    async def way_back_open(self, step: Closing) -> Presence:
        assert step.way.group is not None
        try:
            mark = await self._mark(step.way.group)
        except ConnectorError as error:
            return _unreadable(step.step_id, "link", error)
        sight = Sight.PRESENT if mark == step.way.mark else Sight.ABSENT
        return Presence(step.step_id, sight, evidence("link", Quality.OBSERVED))

    async def _mark(self, group: Group) -> str:
        """Give a fingerprint of the link: the link itself is as good as a key, and is not kept."""
        status, answer = await self._call("GET", f"groups/{group.id}/link")
        if status != 200:
            raise ConnectorError(
                f"{self.instance}: the link of {group.id} cannot be read: {answer.get('error')}"
            )
        return hashlib.sha256(answer["link"].encode()).hexdigest()[:16]


def _unreadable(step_id: str, source: str, error: ConnectorError) -> Presence:
    return Presence(step_id, Sight.UNREADABLE, evidence(source, Quality.UNKNOWN), str(error))
