"""What a night without news costs, and that nobody is taken for gone because little was asked about them."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from bot.drift.reconcile import Report
from connectors.chat.slack import SlackConfig, SlackConnector
from connectors.chat.slack.sandbox import BOT_TOKEN, GENERAL_ID, UserGroup
from tests.bot.adversary import WIDE, office
from tests.bot.test_reconcile import LEAVERS, most_leave, reconcile, since
from tests.bot.world import World, channel


def stay_in_general(world: World) -> None:
    """Slack takes nobody out of its default channel, so that whoever left is still shown in that."""
    there = world.members(GENERAL_ID)
    there.extend(f"U{name.upper()}" for name in LEAVERS if f"U{name.upper()}" not in there)


async def at_night(world: World) -> Report:
    """Compare in a process that has listed nobody yet."""
    url = str(world.app.settings.slack["acme"].base_url)
    async with aclosing(
        SlackConnector(SlackConfig("acme", BOT_TOKEN, base_url=url, pace_scale=0.0))
    ) as slack:
        world.app = replace(world.app, chat={"acme": slack})
        return await reconcile(world)


async def test_a_night_without_news_is_one_listing_for_each_and_no_account_is_asked_for(
    tmp_path: Path,
) -> None:
    async with office(
        tmp_path, *(channel(f"g{n}", *LEAVERS, "huda") for n in range(12)), extra=WIDE
    ) as world:
        await most_leave(world)
        stay_in_general(world)
        calls = len(world.sandbox.journal)
        report = await at_night(world)
        asked = since(world, calls)
    assert (report.people, report.found, report.gaps) == (len(LEAVERS), 0, 1)
    assert asked.count("users.conversations") == len(LEAVERS)
    once = ("auth.test", "conversations.listConnectInvites", "usergroups.list")
    assert sorted(method for method in asked if method != "users.conversations") == list(once)


async def test_of_whoever_came_back_the_account_is_asked_for_and_of_nobody_else(tmp_path: Path) -> None:
    async with office(
        tmp_path, *(channel(f"g{n}", *LEAVERS, "huda") for n in range(12)), extra=WIDE
    ) as world:
        await most_leave(world)
        stay_in_general(world)
        world.members("C-g3").append("USARA")
        calls = len(world.sandbox.journal)
        report = await at_night(world)
        asked = [entry for entry in world.sandbox.journal[calls:] if entry.method == "users.info"]
    assert report.found == 1
    assert [entry.params["user"] for entry in asked] == ["USARA"]
    assert since(world, calls).count("users.conversations") == len(LEAVERS), "nothing is read twice"


async def test_an_account_shown_in_nothing_is_asked_for_and_one_that_is_gone_is_said(tmp_path: Path) -> None:
    async with office(
        tmp_path, *(channel(f"g{n}", *LEAVERS, "huda") for n in range(12)), extra=WIDE
    ) as world:
        await most_leave(world)
        stay_in_general(world)
        for name in ("USARA", "UOMAR"):
            world.members(GENERAL_ID).remove(name)
        del world.sandbox.workspace.users["UOMAR"]
        calls = len(world.sandbox.journal)
        report = await at_night(world)
        asked = [entry for entry in world.sandbox.journal[calls:] if entry.method == "users.info"]
    assert {entry.params["user"] for entry in asked} == {"USARA", "UOMAR"}
    assert (report.found, report.unreadable, report.gaps) == (0, 0, 2)


async def test_read_by_group_nobody_s_account_is_asked_for_and_user_groups_are_listed_once(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, channel("lunch", *LEAVERS), extra=WIDE) as world:
        world.sandbox.workspace.add(*(UserGroup(f"S{n}", f"s{n}", ["UHUDA"]) for n in range(3)))
        await most_leave(world)
        world.sandbox.workspace.user_groups["S2"].users.append("USARA")
        calls = len(world.sandbox.journal)
        report = await at_night(world)
        asked = since(world, calls)
    assert (report.people, report.groups, report.found) == (5, 4, 1)
    assert asked.count("conversations.members") == 1
    assert not {"users.list", "usergroups.users.list"} & set(asked)
    assert asked.count("users.info") == 1, "of the one who is in a user group again"
