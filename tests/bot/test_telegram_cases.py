"""Telegram from the HR record to the proof: leavers barred, movers put out, creators asked for in time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.drift.desk import remove
from bot.groups.memory import known_groups, learn, moved
from bot.status import status
from bot.store.group_tables import DriftRow
from bot.store.query import where
from bot.store.tables import GapRow, NoticeRow, TaskRow
from bot.surfaces.telegram.groups import Groups
from bot.surfaces.telegram.meanings import BotOutside
from connectors.chat.telegram.sandbox import BOT_ADMIN, BOT_ID, OWNER_ID, CannotJoin, base_world
from policies.registry import load_registry
from policies.selectors import registered, registry_of
from tests.bot.offices import TELEGRAM, Offices, offices

ANA, BADR, NOORA = 7_000_001, 7_000_002, 7_000_003
POLICY = """\
version: 1
rules:
  - id: leaver
    on: leaver
    groups: all
    action: remove_and_bar
    when: end_of_last_day
  - id: mover
    on: mover
    groups: all
    action: remove
    when: now
posts:
  - department: Sales
    groups:
      - name: "sales-*"
"""
HEADER = f"employee_id,name,email,department,status,last_day,time_zone,manager_id,account:{TELEGRAM}"
REGISTRY = """\
version: 1
groups:
  - {instance: staff, group: sales-riyadh, name: sales-riyadh, owner: E3}
