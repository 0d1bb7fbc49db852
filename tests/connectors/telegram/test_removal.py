"""Removals: what is done, what is refused, and that nothing is done on a guess."""

from __future__ import annotations

import dataclasses

import pytest

from connectors.chat.telegram.sandbox import (
    BOT_ADMIN,
    BOT_ID,
    OWNER_ID,
    Fault,
    FaultKind,
    Member,
    Status,
    create_sandbox,
)
from connectors.contract import Outcome, Quality
from connectors.errors import BadCredentials, Forbidden
from policies.model import GroupKind, Manner, Refusal
from tests.connectors.telegram.stage import (
    ANA,
    BASIC,
    CHANNEL,
    OMAR,
    ORDINARY,
    STRANGER,
    SUPER,
    WITHOUT_BOT,
    WITHOUT_RIGHTS,
    ZAID,
    staged,
    world,
)


@pytest.mark.parametrize("manner", list(Manner))
@pytest.mark.parametrize("chat_id", ORDINARY)
async def test_a_person_is_taken_out_once_and_nobody_else_is(chat_id: int, manner: Manner) -> None:
    async with staged() as stage:
        before = stage.chat(chat_id).inside()
        result = await stage.revoke(chat_id, manner=manner)
        assert stage.chat(chat_id).inside() == before - {ANA}
        assert stage.sandbox.effective_removals() == [(chat_id, ANA)]
    assert result.outcome is Outcome.REVOKED
    assert result.evidence.quality is Quality.ACKNOWLEDGED


@pytest.mark.parametrize("chat_id", [SUPER, CHANNEL])
async def test_a_bar_stays_and_a_kick_lets_the_person_come_back(chat_id: int) -> None:
    async with staged() as stage:
        kicked = await stage.revoke(chat_id, ANA, Manner.KICK)
        barred = await stage.revoke(chat_id, OMAR, Manner.BAR)
        assert (stage.status(chat_id, ANA), stage.status(chat_id, OMAR)) == (Status.LEFT, Status.KICKED)
    assert ("barred", "no") in kicked.evidence.facts
    assert ("barred", "yes") in barred.evidence.facts


async def test_a_basic_group_bars_nobody_and_the_result_says_so() -> None:
    async with staged() as stage:
        result = await stage.revoke(BASIC, manner=Manner.BAR)
        assert stage.status(BASIC) is Status.LEFT
    assert ("barred", "no") in result.evidence.facts


async def test_no_message_of_anybody_is_deleted() -> None:
    async with staged() as stage:
        for chat_id in ORDINARY:
            await stage.revoke(chat_id)
        bans = stage.sandbox.calls("banChatMember")
    assert len(bans) == 3
    assert all(entry.params.get("revoke_messages", "false") == "false" for entry in bans)
    assert not any("until_date" in entry.params for entry in bans)


async def test_whoever_left_is_said_absent_and_barred_all_the_same_where_a_bar_is_asked_for() -> None:
    async with staged() as stage:
        stage.world.person_leaves(SUPER, ANA)
        stage.world.person_leaves(SUPER, OMAR)
        barred = await stage.revoke(SUPER, ANA, Manner.BAR)
        left = await stage.revoke(SUPER, OMAR, Manner.KICK)
        assert (stage.status(SUPER, ANA), stage.status(SUPER, OMAR)) == (Status.KICKED, Status.LEFT)
    assert (barred.outcome, left.outcome) == (Outcome.SAID_ABSENT, Outcome.SAID_ABSENT)
    assert ("barred", "yes") in barred.evidence.facts


@pytest.mark.parametrize("manner", list(Manner))
async def test_whoever_is_barred_already_is_left_barred(manner: Manner) -> None:
    async with staged() as stage:
        stage.world.person_removed(SUPER, ANA, OWNER_ID)
        result = await stage.revoke(SUPER, manner=manner)
        assert stage.status(SUPER) is Status.KICKED
        assert stage.wrote() == []
    assert result.outcome is Outcome.SAID_ABSENT


async def test_a_bar_that_is_refused_leaves_the_absence_said_with_the_reason() -> None:
    async with staged() as stage:
        stage.world.person_leaves(WITHOUT_RIGHTS, ANA)
        result = await stage.revoke(WITHOUT_RIGHTS, manner=Manner.BAR)
    assert result.outcome is Outcome.SAID_ABSENT
    assert ("barred", "no") in result.evidence.facts
    assert ("error", "not enough rights to restrict/unrestrict chat member") in result.evidence.facts


