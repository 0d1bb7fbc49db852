"""A company on Teams whose tenant tells Bawab what changes, over HTTP in both directions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.store.group_tables import SubscriptionRow
from bot.store.query import where
from bot.surfaces.beside import keepers
from bot.surfaces.graph.subscriptions import Keeper
from bot.surfaces.listener import listening
from connectors.chat.teams.sandbox import (
    CLIENT_ID,
    CLIENT_SECRET,
    TENANT_ID,
    Chat,
    Sandbox,
    Team,
    User,
    base_tenant,
    create_sandbox,
    m365_group,
    running_sandbox,
)
from tests.bot.world import World, company
from tests.ports import free_port

ANA, BADR, SALES, SOCIAL = (f"7a7a7a7a-0000-4000-8000-{number:012d}" for number in (1, 2, 11, 12))
CHAT = "19:abc@thread.v2"
STAFF = ("E1,Ana,ana@corp.test,Sales,active,,", "E2,Badr,badr@corp.test,Sales,active,,")
GONE = "E1,Ana,ana@corp.test,Sales,terminated,2026-11-19,"


@dataclass(slots=True)
class Tenant:
    """Both sides: the company with its listener, and the tenant that tells it."""

    company: World
    sandbox: Sandbox
    url: str
    """Where notifications go."""
    keeper: Keeper

    async def subscribed(self) -> list[SubscriptionRow]:
        """What Bawab has subscribed to, in order."""
        async with self.company.app.store.read() as tx:
            return sorted(await where(tx, SubscriptionRow), key=_resource)

    async def ana_is_out(self) -> None:
        """Let Ana leave, and be seen to be out of everything."""
        self.company.drop(*STAFF)
        await self.company.settle_in()
        self.company.drop(GONE, STAFF[1])
        await self.company.run()
        await self.company.release_all()
        await self.company.run()
        self.company.clock.turn(hours=2)
        await self.company.run()

    async def hinted(self) -> int:
        """How many looks the log says Graph hinted at."""
        return sum("graph_notification" in str(entry["detail"]) for entry in await self.company.log())

    async def drifts(self) -> Sequence[str]:
        """The groups in which somebody was found again."""
        return [e["group_name"] for e in await self.company.log() if e["action"] == "check.drift"]


def _resource(row: SubscriptionRow) -> str:
    return row.resource


@asynccontextmanager
async def told_by_graph(folder: Path) -> AsyncIterator[Tenant]:
    """Start both sides and the listener; nothing is subscribed to yet."""
    tenant = base_tenant().add(
        User(ANA, "Ana", "ana@corp.test"),
        User(BADR, "Badr", "badr@corp.test"),
        m365_group(SALES, "Sales", [ANA, BADR], [BADR]),
        m365_group(SOCIAL, "Social", [BADR], [BADR]),
        Team(SALES),
        Chat(CHAT, "Lunch", "group", {ANA: "owner", BADR: "owner"}),
    )
    listen = f"127.0.0.1:{free_port()}"
    sandbox = create_sandbox(tenant)
    async with running_sandbox(sandbox) as url:
        teams = {
            "tenant_id": TENANT_ID,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "notification_url": f"http://{listen}",
            "base_url": f"{url}/v1.0",
            "login_url": url,
            "pace_scale": 0.0,
            "timeout_seconds": 60.0,
            "backoff_seconds": 0.02,
        }
        extra = {"listen": listen, "teams": {"corp": teams}}
        async with company(folder, extra=extra) as world, listening(world.app):
            (keeper,) = keepers(world.app)
            yield Tenant(world, sandbox, f"http://{listen}/graph/corp", keeper)
