"""Removing: both roles, twenty at a time, one honest result per step, and nothing sent twice."""

from __future__ import annotations

import pytest

from connectors.chat.teams.sandbox import FaultKind, User, create_sandbox
from connectors.contract import Outcome, Result
from connectors.errors import BadCredentials, Forbidden
from policies.model import GroupKind, Refusal
from tests.connectors.teams.stage import (
    ANA,
    APP,
    BADR,
    CARLA,
    CHAT,
    DYNAMIC,
    LIST,
    M365,
    ONLY_OWNED,
    OUTER,
    OWNED,
    PRIVATE,
    ROLES,
    SECURITY,
    SHARED,
    SYNCED,
    TEAM,
    staged,
    step,
    tenant,
)

MEMBERS = "DELETE /groups/*/members/*/$ref"
BULK = "POST /teams/*/members/remove"


def outcomes(results: list[Result]) -> list[Outcome]:
    return [result.outcome for result in results]


@pytest.mark.parametrize("group_id", [M365, TEAM, SECURITY, ONLY_OWNED, PRIVATE, SHARED, CHAT])
async def test_a_person_is_gone_in_every_role_and_nobody_else_is(group_id: str) -> None:
    async with staged() as stage:
        before = stage.inside(group_id)
        result = await stage.one(group_id)
        assert result.outcome is Outcome.REVOKED
        assert stage.inside(group_id) == before - {ANA}


async def test_many_groups_of_a_person_go_in_one_batch_of_writes() -> None:
    groups = [M365, TEAM, SECURITY, ONLY_OWNED, SHARED, CHAT]
    async with staged() as stage:
        assert outcomes(await stage.revoke(*map(step, groups))) == [Outcome.REVOKED] * 6
        carriers = {entry.part_of for entry in stage.writes()}
        assert len(carriers) == 1
        assert len(stage.requests()) == 3, "the token, what is read, what is written"
        assert not [group_id for group_id in groups if ANA in stage.inside(group_id)]


async def test_the_ownership_goes_before_the_membership_and_a_failure_keeps_both() -> None:
    async with staged() as stage:
        stage.fault(FaultKind.REFUSED, "DELETE /groups/*/owners/*/$ref", times=0)
        result = await stage.one(TEAM)
        assert (result.outcome, result.refusal) == (Outcome.REFUSED, Refusal.NO_RIGHT)
        assert ANA in stage.sandbox.tenant.groups[TEAM].members
        assert [entry.status for entry in stage.writes()] == [403, 424]


async def test_several_people_of_one_team_go_in_one_request() -> None:
    people = [f"u-{number}" for number in range(20)]
    world = tenant().add(*(User(id_, id_) for id_ in people))
    world.groups[TEAM].members += people
    async with staged(world) as stage:
        results = await stage.revoke(*(step(TEAM, id_) for id_ in people))
        assert outcomes(results) == [Outcome.REVOKED] * 20
        (bulk,) = stage.writes()
        assert bulk.name == "POST /teams/{team}/members/remove"
        assert not stage.inside(TEAM) & set(people)


async def test_owners_of_a_team_leave_by_both_roles_beside_the_bulk() -> None:
    world = tenant()
    world.groups[TEAM].members.append("u-dora")
    world.add(User("u-dora", "Dora"))
    async with staged(world) as stage:
        results = await stage.revoke(step(TEAM), step(TEAM, CARLA), step(TEAM, "u-dora"))
        assert outcomes(results) == [Outcome.REVOKED] * 3
        assert stage.inside(TEAM) == {BADR, APP}


async def test_each_person_in_a_partly_done_bulk_has_their_own_result() -> None:
    world = tenant()
    world.groups[TEAM].members.append("u-dora")
    world.add(User("u-dora", "Dora"), User("u-out", "Outsider"))
    async with staged(world) as stage:
        results = await stage.revoke(*(step(TEAM, id_) for id_ in (CARLA, "u-out", "u-none", "u-dora")))
        assert outcomes(results) == [
            Outcome.REVOKED,
            Outcome.SAID_ABSENT,
            Outcome.REFUSED,
            Outcome.REVOKED,
        ]
        assert results[2].refusal is Refusal.ACCOUNT_UNKNOWN
        assert stage.sandbox.calls("POST /teams/{team}/members/remove")[0].status == 207


