"""The way back: the bot's own link is renewed once and never told; what it cannot close is said."""

from __future__ import annotations

import dataclasses

import pytest

from connectors.chat.telegram.sandbox import (
    BOT_ID,
    OWNER_ID,
    CannotJoin,
    Fault,
    FaultKind,
    InviteLink,
    create_sandbox,
)
from connectors.contract import ClosesTheWayBack, Closing, Outcome, Sight, WayBack, WayKind
from connectors.errors import Forbidden
from policies.model import Gap, Manner, Refusal
from tests.connectors.telegram.stage import (
    ANA,
    BASIC,
    CHANNEL,
    INSTANCE,
    ORDINARY,
    SUPER,
    WITHOUT_BOT,
    WITHOUT_RIGHTS,
    Stage,
    account,
    staged,
    world,
)


async def ways(stage: Stage, *chat_ids: int) -> tuple[list[WayBack], list[Gap]]:
    groups = [stage.group(chat_id) for chat_id in chat_ids]
    found = [way async for way in stage.telegram.ways_back(account(ANA), groups)]
    return [w for w in found if isinstance(w, WayBack)], [w for w in found if isinstance(w, Gap)]


async def closing(stage: Stage, chat_id: int) -> Closing:
    (way,), _ = await ways(stage, chat_id)
    return Closing("close", account(ANA), way)


def primary(stage: Stage, chat_id: int) -> InviteLink:
    return stage.world.primary_link(stage.chat(chat_id), BOT_ID)


@pytest.mark.parametrize("chat_id", ORDINARY)
async def test_whoever_kept_the_bots_link_cannot_come_back_by_it(chat_id: int) -> None:
    async with staged() as stage:
        step = await closing(stage, chat_id)
        kept = primary(stage, chat_id)
        await stage.revoke(chat_id, manner=Manner.KICK)
        before = await stage.telegram.way_back_open(step)
        result = await stage.telegram.close_way_back(step)
        after = await stage.telegram.way_back_open(step)
        with pytest.raises(CannotJoin):
            stage.world.person_joins(chat_id, ANA, kept)
        assert isinstance(stage.telegram, ClosesTheWayBack)
    assert (step.way.id, step.way.kind) == ("primary", WayKind.INVITE_LINK)
    assert result.outcome is Outcome.REVOKED
    assert (before.sight, after.sight) == (Sight.PRESENT, Sight.ABSENT)


async def test_a_link_is_never_told() -> None:
    async with staged() as stage:
        step = await closing(stage, SUPER)
        links = [primary(stage, SUPER).url]
        told = [repr(step), repr(await ways(stage, *ORDINARY))]
        told += [
            repr(await stage.telegram.close_way_back(step)),
            repr(await stage.telegram.way_back_open(step)),
        ]
        links += [link.url for link in stage.chat(SUPER).links]
    assert len(set(links)) == 2, "the link was renewed"
    assert not [link for link in links for text in told if link in text or link.rpartition("/")[2] in text]


async def test_a_link_that_was_renewed_already_is_not_renewed_again() -> None:
    async with staged() as stage:
        step = await closing(stage, SUPER)
        await stage.telegram.close_way_back(step)
        again = await stage.telegram.close_way_back(step)
        assert len(stage.sandbox.calls("exportChatInviteLink")) == 1
    assert again.outcome is Outcome.SAID_ABSENT


async def test_an_answer_that_was_lost_is_read_back_before_anything_else() -> None:
    fault = Fault(FaultKind.DROP, "exportChatInviteLink", after_effect=True)
    async with staged(sandbox=create_sandbox(world(), faults=[fault])) as stage:
        step = await closing(stage, SUPER)
        result = await stage.telegram.close_way_back(step)
        seen = await stage.telegram.way_back_open(step)
        assert len(stage.sandbox.calls("exportChatInviteLink")) == 1
    assert (result.outcome, seen.sight) == (Outcome.UNKNOWN, Sight.ABSENT)


