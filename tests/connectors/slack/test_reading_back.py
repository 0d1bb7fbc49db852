"""Read-backs: absent only where a complete reading proves it, and never out of an error."""

from __future__ import annotations

import pytest

from connectors.chat.slack.sandbox import (
    BOT_ID,
    BOT_TOKEN,
    GENERAL_ID,
    Channel,
    Fault,
    FaultKind,
    create_sandbox,
)
from connectors.contract import Sight
from connectors.errors import BadCredentials
from tests.connectors.slack.stage import staged, step, workspace


async def test_one_listing_answers_for_all_channels_of_a_person() -> None:
    async with staged() as stage:
        await stage.revoke("C1")
        seen = await stage.slack.read_back([step("C1"), step("G1"), step("CSHARED")])
        calls = [entry.params.get("user") for entry in stage.sandbox.calls("users.conversations")]
    assert [presence.sight for presence in seen] == [Sight.ABSENT, Sight.PRESENT, Sight.PRESENT]
    assert calls == ["U1"], "and by the kick Slack told that the bot is in C1"
    assert seen[0].evidence.request_id


async def test_each_person_is_read_by_themselves() -> None:
    async with staged() as stage:
        await stage.revoke("C1")
        seen = await stage.slack.read_back([step("C1"), step("C1", account_id="U2")])
    assert [presence.sight for presence in seen] == [Sight.ABSENT, Sight.PRESENT]


async def test_user_groups_are_read_from_their_own_list() -> None:
    async with staged() as stage:
        assert (await stage.read_back("S1")).sight is Sight.PRESENT
        await stage.revoke("S1")
        assert (await stage.read_back("S1")).sight is Sight.ABSENT


async def test_a_channel_the_bot_no_longer_sees_is_unreadable() -> None:
    async with staged() as stage:
        await stage.revoke("G1")
        stage.members("G1").remove(BOT_ID)
        assert (await stage.read_back("G1")).sight is Sight.UNREADABLE
        assert (await stage.read_back("CNOWHERE")).sight is Sight.UNREADABLE


async def test_that_the_bot_was_inside_before_a_removal_proves_nothing_after_it() -> None:
    kept = Fault(FaultKind.OK_BUT_KEPT, "conversations.kick")
    async with staged(sandbox=create_sandbox(workspace(), faults=[kept])) as stage:
        stage.members("C1").remove("U1")
        assert (await stage.read_back("C1")).sight is Sight.ABSENT
        await stage.revoke("G1")
        stage.members("G1").remove(BOT_ID)
        assert "U1" in stage.members("G1")
        assert (await stage.read_back("G1")).sight is Sight.UNREADABLE


async def test_a_kick_from_a_public_channel_tells_that_the_bot_is_inside_for_a_while_only() -> None:
    async with staged() as stage:
        await stage.revoke("C1")
        assert (await stage.read_back("C1")).sight is Sight.ABSENT
        assert [call.params.get("user") for call in stage.sandbox.calls("users.conversations")] == ["U1"]
        stage.sandbox.workspace.channels["C2"].is_private = True
        assert (await stage.read_back("C2")).sight is Sight.UNREADABLE, "of another channel it tells nothing"
    async with staged(own_channels_kept_seconds=0.0) as stage:
        await stage.revoke("C1")
        stage.sandbox.workspace.channels["C1"].is_private = True
        stage.members("C1").remove(BOT_ID)
        assert (await stage.read_back("C1")).sight is Sight.UNREADABLE


async def test_a_kick_that_failed_tells_nothing_of_where_the_bot_is() -> None:
    failing = Fault(FaultKind.ERROR, "conversations.kick", error="restricted_action", times=0)
    async with staged(sandbox=create_sandbox(workspace(), faults=[failing])) as stage:
        await stage.revoke("C1")
        stage.members("C1").remove("U1")
        assert (await stage.read_back("C1")).sight is Sight.ABSENT
        assert [call.params.get("user") for call in stage.sandbox.calls("users.conversations")] == [
            "U1",
            None,
        ]


