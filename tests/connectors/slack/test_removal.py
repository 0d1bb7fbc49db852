"""Removals from channels: what is done, what is refused, and what an ambiguous answer meant."""

from __future__ import annotations

import pytest

from connectors.chat.slack.sandbox import (
    BOT_TOKEN,
    GENERAL_ID,
    Channel,
    Fault,
    FaultKind,
    User,
    create_sandbox,
)
from connectors.contract import Outcome
from connectors.errors import Forbidden
from policies.model import GroupKind, Refusal
from tests.connectors.slack.stage import ADMIN_ID, BOT_ID, staged, step, workspace


@pytest.mark.parametrize("channel_id", ["C1", "G1", "CSHARED"])
async def test_a_person_is_taken_out_once_and_nobody_else_is(channel_id: str) -> None:
    async with staged() as stage:
        before = set(stage.members(channel_id))
        result = await stage.revoke(channel_id)
        assert set(stage.members(channel_id)) == before - {"U1"}
        assert stage.sandbox.effective_removals() == [(channel_id, "U1")]
    assert result.outcome is Outcome.REVOKED
    assert result.evidence.request_id


async def test_a_step_that_names_two_people_never_leaves() -> None:
    async with staged() as stage:
        result = await stage.revoke("C1", account_id="U2", said_id="U1")
        assert not stage.sandbox.calls("conversations.kick")
    assert result.refusal is Refusal.AMBIGUOUS


@pytest.mark.parametrize("own", [BOT_ID, ADMIN_ID])
async def test_the_accounts_behind_the_tokens_are_never_removed(own: str) -> None:
    async with staged(admin=True) as stage:
        result = await stage.revoke("C1", account_id=own)
        assert not stage.sandbox.calls("conversations.kick")
    assert result.refusal is Refusal.BOT_ITSELF


async def test_not_in_channel_about_the_person_is_said_absent_with_proof() -> None:
    async with staged() as stage:
        stage.members("C1").remove("U1")
        result = await stage.revoke("C1")
    assert result.outcome is Outcome.SAID_ABSENT
    assert ("bot_in_channel", "yes") in result.evidence.facts


async def test_not_in_channel_about_the_bot_is_no_absence() -> None:
    async with staged() as stage:
        result = await stage.revoke("C2")
        assert "U1" in stage.members("C2")
        assert not stage.sandbox.calls("conversations.join")
    assert (result.outcome, result.refusal) == (Outcome.REFUSED, Refusal.BOT_NOT_IN_GROUP)
    assert "/invite" in result.remedy


async def test_user_not_in_channel_is_verified_like_not_in_channel() -> None:
    other = Fault(FaultKind.ERROR, "conversations.kick", error="user_not_in_channel")
    async with staged(sandbox=create_sandbox(workspace(), faults=[other])) as stage:
        stage.members("C1").remove("U1")
        assert (await stage.revoke("C1")).outcome is Outcome.SAID_ABSENT


async def test_an_absence_slack_itself_contradicts_is_unknown() -> None:
    lie = Fault(FaultKind.ERROR, "conversations.kick", error="not_in_channel")
    async with staged(sandbox=create_sandbox(workspace(), faults=[lie])) as stage:
        assert (await stage.revoke("C1")).outcome is Outcome.UNKNOWN


async def test_the_bot_joins_a_public_channel_only_where_policy_says_so() -> None:
    async with staged(may_join_public=True) as stage:
        result = await stage.revoke("C2")
        assert stage.members("C2") == ["U2", BOT_ID]
    assert result.outcome is Outcome.REVOKED


async def test_the_word_of_each_steps_own_rule_counts() -> None:
    async with staged(some_rule_may_join=True) as stage:
        refused = await stage.revoke("C2")
        assert not stage.sandbox.calls("conversations.join")
        allowed = await stage.revoke("C2", may_join=True)
        assert stage.members("C2") == ["U2", BOT_ID]
    assert refused.refusal is Refusal.BOT_NOT_IN_GROUP
    assert allowed.outcome is Outcome.REVOKED


