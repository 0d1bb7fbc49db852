"""Signing out and deactivating on Slack, from the policy to the reading back, as far as the tokens allow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from bot.service import Service
from bot.store.query import where
from bot.store.tables import LaneRow, RecheckRow, StepRow
from connectors.chat.slack import SlackConnector
from connectors.chat.slack.sandbox import (
    ADMIN_TOKEN,
    BOT_TOKEN,
    base_workspace,
    create_sandbox,
    running_sandbox,
)
from tests.bot.slack_at import opened
from tests.bot.world import World, channel, people

POLICY = """\
version: 1
rules:
  - id: dismissal
    on: leaver
    groups: all
    action: remove
    account: [end_sessions, deactivate]
    when: now
    urgent: true
    approve: none
"""
STAFF = ["E1,Ana Quispe,ana@corp.test,Sales,active,,", "E2,Badr Saleh,badr@corp.test,Sales,active,,"]


@asynccontextmanager
async def dismissed(folder: Path, *scopes: str, admin: bool = True) -> AsyncIterator[World]:
    """Ana is dismissed, with an admin token of these scopes (default: all)."""
    sandbox = create_sandbox(
        base_workspace().add(*people("ana", "badr"), channel("sales-riyadh", "ana", "badr"))
    )
    if scopes:
        sandbox.workspace.tokens[ADMIN_TOKEN].scopes[:] = scopes
    async with (
        running_sandbox(sandbox) as url,
        opened(
            folder, sandbox, f"{url}/api/", BOT_TOKEN, admin=ADMIN_TOKEN if admin else None, policy=POLICY
        ) as world,
    ):
        world.drop(*STAFF)
        await world.settle_in()
        world.drop(STAFF[0].replace("active,,", "terminated,2026-11-19,"), STAFF[1])
        for _ in range(6):
            await world.run()
            await world.release_all()
            world.clock.turn(minutes=10)
        yield world


async def acts(world: World) -> dict[str, str]:
    """What was to be done, and where it stands."""
    return {step.action: step.state for step in await world.steps()}


async def test_whoever_is_dismissed_is_signed_out_taken_out_and_deactivated_and_each_is_read_back(
    tmp_path: Path,
) -> None:
    async with dismissed(tmp_path) as world:
        ana, badr = (world.sandbox.workspace.users[user] for user in ("UANA", "UBADR"))
        assert (ana.sessions, ana.deleted) == (0, True)
        assert (badr.sessions, badr.deleted) == (1, False)
        done = await acts(world)
        assert set(done.values()) == {"verified_absent"}, "seen gone before the account hides it"
        order = [entry.method for entry in world.sandbox.journal if entry.effect == "done"]
        assert order == ["admin.users.session.reset", "conversations.kick", "scim.users.patch"]
        assert (await world.app.audit.verify()).ok


async def test_without_an_admin_token_what_policy_asks_of_the_account_is_blocked_and_listed(
    tmp_path: Path,
) -> None:
    async with dismissed(tmp_path, admin=False) as world:
        listed = {"end_sessions": "blocked", "revoke": "verified_absent", "deactivate": "blocked"}
        assert await acts(world) == listed
        refused = {step.refusal for step in await world.steps() if step.state == "blocked"}
        assert refused == {"missing_scope"}
        assert [case.state for case in await world.cases()] == ["completed_with_exceptions"]


async def test_sessions_that_cannot_be_read_back_are_never_called_ended(tmp_path: Path) -> None:
    async with dismissed(tmp_path, "admin.users:write") as world:
        assert world.sandbox.workspace.users["UANA"].sessions == 0
        assert (await acts(world))["end_sessions"] not in {"verified_absent", "already_absent"}
        assert [case.state for case in await world.cases()] != ["completed"]


async def test_an_admin_token_taken_away_holds_up_no_other_later_look(
    tmp_path: Path,
) -> None:
    async with dismissed(tmp_path) as world:
        usual = world.app.chat["acme"]
        assert isinstance(usual, SlackConnector)
        world.app.chat["acme"] = SlackConnector(replace(usual._config, admin_token=None))
        world.service = Service(world.app)
        for _ in range(3):
            world.clock.turn(hours=1)
            await world.run()
        await usual.aclose()
        async with world.app.store.read() as tx:
            (lane,) = await where(tx, LaneRow)
            actions = {step.id: step.action for step in await where(tx, StepRow)}
            first = {
                actions[row.step_id]: row.done_at
                for row in await where(tx, RecheckRow)
                if row.kind == "after 3600 s"
            }
        assert lane.state == "open"
        assert first.pop("end_sessions") is None, "nobody can read sessions now"
        assert first
        assert all(first.values())
