"""Many removals in one call: side by side, none twice, the fewest calls, no group left without an admin."""

from __future__ import annotations

import dataclasses

from connectors.chat.telegram.sandbox import (
    BOT_ADMIN,
    BOT_ID,
    OWNER_ID,
    Fault,
    FaultKind,
    Status,
    World,
    create_sandbox,
)
from connectors.contract import Outcome, Revocation, Sight
from policies.model import Group, GroupKind, Manner, Membership, Refusal
from tests.connectors.telegram.stage import ANA, OMAR, SUPER, Stage, account, staged, world

FIRST_CHAT, FIRST_USER = -1000000002000, 8000


def crowd(people: int, chats: int) -> World:
    """So many people, all of them in so many supergroups that the bot looks after."""
    made = world()
    users = range(FIRST_USER, FIRST_USER + people)
    for user in users:
        made.add_user(f"P{user}", id_=user)
    for number in range(chats):
        bots = {BOT_ID: BOT_ADMIN}
        chat = FIRST_CHAT - number
        made.add_chat("supergroup", f"Room {number}", OWNER_ID, members=tuple(users), bots=bots, id_=chat)
    return made


def steps(stage: Stage, people: int, chats: int) -> list[Revocation]:
    return [
        dataclasses.replace(stage.step(FIRST_CHAT - chat, FIRST_USER + person), step_id=f"{chat}:{person}")
        for chat in range(chats)
        for person in range(people)
    ]


async def worked(stage: Stage, people: int, chats: int) -> list[Sight]:
    """Find out, take out and read back as the bot does, in calls of at most a batch."""
    known = stage.known(*(FIRST_CHAT - chat for chat in range(chats)))
    for person in range(people):
        found = stage.telegram.memberships(account(FIRST_USER + person), known)
        assert len([item async for item in found if isinstance(item, Membership)]) == chats
    size, seen = stage.telegram.capabilities.batch, []
    todo = steps(stage, people, chats)
    for start in range(0, len(todo), size):
        part = todo[start : start + size]
        results = await stage.telegram.revoke(part)
        assert [result.outcome for result in results] == [Outcome.REVOKED] * len(part)
        seen += [presence.sight for presence in await stage.telegram.read_back(part)]
    return seen


async def test_one_leaver_and_a_layoff_cost_three_calls_a_membership_and_one_to_know_oneself() -> None:
    for people, chats in ((1, 200), (50, 20)):
        async with staged(crowd(people, chats)) as stage:
            assert set(await worked(stage, people, chats)) == {Sight.ABSENT}
            fewest = 3 * people * chats  # learn of it, end it, see it ended: one call each
            assert len(stage.sandbox.journal) <= fewest * 1.02
            assert len(stage.sandbox.effective_removals()) == people * chats


async def test_a_sight_is_used_once_and_a_kick_never_rests_on_one() -> None:
    async with staged() as stage:
        await stage.memberships(SUPER)
        await stage.memberships(SUPER, user_id=OMAR)
        stage.sandbox.journal.clear()
        await stage.revoke(SUPER)
        assert [entry.method for entry in stage.sandbox.journal] == ["getMe", "banChatMember"]
        await stage.revoke(SUPER)
        stage.world.person_removed(SUPER, OMAR, OWNER_ID)
        await stage.revoke(SUPER, OMAR, Manner.KICK)
        assert stage.status(SUPER, OMAR) is Status.KICKED
        assert len(stage.sandbox.calls("getChatMember")) == 2


async def test_whoever_became_admin_since_the_planning_by_this_bot_is_looked_at_again() -> None:
    async with staged() as stage:
        await stage.memberships(SUPER)
        stage.world.person_promoted(SUPER, ANA, OWNER_ID)
        result = await stage.revoke(SUPER)
        assert ANA in stage.chat(SUPER).inside()
    assert result.refusal is Refusal.UNMANAGEABLE_ADMIN


async def test_of_two_admins_who_leave_together_the_last_one_stays() -> None:
    made = crowd(2, 1)
    users = [FIRST_USER, FIRST_USER + 1]
    async with staged(made) as stage:
        chat = stage.chat(FIRST_CHAT)
        del chat.members[OWNER_ID]
        for user in users:
            stage.world.person_promoted(FIRST_CHAT, user, BOT_ID)
        results = await stage.telegram.revoke(steps(stage, 2, 1))
        assert len(chat.inside() & set(users)) == 1
    assert sorted(result.outcome for result in results) == [Outcome.REFUSED, Outcome.REVOKED]
    assert Refusal.LAST_OWNER in {result.refusal for result in results}


async def test_once_refused_for_now_nothing_more_leaves_and_every_step_is_accounted_for() -> None:
    fault = Fault(FaultKind.LIMITED_429, "getChatMember", seconds=7, times=1000)
    async with staged(
        sandbox=create_sandbox(crowd(1, 100), faults=[fault]), read_tries=1, longest_read_wait_seconds=0.0
    ) as stage:
        todo = steps(stage, 1, stage.telegram.capabilities.batch)
        await stage.telegram.own_account_ids()
        stage.sandbox.journal.clear()
        results = await stage.telegram.revoke(todo)
        assert len(stage.sandbox.journal) <= len(todo)
        assert not stage.sandbox.effective_removals()
    assert {result.outcome for result in results} == {Outcome.RATE_LIMITED}
    assert len(results) == len(todo)


async def test_a_step_of_another_instance_in_the_call_is_refused_alone() -> None:
    async with staged() as stage:
        group = Group("other", "telegram", str(SUPER), "Sales", GroupKind.SUPERGROUP)
        wrong = Revocation("wrong", str(ANA), Membership(account(ANA), group))
        refused, done = await stage.telegram.revoke([wrong, stage.step(SUPER, OMAR)])
        assert stage.chat(SUPER).inside() & {ANA, OMAR} == {ANA}
    assert (refused.outcome, done.outcome) == (Outcome.REFUSED, Outcome.REVOKED)
