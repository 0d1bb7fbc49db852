"""`bawab check` on Slack: what is missing, for which channel, and the way to mend it."""

from __future__ import annotations

from connectors.chat.slack.sandbox import BOT_TOKEN, Fault, FaultKind, Token, create_sandbox
from connectors.contract import Finding, Severity
from policies.model import Gap
from tests.connectors.slack.stage import Stage, staged, workspace


async def findings(stage: Stage, code: str) -> list[Finding]:
    return [finding for finding in await stage.slack.check() if finding.code == code]


async def test_a_channel_without_the_bot_is_named_with_the_remedy() -> None:
    async with staged() as stage:
        found = await findings(stage, "bot_not_in_channel")
    assert [(finding.group, finding.severity) for finding in found] == [("C2", Severity.WARNING)]
    assert "/invite" in found[0].remedy


async def test_a_missing_required_scope_is_an_error_and_an_optional_one_a_warning() -> None:
    world = workspace()
    world.tokens[BOT_TOKEN].scopes[:] = [
        scope for scope in world.tokens[BOT_TOKEN].scopes if scope not in {"groups:write", "im:history"}
    ]
    async with staged(world) as stage:
        found = {
            finding.message.split()[4].rstrip(","): finding
            for finding in await findings(stage, "missing_scope")
        }
    assert found["groups:write"].severity is Severity.ERROR
    assert found["im:history"].severity is Severity.WARNING
    assert set(found) == {"groups:write", "im:history"}


async def test_a_complete_set_up_has_no_errors() -> None:
    async with staged(admin=True) as stage:
        assert not [f for f in await stage.slack.check() if f.severity is Severity.ERROR]


async def test_a_token_of_another_workspace_is_an_error() -> None:
    world = workspace()
    world.enterprise_id = None
    async with staged(world, team_id="TOTHER") as stage:
        found = await findings(stage, "wrong_team")
    assert found[0].severity is Severity.ERROR


async def test_a_wrong_token_is_one_finding_and_shows_no_token() -> None:
    async with staged(bot_token="xoxb-wrong-token-value") as stage:
        found = await stage.slack.check()
    assert [finding.code for finding in found] == ["bad_credentials"]
    assert "xoxb" not in repr(found)


async def test_what_cannot_be_known_is_said() -> None:
    async with staged() as stage:
        assert await findings(stage, "preference_unreadable")
        assert await findings(stage, "private_channels_unseen")
        assert await findings(stage, "no_admin_token")


async def test_a_listing_that_fails_is_an_error_and_not_a_clean_bill() -> None:
    failing = Fault(FaultKind.HTTP_500, "conversations.list", times=0)
    async with staged(sandbox=create_sandbox(workspace(), faults=[failing])) as stage:
        assert (await findings(stage, "listing_failed"))[0].severity is Severity.ERROR


async def test_scopes_granted_since_are_seen_at_the_next_check() -> None:
    world = workspace().add(Token(BOT_TOKEN, "UBOT", []))
    async with staged(world) as stage:
        before = await findings(stage, "missing_scope")
        world.tokens[BOT_TOKEN].scopes.append("users:read")
        after = await findings(stage, "missing_scope")
    assert len(before) - len(after) == 1


async def test_a_network_that_is_down_is_not_blamed_on_the_token() -> None:
    down = Fault(FaultKind.HTTP_500, "auth.test", times=0)
    async with staged(sandbox=create_sandbox(workspace(), faults=[down])) as stage:
        (found,) = await stage.slack.check()
    assert (found.code, found.severity) == ("unavailable", Severity.ERROR)
    assert found.message.startswith("Slack cannot be reached")
    assert "network" in found.remedy


async def test_a_missing_admin_token_names_the_setting_that_takes_it() -> None:
    async with staged() as stage:
        (found,) = await findings(stage, "no_admin_token")
    assert f"BAWAB_SLACK__{stage.slack.instance.upper()}__ADMIN_TOKEN" in found.remedy


async def test_a_missing_scope_is_said_once_and_in_words() -> None:
    world = workspace()
    hidden = {"groups:read", "mpim:read"}
    world.tokens[BOT_TOKEN].scopes[:] = [s for s in world.tokens[BOT_TOKEN].scopes if s not in hidden]
    async with staged(world) as stage:
        found = await stage.slack.check()
        listed = [item async for item in stage.slack.groups()]
    for scope in hidden:
        assert sum(scope in finding.message for finding in found) == 1
    assert not [finding for finding in found if finding.message.startswith(("mpim:", "private_channel:"))]
    details = [item.detail for item in listed if isinstance(item, Gap)]
    assert "private channels cannot be seen: the bot token lacks groups:read" in details
