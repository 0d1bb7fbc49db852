"""kill -9 while three platforms are worked on: hand-over, removal, closed links, disabled accounts."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_bawab
from bot.groups.memory import learn
from bot.holds import open_holds
from bot.release import release
from bot.service import Service
from bot.settings import Settings
from bot.store.query import where
from bot.store.tables import StepRow
from connectors.chat.slack.sandbox import ADMIN_TOKEN as SLACK_ADMIN
from connectors.chat.slack.sandbox import BOT_TOKEN as SLACK_TOKEN
from connectors.chat.slack.sandbox import Sandbox as SlackSandbox
from connectors.chat.slack.sandbox import base_workspace
from connectors.chat.slack.sandbox import create_sandbox as slack_sandbox
from connectors.chat.slack.sandbox import running_sandbox as running_slack
from connectors.chat.teams.sandbox import (
    CLIENT_ID,
    CLIENT_SECRET,
    TENANT_ID,
    EntraGroup,
    Team,
    User,
    base_tenant,
    m365_group,
)
from connectors.chat.teams.sandbox import Sandbox as TeamsSandbox
from connectors.chat.teams.sandbox import create_sandbox as teams_sandbox
from connectors.chat.teams.sandbox import running_sandbox as running_teams
from connectors.chat.telegram.sandbox import BOT_TOKEN as TELEGRAM_TOKEN
from connectors.chat.telegram.sandbox import Sandbox as TelegramSandbox
from connectors.chat.telegram.sandbox import create_sandbox as telegram_sandbox
from connectors.chat.telegram.sandbox import running_sandbox as running_telegram
from policies.model import Group, GroupKind
from tests.bot.offices import SLACK, TEAMS, TELEGRAM, telegram_world
from tests.bot.world import channel, people
from tests.faults.test_kill_nine import nursery

LEAVERS = ("ana", "omar")
STAYING = ("noura", "lina", "huda")
EVERYONE = (*LEAVERS, *STAYING)
NUMBER = {name: 7_000_000 + place for place, name in enumerate(EVERYONE)}
KILLS = 22
HEADER = f"employee_id,name,email,department,status,last_day,manager_id,account:{TELEGRAM}"
POLICY = """\
version: 1
rules:
  - id: leaver
    on: leaver
    groups: all
    action: remove_and_bar
    account: [end_sessions, deactivate]
    when: now