@pytest.mark.parametrize("inside", [True, False])
async def test_somebody_restricted_is_judged_by_whether_they_are_inside(inside: bool) -> None:
    async with staged() as stage:
        stage.chat(SUPER).members[ANA] = Member(Status.RESTRICTED, is_member=inside)
        result = await stage.revoke(SUPER, manner=Manner.KICK)
    assert result.outcome is (Outcome.REVOKED if inside else Outcome.SAID_ABSENT)


async def test_the_creator_is_never_touched_and_told_how_to_hand_over() -> None:
    async with staged() as stage:
        result = await stage.revoke(SUPER, OWNER_ID)
        assert stage.wrote() == []
    assert (result.outcome, result.refusal) == (Outcome.REFUSED, Refusal.CREATOR)
    assert "transfer the ownership" in result.remedy


async def test_an_admin_the_bot_made_is_demoted_and_then_removed() -> None:
    async with staged() as stage:
        stage.world.person_promoted(SUPER, ANA, BOT_ID)
        result = await stage.revoke(SUPER)
        assert stage.wrote() == ["promoteChatMember", "banChatMember"]
        assert stage.status(SUPER) is Status.KICKED
    assert result.outcome is Outcome.REVOKED
    assert ("demoted", "yes") in result.evidence.facts


async def test_an_admin_somebody_else_made_is_left_to_those_above() -> None:
    async with staged() as stage:
        stage.world.person_promoted(SUPER, ANA, OWNER_ID)
        result = await stage.revoke(SUPER)
        assert stage.wrote() == []
    assert (result.outcome, result.refusal) == (Outcome.REFUSED, Refusal.UNMANAGEABLE_ADMIN)
    assert result.remedy


async def test_in_a_basic_group_no_bot_demotes_an_admin() -> None:
    async with staged() as stage:
        stage.world.person_promoted(BASIC, ANA, BOT_ID)
        result = await stage.revoke(BASIC)
        assert stage.wrote() == []
    assert result.refusal is Refusal.UNMANAGEABLE_ADMIN


async def test_the_last_human_admin_is_not_removed() -> None:
    async with staged() as stage:
        stage.world.person_promoted(SUPER, ANA, BOT_ID)
        stage.world.person_leaves(SUPER, OWNER_ID)
        alone = await stage.revoke(SUPER)
        stage.world.person_promoted(SUPER, OMAR, BOT_ID)
        with_omar = await stage.revoke(SUPER)
    assert (alone.outcome, alone.refusal) == (Outcome.REFUSED, Refusal.LAST_OWNER)
    assert with_omar.outcome is Outcome.REVOKED


async def test_a_deleted_account_is_nobody_in_charge() -> None:
    async with staged() as stage:
        stage.world.person_promoted(SUPER, ANA, BOT_ID)
        stage.world.users[OWNER_ID].deleted = True
        assert (await stage.revoke(SUPER)).refusal is Refusal.LAST_OWNER


async def test_a_step_that_names_two_people_never_leaves() -> None:
    async with staged() as stage:
        step = dataclasses.replace(stage.step(SUPER), account_id=str(OMAR))
        (result,) = await stage.telegram.revoke([step])
        assert {entry.method for entry in stage.sandbox.journal} == {"getMe"}
    assert result.refusal is Refusal.AMBIGUOUS


async def test_the_bots_own_account_and_other_bots_are_never_removed() -> None:
    async with staged() as stage:
        other = stage.world.add_bot("99:" + "x" * 20, "other_bot")
        stage.world.bot_added(SUPER, OWNER_ID, bot=other.user)
        own = await stage.revoke(SUPER, BOT_ID)
        bot = await stage.revoke(SUPER, other.user)
        assert stage.wrote() == []
    assert (own.refusal, bot.refusal) == (Refusal.BOT_ITSELF, Refusal.AMBIGUOUS)


@pytest.mark.parametrize("manner", list(Manner))
async def test_a_bot_that_is_not_even_there_is_not_barred(manner: Manner) -> None:
    async with staged() as stage:
        other = stage.world.add_bot("99:" + "x" * 20, "other_bot")
        stage.world.bot_added(SUPER, OWNER_ID, bot=other.user)
        stage.world.person_leaves(SUPER, other.user)
        result = await stage.revoke(SUPER, other.user, manner)
        assert stage.wrote() == []
    assert (result.outcome, result.refusal) == (Outcome.REFUSED, Refusal.AMBIGUOUS)