async def test_a_public_channel_made_private_meanwhile_hides_no_member() -> None:
    async with staged() as stage:
        stage.sandbox.workspace.channels["C2"].is_private = True
        assert (await stage.read_back("C2")).sight is Sight.UNREADABLE


async def test_a_public_channel_without_the_bot_is_readable() -> None:
    async with staged() as stage:
        stage.members("C2").remove("U1")
        assert (await stage.read_back("C2")).sight is Sight.ABSENT


@pytest.mark.parametrize(
    ("method", "group_id"), [("users.conversations", "C1"), ("users.info", "S1"), ("users.info", "G2")]
)
@pytest.mark.parametrize(
    "kind",
    [FaultKind.HTTP_500, FaultKind.MALFORMED_JSON, FaultKind.HTML_PAGE, FaultKind.EMPTY_BODY, FaultKind.DROP],
)
async def test_no_error_is_ever_an_absence(method: str, group_id: str, kind: FaultKind) -> None:
    sandbox = create_sandbox(workspace(), faults=[Fault(kind, method, times=0)])
    async with staged(sandbox=sandbox) as stage:
        stage.members("C1").remove("U1")
        stage.sandbox.workspace.user_groups["S1"].users.remove("U1")
        assert (await stage.read_back(group_id)).sight is Sight.UNREADABLE


async def test_channels_that_show_others_and_not_this_one_prove_it_without_the_account() -> None:
    async with staged() as stage:
        stage.members("C1").remove("U1")
        seen = await stage.read_back("C1")
        assert not stage.sandbox.calls("users.info")
    assert seen.sight is Sight.ABSENT
    assert ("account", "not asked for") in seen.evidence.facts


async def test_an_empty_list_of_channels_proves_nothing_by_itself() -> None:
    world = workspace()
    for channel in world.channels.values():
        channel.members = [member for member in channel.members if member != "U1"]
    async with staged(world) as stage:
        assert (await stage.read_back("C1")).sight is Sight.ABSENT
        assert len(stage.sandbox.calls("users.info")) == 1
        assert len(stage.sandbox.calls("conversations.members")) == 1


async def test_a_missing_right_to_read_is_unreadable() -> None:
    world = workspace()
    world.tokens[BOT_TOKEN].scopes.remove("usergroups:read")
    async with staged(world) as stage:
        assert (await stage.read_back("S1")).sight is Sight.UNREADABLE


async def test_a_revoked_token_calls_an_operator_instead_of_reading_anything() -> None:
    async with staged() as stage:
        await stage.read_back("C1")
        stage.sandbox.workspace.tokens[BOT_TOKEN].revoked = True
        with pytest.raises(BadCredentials):
            await stage.read_back("C1")


async def test_going_in_circles_is_unreadable() -> None:
    loop = Fault(FaultKind.CURSOR_LOOP, "users.conversations", times=0)
    async with staged(sandbox=create_sandbox(workspace(), faults=[loop], page_cap=2)) as stage:
        assert (await stage.read_back("CSHARED")).sight is Sight.UNREADABLE


@pytest.mark.parametrize("page_cap", [1000, 2])
async def test_a_page_left_out_of_the_listing_is_caught_by_the_members(page_cap: int) -> None:
    missing = Fault(FaultKind.PAGE_MISSING, "users.conversations")
    async with staged(sandbox=create_sandbox(workspace(), faults=[missing], page_cap=page_cap)) as stage:
        assert "U1" in stage.members("C1")
        presence = await stage.read_back("C1")
    assert presence.sight is Sight.PRESENT
    assert presence.evidence.source == "conversations.members"


async def test_answered_ok_but_kept_is_seen_as_present() -> None:
    kept = Fault(FaultKind.OK_BUT_KEPT, "conversations.kick")
    async with staged(sandbox=create_sandbox(workspace(), faults=[kept])) as stage:
        await stage.revoke("C1")
        assert (await stage.read_back("C1")).sight is Sight.PRESENT


