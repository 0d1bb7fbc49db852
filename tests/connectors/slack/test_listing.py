"""What the connector sees: accounts, groups, memberships, and gaps for what it cannot see."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.chat.slack.sandbox import BOT_TOKEN, Channel, Fault, FaultKind, User, create_sandbox
from connectors.contract import KnownGroups
from connectors.errors import BadCredentials, MissingScope, Unavailable
from policies.model import AccountKind, Group, GroupKind, Person
from tests.connectors.slack.stage import BOT_ID, GENERAL_ID, INSTANCE, gaps, staged, workspace


async def test_accounts_are_read_to_the_last_page_with_their_kinds() -> None:
    world = workspace().add(
        User("UGUEST", is_restricted=True),
        User("USINGLE", is_restricted=True, is_ultra_restricted=True),
        User("USTRANGER", team_id="TELSEWHERE", is_stranger=True),
        User("UOTHERTEAM", team_id="TELSEWHERE"),
        User("UGONE", deleted=True),
        User("UBOSS", is_primary_owner=True),
        User("USLACKBOT"),
    )
    async with staged(sandbox=create_sandbox(world, page_cap=3)) as stage:
        accounts = {account.id: account async for account in stage.slack.accounts()}
    assert set(accounts) == set(world.users)
    assert accounts["UGUEST"].kind is AccountKind.GUEST
    assert accounts["USINGLE"].kind is AccountKind.SINGLE_CHANNEL_GUEST
    assert accounts["USTRANGER"].kind is accounts["UOTHERTEAM"].kind is AccountKind.EXTERNAL
    assert accounts["USLACKBOT"].kind is accounts[BOT_ID].kind is AccountKind.BOT
    assert accounts["U1"].kind is AccountKind.MEMBER
    assert not accounts["UGONE"].active
    assert accounts["UBOSS"].primary_owner


async def test_the_id_hr_states_wins_over_the_e_mail() -> None:
    person = Person("E1", "Ana", email="badr@example.com", account_ids=((INSTANCE, "U1"), ("other", "U2")))
    async with staged() as stage:
        assert [account.id async for account in stage.slack.accounts(person)] == ["U1"]


async def test_without_a_stated_id_the_e_mail_is_looked_up_and_nobody_is_guessed() -> None:
    async with staged() as stage:
        found = [a.id async for a in stage.slack.accounts(Person("E1", "Ana", email="ANA@example.com"))]
        nobody = [a.id async for a in stage.slack.accounts(Person("E2", "Ana", email="no@example.com"))]
    assert (found, nobody) == (["U1"], [])


async def test_memberships_hold_every_kind_the_bot_can_see() -> None:
    async with staged(sandbox=create_sandbox(workspace(), page_cap=2)) as stage:
        found = await stage.memberships()
    assert {group_id: m.group.kind for group_id, m in found.items()} == {
        GENERAL_ID: GroupKind.PUBLIC_CHANNEL,
        "C1": GroupKind.PUBLIC_CHANNEL,
        "C2": GroupKind.PUBLIC_CHANNEL,
        "CARCHIVED": GroupKind.PUBLIC_CHANNEL,
        "CSHARED": GroupKind.SHARED_CHANNEL,
        "G1": GroupKind.PRIVATE_CHANNEL,
        "M1": GroupKind.GROUP_CHAT,
        "S1": GroupKind.USER_GROUP,
    }
    assert found[GENERAL_ID].group.is_default
    assert found["CARCHIVED"].group.archived
    assert found["C1"].group.creator_id == "U2"


async def test_unseen_private_channels_are_one_standing_gap_without_an_admin() -> None:
    async with staged() as stage:
        found = [item async for item in stage.slack.groups()]
    assert [(gap.reason, gap.group_id) for gap in gaps(found)] == [("private_channels_unseen", None)]
    assert "G2" not in {item.id for item in found if isinstance(item, Group)}


async def test_the_listing_says_which_public_channels_the_bot_is_not_in_where_it_matters() -> None:
    async def inside(**more: Any) -> dict[str, bool | None]:
        async with staged(**more) as stage:
            return {g.id: g.bot_inside async for g in stage.slack.groups() if isinstance(g, Group)}

    here = await inside()
    assert (here["C1"], here["C2"], here["S1"]) == (True, False, None)
    assert (await inside(may_join_public=True))["C2"] is None
    assert (await inside(admin=True))["C2"] is None, "an Enterprise admin removes from outside"


async def test_an_enterprise_admin_names_each_unseen_private_channel() -> None:
    async with staged(admin=True) as stage:
        found = [item async for item in stage.slack.groups()]
    assert ("private_channel_unseen", "G2") in [(gap.reason, gap.group_id) for gap in gaps(found)]
    assert "G1" not in {gap.group_id for gap in gaps(found)}


async def test_a_cursor_that_goes_in_circles_is_no_complete_listing() -> None:
    world = workspace().add(*(Channel(f"C{number}", members=["U1"]) for number in range(10, 20)))
    loop = Fault(FaultKind.CURSOR_LOOP, "users.conversations", times=0)
    async with staged(sandbox=create_sandbox(world, faults=[loop], page_cap=3)) as stage:
        account = await stage.account()
        with pytest.raises(Unavailable, match="same cursor"):
            [m async for m in stage.slack.memberships(account, KnownGroups())]


async def test_a_failing_page_raises_instead_of_giving_half_a_listing() -> None:
    failing = Fault(FaultKind.HTTP_500, "users.conversations", nth=2, times=0)
    async with staged(sandbox=create_sandbox(workspace(), faults=[failing], page_cap=2)) as stage:
        account = await stage.account()
        with pytest.raises(Unavailable):
            [m async for m in stage.slack.memberships(account, KnownGroups())]


async def test_without_groups_read_private_channels_become_a_gap() -> None:
    world = workspace()
    world.tokens[BOT_TOKEN].scopes.remove("groups:read")
    async with staged(world) as stage:
        account = await stage.account()
        found = [item async for item in stage.slack.memberships(account, KnownGroups())]
    assert any("groups:read" in gap.detail for gap in gaps(found))


async def test_without_channels_read_nothing_counts_as_complete() -> None:
    world = workspace()
    world.tokens[BOT_TOKEN].scopes.remove("channels:read")
    async with staged(world) as stage:
        account = await stage.account()
        with pytest.raises(MissingScope) as raised:
            [item async for item in stage.slack.memberships(account, KnownGroups())]
    assert raised.value.needed == "channels:read"


async def test_a_revoked_token_calls_an_operator() -> None:
    revoked = Fault(FaultKind.TOKEN_REVOKED, "users.list", nth=1)
    async with staged(sandbox=create_sandbox(workspace(), faults=[revoked])) as stage:
        with pytest.raises(BadCredentials, match="token_revoked"):
            [account async for account in stage.slack.accounts()]


async def test_a_plan_without_user_groups_has_none_and_no_gap() -> None:
    world = workspace()
    world.prefs.plan_has_user_groups = False
    async with staged(world) as stage:
        found = [item async for item in stage.slack.groups()]
    assert {gap.reason for gap in gaps(found)} == {"private_channels_unseen"}


async def test_a_server_without_users_conversations_is_read_by_its_channels_members() -> None:
    unknown = Fault(FaultKind.ERROR, "users.conversations", times=0, error="unknown_method")
    async with staged(sandbox=create_sandbox(workspace(), faults=[unknown])) as stage:
        found = await stage.memberships()
    assert {"C1", "C2", "G1", "S1", GENERAL_ID} <= set(found)
