"""`check`: what is missing before the day, in each group, with the remedy."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from connectors.chat.telegram import TelegramConnector
from connectors.chat.telegram.sandbox import BOT_ADMIN, BOT_ID, OWNER_ID, Fault, FaultKind, create_sandbox
from connectors.contract import Finding, Severity
from tests.connectors.telegram.stage import (
    BASIC,
    CHANNEL,
    ORDINARY,
    SUPER,
    WITHOUT_BOT,
    WITHOUT_RIGHTS,
    Stage,
    config,
    staged,
    world,
)


async def check(stage: Stage, *chat_ids: int) -> list[Finding]:
    return list(await stage.telegram.check(stage.known(*chat_ids)))


async def test_a_sound_bot_has_nothing_to_complain_of() -> None:
    async with staged() as stage:
        findings = await check(stage, *ORDINARY)
        assert not stage.wrote()
        assert {entry.method for entry in stage.sandbox.journal} <= {
            "getMe",
            "getWebhookInfo",
            "getChatMember",
            "getChatAdministrators",
        }
    assert {finding.severity for finding in findings} == {Severity.OK}
    assert {finding.group for finding in findings if finding.code == "rights"} == {
        str(id_) for id_ in ORDINARY
    }
    assert any("@bawab_bot" in finding.message for finding in findings)


@pytest.mark.parametrize("chat_id", ORDINARY)
@pytest.mark.parametrize(
    ("right", "severity"),
    [
        ("can_restrict_members", Severity.ERROR),
        ("can_invite_users", Severity.WARNING),
        ("can_promote_members", Severity.WARNING),
    ],
)
async def test_a_missing_right_is_named_in_its_group(chat_id: int, right: str, severity: Severity) -> None:
    async with staged() as stage:
        stage.world.bot_demoted(chat_id, OWNER_ID, BOT_ADMIN - {right})
        missing = [finding for finding in await check(stage, chat_id) if finding.code == "missing_right"]
    assert [(finding.severity, finding.group) for finding in missing] == [(severity, str(chat_id))]
    assert right in missing[0].message
    assert missing[0].remedy


async def test_a_plain_member_lacks_every_right() -> None:
    async with staged() as stage:
        (finding,) = [one for one in await check(stage, WITHOUT_RIGHTS) if one.group]
    assert finding.severity is Severity.ERROR
    for right in ("can_restrict_members", "can_invite_users", "can_promote_members"):
        assert right in finding.message


async def test_a_group_the_bot_is_not_in_is_a_warning_with_the_way_in() -> None:
    async with staged() as stage:
        stage.world.bot_removed(CHANNEL, OWNER_ID)
        stage.chat(WITHOUT_BOT).username = "open"
        stage.world.delete_chat(BASIC)
        findings = {one.group: one for one in await check(stage, CHANNEL, WITHOUT_BOT, BASIC) if one.group}
    assert {group: finding.code for group, finding in findings.items()} == {
        str(CHANNEL): "bot_not_in_group",
        str(WITHOUT_BOT): "bot_not_in_group",
        str(BASIC): "group_gone",
    }
    assert all(finding.severity is Severity.WARNING and finding.remedy for finding in findings.values())


async def test_an_upgraded_group_is_checked_under_its_new_id() -> None:
    async with staged() as stage:
        known = stage.known(BASIC)
        stage.world.upgrade_to_supergroup(BASIC)
        findings = [one for one in await stage.telegram.check(known) if one.group]
    assert [finding.code for finding in findings] == ["rights"]


async def test_a_bot_that_knows_no_group_says_what_it_will_need() -> None:
    async with staged() as stage:
        findings = [one for one in await stage.telegram.check() if one.severity is not Severity.OK]
    assert [finding.code for finding in findings] == ["no_groups_known"]
    assert "can_restrict_members" in findings[0].message


async def test_a_bad_token_ends_the_check_in_one_finding_that_blames_it() -> None:
    async with staged(bot_token="110201543:not-the-right-one") as stage:
        (finding,) = await check(stage, SUPER)
    assert (finding.severity, finding.code) == (Severity.ERROR, "bad_credentials")
    assert "@BotFather" in finding.remedy


async def test_an_outage_blames_the_network_and_keeps_what_was_found_before() -> None:
    faults = [Fault(FaultKind.HTTP_500, "getChatMember", times=0)]
    async with staged(sandbox=create_sandbox(world(), faults=faults)) as stage:
        findings = await check(stage, SUPER)
    assert [finding.code for finding in findings] == ["bot_token", "privacy_mode", "unavailable"]
    assert "api.telegram.org" in findings[-1].remedy


async def test_updates_nobody_fetches_and_a_webhook_that_fails_are_said() -> None:
    async with staged() as stage:
        for _ in range(101):
            stage.world.person_writes(OWNER_ID, "hello")
        waiting = [one.code for one in await check(stage, SUPER) if one.severity is not Severity.OK]
    assert waiting == ["updates_waiting"]


async def test_every_warning_and_error_has_a_remedy() -> None:
    async with staged() as stage:
        stage.world.bot_removed(CHANNEL, OWNER_ID)
        findings = await check(stage, *ORDINARY, WITHOUT_BOT, WITHOUT_RIGHTS)
    assert all(finding.remedy for finding in findings if finding.severity is not Severity.OK)


_SET_UP_WRONGLY = {
    "getMe": {
        "id": BOT_ID,
        "is_bot": True,
        "first_name": "bawab",
        "username": "bawab_bot",
        "can_join_groups": False,
        "can_read_all_group_messages": True,
    },
    "getWebhookInfo": {
        "url": "https://example.com/a-secret-path",
        "has_custom_certificate": False,
        "pending_update_count": 3,
        "last_error_date": 1,
        "last_error_message": "SSL error {error:1416F086}",
    },
}


async def _answer(request: web.Request) -> web.Response:
    return web.json_response({"ok": True, "result": _SET_UP_WRONGLY[request.match_info["method"]]})


async def test_a_bot_that_may_not_join_and_a_webhook_that_fails_are_said_without_its_address() -> None:
    app = web.Application()
    app.router.add_post("/{bot}/{method}", _answer)
    async with TestServer(app) as server:
        telegram = TelegramConnector(config(str(server.make_url("/"))))
        findings = {finding.code: finding for finding in await telegram.check()}
        await telegram.aclose()
    assert set(findings) == {
        "bot_token",
        "cannot_join_groups",
        "privacy_mode",
        "webhook_failing",
        "no_groups_known",
    }
    assert "/setjoingroups" in findings["cannot_join_groups"].remedy
    assert "SSL error" in findings["webhook_failing"].message
    assert "a-secret-path" not in repr(findings)
