"""Who is in a group: everybody over all pages, told apart by the directory, or a gap that says why not."""

from __future__ import annotations

import pytest

from connectors.chat.slack.sandbox import BOT_TOKEN, Channel, Fault, FaultKind, User, create_sandbox
from connectors.contract import ListsMembers
from connectors.errors import ConnectorError
from policies.model import AccountKind, Gap, Group, GroupKind, Membership, Role
from tests.connectors.slack.stage import BOT_ID, INSTANCE, Stage, staged, workspace

MEMBERS = "conversations.members"


def group(group_id: str, kind: GroupKind = GroupKind.PUBLIC_CHANNEL) -> Group:
    return Group(INSTANCE, "slack", group_id, group_id.lower(), kind)


async def inside(stage: Stage, group_id: str, kind: GroupKind = GroupKind.PUBLIC_CHANNEL) -> list[Membership]:
    found = [item async for item in stage.slack.members(group(group_id, kind))]
    assert all(isinstance(item, Membership) for item in found)
    return [item for item in found if isinstance(item, Membership)]


async def test_everybody_in_a_channel_is_given_over_all_pages_bots_too() -> None:
    world = workspace().add(*(User(f"UX{n}", f"x{n}") for n in range(7)))
    world.channels["C1"].members += [f"UX{n}" for n in range(7)]
    async with staged(sandbox=create_sandbox(world, page_cap=2)) as stage:
        assert isinstance(stage.slack, ListsMembers)
        found = {item.account.id: item for item in await inside(stage, "C1")}
    assert set(found) == set(world.channels["C1"].members)
    assert found[BOT_ID].account.kind is AccountKind.BOT
    assert found["UX3"].account.name == "x3"
    assert {item.role for item in found.values()} == {Role.MEMBER}


async def test_the_members_of_a_user_group_are_given() -> None:
    async with staged() as stage:
        assert [item.account.id for item in await inside(stage, "S1", GroupKind.USER_GROUP)] == ["U1", "U2"]


async def test_one_listing_of_the_accounts_serves_many_groups() -> None:
    async with staged() as stage:
        for channel in ("C1", "C2", "CARCHIVED", "CSHARED"):
            await inside(stage, channel)
        assert len(stage.sandbox.calls("users.list")) == 1
        assert not stage.sandbox.calls("users.info")


async def test_somebody_whom_the_directory_does_not_list_is_never_left_out() -> None:
    world = workspace()
    world.channels["CSHARED"].members.append("UELSEWHERE")
    async with staged(world) as stage:
        found = {item.account.id: item.account for item in await inside(stage, "CSHARED")}
    assert found["UELSEWHERE"].kind is AccountKind.EXTERNAL


async def test_a_private_channel_without_the_bot_is_a_gap_with_its_remedy() -> None:
    async with staged() as stage:
        (gap,) = [item async for item in stage.slack.members(group("G2", GroupKind.PRIVATE_CHANNEL))]
    assert isinstance(gap, Gap)
    assert (gap.reason, gap.group_id) == ("members_unseen", "G2")
    assert "Invite the bot" in gap.remedy


async def test_a_missing_scope_is_named_in_the_gap() -> None:
    world = workspace()
    world.tokens[BOT_TOKEN].scopes.remove("usergroups:read")
    async with staged(world) as stage:
        (gap,) = [item async for item in stage.slack.members(group("S1", GroupKind.USER_GROUP))]
    assert isinstance(gap, Gap)
    assert "usergroups:read" in gap.detail


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.HTTP_500, MEMBERS, nth=2, times=0),
        Fault(FaultKind.CURSOR_LOOP, MEMBERS, times=0),
        Fault(FaultKind.ERROR, MEMBERS, error="access_denied", times=0),
        Fault(FaultKind.DROP, "users.list", times=0),
    ],
    ids=["second page broken", "cursors in circles", "refused", "directory broken"],
)
async def test_a_reading_that_breaks_off_raises_and_gives_nobody(fault: Fault) -> None:
    world = workspace().add(Channel("C9", "many", ["U1", "U2", BOT_ID]))
    async with staged(sandbox=create_sandbox(world, faults=[fault], page_cap=2)) as stage:
        with pytest.raises(ConnectorError):
            await inside(stage, "C9")


async def test_a_group_of_another_workspace_is_a_callers_mistake() -> None:
    async with staged() as stage:
        with pytest.raises(ValueError, match="other"):
            [item async for item in stage.slack.members(Group("other", "slack", "C1", "", group("C1").kind))]
        assert not stage.sandbox.calls(MEMBERS)
