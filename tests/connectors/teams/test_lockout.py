"""Accounts are disabled and sessions ended, each read back by Entra's own word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.chat.teams.sandbox import APP_OBJECT_ID, FaultKind, User
from connectors.contract import DeactivatesAccounts, EndsSessions, Outcome, Sight
from connectors.errors import Forbidden
from connectors.many import AccountStep
from policies.model import Account, Refusal, StepAction
from tests.connectors.teams.stage import ANA, BADR, INSTANCE, SCOPES, staged, tenant

ACCOUNT = Account(INSTANCE, ANA)
PATCH = "PATCH /users/{user}"
REVOKE = "POST /users/{user}/revokeSignInSessions"


async def test_an_account_is_disabled_and_seen_so() -> None:
    async with staged() as stage:
        assert isinstance(stage.teams, DeactivatesAccounts)
        assert (await stage.teams.account_active("s", ACCOUNT)).sight is Sight.PRESENT
        assert (await stage.teams.deactivate("s", ACCOUNT)).outcome is Outcome.REVOKED
        assert (await stage.teams.account_active("s", ACCOUNT)).sight is Sight.ABSENT
        (patch,) = stage.sandbox.calls(PATCH)
        assert patch.body == {"accountEnabled": False}, "nothing else about the person is touched"
        assert not stage.sandbox.tenant.users[ANA].account_enabled


async def test_sessions_count_as_ended_only_where_entras_instant_moved() -> None:
    async with staged() as stage:
        assert isinstance(stage.teams, EndsSessions)
        assert (await stage.teams.sessions_open("s", ACCOUNT)).sight is Sight.PRESENT
        assert (await stage.teams.end_sessions("s", ACCOUNT)).outcome is Outcome.REVOKED
        assert (await stage.teams.sessions_open("s", ACCOUNT)).sight is Sight.ABSENT


async def test_an_acknowledged_end_of_sessions_that_had_no_effect_is_seen_through() -> None:
    async with staged() as stage:
        stage.fault(FaultKind.OK_BUT_KEPT, REVOKE, times=0)
        assert (await stage.teams.end_sessions("s", ACCOUNT)).outcome is Outcome.REVOKED
        assert (await stage.teams.sessions_open("s", ACCOUNT)).sight is Sight.PRESENT


async def test_a_clock_that_is_ahead_or_behind_changes_nothing() -> None:
    async with staged() as stage:
        for skew in (timedelta(days=-300), timedelta(days=300)):
            user = stage.sandbox.tenant.users[ANA]
            user.sign_in_sessions_valid_from = datetime(2020, 1, 1, tzinfo=UTC) + skew
            await stage.teams.end_sessions("s", ACCOUNT)
            user.sign_in_sessions_valid_from += timedelta(seconds=1)
            assert (await stage.teams.sessions_open("s", ACCOUNT)).sight is Sight.ABSENT


async def test_a_lost_answer_is_unknown_and_the_read_back_tells() -> None:
    async with staged() as stage:
        stage.fault(FaultKind.DROP, REVOKE, after_effect=True)
        assert (await stage.teams.end_sessions("s", ACCOUNT)).outcome is Outcome.UNKNOWN
        assert (await stage.teams.sessions_open("s", ACCOUNT)).sight is Sight.ABSENT
        stage.fault(FaultKind.HTTP_503, PATCH)
        assert (await stage.teams.deactivate("s", ACCOUNT)).outcome is Outcome.UNKNOWN
        assert len(stage.sandbox.calls(PATCH)) == 1


async def test_the_known_issue_of_an_empty_answer_is_taken_for_done_and_read_back() -> None:
    async with staged() as stage:
        stage.fault(FaultKind.EMPTY_BODY, REVOKE, after_effect=True)
        assert (await stage.teams.end_sessions("s", ACCOUNT)).outcome is Outcome.REVOKED
        assert (await stage.teams.sessions_open("s", ACCOUNT)).sight is Sight.ABSENT


async def test_an_account_the_tenant_does_not_know_is_said_so() -> None:
    nobody = Account(INSTANCE, "u-none")
    async with staged() as stage:
        assert (await stage.teams.deactivate("s", nobody)).refusal is Refusal.ACCOUNT_UNKNOWN
        assert (await stage.teams.end_sessions("s", nobody)).refusal is Refusal.ACCOUNT_UNKNOWN
        assert (await stage.teams.account_active("s", nobody)).sight is Sight.UNREADABLE
        assert (await stage.teams.sessions_open("s", nobody)).sight is Sight.UNREADABLE


async def test_a_403_with_the_permission_is_about_the_account_and_without_it_names_it() -> None:
    async with staged() as stage:
        stage.fault(FaultKind.REFUSED, PATCH)
        refused = await stage.teams.deactivate("s", ACCOUNT)
        assert refused.refusal is Refusal.NO_RIGHT
        assert "administrator role" in refused.remedy
        stage.sandbox.withdraw_consent("User.RevokeSessions.All")
        stage.teams._client.tokens.forget()
        missing = await stage.teams.end_sessions("s", ACCOUNT)
    assert missing.refusal is Refusal.MISSING_SCOPE
    assert "User.RevokeSessions.All" in missing.remedy


async def test_the_app_itself_and_other_tenants_accounts_are_never_touched() -> None:
    async with staged() as stage:
        for account, why in (
            (Account(INSTANCE, APP_OBJECT_ID), Refusal.BOT_ITSELF),
            (Account("other", ANA), Refusal.NOT_MANAGED),
        ):
            assert (await stage.teams.deactivate("s", account)).refusal is why
            assert (await stage.teams.end_sessions("s", account)).refusal is why
        assert stage.writes() == []


async def test_a_dry_run_disables_nobody() -> None:
    async with staged(read_only=True) as stage:
        with pytest.raises(Forbidden):
            await stage.teams.deactivate("s", ACCOUNT)
        with pytest.raises(Forbidden):
            await stage.teams.end_sessions("s", ACCOUNT)
        assert stage.writes() == []


async def test_an_act_the_app_may_not_do_is_left_out_of_its_capabilities_once_that_is_known() -> None:
    world = tenant()
    world.app().granted = [scope for scope in SCOPES if scope != "User.EnableDisableAccount.All"]
    async with staged(world) as stage:
        assert StepAction.DEACTIVATE in stage.teams.capabilities.actions
        await stage.teams.own_account_ids()
        assert StepAction.DEACTIVATE not in stage.teams.capabilities.actions
        assert StepAction.END_SESSIONS in stage.teams.capabilities.actions
        assert StepAction.DEACTIVATE in stage.teams.capabilities.lockout_order


async def test_forty_people_are_shut_out_and_seen_to_be_with_two_requests_an_act() -> None:
    people = [f"u-{number}" for number in range(40)]
    world = tenant().add(*(User(id_, id_) for id_ in people))
    async with staged(world) as stage:
        steps = [AccountStep(f"s-{id_}", Account(INSTANCE, id_)) for id_ in people]
        await stage.teams.own_account_ids()
        before = len(stage.requests())
        closed = await stage.teams.deactivate_all(steps)
        ended = await stage.teams.end_sessions_of(steps)
        seen = [await stage.teams.accounts_active(steps), await stage.teams.sessions_open_of(steps)]
        assert len(stage.requests()) - before == 5 * 2, "closed, looked at, signed out, and both read back"
    assert [result.step_id for result in closed] == [step.step_id for step in steps]
    assert {result.outcome for result in (*closed, *ended)} == {Outcome.REVOKED}
    assert {presence.sight for sights in seen for presence in sights} == {Sight.ABSENT}


async def test_one_of_many_whom_graph_refuses_takes_nobody_along() -> None:
    async with staged() as stage:
        wrong = Account("other", BADR)
        steps = [AccountStep("ana", Account(INSTANCE, ANA)), AccountStep("none", Account(INSTANCE, "u-none"))]
        results = await stage.teams.deactivate_all([*steps, AccountStep("wrong", wrong)])
        assert stage.sandbox.tenant.users[BADR].account_enabled
        assert not stage.sandbox.tenant.users[ANA].account_enabled
    assert [result.refusal for result in results] == [None, Refusal.ACCOUNT_UNKNOWN, Refusal.NOT_MANAGED]