async def test_links_of_others_and_public_names_are_gaps_for_people() -> None:
    async with staged() as stage:
        stage.chat(SUPER).username = "sales"
        found, gaps = await ways(stage, SUPER, CHANNEL)
    assert [way.group.id for way in found if way.group] == [str(SUPER), str(CHANNEL)]
    assert sorted((gap.reason, gap.group_id) for gap in gaps) == [
        ("links_of_others", str(SUPER)),
        ("links_of_others", str(CHANNEL)),
        ("public_group", str(SUPER)),
    ]
    assert all(gap.remedy and "sales" not in repr(gap) for gap in gaps)


async def test_where_the_bot_may_not_invite_there_is_nothing_to_close() -> None:
    async with staged() as stage:
        found, gaps = await ways(stage, WITHOUT_RIGHTS)
    assert (found, [gap.reason for gap in gaps]) == ([], ["links_of_others"])


async def test_a_group_the_bot_does_not_see_is_a_gap() -> None:
    async with staged() as stage:
        stage.world.bot_removed(CHANNEL, OWNER_ID)
        found, gaps = await ways(stage, WITHOUT_BOT, CHANNEL)
    assert found == []
    assert [gap.reason for gap in gaps] == ["group_gone", "bot_not_in_group"]


async def test_groups_of_other_bots_are_not_asked_about() -> None:
    async with staged() as stage:
        elsewhere = dataclasses.replace(stage.group(SUPER), instance="other")
        assert [way async for way in stage.telegram.ways_back(account(ANA), [elsewhere])] == []
        step = await closing(stage, SUPER)
        wrong = dataclasses.replace(step, way=dataclasses.replace(step.way, group=elsewhere))
        nowhere = dataclasses.replace(step, way=dataclasses.replace(step.way, group=None))
        refused = [await stage.telegram.close_way_back(one) for one in (wrong, nowhere)]
        assert stage.wrote() == []
    assert {result.refusal for result in refused} == {Refusal.NOT_MANAGED}
    assert INSTANCE != "other"


async def test_a_right_that_was_taken_meanwhile_is_said_and_leaves_the_link_unreadable() -> None:
    async with staged() as stage:
        step = await closing(stage, SUPER)
        stage.world.bot_demoted(SUPER, OWNER_ID, frozenset({"can_restrict_members"}))
        result = await stage.telegram.close_way_back(step)
        seen = await stage.telegram.way_back_open(step)
    assert (result.outcome, result.refusal) == (Outcome.REFUSED, Refusal.NO_RIGHT)
    assert seen.sight is Sight.UNREADABLE


async def test_an_upgraded_group_has_moved() -> None:
    async with staged() as stage:
        step = await closing(stage, BASIC)
        new = stage.world.upgrade_to_supergroup(BASIC)
        result = await stage.telegram.close_way_back(step)
        old = [
            way async for way in stage.telegram.ways_back(account(ANA), [step.way.group or stage.group(new)])
        ]
    assert (result.outcome, result.new_group_id) == (Outcome.MOVED, str(new))
    assert old, "something is said of the group"


async def test_a_dry_run_renews_nothing() -> None:
    async with staged(read_only=True) as stage:
        step = await closing(stage, SUPER)
        with pytest.raises(Forbidden):
            await stage.telegram.close_way_back(step)
        assert stage.wrote() == []


async def test_what_cannot_be_read_is_unreadable() -> None:
    fault = Fault(FaultKind.HTTP_500, "getChat", nth=2, times=0)
    async with staged(sandbox=create_sandbox(world(), faults=[fault])) as stage:
        step = await closing(stage, SUPER)
        assert (await stage.telegram.way_back_open(step)).sight is Sight.UNREADABLE
        assert (await stage.telegram.close_way_back(step)).outcome is Outcome.UNAVAILABLE
        assert stage.wrote() == []
