"""Handing over: the successor becomes owner, and member where Teams asks for it; read back by the owners."""

from __future__ import annotations

import pytest

from connectors.chat.teams.sandbox import APP_OBJECT_ID, FaultKind
from connectors.contract import (
    ClosesTheWayBack,
    ListsMembers,
    Outcome,
    Promotion,
    Sight,
    TransfersOwnership,
)
from connectors.errors import Forbidden
from policies.model import Account, Refusal
from tests.connectors.teams.stage import (
    ANA,
    BADR,
    CARLA,
    CHAT,
    DYNAMIC,
    INSTANCE,
    M365,
    OTHER_TEAM,
    OWNED,
    PRIVATE,
    ROLES,
    SHARED,
    SYNCED,
    TEAM,
    group,
    staged,
    step,
    tenant,
)


def promotion(
    group_id: str, account_id: str = CARLA, leaver_id: str = ANA, **changes: str | None
) -> Promotion:
    return Promotion("hand", Account(INSTANCE, account_id), group(group_id, **changes), leaver_id)


async def test_the_connector_offers_what_the_contract_calls_for() -> None:
    async with staged() as stage:
        assert isinstance(stage.teams, TransfersOwnership)
        assert isinstance(stage.teams, ListsMembers)
        assert not isinstance(stage.teams, ClosesTheWayBack), "Graph knows no way back an app could close"


@pytest.mark.parametrize("group_id", [OWNED, TEAM, M365])
async def test_a_successor_becomes_owner_and_member(group_id: str) -> None:
    async with staged() as stage:
        asked = promotion(group_id)
        assert (await stage.teams.sole_ownership(asked)).sight is Sight.PRESENT
        assert (await stage.teams.promote(asked)).outcome is Outcome.REVOKED
        assert (await stage.teams.sole_ownership(asked)).sight is Sight.ABSENT
        held = stage.sandbox.tenant.groups[group_id]
        assert CARLA in held.owners
        assert CARLA in held.members
        assert (await stage.teams.promote(asked)).outcome is Outcome.REVOKED, "safe to repeat"
        assert held.owners.count(CARLA) == held.members.count(CARLA) == 1


async def test_after_the_hand_over_the_last_owner_can_go() -> None:
    async with staged() as stage:
        assert (await stage.one(OWNED)).refusal is Refusal.LAST_OWNER
        await stage.teams.promote(promotion(OWNED))
        assert (await stage.one(OWNED)).outcome is Outcome.REVOKED
        assert ANA not in stage.inside(OWNED)


async def test_a_member_of_a_channel_becomes_its_owner_and_an_outsider_is_let_in_first() -> None:
    async with staged() as stage:
        inside, outside = promotion(PRIVATE, ANA, BADR), promotion(PRIVATE, CARLA, BADR)
        assert (await stage.teams.promote(inside)).outcome is Outcome.REVOKED
        assert (await stage.teams.promote(outside)).outcome is Outcome.REVOKED
        assert (await stage.teams.promote(outside)).outcome is Outcome.REVOKED, "safe to repeat"
        members = stage.sandbox.tenant.channels[PRIVATE].members
        assert (members[ANA], members[CARLA]) == ("owner", "owner")
        assert (await stage.teams.sole_ownership(outside)).sight is Sight.ABSENT


async def test_a_private_channels_successor_is_let_into_the_team_and_a_shared_ones_is_not() -> None:
    world = tenant()
    world.groups[TEAM].members.remove(CARLA)
    async with staged(world) as stage:
        assert (await stage.teams.promote(promotion(PRIVATE, leaver_id=BADR))).outcome is Outcome.REVOKED
        assert CARLA in stage.inside(TEAM)
        assert (await stage.teams.promote(promotion(SHARED, leaver_id=BADR))).outcome is Outcome.REVOKED
        assert CARLA not in stage.inside(OTHER_TEAM)
        assert stage.sandbox.tenant.channels[SHARED].members[CARLA] == "owner"


async def test_a_group_ruled_by_attributes_gets_an_owner_all_the_same() -> None:
    async with staged() as stage:
        asked = promotion(DYNAMIC, managed_elsewhere="dynamic")
        assert (await stage.teams.promote(asked)).outcome is Outcome.REVOKED
        assert CARLA in stage.sandbox.tenant.groups[DYNAMIC].owners
        assert CARLA not in stage.sandbox.tenant.groups[DYNAMIC].members


@pytest.mark.parametrize(
    ("group_id", "account_id", "refusal"),
    [
        (SYNCED, CARLA, Refusal.SYNCED),
        (ROLES, CARLA, Refusal.ROLE_ASSIGNABLE),
        (OWNED, "u-none", Refusal.ACCOUNT_UNKNOWN),
        ("g-none", CARLA, Refusal.GROUP_GONE),
    ],
)
async def test_what_the_platform_refuses_is_told_apart(
    group_id: str, account_id: str, refusal: Refusal
) -> None:
    async with staged() as stage:
        result = await stage.teams.promote(promotion(group_id, account_id))
    assert (result.outcome, result.refusal) == (Outcome.REFUSED, refusal)
    assert result.remedy


