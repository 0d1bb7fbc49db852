"""Hand-over: a successor who is a member becomes an admin, with what the bot has to give."""

from __future__ import annotations

import dataclasses

import pytest

from connectors.chat.telegram.sandbox import (
    BOT_ADMIN,
    BOT_ID,
    OWNER_ID,
    Fault,
    FaultKind,
    Status,
    create_sandbox,
)
from connectors.contract import Outcome, Promotion, Sight, TransfersOwnership
from policies.model import Refusal
from tests.connectors.telegram.stage import (
    ANA,
    BASIC,
    CHANNEL,
    OMAR,
    STRANGER,
    SUPER,
    WITHOUT_BOT,
    WITHOUT_RIGHTS,
    Stage,
    account,
    staged,
    world,
)


def promotion(stage: Stage, chat_id: int = SUPER, successor: int = OMAR, leaver: int = ANA) -> Promotion:
    return Promotion("hand-over", account(successor), stage.group(chat_id), str(leaver))


@pytest.mark.parametrize("chat_id", [SUPER, CHANNEL])
async def test_a_member_becomes_admin_with_the_rights_the_bot_has_and_it_is_seen(chat_id: int) -> None:
    async with staged() as stage:
        step = promotion(stage, chat_id)
        before = await stage.telegram.sole_ownership(step)
        result = await stage.telegram.promote(step)
        after = await stage.telegram.sole_ownership(step)
        assert stage.chat(chat_id).member(OMAR).rights == BOT_ADMIN
        assert isinstance(stage.telegram, TransfersOwnership)
    assert result.outcome is Outcome.REVOKED
    assert (before.sight, after.sight) == (Sight.PRESENT, Sight.ABSENT)


async def test_the_last_admin_can_go_once_a_successor_is_there() -> None:
    async with staged() as stage:
        stage.world.person_promoted(SUPER, ANA, BOT_ID)
        stage.world.person_leaves(SUPER, OWNER_ID)
        assert (await stage.revoke(SUPER)).refusal is Refusal.LAST_OWNER
        await stage.telegram.promote(promotion(stage))
        assert (await stage.revoke(SUPER)).outcome is Outcome.REVOKED
        assert stage.status(SUPER, OMAR) is Status.ADMINISTRATOR


@pytest.mark.parametrize("successor", [OWNER_ID, OMAR])
async def test_whoever_is_in_charge_already_is_not_promoted_again(successor: int) -> None:
    async with staged() as stage:
        stage.world.person_promoted(SUPER, OMAR, OWNER_ID, frozenset({"can_manage_chat"}))
        result = await stage.telegram.promote(promotion(stage, successor=successor))
        assert stage.wrote() == []
    assert result.outcome is Outcome.SAID_ABSENT


async def test_a_successor_outside_must_join_first() -> None:
    async with staged() as stage:
        stage.world.person_leaves(SUPER, OMAR)
        stage.world.person_writes(STRANGER, "/start")
        left = await stage.telegram.promote(promotion(stage))
        never = await stage.telegram.promote(promotion(stage, successor=STRANGER))
        assert stage.wrote() == []
    assert (left.refusal, never.refusal) == (Refusal.LAST_OWNER, Refusal.LAST_OWNER)
    assert "join first" in left.remedy


async def test_a_bot_that_may_not_add_admins_says_so() -> None:
    async with staged() as stage:
        stage.world.bot_demoted(SUPER, OWNER_ID, BOT_ADMIN - {"can_promote_members"})
        results = [await stage.telegram.promote(promotion(stage, id_)) for id_ in (SUPER, WITHOUT_RIGHTS)]
        assert stage.wrote() == []
    assert {result.refusal for result in results} == {Refusal.NO_RIGHT}
    assert all(result.remedy for result in results)


async def test_in_a_basic_group_a_person_must_do_it() -> None:
    async with staged() as stage:
        result = await stage.telegram.promote(promotion(stage, BASIC))
    assert result.outcome is Outcome.NO_API
    assert "supergroup" in result.remedy


async def test_the_leaver_the_bot_other_bots_and_other_instances_are_never_successors() -> None:
    async with staged() as stage:
        other = stage.world.add_bot("99:" + "x" * 20, "other_bot")
        stage.world.bot_added(SUPER, OWNER_ID, bot=other.user)
        elsewhere = dataclasses.replace(stage.group(SUPER), instance="other")
        unnamed = dataclasses.replace(account(OMAR), id="@omar")
        steps = [
            promotion(stage, successor=ANA),
            promotion(stage, successor=BOT_ID),
            promotion(stage, successor=other.user),
            dataclasses.replace(promotion(stage), group=elsewhere),
            dataclasses.replace(promotion(stage), account=unnamed),
            dataclasses.replace(promotion(stage), group=dataclasses.replace(stage.group(SUPER), id="@sales")),
        ]
        refused = [(await stage.telegram.promote(step)).refusal for step in steps]
        assert stage.wrote() == []
    assert refused == [
        Refusal.AMBIGUOUS,
        Refusal.BOT_ITSELF,
        Refusal.AMBIGUOUS,
        Refusal.NOT_MANAGED,
        Refusal.ACCOUNT_UNKNOWN,
        Refusal.GROUP_GONE,
    ]


async def test_an_upgraded_group_is_followed_when_read_and_said_when_written() -> None:
    async with staged() as stage:
        step = promotion(stage, BASIC)
        new = stage.world.upgrade_to_supergroup(BASIC)
        result = await stage.telegram.promote(step)
        seen = await stage.telegram.sole_ownership(step)
        stage.world.person_promoted(new, OMAR, OWNER_ID)
        made = await stage.telegram.sole_ownership(step)
    assert (result.outcome, result.new_group_id) == (Outcome.MOVED, str(new))
    assert (seen.sight, made.sight) == (Sight.PRESENT, Sight.ABSENT)


async def test_what_cannot_be_read_is_unreadable_and_a_lost_answer_unknown() -> None:
    faults = [
        Fault(FaultKind.DROP, "promoteChatMember", after_effect=True),
        Fault(FaultKind.HTTP_500, "getChatAdministrators", times=3),
    ]
    async with staged(sandbox=create_sandbox(world(), faults=faults)) as stage:
        lost = await stage.telegram.promote(promotion(stage))
        broken = await stage.telegram.sole_ownership(promotion(stage))
        fine = await stage.telegram.sole_ownership(promotion(stage))
        outside = await stage.telegram.sole_ownership(promotion(stage, WITHOUT_BOT))
        assert len(stage.sandbox.calls("promoteChatMember")) == 1
    assert lost.outcome is Outcome.UNKNOWN
    assert (broken.sight, fine.sight, outside.sight) == (Sight.UNREADABLE, Sight.ABSENT, Sight.UNREADABLE)