async def test_a_bar_that_would_end_by_itself_becomes_one_that_does_not() -> None:
    async with staged() as stage:
        soon = stage.world.date() + 3600
        stage.chat(SUPER).members[ANA] = Member(Status.KICKED, is_member=False, until=soon)
        seen = await stage.read_back(SUPER)
        result = await stage.revoke(SUPER, manner=Manner.BAR)
        member = stage.chat(SUPER).member(ANA)
        kept = await stage.read_back(SUPER)
        assert (member.status, member.until) == (Status.KICKED, 0)
    assert result.outcome is Outcome.SAID_ABSENT
    assert ("barred", "yes") in result.evidence.facts
    assert ("barred", "for a time") in seen.evidence.facts
    assert ("barred", "yes") in kept.evidence.facts


@pytest.mark.parametrize("wrong", ["@ana", "+966501234567", "ana", "-7001", "007", "٧٠٠١", "7001 "])
async def test_a_name_or_a_telephone_number_is_no_account(wrong: str) -> None:
    async with staged() as stage:
        step = stage.step(SUPER)
        account = dataclasses.replace(step.membership.account, id=wrong)
        membership = dataclasses.replace(step.membership, account=account)
        (result,) = await stage.telegram.revoke(
            [dataclasses.replace(step, account_id=wrong, membership=membership)]
        )
        assert stage.wrote() == []
    assert result.refusal is Refusal.ACCOUNT_UNKNOWN


@pytest.mark.parametrize("wrong", ["@sales", "7001", "Sales", "-0", ""])
async def test_what_is_no_group_id_is_never_asked_about(wrong: str) -> None:
    async with staged() as stage:
        step = stage.step(SUPER)
        group = dataclasses.replace(step.membership.group, id=wrong)
        membership = dataclasses.replace(step.membership, group=group)
        (result,) = await stage.telegram.revoke([dataclasses.replace(step, membership=membership)])
        assert stage.wrote() == []
    assert result.refusal is Refusal.GROUP_GONE


async def test_another_bots_step_is_refused() -> None:
    async with staged() as stage:
        step = stage.step(SUPER)
        group = dataclasses.replace(step.membership.group, instance="other")
        membership = dataclasses.replace(step.membership, group=group)
        (result,) = await stage.telegram.revoke([dataclasses.replace(step, membership=membership)])
    assert result.refusal is Refusal.NOT_MANAGED


async def test_telegram_refuses_what_it_refuses_and_each_refusal_has_its_remedy() -> None:
    async with staged() as stage:
        stage.world.bot_removed(CHANNEL, OWNER_ID)
        refused = {
            "no right": await stage.revoke(WITHOUT_RIGHTS),
            "bot never there": await stage.revoke(WITHOUT_BOT),
            "bot put out": await stage.revoke(CHANNEL),
            "never met": await stage.revoke(SUPER, 123456789),
        }
        stage.world.delete_chat(BASIC)
        refused["deleted"] = await stage.revoke(BASIC)
    assert {name: result.refusal for name, result in refused.items()} == {
        "no right": Refusal.NO_RIGHT,
        "bot never there": Refusal.GROUP_GONE,
        "bot put out": Refusal.BOT_NOT_IN_GROUP,
        "never met": Refusal.ACCOUNT_UNKNOWN,
        "deleted": Refusal.GROUP_GONE,
    }
    assert all(result.outcome is Outcome.REFUSED and result.remedy for result in refused.values())


async def test_somebody_the_bot_met_elsewhere_is_said_absent_by_a_reading() -> None:
    async with staged() as stage:
        stage.world.person_writes(STRANGER, "/start")
        result = await stage.revoke(SUPER, STRANGER, Manner.KICK)
    assert result.outcome is Outcome.SAID_ABSENT
    assert result.evidence.quality is Quality.OBSERVED


async def test_an_upgraded_group_has_moved_and_nothing_was_done() -> None:
    async with staged() as stage:
        step = stage.step(BASIC, manner=Manner.KICK)
        new = stage.world.upgrade_to_supergroup(BASIC)
        (result,) = await stage.telegram.revoke([step])
        assert stage.wrote() == []
        # The bot's memory knows only the new id; the kind is still the old one.
        group = dataclasses.replace(step.membership.group, id=str(new))
        membership = dataclasses.replace(step.membership, group=group)
        (again,) = await stage.telegram.revoke([dataclasses.replace(step, membership=membership)])
        assert (stage.wrote(), stage.status(new)) == (["unbanChatMember"], Status.LEFT)
    assert (result.outcome, result.new_group_id) == (Outcome.MOVED, str(new))
    assert group.kind is GroupKind.BASIC_GROUP
    assert again.outcome is Outcome.REVOKED