async def test_a_group_chat_needs_no_owner_and_nobody_is_their_own_successor() -> None:
    async with staged() as stage:
        assert (await stage.teams.promote(promotion(CHAT))).outcome is Outcome.NO_API
        assert (await stage.teams.promote(promotion(OWNED, ANA))).refusal is Refusal.AMBIGUOUS
        assert (await stage.teams.promote(promotion(OWNED, APP_OBJECT_ID))).refusal is Refusal.BOT_ITSELF
        assert (await stage.teams.promote(promotion(PRIVATE, parent_id=None))).refusal is Refusal.UNEXPECTED
        assert stage.writes() == []


async def test_a_missing_permission_is_named() -> None:
    world = tenant()
    world.app().granted.remove("Group.ReadWrite.All")
    async with staged(world) as stage:
        result = await stage.teams.promote(promotion(OWNED))
    assert result.refusal is Refusal.MISSING_SCOPE
    assert "Group.ReadWrite.All" in result.remedy


async def test_a_lost_answer_is_unknown_and_a_refusal_for_now_waits() -> None:
    async with staged() as stage:
        stage.fault(FaultKind.DROP, "POST /groups/*/owners/$ref", after_effect=True)
        assert (await stage.teams.promote(promotion(OWNED))).outcome is Outcome.UNKNOWN
        assert (await stage.teams.sole_ownership(promotion(OWNED))).sight is Sight.ABSENT
        stage.fault(FaultKind.LIMITED_429, "POST /groups/*/owners/$ref", seconds=7.0)
        assert (await stage.teams.promote(promotion(M365))).outcome is Outcome.RATE_LIMITED


async def test_owners_that_cannot_be_read_are_unreadable() -> None:
    async with staged(read_tries=1) as stage:
        stage.fault(FaultKind.HTTP_500, "GET /groups/*/owners", times=0)
        assert (await stage.teams.sole_ownership(promotion(OWNED))).sight is Sight.UNREADABLE


async def test_a_dry_run_promotes_nobody() -> None:
    async with staged(read_only=True) as stage:
        with pytest.raises(Forbidden):
            await stage.teams.promote(promotion(OWNED))
        assert stage.writes() == []


async def test_a_leaver_who_owns_with_the_successor_leaves_in_the_same_hour() -> None:
    async with staged() as stage:
        await stage.teams.promote(promotion(OWNED, BADR))
        (result,) = await stage.revoke(step(OWNED))
        assert result.outcome is Outcome.REVOKED
        assert stage.inside(OWNED) == {BADR, "sp-robot"}


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (FaultKind.REFUSED, Outcome.REFUSED),
        (FaultKind.LIMITED_429, Outcome.RATE_LIMITED),
        (FaultKind.PART_MISSING, Outcome.UNKNOWN),
    ],
)
async def test_an_owner_who_did_not_become_a_member_is_not_handed_over_yet(
    kind: FaultKind, outcome: Outcome
) -> None:
    async with staged() as stage:
        stage.fault(kind, "POST /groups/*/members/$ref")
        first = await stage.teams.promote(promotion(M365))
        assert first.outcome is outcome
        assert CARLA in stage.sandbox.tenant.groups[M365].owners
        assert (await stage.teams.promote(promotion(M365))).outcome is Outcome.REVOKED
        assert CARLA in stage.sandbox.tenant.groups[M365].members


async def test_an_owner_whom_teams_does_not_show_is_no_successor_yet() -> None:
    async with staged() as stage:
        stage.sandbox.tenant.groups[OTHER_TEAM].owners.append(CARLA)
        seen = await stage.teams.sole_ownership(promotion(OTHER_TEAM))
        assert seen.sight is Sight.PRESENT, "an owner without membership is not shown as owner in Teams"
        assert (await stage.teams.promote(promotion(OTHER_TEAM))).outcome is Outcome.REVOKED
        assert (await stage.teams.sole_ownership(promotion(OTHER_TEAM))).sight is Sight.ABSENT


async def test_what_was_begun_is_told_even_where_its_refusal_cannot_be_explained() -> None:
    async with staged() as stage:
        await stage.teams.own_account_ids()
        stage.fault(FaultKind.REFUSED, "POST /groups/*/owners/$ref")
        stage.sandbox.tenant.app().secrets.clear()
        result = await stage.teams.promote(promotion(M365))
        assert CARLA in stage.sandbox.tenant.groups[M365].members
    assert result.outcome is Outcome.UNAVAILABLE
