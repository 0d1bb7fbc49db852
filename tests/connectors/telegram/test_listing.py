"""What an account is in, and what each known group is now; what cannot be read is a gap, or it raises."""

from __future__ import annotations

import pytest

from bot.locale.keys import GAPS
from connectors.chat.telegram.sandbox import BOT_ADMIN, BOT_ID, OWNER_ID, Fault, FaultKind, create_sandbox
from connectors.contract import KnownGroups
from connectors.errors import BadCredentials, Unavailable
from policies.model import Account, Gap, GroupKind, Membership, Person, Refusal, Role
from tests.connectors.telegram.stage import (
    ANA,
    BASIC,
    CHANNEL,
    DISCUSSION,
    INSTANCE,
    OMAR,
    ORDINARY,
    SUPER,
    WITHOUT_BOT,
    WITHOUT_RIGHTS,
    staged,
    world,
)


def by_reason(gaps: list[Gap]) -> dict[str, str | None]:
    return {gap.reason: gap.group_id for gap in gaps}


async def test_every_known_group_is_asked_and_the_standing_gap_is_said() -> None:
    async with staged() as stage:
        found, gaps = await stage.memberships(*ORDINARY)
    assert {membership.group.id for membership in found} == {str(chat_id) for chat_id in ORDINARY}
    assert {membership.role for membership in found} == {Role.MEMBER}
    assert by_reason(gaps) == {"groups_learnt_only": None}


async def test_whoever_left_or_is_barred_is_in_nothing() -> None:
    async with staged() as stage:
        stage.world.person_leaves(SUPER, ANA)
        stage.world.person_removed(CHANNEL, ANA, OWNER_ID)
        found, gaps = await stage.memberships(SUPER, CHANNEL)
    assert (found, by_reason(gaps)) == ([], {"groups_learnt_only": None})


async def test_a_creator_is_an_owner_whom_telegram_does_not_let_go() -> None:
    async with staged() as stage:
        (owner,), _ = await stage.memberships(SUPER, user_id=OWNER_ID)
    assert (owner.role, owner.refusal) == (Role.OWNER, Refusal.CREATOR)


async def test_an_admin_is_manageable_where_the_bot_made_them() -> None:
    async with staged() as stage:
        stage.world.person_promoted(SUPER, ANA, BOT_ID)
        stage.world.person_promoted(CHANNEL, ANA, OWNER_ID)
        stage.world.person_promoted(BASIC, ANA, BOT_ID)
        found, _ = await stage.memberships(*ORDINARY)
    assert {(m.group.id, m.role, m.refusal, m.sole_owner) for m in found} == {
        (str(SUPER), Role.ADMIN, None, False),
        (str(CHANNEL), Role.ADMIN, Refusal.UNMANAGEABLE_ADMIN, False),
        (str(BASIC), Role.ADMIN, Refusal.UNMANAGEABLE_ADMIN, False),
    }


async def test_the_last_human_admin_is_a_sole_owner() -> None:
    async with staged() as stage:
        stage.world.person_promoted(SUPER, ANA, BOT_ID)
        stage.world.person_leaves(SUPER, OWNER_ID)
        (alone,), _ = await stage.memberships(SUPER)
        stage.world.person_promoted(SUPER, OMAR, BOT_ID)
        (beside,), _ = await stage.memberships(SUPER)
    assert (alone.sole_owner, beside.sole_owner) == (True, False)


async def test_what_cannot_be_read_is_a_gap_with_reason_and_remedy_and_the_rest_is_read() -> None:
    async with staged() as stage:
        stage.world.bot_removed(CHANNEL, OWNER_ID)
        found, gaps = await stage.memberships(WITHOUT_BOT, CHANNEL, SUPER)
    assert [membership.group.id for membership in found] == [str(SUPER)]
    assert by_reason(gaps) == {
        "group_gone": str(WITHOUT_BOT),
        "bot_not_in_group": str(CHANNEL),
        "groups_learnt_only": None,
    }
    assert all(gap.remedy for gap in gaps)