"""


def staff(*, last_day: str = "", department: str = "Sales") -> Sequence[str]:
    return (
        f"E1,Ana Quispe,ana@corp.test,{department},active,{last_day},,E3,{ANA}",
        f"E2,Badr Saleh,badr@corp.test,Sales,active,,,E3,{BADR}",
        f"E3,Noora Saad,noora@corp.test,Sales,active,,,,{NOORA}",
    )


@asynccontextmanager
async def firm(folder: Path) -> AsyncIterator[Offices]:
    """Ana is a member here, an admin there, and the creator of one group."""
    world = base_world()
    for id_, name in ((ANA, "Ana"), (BADR, "Badr"), (NOORA, "Noora")):
        world.add_user(name, id_=id_)
    everyone = (ANA, BADR, NOORA)
    bots = {BOT_ID: BOT_ADMIN}
    world.add_chat("supergroup", "sales-riyadh", OWNER_ID, members=everyone, bots=bots)
    world.add_chat("channel", "news", OWNER_ID, members=everyone, bots=bots)
    world.add_chat("group", "sales-lunch", OWNER_ID, members=everyone, bots=bots)
    world.add_chat("supergroup", "anas-own", ANA, members=(BADR, NOORA), bots=bots)
    async with offices(
        folder, telegram=world, policy=POLICY, registry=REGISTRY, extra={"it_contact": "E3"}
    ) as made:
        await made.know_chats()
        yield made


async def settle(world: Offices, rows: Sequence[str]) -> None:
    world.drop(*rows, header=HEADER)
    for _ in range(3):
        await world.run()
        await world.release_all()
    await world.run()


async def leave(world: Offices) -> None:
    await settle(world, staff())
    await settle(world, staff(last_day="2026-11-20"))
    world.clock.turn(days=1)
    await settle(world, staff(last_day="2026-11-20"))


def chat_id(world: Offices, title: str) -> int:
    chats = world.telegram.world.chats.values()
    return next(chat.id for chat in chats if chat.title == title and chat.migrated_to is None)


async def test_a_leaver_is_out_of_every_chat_and_cannot_walk_back_in(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await leave(world)
        assert world.in_chats(ANA) == {"anas-own"}
        assert world.in_chats(BADR) == {"sales-riyadh", "news", "sales-lunch", "anas-own"}
        states = {step.group["name"]: step.state for step in await world.steps() if step.action == "revoke"}
        own = states.pop("anas-own")
        assert set(states.values()) == {"verified_absent"}
        assert own == "delegated"
        with pytest.raises(CannotJoin):
            world.telegram.world.person_joins(chat_id(world, "sales-riyadh"), ANA)
        assert (await world.app.audit.verify()).ok


async def test_what_only_the_creator_can_give_away_is_asked_of_it_before_the_day(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await settle(world, staff())
        await settle(world, staff(last_day="2026-12-20"))
        (asked,) = (await status(world.app)).orphans
        assert (asked.group_name, asked.why) == ("anas-own", "creator")


async def test_a_creator_who_gave_the_group_away_in_time_is_taken_out_by_the_bot(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await settle(world, staff())
        await settle(world, staff(last_day="2026-11-20"))
        world.telegram.world.owner_changes(chat_id(world, "anas-own"), NOORA)
        world.telegram.world.person_demoted(chat_id(world, "anas-own"), ANA, NOORA)
        world.clock.turn(days=1)
        await settle(world, staff(last_day="2026-11-20"))
        assert world.in_chats(ANA) == set()


async def test_the_creators_group_becomes_a_task_for_somebody(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await leave(world)
        async with world.app.store.read() as tx:
            (task,) = await where(tx, TaskRow)
        assert task.assignee_id == "E3"


async def test_a_mover_leaves_the_old_posts_chats_and_may_be_invited_again(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await settle(world, staff())
        await settle(world, staff(department="Finance"))
        assert world.in_chats(ANA) == {"news", "anas-own"}
        sales = chat_id(world, "sales-riyadh")
        world.telegram.world.person_added(sales, ANA, OWNER_ID)
        assert "sales-riyadh" in world.in_chats(ANA), "kicked, not barred"


async def test_a_group_that_became_a_supergroup_meanwhile_is_followed(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await settle(world, staff())
        await settle(world, staff(last_day="2026-11-20"))
        new = world.telegram.world.upgrade_to_supergroup(chat_id(world, "sales-lunch"))
        world.clock.turn(days=1)
        await settle(world, staff(last_day="2026-11-20"))
        assert "sales-lunch" not in world.in_chats(ANA)
        moved = [
            step for step in await world.steps() if step.group_id == str(new) and step.action == "revoke"
        ]
        assert [step.state for step in moved] == ["verified_absent"]
        assert "group.move" in [entry["action"] for entry in await world.log()]


async def test_a_bot_thrown_out_of_a_group_says_so_and_the_rest_goes_on(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await settle(world, staff())
        await settle(world, staff(last_day="2026-11-20"))
        world.telegram.world.bot_removed(chat_id(world, "sales-riyadh"), OWNER_ID)
        world.clock.turn(days=1)
        await settle(world, staff(last_day="2026-11-20"))
        assert world.in_chats(ANA) == {"sales-riyadh", "anas-own"}
        async with world.app.store.read() as tx:
            gaps = {(gap.reason, gap.group_id) for gap in await where(tx, GapRow)}
        assert ("bot_not_in_group", str(chat_id(world, "sales-riyadh"))) in gaps


async def test_a_bot_demoted_in_mid_case_hands_the_group_to_its_owner(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await settle(world, staff())
        await settle(world, staff(last_day="2026-11-20"))
        world.telegram.world.bot_demoted(
            chat_id(world, "sales-riyadh"), OWNER_ID, BOT_ADMIN - {"can_restrict_members"}
        )
        world.clock.turn(days=1)
        await settle(world, staff(last_day="2026-11-20"))
        assert "sales-riyadh" in world.in_chats(ANA)
        (step,) = [
            s for s in await world.steps() if s.group["name"] == "sales-riyadh" and s.action == "revoke"
        ]
        assert (step.state, step.refusal) == ("delegated", "no_right")


async def test_a_confirmation_that_is_not_true_is_seen_asked_again_and_stops_nothing(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await leave(world)
        async with world.app.store.read() as tx:
            (task,) = await where(tx, TaskRow)
        await world.service.messages.tasks.attest(task.id, "E2")
        for _ in range(4):
            world.clock.turn(hours=2)
            await world.run()
        assert "anas-own" in world.in_chats(ANA)
        (own,) = [s for s in await world.steps() if s.group["name"] == "anas-own" and s.action == "revoke"]
        assert own.state != "attested", "what can be read is read"
        async with world.app.store.read() as tx:
            drifts = await where(tx, DriftRow)
        assert [drift.state for drift in drifts] == ["open"], "somebody decides"
        assert (await world.app.audit.verify()).ok


async def test_a_removal_by_hand_that_has_to_be_asked_for_again_is_asked_for_again(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await leave(world)
        async with world.app.store.read() as tx:
            (task,) = await where(tx, TaskRow)
        await world.service.messages.tasks.attest(task.id, "E2")
        await world.run()
        async with world.app.store.read() as tx:
            (drift,) = await where(tx, DriftRow)
        await remove(world.app, [drift.id], actor="person:E2")
        await world.run()
        async with world.app.store.read() as tx:
            (again,) = await where(tx, TaskRow)
            (drift,) = await where(tx, DriftRow)
        assert (again.state, again.first_by) == ("open", None)
        reminded = [entry for entry in await world.log() if entry["action"] == "task.remind"]
        assert len(reminded) == 1, "and somebody is told so"
        async with world.app.store.read() as tx:
            told = [name for row in await where(tx, NoticeRow) for name in row.groups.get("told", ())]
        assert f"{again.id}/{again.reminders}/open" in told
        assert drift.state == "open", "nobody waits for a removal the bot cannot do"


async def test_a_group_the_bot_was_thrown_out_of_stays_known_and_is_said_of_everybody_in_it(
    tmp_path: Path,
) -> None:
    async with firm(tmp_path) as world:
        await settle(world, staff())
        sales = chat_id(world, "sales-riyadh")
        world.telegram.world.bot_removed(sales, OWNER_ID)
        await Groups(world.app, TELEGRAM).outside(BotOutside(str(sales), "kicked"))
        await settle(world, staff(last_day="2026-11-20"))
        world.clock.turn(days=1)
        await settle(world, staff(last_day="2026-11-20"))
        async with world.app.store.read() as tx:
            gaps = {(gap.reason, gap.group_id) for gap in await where(tx, GapRow)}
        assert ("bot_not_in_group", str(sales)) in gaps


async def test_a_group_keeps_its_row_in_the_registry_under_its_new_id(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        lunch = chat_id(world, "sales-lunch")
        named = REGISTRY + f'  - {{instance: staff, group: "{lunch}", name: other, owner: E3}}\n'
        (tmp_path / "groups.yaml").write_text(named, encoding="utf-8")
        new = world.telegram.world.upgrade_to_supergroup(lunch)
        async with world.app.store.write() as tx:
            await moved(world.app, tx, TELEGRAM, str(lunch), str(new))
            (group,) = [g for g in (await known_groups(tx, TELEGRAM)).groups if g.id == str(new)]
            await learn(world.app, tx, replace(group, former_ids=(), name="Lunch"), because="my_chat_member")
            (group,) = [g for g in (await known_groups(tx, TELEGRAM)).groups if g.id == str(new)]
        row = registered(group, registry_of(load_registry(named, "groups.yaml")))
        assert row is not None
        assert (row.name, row.owner_id) == ("other", "E3")