async def test_a_private_channel_the_bot_cannot_see_is_never_joined() -> None:
    async with staged(may_join_public=True) as stage:
        result = await stage.revoke("G2")
        assert not stage.sandbox.calls("conversations.join")
    assert result.refusal is Refusal.BOT_NOT_IN_GROUP


async def test_a_public_channel_that_is_gone_is_said_so() -> None:
    async with staged() as stage:
        assert (await stage.revoke("CNOWHERE")).refusal is Refusal.GROUP_GONE


async def test_slack_refuses_what_it_refuses() -> None:
    world = workspace().add(User("UX", is_stranger=True, team_id="TX"))
    world.channels["CSHARED"].members.append("UX")
    async with staged(world) as stage:
        assert (await stage.revoke(GENERAL_ID)).refusal is Refusal.DEFAULT_GROUP
        assert (await stage.revoke("CARCHIVED")).refusal is Refusal.ARCHIVED
        assert (await stage.revoke("M1")).refusal is Refusal.FIXED_MEMBERSHIP
        stranger = await stage.revoke("CSHARED", account_id="UX")
        assert stranger.refusal is Refusal.EXTERNAL_ACCOUNT
        assert (await stage.revoke("C1", account_id="UNOBODY")).refusal is Refusal.ACCOUNT_UNKNOWN
        assert not stage.sandbox.effective_removals()


async def test_a_workspace_preference_is_no_right_with_the_way_to_change_it() -> None:
    world = workspace()
    world.prefs.everyone_may_kick = False
    async with staged(world) as stage:
        result = await stage.revoke("C1")
    assert result.refusal is Refusal.NO_RIGHT
    assert "Permissions" in result.remedy


async def test_a_missing_scope_is_named() -> None:
    world = workspace()
    world.tokens[BOT_TOKEN].scopes.remove("groups:write")
    async with staged(world) as stage:
        result = await stage.revoke("G1")
        assert (await stage.revoke("C1")).outcome is Outcome.REVOKED
    assert result.refusal is Refusal.MISSING_SCOPE
    assert ("needed", "groups:write") in result.evidence.facts


async def test_a_dry_run_sends_no_write() -> None:
    async with staged(read_only=True) as stage:
        for group_id in ("C1", "S1"):
            with pytest.raises(Forbidden):
                await stage.revoke(group_id)
        assert all(entry.effect == "none" for entry in stage.sandbox.journal)
        assert not stage.sandbox.calls("conversations.kick")


async def test_an_admin_removes_where_the_bot_is_not() -> None:
    async with staged(admin=True) as stage:
        result = await stage.revoke("G2")
        assert stage.members("G2") == ["U2"]
    assert (result.outcome, result.evidence.source) == (Outcome.REVOKED, "admin.conversations.kick")


async def test_a_person_the_admin_kick_failed_for_is_no_success() -> None:
    world = workspace().add(Channel("G3", members=["U2"], is_private=True))
    async with staged(world, admin=True) as stage:
        absent = await stage.revoke("G3")
        unknown = await stage.revoke("G3", account_id="UNOBODY")
    assert absent.outcome is Outcome.SAID_ABSENT
    assert unknown.refusal is Refusal.ACCOUNT_UNKNOWN


async def test_without_enterprise_the_admin_token_does_not_help() -> None:
    world = workspace()
    world.enterprise_id = None
    async with staged(world, admin=True) as stage:
        assert (await stage.revoke("G2")).refusal is Refusal.BOT_NOT_IN_GROUP


async def test_more_steps_than_the_batch_are_refused_before_anything_leaves() -> None:
    async with staged() as stage:
        with pytest.raises(ValueError, match="split them"):
            await stage.slack.revoke([step("C1")] * (stage.slack.capabilities.batch + 1))
        assert not stage.sandbox.journal


async def test_group_kinds_of_a_plan_do_not_decide_what_slack_sees() -> None:
    async with staged() as stage:
        assert (await stage.revoke("G2", kind=GroupKind.SHARED_CHANNEL)).refusal is Refusal.BOT_NOT_IN_GROUP