async def test_the_last_owner_is_refused_from_a_fresh_reading_before_anything_is_sent() -> None:
    async with staged() as stage:
        # The plan says nothing of it: what counts is what is so now.
        result = await stage.one(OWNED)
        assert (result.outcome, result.refusal) == (Outcome.REFUSED, Refusal.LAST_OWNER)
        assert result.remedy
        assert stage.writes() == []


async def test_two_owners_who_leave_together_do_not_orphan_the_group() -> None:
    async with staged() as stage:
        results = await stage.revoke(step(TEAM), step(TEAM, BADR))
        assert [result.refusal for result in results] == [None, Refusal.LAST_OWNER]
        assert stage.sandbox.tenant.groups[TEAM].owners == [BADR, APP]


async def test_the_last_owner_of_a_channel_is_refused_too() -> None:
    async with staged() as stage:
        result = await stage.one(PRIVATE, BADR)
        assert result.refusal is Refusal.LAST_OWNER
        assert stage.writes() == []


async def test_a_last_owner_that_only_the_platform_knows_of_is_the_same_refusal() -> None:
    world = tenant()
    sandbox = create_sandbox(world)
    sandbox.engine.after_call = {"GET /groups/{group}/owners": lambda: sandbox.world.remove_owner(TEAM, BADR)}
    async with staged(sandbox=sandbox) as stage:
        result = await stage.one(TEAM)
        assert (result.outcome, result.refusal) == (Outcome.REFUSED, Refusal.LAST_OWNER)
        assert ANA in stage.inside(TEAM)


@pytest.mark.parametrize(
    ("group_id", "mark", "refusal"),
    [
        (SYNCED, "synced", Refusal.SYNCED),
        (DYNAMIC, "dynamic", Refusal.DYNAMIC),
        (LIST, "mail_enabled", Refusal.MAIL_ENABLED),
        (ROLES, "role_assignable", Refusal.ROLE_ASSIGNABLE),
    ],
)
async def test_a_group_kept_elsewhere_is_refused_by_its_mark_and_by_the_platforms_word(
    group_id: str, mark: str, refusal: Refusal
) -> None:
    async with staged() as stage:
        planned = await stage.one(group_id, managed_elsewhere=mark)
        assert (planned.outcome, planned.refusal) == (Outcome.REFUSED, refusal)
        assert stage.writes() == []
        said = await stage.one(group_id)
        assert (said.outcome, said.refusal) == (Outcome.REFUSED, refusal)
        assert planned.remedy == said.remedy
        assert ANA in stage.inside(group_id)


async def test_a_nested_membership_is_refused_with_the_inner_group() -> None:
    async with staged() as stage:
        result = await stage.one(OUTER, refusal=Refusal.NESTED)
        assert result.refusal is Refusal.NESTED
        assert stage.writes() == []


@pytest.mark.parametrize("words", [True, False])
async def test_both_words_for_somebody_who_is_not_there_mean_the_same_once_read(words: bool) -> None:
    world = tenant()
    async with staged(world) as stage:
        stage.sandbox.world.absent_is_400 = words
        result = await stage.one(M365, CARLA)
        assert result.outcome is Outcome.SAID_ABSENT
        assert ("listed", "no") in result.evidence.facts


async def test_a_404_is_told_apart_into_group_person_and_membership() -> None:
    async with staged() as stage:
        gone = await stage.one("g-none")
        unknown = await stage.one(M365, "u-none")
        absent = await stage.one(M365, CARLA)
    assert gone.refusal is Refusal.GROUP_GONE
    assert unknown.refusal is Refusal.ACCOUNT_UNKNOWN
    assert absent.outcome is Outcome.SAID_ABSENT


async def test_a_404_for_somebody_who_is_listed_is_no_answer_at_all() -> None:
    async with staged() as stage:
        stage.fault(FaultKind.NOT_FOUND, MEMBERS)
        result = await stage.one(M365)
    assert (result.outcome, result.refusal) == (Outcome.UNKNOWN, None)


async def test_a_404_that_cannot_be_looked_into_is_tried_again_later() -> None:
    async with staged() as stage:
        stage.fault(FaultKind.NOT_FOUND, MEMBERS)
        stage.fault(FaultKind.HTTP_500, "GET /users/*/memberOf", times=0)
        result = await stage.one(M365)
    assert (result.outcome, result.refusal) == (Outcome.UNAVAILABLE, None)


