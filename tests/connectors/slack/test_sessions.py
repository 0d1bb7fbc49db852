"""Sessions read back: none left only where Slack says so, unreadable where the token cannot look."""

from __future__ import annotations

import pytest

from connectors.chat.slack.sandbox import (
    ADMIN_TOKEN,
    Fault,
    FaultKind,
    Workspace,
    create_sandbox,
)
from connectors.contract import DeactivatesAccounts, EndsSessions, Sight
from connectors.errors import BadCredentials
from policies.model import Account, Person, StepAction
from tests.connectors.slack.stage import INSTANCE, staged, workspace

LIST = "admin.users.session.list"
ANA = Account(INSTANCE, "U1")


def with_scopes(*scopes: str) -> Workspace:
    """A workspace whose admin token has only these scopes."""
    world = workspace()
    world.tokens[ADMIN_TOKEN].scopes[:] = scopes
    return world


async def test_sessions_are_open_before_the_reset_and_gone_after_it() -> None:
    async with staged(admin=True) as stage:
        before = await stage.slack.sessions_open("x", ANA)
        await stage.slack.end_sessions("x", ANA)
        after = await stage.slack.sessions_open("x", ANA)
        asked = stage.sandbox.calls(LIST)[0].params
    assert (before.sight, after.sight) == (Sight.PRESENT, Sight.ABSENT)
    assert (asked["user_id"], asked["team_id"]) == ("U1", "T0SANDBOX")
    assert "192.0.2.1" not in repr(before), "where somebody sits is nobody's business"


async def test_another_persons_sessions_stay_open() -> None:
    async with staged(admin=True) as stage:
        await stage.slack.end_sessions("x", ANA)
        assert (await stage.slack.sessions_open("x", Account(INSTANCE, "U2"))).sight is Sight.PRESENT


async def test_a_session_on_a_later_page_is_found() -> None:
    world = workspace()
    world.users["U1"].sessions = 3
    async with staged(sandbox=create_sandbox(world, page_cap=1), admin=True) as stage:
        stage.sandbox.faults.append(Fault(FaultKind.PAGE_MISSING, LIST))
        assert (await stage.slack.sessions_open("x", ANA)).sight is Sight.PRESENT


async def test_without_an_admin_token_the_sessions_are_unreadable() -> None:
    async with staged() as stage:
        assert (await stage.slack.sessions_open("x", ANA)).sight is Sight.UNREADABLE
        assert not stage.sandbox.calls(LIST)


async def test_without_the_scope_the_sessions_are_unreadable_even_where_none_is_left() -> None:
    world = with_scopes("admin.users:write")
    world.users["U1"].sessions = 0
    async with staged(world, admin=True) as stage:
        seen = await stage.slack.sessions_open("x", ANA)
    assert seen.sight is Sight.UNREADABLE
    assert "admin.users:read" in seen.detail


@pytest.mark.parametrize(
    "error", ["unknown_method", "not_an_admin", "feature_not_enabled", "user_not_found", "no_such_error"]
)
async def test_no_refusal_is_taken_for_an_absence(error: str) -> None:
    refused = Fault(FaultKind.ERROR, LIST, error=error)
    async with staged(sandbox=create_sandbox(workspace(), faults=[refused]), admin=True) as stage:
        assert (await stage.slack.sessions_open("x", ANA)).sight is Sight.UNREADABLE


@pytest.mark.parametrize(
    "kind", [FaultKind.HTTP_500, FaultKind.DROP, FaultKind.EMPTY_BODY, FaultKind.HTML_PAGE]
)
async def test_no_fault_is_taken_for_an_absence(kind: FaultKind) -> None:
    broken = Fault(kind, LIST, times=0)
    async with staged(sandbox=create_sandbox(workspace(), faults=[broken]), admin=True) as stage:
        assert (await stage.slack.sessions_open("x", ANA)).sight is Sight.UNREADABLE


async def test_the_wrong_workspace_is_unreadable() -> None:
    async with staged(admin=True, team_id="TOTHER") as stage:
        assert (await stage.slack.sessions_open("x", ANA)).sight is Sight.UNREADABLE


async def test_a_revoked_token_calls_an_operator() -> None:
    revoked = Fault(FaultKind.TOKEN_REVOKED, LIST)
    async with staged(sandbox=create_sandbox(workspace(), faults=[revoked]), admin=True) as stage:
        with pytest.raises(BadCredentials):
            await stage.slack.sessions_open("x", ANA)


async def test_what_the_connector_can_do_is_what_its_tokens_allow() -> None:
    async with staged() as bare:
        assert isinstance(bare.slack, EndsSessions)
        assert isinstance(bare.slack, DeactivatesAccounts)
        assert bare.slack.capabilities.actions == (StepAction.REVOKE,)
    async with staged(admin=True) as full:
        assert full.slack.capabilities.actions == full.slack.capabilities.lockout_order


async def test_looking_for_a_persons_account_is_enough_to_know_what_the_tokens_allow() -> None:
    """Plans read the capabilities right after the accounts; nothing may be planned that cannot be done."""
    async with staged(with_scopes("admin.users:read"), admin=True) as stage:
        person = Person("E1", "Ana", account_ids=((INSTANCE, "U1"),))
        assert [account.id async for account in stage.slack.accounts(person)] == ["U1"]
        assert stage.slack.capabilities.actions == (StepAction.REVOKE, StepAction.CLOSE_WAY_BACK)