async def test_a_delayed_effect_shows_when_it_shows() -> None:
    late = Fault(FaultKind.DELAYED_EFFECT, "conversations.kick", seconds=3600.0)
    async with staged(sandbox=create_sandbox(workspace(), faults=[late])) as stage:
        await stage.revoke("C1")
        assert (await stage.read_back("C1")).sight is Sight.PRESENT
        stage.sandbox.pending.due = [(0.0, effect) for _, effect in stage.sandbox.pending.due]
        assert (await stage.read_back("C1")).sight is Sight.ABSENT


async def test_a_deactivated_account_without_memberships_is_only_locked_out() -> None:
    async with staged(admin=True) as stage:
        await stage.slack.deactivate("x", await stage.account())
        assert (await stage.read_back("C1")).sight is Sight.LOCKED_OUT
        assert (await stage.read_back("S1")).sight is Sight.LOCKED_OUT


async def test_a_deactivated_account_still_listed_elsewhere_proves_an_absence() -> None:
    world = workspace()
    world.prefs.deactivation_keeps_memberships = True
    async with staged(world, admin=True) as stage:
        await stage.revoke("C1")
        await stage.slack.deactivate("x", await stage.account())
        assert (await stage.read_back("C1")).sight is Sight.ABSENT
        kept = await stage.read_back("G1")
    assert kept.sight is Sight.LOCKED_OUT
    assert "still listed" in kept.detail


async def test_an_account_slack_does_not_know_is_unreadable() -> None:
    async with staged() as stage:
        assert (await stage.read_back("C1", account_id="UNOBODY")).sight is Sight.UNREADABLE


async def test_a_person_in_no_channel_at_all_is_absent_by_the_members() -> None:
    world = workspace().add(Channel("C9", members=[BOT_ID]))
    for channel in world.channels.values():
        channel.members = [member for member in channel.members if member != "U1"]
    async with staged(world) as stage:
        presence = await stage.read_back("C9")
        assert "U1" not in stage.members(GENERAL_ID)
    assert (presence.sight, presence.evidence.source) == (Sight.ABSENT, "conversations.members")


@pytest.mark.parametrize("page_cap", [1000, 1])
async def test_a_server_without_users_conversations_is_asked_for_the_channels_own_members(
    page_cap: int,
) -> None:
    unknown = Fault(FaultKind.ERROR, "users.conversations", times=0, error="unknown_method")
    async with staged(sandbox=create_sandbox(workspace(), faults=[unknown], page_cap=page_cap)) as stage:
        await stage.memberships()
        assert len(stage.sandbox.calls("users.conversations")) == 1, "asked once, never again"
        before = len(stage.sandbox.calls("conversations.list"))
        assert (await stage.read_back("C1")).sight is Sight.PRESENT
        await stage.revoke("C1")
        assert (await stage.read_back("C1")).sight is Sight.ABSENT
        if page_cap == 1000:
            assert len(stage.sandbox.calls("conversations.list")) == before


async def test_there_too_a_page_left_out_is_no_absence() -> None:
    unknown = Fault(FaultKind.ERROR, "users.conversations", times=0, error="unknown_method")
    async with staged(sandbox=create_sandbox(workspace(), faults=[unknown], page_cap=1)) as stage:
        await stage.memberships()
        stage.sandbox.faults.append(Fault(FaultKind.PAGE_MISSING, "conversations.members"))
        assert (await stage.read_back("C1")).sight is Sight.PRESENT


async def test_there_too_an_unreadable_list_is_no_absence() -> None:
    unknown = Fault(FaultKind.ERROR, "users.conversations", times=0, error="unknown_method")
    async with staged(sandbox=create_sandbox(workspace(), faults=[unknown])) as stage:
        await stage.memberships()
        stage.sandbox.faults.append(Fault(FaultKind.HTTP_500, "conversations.members", times=0))
        assert (await stage.read_back("C1")).sight is Sight.UNREADABLE
