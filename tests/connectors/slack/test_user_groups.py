"""User groups: exactly one member goes, nobody else is lost, and the last one is never taken."""

from __future__ import annotations

from connectors.chat.slack.sandbox import Fault, FaultKind, User, UserGroup, create_sandbox
from connectors.contract import Outcome, Revocation
from policies.model import Refusal
from tests.connectors.slack.stage import staged, workspace

UPDATE = "usergroups.users.update"


async def test_exactly_one_member_is_taken_out() -> None:
    world = workspace().add(UserGroup("S2", "many", ["U2", "U1", "UADMIN"]))
    async with staged(world) as stage:
        result = await stage.revoke("S2")
        assert world.user_groups["S2"].users == ["U2", "UADMIN"]
    assert result.outcome is Outcome.REVOKED
    assert ("others_lost", "0") in result.evidence.facts


async def test_the_list_is_read_right_before_it_is_written() -> None:
    async with staged() as stage:
        await stage.memberships()
        stage.sandbox.workspace.user_groups["S1"].users.append("UADMIN")  # joined since the plan
        await stage.revoke("S1")
        assert stage.sandbox.workspace.user_groups["S1"].users == ["U2", "UADMIN"]
        methods = [entry.method for entry in stage.sandbox.journal]
    assert methods[-3:] == ["usergroups.users.list", UPDATE, "usergroups.users.list"]


async def test_the_last_member_is_refused_and_nothing_is_written() -> None:
    world = workspace().add(UserGroup("S2", "alone", ["U1"]))
    async with staged(world) as stage:
        result = await stage.revoke("S2")
        assert not stage.sandbox.calls(UPDATE)
        assert world.user_groups["S2"].users == ["U1"]
    assert result.refusal is Refusal.LAST_MEMBER
    assert "successor" in result.remedy


async def test_somebody_already_out_is_said_absent_without_a_write() -> None:
    async with staged() as stage:
        result = await stage.revoke("S1", account_id="UADMIN", said_id="UADMIN")
        assert not stage.sandbox.calls(UPDATE)
    assert result.outcome is Outcome.SAID_ABSENT


async def test_a_member_lost_in_a_race_is_said_and_not_added_back() -> None:
    world = workspace().add(UserGroup("S2", "busy", ["U1", "U2", "UADMIN"]))

    def somebody_else_writes() -> None:
        world.user_groups["S2"].users = ["UADMIN"]

    sandbox = create_sandbox(world, after_call={UPDATE: somebody_else_writes})
    async with staged(sandbox=sandbox) as stage:
        result = await stage.revoke("S2")
        assert world.user_groups["S2"].users == ["UADMIN"]
        assert len(sandbox.calls(UPDATE)) == 1
    assert ("lost", "U2") in result.evidence.facts
    assert "not re-added" in result.detail


async def test_a_deactivated_member_that_breaks_the_list_is_named() -> None:
    world = workspace().add(User("UGONE", deleted=True), UserGroup("S2", "old", ["U1", "U2", "UGONE"]))
    async with staged(world) as stage:
        result = await stage.revoke("S2")
        assert world.user_groups["S2"].users == ["U1", "U2", "UGONE"]
    assert result.outcome is Outcome.REFUSED
    assert "UGONE" in result.detail
    assert "U2" not in result.detail


async def test_a_group_kept_by_slack_or_the_identity_provider_is_left_alone() -> None:
    world = workspace().add(UserGroup("S2", "admins", ["U1", "UADMIN"], auto_type="admin"))
    async with staged(world) as stage:
        membership = (await stage.memberships())["S2"]
        result = (await stage.slack.revoke([Revocation("s", "U1", membership)]))[0]
        assert not stage.sandbox.calls(UPDATE)
    assert result.refusal is Refusal.SYNCED


async def test_a_preference_against_editing_user_groups_is_no_right() -> None:
    world = workspace()
    world.prefs.everyone_may_edit_user_groups = False
    async with staged(world) as stage:
        assert (await stage.revoke("S1")).refusal is Refusal.NO_RIGHT


async def test_a_user_group_that_is_gone_is_said_so() -> None:
    async with staged() as stage:
        assert (await stage.revoke("SNOWHERE")).refusal is Refusal.GROUP_GONE


async def test_an_unreadable_list_is_never_written_over() -> None:
    unreadable = Fault(FaultKind.HTTP_500, "usergroups.users.list", times=0)
    async with staged(sandbox=create_sandbox(workspace(), faults=[unreadable])) as stage:
        result = await stage.revoke("S1")
        assert not stage.sandbox.calls(UPDATE)
    assert result.outcome is Outcome.UNAVAILABLE


async def test_a_lost_answer_to_the_write_is_unknown() -> None:
    lost = Fault(FaultKind.DROP, UPDATE, after_effect=True)
    async with staged(sandbox=create_sandbox(workspace(), faults=[lost])) as stage:
        assert (await stage.revoke("S1")).outcome is Outcome.UNKNOWN
        assert stage.sandbox.workspace.user_groups["S1"].users == ["U2"]
