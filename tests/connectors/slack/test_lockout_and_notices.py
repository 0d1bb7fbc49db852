"""Sessions, accounts and notices: what the tokens allow, and honestly nothing where they do not."""

from __future__ import annotations

import pytest

from connectors.chat.slack.notices import escaped
from connectors.chat.slack.sandbox import (
    ADMIN_TOKEN,
    BOT_TOKEN,
    Fault,
    FaultKind,
    User,
    create_sandbox,
)
from connectors.contract import Outcome, Sight
from connectors.errors import BadCredentials, MissingScope
from connectors.messages import NoticeOutcome, plain
from policies.model import Refusal, StepAction
from tests.connectors.slack.stage import ADMIN_ID, staged, workspace


async def test_without_an_admin_token_sessions_and_accounts_have_no_api() -> None:
    async with staged() as stage:
        ana = await stage.account()
        assert (await stage.slack.end_sessions("x", ana)).outcome is Outcome.NO_API
        assert (await stage.slack.deactivate("x", ana)).outcome is Outcome.NO_API
        assert stage.slack.capabilities.actions == (StepAction.REVOKE, StepAction.CLOSE_WAY_BACK)
        assert len(stage.slack.capabilities.lockout_order) == 5, "the platform's order, whatever the token"


async def test_an_admin_token_ends_sessions_and_deactivates_by_scim() -> None:
    async with staged(admin=True) as stage:
        ana = await stage.account()
        ended = await stage.slack.end_sessions("x", ana)
        assert stage.sandbox.workspace.users["U1"].sessions == 0
        assert (await stage.slack.account_active("x", ana)).sight is Sight.PRESENT
        closed = await stage.slack.deactivate("x", ana)
        assert (await stage.slack.account_active("x", ana)).sight is Sight.ABSENT
        assert "U1" in stage.sandbox.workspace.users, "deactivated, never erased"
    assert (ended.outcome, closed.outcome) == (Outcome.REVOKED, Outcome.REVOKED)
    assert closed.evidence.source == "scim.users.patch"


async def test_without_scim_the_admin_method_deactivates() -> None:
    world = workspace()
    world.tokens[ADMIN_TOKEN].scopes.remove("admin")
    async with staged(world, admin=True) as stage:
        assert (await stage.slack.deactivate("x", await stage.account())).outcome is Outcome.REVOKED
        assert stage.sandbox.calls("admin.users.deactivate")


async def test_capabilities_narrow_once_the_scopes_are_known() -> None:
    world = workspace()
    world.tokens[ADMIN_TOKEN].scopes[:] = ["admin"]
    async with staged(world, admin=True) as stage:
        await stage.slack.own_account_ids()
        assert stage.slack.capabilities.actions == (
            StepAction.REVOKE,
            StepAction.CLOSE_WAY_BACK,
            StepAction.DEACTIVATE,
        )


async def test_the_primary_owner_and_our_own_accounts_are_refused_before_anything_leaves() -> None:
    async with staged(workspace().add(User("UBOSS", is_primary_owner=True)), admin=True) as stage:
        boss, own = await stage.account("UBOSS"), await stage.account(ADMIN_ID)
        assert (await stage.slack.deactivate("x", boss)).refusal is Refusal.OWNER
        assert (await stage.slack.end_sessions("x", own)).refusal is Refusal.BOT_ITSELF
        assert all(entry.effect == "none" for entry in stage.sandbox.journal)


@pytest.mark.parametrize("after_effect", [True, False])
async def test_a_lost_scim_answer_is_unknown(after_effect: bool) -> None:
    lost = Fault(FaultKind.DROP, "scim.users.patch", after_effect=after_effect)
    async with staged(sandbox=create_sandbox(workspace(), faults=[lost]), admin=True) as stage:
        assert (await stage.slack.deactivate("x", await stage.account())).outcome is Outcome.UNKNOWN
        assert stage.sandbox.workspace.users["U1"].deleted is after_effect
        assert len(stage.sandbox.calls("scim.users.patch")) == 1


async def test_scim_refuses_a_revoked_token_to_the_operator() -> None:
    revoked = Fault(FaultKind.TOKEN_REVOKED, "scim.users.patch")
    async with staged(sandbox=create_sandbox(workspace(), faults=[revoked]), admin=True) as stage:
        with pytest.raises(BadCredentials):
            await stage.slack.deactivate("x", await stage.account())


async def test_an_unreadable_account_is_not_called_deactivated() -> None:
    async with staged(admin=True) as stage:
        ana = await stage.account()
        stage.sandbox.faults.append(Fault(FaultKind.HTTP_500, "users.info", times=0))
        assert (await stage.slack.account_active("x", ana)).sight is Sight.UNREADABLE


async def test_a_notice_is_sent_once_and_found_again_by_its_key() -> None:
    async with staged() as stage:
        sent = await stage.slack.notify("U2", plain("Ana <left> #sales & more"), "notice-7")
        found = await stage.slack.find_notice("U2", "notice-7")
        missing = await stage.slack.find_notice("U2", "notice-8")
        message = stage.sandbox.workspace.channels["DU2"].messages[0]
        params = stage.sandbox.calls("chat.postMessage")[0].params
    assert (sent.outcome, found) == (NoticeOutcome.SENT, sent)
    assert missing.outcome is NoticeOutcome.RETRY
    assert message["text"] == "Ana &lt;left&gt; #sales &amp; more"
    assert (params["mrkdwn"], params["unfurl_links"], params["unfurl_media"]) == (False, False, False)


async def test_a_notice_whose_answer_was_lost_is_found_not_sent_again() -> None:
    lost = Fault(FaultKind.DROP, "chat.postMessage", after_effect=True)
    async with staged(sandbox=create_sandbox(workspace(), faults=[lost])) as stage:
        assert (await stage.slack.notify("U2", plain("hello"), "k")).outcome is NoticeOutcome.UNKNOWN
        assert (await stage.slack.find_notice("U2", "k")).outcome is NoticeOutcome.SENT
        assert len(stage.sandbox.workspace.channels["DU2"].messages) == 1


async def test_a_history_that_cannot_be_read_leaves_a_notice_unknown() -> None:
    world = workspace()
    world.tokens[BOT_TOKEN].scopes.remove("im:history")
    async with staged(world) as stage:
        assert (await stage.slack.find_notice("U2", "k")).outcome is NoticeOutcome.UNKNOWN


async def test_a_deactivated_person_cannot_be_written_to() -> None:
    async with staged(workspace().add(User("UGONE", deleted=True))) as stage:
        assert (await stage.slack.notify("UGONE", plain("hello"), "k")).outcome is NoticeOutcome.UNDELIVERABLE


async def test_a_limited_notice_is_tried_again_later() -> None:
    limited = Fault(FaultKind.LIMITED_429, "chat.postMessage", seconds=3.0)
    async with staged(sandbox=create_sandbox(workspace(), faults=[limited])) as stage:
        receipt = await stage.slack.notify("U2", plain("hello"), "k")
    assert receipt.outcome is NoticeOutcome.RETRY
    assert receipt.retry_after is not None
    assert receipt.retry_after >= 3.0


async def test_a_notice_without_its_scope_calls_an_operator() -> None:
    world = workspace()
    world.tokens[BOT_TOKEN].scopes.remove("im:write")
    async with staged(world) as stage:
        with pytest.raises(MissingScope):
            await stage.slack.notify("U2", plain("hello"), "k")


def test_mentions_cannot_be_smuggled_into_a_notice() -> None:
    assert "<!channel>" not in escaped("<!channel> & <@U1>")
