"""A company on three platforms at once: Slack, Telegram and a Microsoft tenant that all keep state."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.app import open_bawab
from bot.groups.memory import learn
from bot.service import Service
from bot.settings import HrFeed, Settings, TeamsInstance, TelegramInstance
from connectors.chat.slack.sandbox import Channel, User, base_workspace
from connectors.chat.slack.sandbox import create_sandbox as slack_sandbox
from connectors.chat.slack.sandbox import running_sandbox as running_slack
from connectors.chat.teams.sandbox import CLIENT_ID, CLIENT_SECRET, TENANT_ID, Tenant, base_tenant
from connectors.chat.teams.sandbox import Sandbox as TeamsSandbox
from connectors.chat.teams.sandbox import create_sandbox as teams_sandbox
from connectors.chat.teams.sandbox import running_sandbox as running_teams
from connectors.chat.telegram.sandbox import BOT_ADMIN, BOT_ID, BOT_TOKEN, OWNER_ID, base_world
from connectors.chat.telegram.sandbox import Sandbox as TelegramSandbox
from connectors.chat.telegram.sandbox import World as TelegramWorld
from connectors.chat.telegram.sandbox import create_sandbox as telegram_sandbox
from connectors.chat.telegram.sandbox import running_sandbox as running_telegram
from policies.model import Group, GroupKind
from tests.bot.world import POLICY, Clock, World, slack_instance

SLACK, TELEGRAM, TEAMS = "acme", "staff", "contoso"
_KINDS = {
    "group": GroupKind.BASIC_GROUP,
    "supergroup": GroupKind.SUPERGROUP,
    "channel": GroupKind.BROADCAST_CHANNEL,
}


@dataclass(slots=True)
class Offices(World):
    """The three worlds behind one Bawab; `sandbox` is Slack's."""

    telegram: TelegramSandbox = field(init=False)
    tenant: TeamsSandbox = field(init=False)

    def in_chats(self, user: int) -> set[str]:
        """Titles of the Telegram chats somebody is really in."""
        chats = self.telegram.world.chats.values()
        return {chat.title for chat in chats if chat.migrated_to is None and chat.member(user).inside}

    def in_entra(self, user: str) -> set[str]:
        """Names of the groups, channels and chats somebody is really in, or owns."""
        tenant = self.tenant.tenant
        groups = {g.display_name for g in tenant.groups.values() if user in (*g.members, *g.owners)}
        channels = {c.display_name for c in tenant.channels.values() if user in c.members}
        return groups | channels | {c.topic or c.id for c in tenant.chats.values() if user in c.members}

    async def know_chats(self) -> None:
        """Have Bawab know every Telegram chat the bot is in, as its listener would have learnt them."""
        async with self.app.store.write() as tx:
            for chat in self.telegram.world.chats.values():
                group = Group(TELEGRAM, "telegram", str(chat.id), chat.title, _KINDS[chat.type])
                await learn(self.app, tx, group, because="my_chat_member")


def telegram_world(people: Mapping[int, str], chats: Mapping[str, Iterable[int]]) -> TelegramWorld:
    """Make supergroups the bot administers, with these people in them."""
    world = base_world()
    for id_, name in people.items():
        world.add_user(name, id_=id_)
    for title, members in chats.items():
        world.add_chat("supergroup", title, OWNER_ID, members=members, bots={BOT_ID: BOT_ADMIN})
    return world


@asynccontextmanager
async def offices(
    folder: Path,
    *,
    slack: Sequence[User | Channel] = (),
    telegram: TelegramWorld | None = None,
    tenant: Tenant | None = None,
    policy: str = POLICY,
    registry: str | None = None,
    extra: Mapping[str, Any] | None = None,
) -> AsyncIterator[Offices]:
    """Start the three sandboxes and open Bawab on a fresh folder; without a tenant, on two platforms."""
    (folder / "hr").mkdir(exist_ok=True)
    (folder / "policy.yaml").write_text(policy, encoding="utf-8")
    if registry is not None:
        (folder / "groups.yaml").write_text(registry, encoding="utf-8")
    world = Offices(folder, slack_sandbox(base_workspace().add(*slack)), Clock())
    world.telegram = telegram_sandbox(telegram or base_world())
    world.tenant = teams_sandbox(tenant or base_tenant())
    async with AsyncExitStack() as stack:
        slack_url = await stack.enter_async_context(running_slack(world.sandbox))
        telegram_url = await stack.enter_async_context(running_telegram(world.telegram))
        teams_url = await stack.enter_async_context(running_teams(world.tenant))
        settings = Settings(
            _env_file=None,
            data_dir=folder / "data",
            policies=folder / "policy.yaml",
            registry=folder / "groups.yaml" if registry is not None else None,
            time_zone="Asia/Riyadh",
            hr={"hr": HrFeed(path=folder / "hr", settle_seconds=0.0)},
            slack={SLACK: slack_instance(slack_url)},
            telegram={TELEGRAM: telegram_instance(telegram_url)},
            teams={TEAMS: teams_instance(teams_url)} if tenant is not None else {},
            **(extra or {}),
        )
        world.app = await stack.enter_async_context(open_bawab(settings, now=world.clock))
        world.service = Service(world.app)
        yield world


def telegram_instance(url: str) -> TelegramInstance:
    """Settings of the Telegram sandbox as an instance, unpaced and not listened to."""
    return TelegramInstance.model_validate(
        {
            "bot_token": BOT_TOKEN,
            "base_url": url,
            "updates": "off",
            "pace_scale": 0.0,
            "timeout_seconds": 5.0,
            "backoff_seconds": 0.02,
        }
    )


def teams_instance(url: str) -> TeamsInstance:
    """Settings of the Microsoft sandbox as an instance, unpaced."""
    return TeamsInstance.model_validate(
        {
            "tenant_id": TENANT_ID,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "base_url": f"{url}/v1.0",
            "login_url": url,
            "pace_scale": 0.0,
            "timeout_seconds": 5.0,
            "backoff_seconds": 0.02,
        }
    )