async def test_hidden_members_are_a_gap_where_the_bot_is_no_admin() -> None:
    async with staged() as stage:
        stage.chat(WITHOUT_RIGHTS).hidden_members = True
        found, gaps = await stage.memberships(WITHOUT_RIGHTS)
    assert (found, by_reason(gaps)["members_unreadable"]) == ([], str(WITHOUT_RIGHTS))


async def test_an_account_the_bot_never_met_is_a_gap_in_each_group_and_no_absence() -> None:
    async with staged() as stage:
        found, gaps = await stage.memberships(SUPER, BASIC, user_id=123456789)
    assert found == []
    assert [gap.group_id for gap in gaps if gap.reason == "account_never_met"] == [str(SUPER), str(BASIC)]


@pytest.mark.parametrize("name", ["@ana", "+966501234567", ""])
async def test_an_account_without_a_numeric_id_is_a_gap_that_does_not_repeat_it(name: str) -> None:
    async with staged() as stage:
        found = [m async for m in stage.telegram.memberships(Account(INSTANCE, name), stage.known())]
        assert not stage.sandbox.journal
    (gap,) = found
    assert isinstance(gap, Gap)
    assert gap.reason == "account_id_not_numeric"
    assert not name or name not in repr(gap)


async def test_an_upgraded_group_is_followed_and_said() -> None:
    async with staged() as stage:
        known = stage.known(BASIC, SUPER)
        new = stage.world.upgrade_to_supergroup(BASIC)
        ana = Account(INSTANCE, str(ANA))
        found = [m async for m in stage.telegram.memberships(ana, known)]
    moved = [m for m in found if isinstance(m, Gap) and m.reason == "group_moved"]
    assert [(gap.group_id, gap.detail) for gap in moved] == [(str(BASIC), str(new))]
    groups = {m.group.id: m.group.kind for m in found if isinstance(m, Membership)}
    assert groups == {str(new): GroupKind.SUPERGROUP, str(SUPER): GroupKind.SUPERGROUP}


async def test_a_group_known_by_both_its_ids_is_a_membership_once() -> None:
    async with staged() as stage:
        old = stage.group(BASIC)
        new = stage.world.upgrade_to_supergroup(BASIC)
        known = KnownGroups((old, stage.group(new)))
        ana = Account(INSTANCE, str(ANA))
        found = [m async for m in stage.telegram.memberships(ana, known)]
        listed = [g async for g in stage.telegram.groups(known)]
    assert [m.group.id for m in found if isinstance(m, Membership)] == [str(new)]
    assert [g.id for g in listed if not isinstance(g, Gap)] == [str(new)]


@pytest.mark.parametrize("kind", [FaultKind.HTTP_500, FaultKind.DROP, FaultKind.MALFORMED_JSON])
async def test_a_reading_that_breaks_off_raises(kind: FaultKind) -> None:
    faults = [Fault(kind, "getChatMember", times=0, chat=CHANNEL)]
    async with staged(sandbox=create_sandbox(world(), faults=faults)) as stage:
        with pytest.raises(Unavailable):
            await stage.memberships(*ORDINARY)
        with pytest.raises(Unavailable):
            await stage.groups(*ORDINARY)


async def test_a_dead_token_calls_an_operator() -> None:
    async with staged(sandbox=create_sandbox(world(), faults=[Fault(FaultKind.TOKEN_REVOKED)])) as stage:
        with pytest.raises(BadCredentials):
            await stage.memberships(SUPER)


async def test_groups_are_read_as_they_are_now() -> None:
    async with staged() as stage:
        known = stage.known(*ORDINARY, WITHOUT_RIGHTS)
        stage.chat(SUPER).title = "Sales and more"
        stage.chat(SUPER).username = "sales"
        found = {g.id: g async for g in stage.telegram.groups(known) if not isinstance(g, Gap)}
    assert {g.kind for g in found.values()} == {
        GroupKind.SUPERGROUP,
        GroupKind.BASIC_GROUP,
        GroupKind.BROADCAST_CHANNEL,
    }
    sales, without = found[str(SUPER)], found[str(WITHOUT_RIGHTS)]
    assert (sales.name, sales.self_join, found[str(BASIC)].self_join) == ("Sales and more", True, False)
    assert {group.bot_inside for group in found.values()} == {True}
    assert [found[str(chat_id)].bot_may_remove for chat_id in ORDINARY] == [True, True, True]
    assert without.bot_may_remove is False