@pytest.mark.parametrize(
    ("description", "refusal"),
    [
        ("Bad Request: user is an administrator of the chat", Refusal.UNMANAGEABLE_ADMIN),
        ("Bad Request: can't remove chat owner", Refusal.CREATOR),
        ("Bad Request: CHAT_ADMIN_REQUIRED", Refusal.NO_RIGHT),
        ("Bad Request: PARTICIPANT_ID_INVALID", Refusal.ACCOUNT_UNKNOWN),
        ("Bad Request: something brand new", Refusal.UNEXPECTED),
    ],
)
async def test_what_changed_between_the_look_and_the_act_is_refused(
    description: str, refusal: Refusal
) -> None:
    fault = Fault(FaultKind.ERROR, "banChatMember", description=description)
    async with staged(sandbox=create_sandbox(world(), faults=[fault])) as stage:
        result = await stage.revoke(SUPER)
        assert ANA in stage.chat(SUPER).inside()
    assert (result.outcome, result.refusal) == (Outcome.REFUSED, refusal)
    assert result.remedy
    assert ("error", description.removeprefix("Bad Request: ").lower()) in result.evidence.facts


async def test_not_a_participant_is_an_absence_still_to_be_read_back() -> None:
    fault = Fault(FaultKind.ERROR, "banChatMember", description="Bad Request: USER_NOT_PARTICIPANT")
    async with staged(sandbox=create_sandbox(world(), faults=[fault])) as stage:
        assert (await stage.revoke(BASIC)).outcome is Outcome.SAID_ABSENT


async def test_a_dry_run_sends_no_write() -> None:
    async with staged(read_only=True) as stage:
        for chat_id in ORDINARY:
            with pytest.raises(Forbidden):
                await stage.revoke(chat_id)
        assert stage.wrote() == []
        assert all(entry.effect == "none" for entry in stage.sandbox.journal)


async def test_more_steps_than_the_batch_are_refused_before_anything_leaves() -> None:
    async with staged() as stage:
        with pytest.raises(ValueError, match="split them"):
            await stage.telegram.revoke([stage.step(SUPER)] * (stage.telegram.capabilities.batch + 1))
        assert not stage.sandbox.journal


async def test_a_token_that_died_calls_an_operator() -> None:
    fault = Fault(FaultKind.TOKEN_REVOKED, "getChatMember")
    async with staged(sandbox=create_sandbox(world(), faults=[fault])) as stage:
        with pytest.raises(BadCredentials, match="@BotFather"):
            await stage.revoke(SUPER)


@pytest.mark.parametrize(
    "kind", [FaultKind.HTTP_500, FaultKind.DROP, FaultKind.MALFORMED_JSON, FaultKind.HTML_PAGE]
)
async def test_a_look_that_fails_does_nothing_and_a_lost_act_is_unknown(kind: FaultKind) -> None:
    faults = [Fault(kind, "getChatMember", times=3), Fault(kind, "banChatMember", after_effect=True)]
    async with staged(sandbox=create_sandbox(world(), faults=faults)) as stage:
        unread = await stage.revoke(SUPER)
        assert stage.wrote() == []
        lost = await stage.revoke(SUPER)
        assert stage.status(SUPER) is Status.KICKED
        assert stage.wrote() == ["banChatMember"], "never sent twice"
    assert (unread.outcome, lost.outcome) == (Outcome.UNAVAILABLE, Outcome.UNKNOWN)


async def test_a_refusal_for_now_says_for_how_long_and_is_not_repeated() -> None:
    fault = Fault(FaultKind.LIMITED_429, "banChatMember", seconds=7)
    async with staged(sandbox=create_sandbox(world(), faults=[fault])) as stage:
        result = await stage.revoke(SUPER)
        assert len(stage.sandbox.calls("banChatMember")) == 1
    assert result.outcome is Outcome.RATE_LIMITED
    assert 7 <= (result.retry_after or 0) < 8


async def test_people_beside_the_leaver_stay_what_they_were() -> None:
    async with staged() as stage:
        stage.world.person_promoted(SUPER, ZAID, OWNER_ID)
        before = {user: stage.chat(SUPER).member(user) for user in (OMAR, ZAID, OWNER_ID, BOT_ID)}
        await stage.revoke(SUPER)
        assert {user: stage.chat(SUPER).member(user) for user in before} == before
        assert before[BOT_ID].rights == BOT_ADMIN
