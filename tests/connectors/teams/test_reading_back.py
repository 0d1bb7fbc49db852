"""Reading back: absent only where neither role is left and the whole reading says so."""

from __future__ import annotations

import pytest

from connectors.chat.teams.sandbox import EntraGroup, FaultKind, User, create_sandbox
from connectors.contract import Outcome, Quality, Sight
from connectors.errors import BadCredentials
from policies.model import Gap, Refusal
from tests.connectors.teams.stage import (
    ANA,
    BADR,
    CARLA,
    CHAT,
    M365,
    ONLY_OWNED,
    OUTER,
    PRIVATE,
    SECURITY,
    SHARED,
    TEAM,
    staged,
    step,
    tenant,
)

ALL = [M365, TEAM, SECURITY, ONLY_OWNED, PRIVATE, SHARED, CHAT]


async def test_everything_is_read_back_in_one_request() -> None:
    async with staged() as stage:
        await stage.teams.own_account_ids()
        before = len(stage.requests())
        seen = await stage.look(*map(step, ALL))
        assert [presence.sight for presence in seen] == [Sight.PRESENT] * len(ALL)
        assert {presence.evidence.quality for presence in seen} == {Quality.OBSERVED}
        assert len(stage.requests()) - before == 1


async def test_what_was_removed_is_absent_and_the_rest_is_present() -> None:
    async with staged() as stage:
        await stage.revoke(step(M365), step(TEAM), step(SHARED), step(CHAT))
        seen = {
            presence.step_id.split("/")[0]: presence.sight for presence in await stage.look(*map(step, ALL))
        }
    gone = {group_id for group_id, sight in seen.items() if sight is Sight.ABSENT}
    assert gone == {M365, TEAM, SHARED, CHAT, PRIVATE}, "a private channel is left with its team"


async def test_an_owner_who_is_no_member_any_more_is_still_present() -> None:
    async with staged() as stage:
        stage.sandbox.tenant.groups[TEAM].members.remove(ANA)
        (presence,) = await stage.look(step(TEAM))
    assert presence.sight is Sight.PRESENT
    assert ("listed", "owner") in presence.evidence.facts


async def test_a_disabled_accounts_memberships_are_read_like_any_others() -> None:
    world = tenant()
    world.users[ANA].account_enabled = False
    async with staged(world) as stage:
        (before,) = await stage.look(step(M365))
        assert (await stage.one(M365)).outcome is Outcome.REVOKED
        (after,) = await stage.look(step(M365))
    assert (before.sight, after.sight) == (Sight.PRESENT, Sight.ABSENT)


async def test_a_removal_that_shows_late_is_present_first_and_absent_later() -> None:
    async with staged() as stage:
        stage.fault(FaultKind.DELAYED_EFFECT, "DELETE /groups/*/members/*/$ref", seconds=3600.0)
        await stage.one(M365)
        (early,) = await stage.look(step(M365))
        stage.sandbox.settle()
        (late,) = await stage.look(step(M365))
    assert (early.sight, late.sight) == (Sight.PRESENT, Sight.ABSENT)


async def test_people_are_read_together() -> None:
    async with staged() as stage:
        seen = await stage.look(step(M365), step(M365, BADR), step(M365, CARLA))
    assert [presence.sight for presence in seen] == [Sight.PRESENT, Sight.PRESENT, Sight.ABSENT]


async def test_many_people_take_as_many_batches_as_twenty_parts_allow() -> None:
    people = [f"u-{number}" for number in range(20)]
    world = tenant().add(*(User(id_, id_) for id_ in people))
    async with staged(world) as stage:
        await stage.teams.own_account_ids()
        before = len(stage.requests())
        seen = await stage.look(*(step(f"g-{n}-{id_}", id_) for id_ in people for n in range(2)))
        assert {presence.sight for presence in seen} == {Sight.ABSENT}
        assert len(stage.requests()) - before == 3, "the forty groups would be four batches"
        await stage.look(*(step(M365, id_) for id_ in people))
        assert len(stage.requests()) - before == 4, "the one group of them all is one"


async def test_a_person_unknown_to_the_tenant_is_unreadable_and_not_absent() -> None:
    async with staged() as stage:
        (presence,) = await stage.look(step(M365, "u-none"))
    assert presence.sight is Sight.UNREADABLE


async def test_a_channel_that_cannot_be_found_is_unreadable_and_not_absent() -> None:
    async with staged() as stage:
        del stage.sandbox.tenant.channels[PRIVATE]
        (presence,) = await stage.look(step(PRIVATE))
    assert presence.sight is Sight.UNREADABLE