async def test_a_group_deleted_between_reading_and_writing_is_gone() -> None:
    world = tenant()
    sandbox = create_sandbox(world)
    sandbox.engine.after_call = {"GET /groups/{group}/owners": lambda: sandbox.world.delete(M365)}
    async with staged(sandbox=sandbox) as stage:
        assert (await stage.one(M365)).refusal is Refusal.GROUP_GONE


async def test_whoever_is_not_in_a_channel_or_chat_is_said_absent_without_a_write() -> None:
    async with staged() as stage:
        results = await stage.revoke(step(PRIVATE, CARLA), step(CHAT, CARLA))
        assert outcomes(results) == [Outcome.SAID_ABSENT] * 2
        assert stage.writes() == []


async def test_leaving_the_team_and_its_private_channel_at_once_is_no_failure() -> None:
    async with staged() as stage:
        results = await stage.revoke(step(TEAM), step(PRIVATE))
        assert set(outcomes(results)) <= {Outcome.REVOKED, Outcome.SAID_ABSENT}
        assert ANA not in stage.inside(PRIVATE) | stage.inside(TEAM)


async def test_one_part_refused_for_now_waits_with_its_own_seconds_and_the_others_are_done() -> None:
    async with staged() as stage:
        stage.fault(FaultKind.LIMITED_429, MEMBERS, within=SECURITY, seconds=7.0)
        results = await stage.revoke(step(M365), step(SECURITY), step(CHAT))
        assert outcomes(results) == [Outcome.REVOKED, Outcome.RATE_LIMITED, Outcome.REVOKED]
        assert results[1].retry_after is not None
        assert results[1].retry_after >= 7.0
        assert len([entry for entry in stage.writes() if SECURITY in entry.path]) == 1, "never sent twice"
        again = await stage.one(SECURITY)
        assert again.outcome is Outcome.RATE_LIMITED, "the wire keeps it back until then"
        assert len([entry for entry in stage.writes() if SECURITY in entry.path]) == 1


async def test_a_part_that_failed_inside_a_batch_is_unknown_and_the_others_are_done() -> None:
    async with staged() as stage:
        stage.fault(FaultKind.HTTP_503, MEMBERS, within=SECURITY, after_effect=True)
        results = await stage.revoke(step(M365), step(SECURITY))
        assert outcomes(results) == [Outcome.REVOKED, Outcome.UNKNOWN]


async def test_a_part_the_answer_leaves_out_is_unknown() -> None:
    async with staged() as stage:
        stage.fault(FaultKind.PART_MISSING, MEMBERS, within=SECURITY)
        results = await stage.revoke(step(M365), step(SECURITY))
        assert outcomes(results) == [Outcome.REVOKED, Outcome.UNKNOWN]


async def test_a_lost_answer_makes_every_part_unknown_and_nothing_is_sent_again() -> None:
    async with staged() as stage:
        stage.fault(FaultKind.DROP, MEMBERS, after_effect=True)
        results = await stage.revoke(step(M365), step(SECURITY), step(TEAM))
        assert set(outcomes(results)) == {Outcome.UNKNOWN}
        assert len(stage.writes()) == 4
        assert ANA not in stage.inside(M365) | stage.inside(SECURITY) | stage.inside(TEAM)


async def test_a_token_that_dies_before_the_batch_is_replaced_and_the_batch_is_done_once() -> None:
    async with staged() as stage:
        stage.fault(FaultKind.TOKEN_EXPIRED, MEMBERS, within=M365)
        results = await stage.revoke(step(M365), step(SECURITY))
        assert outcomes(results) == [Outcome.REVOKED] * 2
        assert [entry.status for entry in stage.writes()] == [401, 401, 204, 204]


async def test_a_token_that_dies_between_two_parts_takes_no_result_with_it() -> None:
    async with staged() as stage:
        stage.fault(FaultKind.TOKEN_REVOKED, MEMBERS, within=SECURITY, times=0)
        results = await stage.revoke(step(M365), step(SECURITY))
        assert outcomes(results) == [Outcome.REVOKED, Outcome.UNAVAILABLE]
        assert ANA in stage.inside(SECURITY)
        with pytest.raises(BadCredentials):
            await stage.one(SECURITY)


