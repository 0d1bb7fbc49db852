"""Reading back: absent only where Telegram says of this very account that it is gone."""

from __future__ import annotations

import pytest

from connectors.chat.telegram.sandbox import (
    BOT_ID,
    OWNER_ID,
    Fault,
    FaultKind,
    Member,
    Status,
    create_sandbox,
)
from connectors.contract import Quality, Sight
from connectors.errors import BadCredentials
from policies.model import Manner
from tests.connectors.telegram.stage import (
    ANA,
    BASIC,
    CHANNEL,
    ORDINARY,
    SUPER,
    WITHOUT_BOT,
    Later,
    staged,
    world,
)


@pytest.mark.parametrize("chat_id", ORDINARY)
async def test_presence_is_seen_before_and_absence_after(chat_id: int) -> None:
    async with staged() as stage:
        before = await stage.read_back(chat_id)
        await stage.revoke(chat_id)
        after = await stage.read_back(chat_id)
    assert (before.sight, after.sight) == (Sight.PRESENT, Sight.ABSENT)
    assert (before.evidence.quality, after.evidence.quality) == (Quality.OBSERVED, Quality.OBSERVED)
    assert ("status_in_group", "member") in before.evidence.facts


async def test_evidence_tells_a_bar_from_a_mere_absence() -> None:
    async with staged() as stage:
        await stage.revoke(SUPER, manner=Manner.BAR)
        await stage.revoke(CHANNEL, manner=Manner.KICK)
        barred, left = await stage.read_back(SUPER), await stage.read_back(CHANNEL)
    assert ("barred", "yes") in barred.evidence.facts
    assert ("barred", "no") in left.evidence.facts


@pytest.mark.parametrize(("inside", "sight"), [(True, Sight.PRESENT), (False, Sight.ABSENT)])
async def test_somebody_restricted_is_seen_as_inside_or_outside(inside: bool, sight: Sight) -> None:
    async with staged() as stage:
        stage.chat(SUPER).members[ANA] = Member(Status.RESTRICTED, is_member=inside)
        assert (await stage.read_back(SUPER)).sight is sight


async def test_admins_and_creators_are_present() -> None:
    async with staged() as stage:
        stage.world.person_promoted(SUPER, ANA, OWNER_ID)
        assert (await stage.read_back(SUPER)).sight is Sight.PRESENT
        assert (await stage.read_back(SUPER, OWNER_ID)).sight is Sight.PRESENT


async def test_a_group_the_bot_does_not_see_is_unreadable_and_never_absent() -> None:
    async with staged() as stage:
        await stage.revoke(CHANNEL)
        stage.world.bot_removed(CHANNEL, OWNER_ID)
        stage.world.delete_chat(BASIC)
        seen = [await stage.read_back(chat_id) for chat_id in (WITHOUT_BOT, CHANNEL, BASIC)]
    assert {presence.sight for presence in seen} == {Sight.UNREADABLE}
    assert all(presence.detail for presence in seen)


async def test_a_group_that_was_upgraded_is_read_under_its_new_id() -> None:
    async with staged() as stage:
        await stage.revoke(BASIC)
        gone, there = stage.step(BASIC), stage.step(BASIC, OWNER_ID)
        new = stage.world.upgrade_to_supergroup(BASIC)
        absent, present = await stage.telegram.read_back([gone, there])
    assert (absent.sight, present.sight) == (Sight.ABSENT, Sight.PRESENT)
    assert ("moved_to", str(new)) in absent.evidence.facts


async def test_each_membership_costs_one_call() -> None:
    async with staged() as stage:
        await stage.telegram.read_back([stage.step(chat_id) for chat_id in ORDINARY])
        assert [entry.method for entry in stage.sandbox.journal] == ["getChatMember"] * 3


@pytest.mark.parametrize(
    "kind",
    [FaultKind.HTTP_500, FaultKind.DROP, FaultKind.EMPTY_BODY, FaultKind.MALFORMED_JSON, FaultKind.ERROR,
     FaultKind.REDIRECT, FaultKind.HTML_PAGE],
)  # fmt: skip
async def test_what_cannot_be_read_is_unreadable_and_does_not_hide_the_others(kind: FaultKind) -> None:
    faults = [Fault(kind, "getChatMember", times=0, chat=SUPER)]
    async with staged(sandbox=create_sandbox(world(), faults=faults)) as stage:
        stage.world.person_leaves(SUPER, ANA)
        spoilt, fine = await stage.telegram.read_back([stage.step(SUPER), stage.step(CHANNEL)])
    assert (spoilt.sight, fine.sight) == (Sight.UNREADABLE, Sight.PRESENT)
    assert spoilt.evidence.quality is Quality.UNKNOWN


async def test_a_status_nobody_knows_is_no_absence() -> None:
    async with staged() as stage:
        # As a later version of Telegram might: the sandbox sends the word as it stands.
        stage.chat(SUPER).members[ANA] = Member(Later.SLEEPING)  # type: ignore[arg-type]
        presence = await stage.read_back(SUPER)
        assert (await stage.revoke(SUPER)).refusal is not None
        assert stage.wrote() == []
    assert presence.sight is Sight.UNREADABLE


async def test_an_answer_about_somebody_else_is_no_answer() -> None:
    async with staged() as stage:
        stage.world.users[ANA].id = 4242
        presence = await stage.read_back(SUPER)
    assert presence.sight is Sight.UNREADABLE
    assert "another" in presence.detail


async def test_a_token_that_died_raises() -> None:
    fault = Fault(FaultKind.TOKEN_REVOKED, "getChatMember")
    async with staged(sandbox=create_sandbox(world(), faults=[fault])) as stage:
        with pytest.raises(BadCredentials):
            await stage.read_back(SUPER)


async def test_the_bot_itself_can_be_read_too() -> None:
    async with staged() as stage:
        assert (await stage.read_back(SUPER, BOT_ID)).sight is Sight.PRESENT