"""


@dataclass(slots=True)
class Worlds:
    """What is counted when all is over."""

    slack: SlackSandbox
    telegram: TelegramSandbox
    teams: TeamsSandbox
    plain: dict[str, Any]


def _tenant() -> TeamsSandbox:
    tenant = base_tenant()
    tenant.add(*(User(name, name, f"{name}@corp.test", f"{name}@corp.test") for name in EVERYONE))
    tenant.add(m365_group("g-sales", "sales", list(EVERYONE), ["ana"]), Team("g-sales"))
    tenant.add(EntraGroup("g-vpn", "vpn", list(EVERYONE), ["noura"]))
    tenant.add(EntraGroup("g-crm", "crm", list(EVERYONE), ["noura", "omar"]))
    return teams_sandbox(tenant)


@asynccontextmanager
async def worlds(folder: Path) -> AsyncIterator[Worlds]:
    channels = [channel(name, *EVERYONE) for name in ("sales-a", "lunch", "town")]
    slack = slack_sandbox(base_workspace().add(*people(*EVERYONE), *channels))
    chats = {title: NUMBER.values() for title in ("sales-chat", "lunch-chat")}
    telegram = telegram_sandbox(telegram_world({number: name for name, number in NUMBER.items()}, chats))
    teams = _tenant()
    async with (
        running_slack(slack) as slack_url,
        running_telegram(telegram) as telegram_url,
        running_teams(teams) as teams_url,
    ):
        plain = {
            "data_dir": str(folder / "data"),
            "policies": str(folder / "policy.yaml"),
            "time_zone": "Asia/Riyadh",
            "hr": {"hr": {"path": str(folder / "hr"), "settle_seconds": 0.0}},
            "slack": {
                SLACK: {
                    "bot_token": SLACK_TOKEN,
                    "admin_token": SLACK_ADMIN,
                    "base_url": f"{slack_url}/api/",
                    "scim_url": f"{slack_url}/scim/v1/",
                    "pace_scale": 0.0,
                }
            },
            "telegram": {
                TELEGRAM: {
                    "bot_token": TELEGRAM_TOKEN,
                    "base_url": telegram_url,
                    "updates": "off",
                    "pace_scale": 0.0,
                }
            },
            "teams": {
                TEAMS: {
                    "tenant_id": TENANT_ID,
                    "client_id": CLIENT_ID,
                    "client_secret": CLIENT_SECRET,
                    "base_url": f"{teams_url}/v1.0",
                    "login_url": teams_url,
                    "pace_scale": 0.0,
                }
            },
        }
        yield Worlds(slack, telegram, teams, plain)


def rows(*, gone: bool) -> str:
    lines = [HEADER]
    for name in EVERYONE:
        left = "terminated,2026-11-01" if gone and name in LEAVERS else "active,"
        boss = "" if name == "noura" else "noura"
        lines.append(f"{name},{name.title()},{name}@corp.test,Sales,{left},{boss},{NUMBER[name]}")
    return "\n".join(lines) + "\n"


async def baseline(folder: Path, world: Worlds) -> None:
    """The first run, observed and released, before anything is killed."""
    (folder / "hr").mkdir()
    (folder / "policy.yaml").write_text(POLICY)
    (folder / "hr" / "1.csv").write_text(rows(gone=False))
    async with open_bawab(Settings(_env_file=None, **world.plain)) as app:
        async with app.store.write() as tx:
            for chat in world.telegram.world.chats.values():
                group = Group(TELEGRAM, "telegram", str(chat.id), chat.title, GroupKind.SUPERGROUP)
                await learn(app, tx, group, because="my_chat_member")
        await Service(app).once(quiet=0.0)
        async with app.store.read() as tx:
            holds = await open_holds(tx)
        for hold in holds:
            await release(app, hold.digest, actor="person:noura")
    (folder / "hr" / "2.csv").write_text(rows(gone=True))


@pytest.mark.parametrize("seed", [11, 2026])
async def test_killed_on_three_platforms_everybody_is_out_once_and_nobody_else(
    tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - chooses where to kill, guards nothing
    async with worlds(tmp_path) as world, nursery() as victims:
        await baseline(tmp_path, world)
        kills = 0
        while kills < KILLS:
            status = await victims.run(world.plain, kill_after=dice.randrange(3_000, 16_000))
            assert status in (-9, 0)
            if status == 0:
                break
            kills += 1
        assert await victims.run(world.plain, kill_after=None) == 0
        assert kills >= KILLS // 2, f"only {kills} kills before the work was done: kill earlier"
        await _check_log(world)
        check(world)


def check(world: Worlds) -> None:
    removed = Counter(world.slack.effective_removals())
    once = {(f"C-{name}", f"U{who.upper()}"): 1 for name in ("sales-a", "lunch", "town") for who in LEAVERS}
    assert removed == once
    for chat in world.telegram.world.chats.values():
        inside = {user for user, member in chat.members.items() if member.inside}
        assert inside & set(NUMBER.values()) == {NUMBER[name] for name in STAYING}
    tenant = world.teams.tenant
    left = {
        group.display_name: {*group.members, *group.owners} & set(EVERYONE)
        for group in tenant.groups.values()
    }
    assert left == {name: set(STAYING) for name in left}
    assert "noura" in tenant.groups["g-sales"].owners, "the manager took the group over"
    assert {name for name in EVERYONE if not tenant.users[name].account_enabled} == set(LEAVERS)


async def _check_log(world: Worlds) -> None:
    async with open_bawab(Settings(_env_file=None, **world.plain)) as app:
        async with app.store.read() as tx:
            steps = await where(tx, StepRow)
        assert {step.state for step in steps} <= {"verified_absent", "already_absent"}, [
            (step.instance, step.action, step.group_id, step.state, step.refusal, step.detail)
            for step in steps
        ]
        assert {step.action for step in steps} >= {"hand_over", "revoke", "deactivate", "end_sessions"}
        assert (await app.audit.verify()).ok