async def test_a_missing_permission_is_named() -> None:
    world = tenant()
    for permission in ("GroupMember.ReadWrite.All", "Group.ReadWrite.All"):
        world.app().granted.remove(permission)
    world.app().granted.append("GroupMember.Read.All")
    async with staged(world) as stage:
        results = await stage.revoke(step(M365), step(CHAT))
    assert results[0].refusal is Refusal.MISSING_SCOPE
    assert "GroupMember.ReadWrite.All" in results[0].remedy + results[0].detail
    assert results[1].outcome is Outcome.REVOKED


async def test_a_consent_withdrawn_in_mid_run_is_a_missing_permission_and_not_a_missing_right() -> None:
    world = tenant()
    world.app().granted.append("GroupMember.Read.All")
    async with staged(world) as stage:
        await stage.memberships()
        stage.sandbox.withdraw_consent("GroupMember.ReadWrite.All")
        stage.sandbox.withdraw_consent("Group.ReadWrite.All")
        result = await stage.one(M365)
    assert result.refusal is Refusal.MISSING_SCOPE


async def test_teams_names_the_permission_it_misses() -> None:
    world = tenant()
    world.app().granted.remove("ChatMember.ReadWrite.All")
    world.app().granted.append("ChatMember.Read.All")
    async with staged(world) as stage:
        result = await stage.one(CHAT)
    assert result.refusal is Refusal.MISSING_SCOPE
    assert "ChatMember.ReadWrite.All" in result.detail


async def test_a_channel_without_its_team_is_refused_before_anything_is_sent() -> None:
    async with staged() as stage:
        result = await stage.one(PRIVATE, parent_id=None)
        assert result.refusal is Refusal.UNEXPECTED
        assert stage.writes() == []


async def test_a_dry_run_sends_no_write_in_any_form() -> None:
    async with staged(read_only=True) as stage:
        for steps in ([step(M365)], [step(M365), step(TEAM), step(CHAT)], [step(PRIVATE)]):
            with pytest.raises(Forbidden):
                await stage.teams.revoke(steps)
        assert stage.writes() == []


async def test_twenty_owners_take_two_batches_and_lose_nothing() -> None:
    people = [f"u-{number}" for number in range(20)]
    world = tenant().add(*(User(id_, id_) for id_ in people))
    world.groups[M365].members += people
    world.groups[M365].owners += people
    async with staged(world) as stage:
        results = await stage.revoke(*(step(M365, id_) for id_ in people))
        assert outcomes(results) == [Outcome.REVOKED] * 20
        assert len({entry.part_of for entry in stage.writes()}) == 2
        assert stage.inside(M365) == {ANA, BADR}
        assert len(stage.sandbox.calls("GET /groups/{group}/owners")) == 1, "one group is read once"


async def test_an_app_gone_between_two_batches_leaves_the_first_ones_results() -> None:
    people = [f"u-{number}" for number in range(12)]
    world = tenant().add(*(User(id_, id_) for id_ in people))
    world.groups[M365].members += people
    world.groups[M365].owners += people
    async with staged(world) as stage:
        stage.fault(FaultKind.TOKEN_REVOKED, "POST /$batch", nth=2, times=0)
        steps = [step(M365, id_) for id_ in people]
        results = await stage.revoke(*steps)
        done = [result for result in results if result.outcome is Outcome.REVOKED]
        left = [result for result in results if result.outcome is Outcome.UNAVAILABLE]
        assert (len(done), len(left)) == (10, 2)
        assert len(stage.inside(M365) & set(people)) == 2


async def test_a_kind_of_channel_is_not_taken_for_a_group() -> None:
    assert step(PRIVATE).membership.group.kind is GroupKind.PRIVATE_CHANNEL
    async with staged() as stage:
        await stage.one(PRIVATE)
        assert ANA in stage.inside(TEAM), "the team is another membership"


async def test_an_ownership_that_ended_is_told_even_where_the_membership_did_not() -> None:
    async with staged() as stage:
        stage.fault(FaultKind.REFUSED, "DELETE /groups/*/members/*")
        result = await stage.one(TEAM)
        assert ANA not in stage.sandbox.tenant.groups[TEAM].owners
        assert ANA in stage.sandbox.tenant.groups[TEAM].members
    assert result.outcome is Outcome.REFUSED
    assert ("ownership", "ended") in result.evidence.facts
