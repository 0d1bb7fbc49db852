"""What a leaver and a layoff cost in requests: a batch is one, and so are twenty people of one team."""

from __future__ import annotations

import math

import pytest

from connectors.chat.teams.sandbox import FaultKind, Team, Tenant, User, m365_group
from connectors.contract import Outcome, Revocation, Sight
from policies.model import Account, Group, GroupKind, Membership
from tests.connectors.teams.stage import BADR, INSTANCE, Stage, staged, tenant

PARTS = 20


def crowd(people: int, groups: int, *, teams: bool = False) -> Tenant:
    """So many people, all of them in so many groups or teams that somebody else owns."""
    made = tenant()
    users = [f"u-x{number}" for number in range(people)]
    made.add(*(User(user, user, f"{user}@example.com") for user in users))
    for number in range(groups):
        made.add(m365_group(f"g-x{number}", f"x{number}", [*users, BADR], [BADR]))
        if teams:
            made.add(Team(f"g-x{number}"))
    return made


def removals(people: int, groups: int, *, teams: bool = False) -> list[Revocation]:
    """Group by group, as the work gathers them where one request ends many memberships of a group."""
    kind = GroupKind.TEAM if teams else GroupKind.M365_GROUP
    return [
        Revocation(
            f"{group}:{person}",
            f"u-x{person}",
            Membership(
                Account(INSTANCE, f"u-x{person}"),
                Group(INSTANCE, "teams", f"g-x{group}", f"x{group}", kind),
            ),
        )
        for group in range(groups)
        for person in range(people)
    ]


async def worked(stage: Stage, todo: list[Revocation]) -> set[Sight]:
    """Take out and read back as the bot does, after the planning has seen everybody."""
    for account_id in sorted({one.account_id for one in todo}):
        await stage.memberships(account_id)
    stage.sandbox.journal.clear()
    size, seen = stage.teams.capabilities.batch, set()
    for start in range(0, len(todo), size):
        part = todo[start : start + size]
        assert {result.outcome for result in await stage.revoke(*part)} == {Outcome.REVOKED}
        seen |= {presence.sight for presence in await stage.look(*part)}
    return seen


async def test_one_leaver_costs_one_request_for_twenty_groups_and_one_to_see_it() -> None:
    async with staged(crowd(1, 200)) as stage:
        assert await worked(stage, removals(1, 200)) == {Sight.ABSENT}
        assert len(stage.requests()) <= (200 / PARTS + 1) * 1.02


@pytest.mark.parametrize("teams", [False, True])
async def test_a_layoff_is_read_back_by_the_groups_that_were_left(teams: bool) -> None:
    people, groups = 50, 20
    todo = removals(people, groups, teams=teams)
    async with staged(crowd(people, groups, teams=teams)) as stage:
        assert await worked(stage, todo) == {Sight.ABSENT}
        asked = len(stage.requests())
        for number in range(groups):
            assert stage.inside(f"g-x{number}") == {BADR}
        calls = math.ceil(len(todo) / stage.teams.capabilities.batch)
    writes = groups * math.ceil(people / PARTS) if teams else people * groups
    # Each call of the bot rounds up to whole batches, in writing and in reading back alike.
    assert asked <= math.ceil(writes / PARTS) + math.ceil(2 * groups / PARTS) + 2 * calls


async def test_one_throttled_part_is_said_of_its_step_alone_and_nothing_is_lost() -> None:
    async with staged(crowd(1, 60)) as stage:
        stage.fault(FaultKind.LIMITED_429, "DELETE /groups/*/members/*/$ref", nth=30)
        todo = removals(1, 60)
        results = await stage.revoke(*todo)
        still = {f"g-x{n}" for n in range(60) if "u-x0" in stage.inside(f"g-x{n}")}
    limited = [one for one in results if one.outcome is Outcome.RATE_LIMITED]
    assert len(limited) == 1 == len(still)
    assert {one.outcome for one in results} == {Outcome.RATE_LIMITED, Outcome.REVOKED}
    assert {f"g-x{one.step_id.partition(':')[0]}" for one in limited} == still


async def test_whoever_became_owner_since_the_planning_is_seen_and_taken_out_on_the_next_try() -> None:
    async with staged(crowd(1, 1)) as stage:
        await stage.memberships("u-x0")
        stage.sandbox.tenant.groups["g-x0"].owners.append("u-x0")
        (todo,) = removals(1, 1)
        await stage.revoke(todo)
        assert (await stage.look(todo))[0].sight is Sight.PRESENT
        await stage.revoke(todo)
        assert (await stage.look(todo))[0].sight is Sight.ABSENT
        assert stage.inside("g-x0") == {BADR}


@pytest.mark.parametrize("people", [2, 20])
async def test_an_account_that_was_deleted_is_never_called_absent_however_it_is_read(people: int) -> None:
    async with staged(crowd(people, 2)) as stage:
        todo = removals(people, 2)
        await stage.revoke(*todo)
        del stage.sandbox.tenant.users["u-x1"]
        for group in ("g-x0", "g-x1"):
            assert stage.inside(group) == {BADR}
        seen = {presence.step_id: presence.sight for presence in await stage.look(*todo)}
    deleted = {f"{group}:1" for group in range(2)}
    assert {seen[step_id] for step_id in deleted} == {Sight.UNREADABLE}
    assert {sight for step_id, sight in seen.items() if step_id not in deleted} == {Sight.ABSENT}
