"""Many removals in one call: the fewest calls, one write for a user group, and every step accounted for."""

from __future__ import annotations

import dataclasses

import pytest

from connectors.chat.slack.sandbox import (
    BOT_ID,
    GENERAL_ID,
    Channel,
    Fault,
    FaultKind,
    User,
    UserGroup,
    Workspace,
    create_sandbox,
)
from connectors.contract import KnownGroups, Outcome, Revocation, Sight
from connectors.errors import BadCredentials
from policies.model import Membership, Person, Refusal
from tests.connectors.slack.stage import INSTANCE, Stage, staged, step, workspace


def crowd(people: int, channels: int) -> Workspace:
    """So many people, all of them in so many channels that the bot is in."""
    world = workspace()
    users = [f"UX{number}" for number in range(people)]
    world.add(*(User(user, user.lower()) for user in users))
    world.channels[GENERAL_ID].members += users
    world.add(*(Channel(f"CX{number}", f"x{number}", [*users, BOT_ID]) for number in range(channels)))
    return world


def removals(people: int, channels: int) -> list[Revocation]:
    """Person by person, as the work gathers them where one reading shows all of a person's groups."""
    return [
        dataclasses.replace(step(f"CX{channel}", f"UX{person}"), step_id=f"{person}:{channel}")
        for person in range(people)
        for channel in range(channels)
    ]


async def worked(stage: Stage, people: int, channels: int) -> set[Sight]:
    """Find out, take out and read back as the bot does: removals in batches, a person read as a whole."""
    for person in range(people):
        asked = Person(f"p{person}", "Somebody", account_ids=((INSTANCE, f"UX{person}"),))
        (account,) = [account async for account in stage.slack.accounts(asked)]
        found = [item async for item in stage.slack.memberships(account, KnownGroups())]
        shown = {item.group.id for item in found if isinstance(item, Membership)}
        assert {f"CX{channel}" for channel in range(channels)} <= shown
    size, seen, todo = stage.slack.capabilities.batch, set(), removals(people, channels)
    for start in range(0, len(todo), size):
        results = await stage.slack.revoke(todo[start : start + size])
        assert {result.outcome for result in results} == {Outcome.REVOKED}
    for start in range(0, len(todo), channels):
        seen |= {presence.sight for presence in await stage.slack.read_back(todo[start : start + channels])}
    return seen


@pytest.mark.parametrize(("people", "channels"), [(1, 200), (50, 20)])
async def test_a_leaver_and_a_layoff_cost_hardly_more_than_the_fewest_calls(
    people: int, channels: int
) -> None:
    async with staged(crowd(people, channels)) as stage:
        assert await worked(stage, people, channels) == {Sight.ABSENT}
        # Who they are, what they are in, each removal, what they are in now; and the user groups once.
        fewest = people * (1 + 1 + channels + 1) + 1
        assert len(stage.sandbox.journal) <= fewest * 1.02


async def test_several_who_leave_a_user_group_cost_one_write() -> None:
    world = workspace().add(User("U3", "cyrine"), User("U4", "dana"))
    world.user_groups["S1"].users += ["U3", "U4"]
    async with staged(world) as stage:
        asked = [step("S1", user) for user in ("U1", "U2", "U3")]
        results = await stage.slack.revoke(
            [dataclasses.replace(one, step_id=one.account_id) for one in asked]
        )
        assert stage.sandbox.workspace.user_groups["S1"].users == ["U4"]
        assert len(stage.sandbox.calls("usergroups.users.update")) == 1
    assert [(result.step_id, result.outcome) for result in results] == [
        ("U1", Outcome.REVOKED),
        ("U2", Outcome.REVOKED),
        ("U3", Outcome.REVOKED),
    ]


async def test_a_user_group_that_everybody_leaves_keeps_its_last_and_says_so() -> None:
    async with staged() as stage:
        both = [dataclasses.replace(step("S1", user), step_id=user) for user in ("U1", "U2")]
        results = await stage.slack.revoke(both)
        assert stage.sandbox.workspace.user_groups["S1"].users == ["U2"]
    assert [result.refusal for result in results] == [None, Refusal.LAST_MEMBER]


async def test_who_is_not_in_the_user_group_is_said_absent_beside_those_who_are() -> None:
    world = workspace().add(User("U3", "cyrine"), UserGroup("S2", "others", ["U2", "U3"]))
    async with staged(world) as stage:
        both = [dataclasses.replace(step("S2", user), step_id=user) for user in ("U1", "U2")]
        results = await stage.slack.revoke(both)
    assert [result.outcome for result in results] == [Outcome.SAID_ABSENT, Outcome.REVOKED]


async def test_once_refused_for_now_no_more_begin_and_every_step_has_its_result() -> None:
    fault = Fault(FaultKind.LIMITED_429, "conversations.kick", times=1000)
    async with staged(sandbox=create_sandbox(crowd(1, 20), faults=[fault])) as stage:
        todo = removals(1, 20)
        results = await stage.slack.revoke(todo)
        sent = len(stage.sandbox.calls("conversations.kick"))
    assert [result.step_id for result in results] == [one.step_id for one in todo]
    assert {result.outcome for result in results} == {Outcome.RATE_LIMITED}
    assert sent < len(todo)


async def test_a_token_that_dies_in_the_middle_takes_no_result_with_it() -> None:
    fault = Fault(FaultKind.TOKEN_REVOKED, "conversations.kick", nth=8)
    async with staged(sandbox=create_sandbox(crowd(1, 20), faults=[fault])) as stage:
        todo = removals(1, 20)
        results = await stage.slack.revoke(todo)
        gone = {f"CX{n}" for n in range(20) if "UX0" not in stage.members(f"CX{n}")}
        with pytest.raises(BadCredentials):
            await stage.slack.revoke(todo)
    done = {one.step_id for one in results if one.outcome is Outcome.REVOKED}
    assert gone == {f"CX{step_id.partition(':')[2]}" for step_id in done}
    assert {one.outcome for one in results if one.step_id not in done} == {Outcome.UNAVAILABLE}
    assert 0 < len(done) < len(todo) == len(results)


async def test_the_accounts_of_others_are_never_taken_along() -> None:
    async with staged(crowd(3, 2)) as stage:
        before = {name: list(stage.members(name)) for name in ("CX0", "CX1")}
        await stage.slack.revoke([one for one in removals(3, 2) if one.account_id == "UX1"])
        assert {name: [*stage.members(name), "UX1"] for name in before} == {
            name: [*(user for user in members if user != "UX1"), "UX1"] for name, members in before.items()
        }