@pytest.mark.parametrize("on", ["GET /users/*/memberOf", "GET /users/*/ownedObjects"])
@pytest.mark.parametrize(
    "kind", [FaultKind.HTTP_500, FaultKind.REFUSED, FaultKind.DROP, FaultKind.EMPTY_BODY, FaultKind.HTML_PAGE]
)
async def test_half_a_reading_proves_nothing(on: str, kind: FaultKind) -> None:
    async with staged() as stage:
        stage.sandbox.tenant.groups[M365].members.remove(ANA)
        stage.fault(kind, on, times=0)
        # What somebody owns is asked of the group's owners where an app may not list it; shut too, here.
        stage.fault(kind, "GET /groups/*/owners", times=0)
        (presence,) = await stage.look(step(M365))
    assert presence.sight is Sight.UNREADABLE
    assert presence.evidence.quality is not Quality.OBSERVED


async def test_a_page_that_never_comes_proves_nothing() -> None:
    sandbox = create_sandbox(tenant(), page_cap=1)
    async with staged(sandbox=sandbox) as stage:
        stage.fault(FaultKind.DROP, "GET /users/*/memberOf", nth=3, times=0)
        (presence,) = await stage.look(step("g-none"))
    assert presence.sight is Sight.UNREADABLE


async def test_a_page_that_is_not_found_is_no_group_that_is_gone() -> None:
    sandbox = create_sandbox(tenant(), page_cap=1)
    async with staged(sandbox=sandbox) as stage:
        on = "GET /teams/*/channels/*/members"
        stage.fault(FaultKind.NOT_FOUND, on, within=PRIVATE, nth=2, times=0)
        found = await stage.found()
        assert ("channels_unreadable", PRIVATE) in {
            (item.reason, item.group_id) for item in found if isinstance(item, Gap)
        }, "a channel of which half was read is not one in which nobody is"
    async with staged(sandbox=create_sandbox(tenant(), page_cap=1)) as stage:
        stage.fault(FaultKind.NOT_FOUND, on, within=PRIVATE, nth=2, times=0)
        result = await stage.one(PRIVATE)
        assert stage.writes() == []
    assert (result.outcome, result.refusal) == (Outcome.UNAVAILABLE, None)


async def test_a_group_that_hides_its_members_proves_nothing_without_the_permission() -> None:
    world = tenant().add(EntraGroup("g-hidden", "hidden", [BADR], visibility="HiddenMembership"))
    async with staged(world) as stage:
        (seen,) = await stage.look(step("g-hidden"))
    world.app().granted.remove("Member.Read.Hidden")
    async with staged(world) as stage:
        hidden, open_ = await stage.look(step("g-hidden"), step("g-none"))
    assert (seen.sight, hidden.sight, open_.sight) == (Sight.ABSENT, Sight.UNREADABLE, Sight.ABSENT)
    assert "Member.Read.Hidden" in hidden.detail


async def test_a_group_that_hides_its_members_proves_nothing_right_after_a_refusal_either() -> None:
    world = tenant().add(EntraGroup("g-hidden", "hidden", [ANA], hidden_membership=True))
    world.app().granted[:] = ["User.Read.All", "GroupMember.Read.All"]
    async with staged(world) as stage:
        refused = await stage.one(M365)
        (seen,) = await stage.look(step("g-hidden"))
    assert refused.refusal is Refusal.MISSING_SCOPE, "so that the next call asks with a fresh token"
    assert seen.sight is Sight.UNREADABLE


async def test_consent_given_back_counts_from_the_next_call_on() -> None:
    world = tenant()
    granted = list(world.app().granted)
    world.app().granted[:] = ["User.Read.All", "GroupMember.Read.All"]
    async with staged(world) as stage:
        assert (await stage.one(M365)).refusal is Refusal.MISSING_SCOPE
        world.app().granted[:] = granted
        assert (await stage.one(M365)).outcome is Outcome.REVOKED


async def test_a_token_that_is_refused_for_good_calls_an_operator() -> None:
    async with staged() as stage:
        stage.fault(FaultKind.TOKEN_REVOKED, "GET /users/*/memberOf", times=0)
        with pytest.raises(BadCredentials):
            await stage.look(step(M365))


async def test_whoever_is_still_in_by_another_group_is_not_gone() -> None:
    world = tenant()
    world.groups[OUTER].members.append(ANA)
    async with staged(world) as stage:
        outer = step(OUTER)
        (result,) = await stage.revoke(outer)
        assert result.outcome is Outcome.REVOKED
        (seen,) = await stage.look(outer)
        assert seen.sight is Sight.PRESENT, "in the inner group, and so in the outer one"
        assert ("listed", "through another group") in seen.evidence.facts
        await stage.revoke(step(SECURITY))
        (seen,) = await stage.look(outer)
        assert seen.sight is Sight.ABSENT
