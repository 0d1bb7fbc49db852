"""What an index answers for a connector: complete or raising, with its gaps, and never more than was read."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.drift.member_index import GroupRead, MemberIndex, Reader, member_to_plain, reading
from connectors.contract import NO_GROUPS, ListsMembers, Revocation
from connectors.errors import Forbidden, Unavailable
from policies.model import Account, Gap, Group, GroupKind, Membership, Person, Role
from tests.bot.adversary import office
from tests.bot.world import World, channel

LUNCH = Group("acme", "slack", "C-lunch", "lunch", GroupKind.PUBLIC_CHANNEL)
TEA = Group("acme", "slack", "C-tea", "tea", GroupKind.PUBLIC_CHANNEL)
ANA = Account("acme", "UANA")
OWNER = member_to_plain(Membership(ANA, LUNCH, Role.OWNER, sole_owner=True))
IN_LUNCH = GroupRead(LUNCH, "read", {"UANA": OWNER})


def index(world: World, *groups: GroupRead, listing: bool = False) -> MemberIndex:
    return MemberIndex(world.app.chat["acme"], frozenset({"UANA"}), groups, list_accounts=listing)


async def everything(connector: Reader, account: Account) -> list[Membership | Gap]:
    return [found async for found in connector.memberships(account, NO_GROUPS)]


async def test_it_answers_from_the_groups_that_were_read_and_asks_nobody(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "omar")) as world:
        calls = len(world.sandbox.journal)
        found = await everything(index(world, IN_LUNCH, GroupRead(TEA, "read", {})), ANA)
        assert found == [Membership(ANA, LUNCH, Role.OWNER, sole_owner=True)]
        assert len(world.sandbox.journal) == calls


async def test_with_one_group_not_read_yet_it_raises_rather_than_say_less(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "omar")) as world:
        with pytest.raises(Unavailable, match="not every group"):
            await everything(index(world, IN_LUNCH, GroupRead(TEA, "waiting", {})), ANA)


async def test_a_group_that_could_not_be_read_is_a_gap_with_its_reason(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "omar")) as world:
        closed = GroupRead(TEA, "unreadable", {}, "not_in_channel")
        found = await everything(index(world, closed), ANA)
        assert found == [Gap("acme", "members_unseen", group_id="C-tea", detail="not_in_channel")]


async def test_of_whoever_it_does_not_cover_the_platform_is_asked(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "omar")) as world:
        found = await everything(index(world, IN_LUNCH), Account("acme", "UOMAR"))
        assert "C-lunch" in {one.group.id for one in found if isinstance(one, Membership)}


async def test_accounts_come_from_one_listing_and_one_that_is_gone_is_not_made_up(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "omar")) as world:
        answering = index(world, IN_LUNCH, listing=True)
        asked = Person("ana", "", account_ids=(("acme", "UANA"),))
        calls = len(world.sandbox.journal)
        for _ in range(3):
            assert [account.id async for account in answering.accounts(asked)] == ["UANA"]
        assert [entry.method for entry in world.sandbox.journal[calls:]].count("users.list") == 1
        del world.sandbox.workspace.users["UANA"]
        fresh = index(world, IN_LUNCH, listing=True)
        assert [account async for account in fresh.accounts(asked)] == []


async def test_a_comparison_can_write_nothing_and_lists_no_ways_back(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "omar")) as world:
        reader = reading(world.app, "acme").chat["acme"]
        step = Revocation("step_1", "UOMAR", Membership(Account("acme", "UOMAR"), LUNCH))
        with pytest.raises(Forbidden):
            await reader.revoke([step])
        assert "UOMAR" in world.members("C-lunch")
        assert not isinstance(reader, ListsMembers)