async def test_a_basic_group_without_the_bot_as_admin_is_seen_as_such() -> None:
    async with staged() as stage:
        stage.world.bot_demoted(BASIC, OWNER_ID)
        (group,), _ = await stage.groups(BASIC)
    assert (group.bot_inside, group.bot_may_remove) == (True, False)


async def test_a_public_group_the_bot_left_is_still_seen_and_said_to_be_without_it() -> None:
    async with staged() as stage:
        stage.chat(WITHOUT_BOT).username = "open"
        (group,), _ = await stage.groups(WITHOUT_BOT)
    assert (group.bot_inside, group.bot_may_remove) == (False, False)


async def test_a_group_that_cannot_be_seen_is_a_gap() -> None:
    async with staged() as stage:
        stage.world.bot_removed(CHANNEL, OWNER_ID)
        stage.world.delete_chat(BASIC)
        found, gaps = await stage.groups(CHANNEL, BASIC)
    assert found == []
    assert by_reason(gaps) == {
        "bot_not_in_group": str(CHANNEL),
        "group_gone": str(BASIC),
        "groups_learnt_only": None,
    }


async def test_a_group_that_was_upgraded_is_found_under_its_new_id() -> None:
    async with staged() as stage:
        known = stage.known(BASIC)
        new = stage.world.upgrade_to_supergroup(BASIC)
        listed = [g async for g in stage.telegram.groups(known)]
    assert [(g.id, g.kind) for g in listed if not isinstance(g, Gap)] == [(str(new), GroupKind.SUPERGROUP)]
    assert by_reason([g for g in listed if isinstance(g, Gap)])["group_moved"] == str(BASIC)


async def test_a_channels_discussion_group_is_named_and_a_gap_where_it_is_not_known() -> None:
    async with staged() as stage:
        stage.world.add_chat("supergroup", "Talk", OWNER_ID, bots={BOT_ID: BOT_ADMIN}, id_=DISCUSSION)
        stage.world.link_discussion(CHANNEL, DISCUSSION)
        (channel,), alone = await stage.groups(CHANNEL)
        both, gaps = await stage.groups(CHANNEL, DISCUSSION)
    assert channel.linked_id == str(DISCUSSION)
    assert by_reason(alone)["linked_group_unseen"] == str(DISCUSSION)
    assert {group.linked_id for group in both} == {str(CHANNEL), str(DISCUSSION)}
    assert "linked_group_unseen" not in by_reason(gaps)


async def test_a_group_costs_two_calls_and_a_membership_one() -> None:
    async with staged() as stage:
        await stage.groups(*ORDINARY)
        groups = [entry.method for entry in stage.sandbox.journal if entry.method != "getMe"]
        stage.sandbox.journal.clear()
        await stage.memberships(*ORDINARY)
        assert [entry.method for entry in stage.sandbox.journal] == ["getChatMember"] * 3
    assert len(groups) == 2 * len(ORDINARY)


async def test_nobodys_accounts_are_listed_and_a_persons_are_those_stated() -> None:
    async with staged() as stage:
        everybody = [account async for account in stage.telegram.accounts()]
        ana = Person("E7", "Ana", account_ids=(("other", "1"), (INSTANCE, str(ANA))))
        found = [account async for account in stage.telegram.accounts(ana)]
        assert not stage.sandbox.journal
    assert (everybody, found) == ([], [Account(INSTANCE, str(ANA))])


async def test_every_reason_of_a_gap_has_its_sentence() -> None:
    from connectors.chat.telegram import gaps

    table = {reason for reason, _ in (*gaps._BY_REFUSAL.values(), gaps._UNFORESEEN)}
    assert table <= set(GAPS)
