"""Answers that come between two calls, or that nobody expects: nothing is claimed or done twice."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from connectors.chat.telegram import TelegramConnector
from connectors.chat.telegram.sandbox import BOT_ID, Fault, FaultKind, Member, Status, create_sandbox
from connectors.contract import Closing, Outcome, Promotion, Severity, Sight, WayBack, WayKind
from connectors.errors import BadCredentials
from policies.model import Gap, Refusal, Role
from tests.connectors.telegram.stage import (
    ANA,
    BASIC,
    OMAR,
    SUPER,
    Later,
    Stage,
    account,
    config,
    staged,
    world,
)


def error(method: str, description: str = "Bad Request: CHAT_ADMIN_REQUIRED", **changes: Any) -> Fault:
    return Fault(FaultKind.ERROR, method, description=description, **changes)


def promotion(stage: Stage, group_id: str = str(SUPER)) -> Promotion:
    group = dataclasses.replace(stage.group(SUPER), id=group_id)
    return Promotion("hand-over", account(OMAR), group, str(ANA))


def closing(stage: Stage, chat_id: int = SUPER, group_id: str = "") -> Closing:
    group = dataclasses.replace(stage.group(chat_id), id=group_id or str(chat_id))
    return Closing("close", account(ANA), WayBack("primary", WayKind.INVITE_LINK, group, "0" * 16))


async def test_an_admin_is_left_alone_where_the_other_admins_cannot_be_read() -> None:
    faults = [error("getChatAdministrators", times=0)]
    async with staged(sandbox=create_sandbox(world(), faults=faults)) as stage:
        stage.world.person_promoted(SUPER, ANA, BOT_ID)
        result = await stage.revoke(SUPER)
        found, gaps = await stage.memberships(SUPER)
        assert stage.wrote() == []
    assert (result.outcome, result.refusal) == (Outcome.REFUSED, Refusal.NO_RIGHT)
    assert [(m.role, m.sole_owner) for m in found] == [(Role.ADMIN, False)]
    assert "members_unreadable" in {gap.reason for gap in gaps}


async def test_a_demotion_that_is_refused_removes_nobody() -> None:
    faults = [error("promoteChatMember", "Bad Request: not enough rights")]
    async with staged(sandbox=create_sandbox(world(), faults=faults)) as stage:
        stage.world.person_promoted(SUPER, ANA, BOT_ID)
        result = await stage.revoke(SUPER)
        assert stage.wrote() == ["promoteChatMember"]
        assert stage.status(SUPER) is Status.ADMINISTRATOR
    assert result.refusal is Refusal.NO_RIGHT


async def test_a_removal_refused_after_the_demotion_says_that_it_was_demoted() -> None:
    async with staged(sandbox=create_sandbox(world(), faults=[error("banChatMember")])) as stage:
        stage.world.person_promoted(SUPER, ANA, BOT_ID)
        result = await stage.revoke(SUPER)
        assert stage.status(SUPER) is Status.MEMBER
    assert result.refusal is Refusal.NO_RIGHT
    assert ("demoted", "yes") in result.evidence.facts


async def test_a_demotion_whose_answer_is_lost_is_unknown_and_the_next_try_removes() -> None:
    faults = [Fault(FaultKind.DROP, "promoteChatMember", after_effect=True)]
    async with staged(sandbox=create_sandbox(world(), faults=faults)) as stage:
        stage.world.person_promoted(SUPER, ANA, BOT_ID)
        first = await stage.revoke(SUPER)
        seen = await stage.read_back(SUPER)
        second = await stage.revoke(SUPER)
        assert stage.wrote() == ["promoteChatMember", "banChatMember"]
    assert (first.outcome, seen.sight, second.outcome) == (Outcome.UNKNOWN, Sight.PRESENT, Outcome.REVOKED)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (FaultKind.LIMITED_429, Outcome.RATE_LIMITED),
        (FaultKind.DROP, Outcome.UNKNOWN),
        (FaultKind.TOKEN_REVOKED, Outcome.UNAVAILABLE),
    ],
)
async def test_a_demotion_that_was_done_is_told_even_where_the_removal_fails(
    kind: FaultKind, outcome: Outcome
) -> None:
    async with staged(sandbox=create_sandbox(world(), faults=[Fault(kind, "banChatMember")])) as stage:
        stage.world.person_promoted(SUPER, ANA, BOT_ID)
        result = await stage.revoke(SUPER)
        assert stage.status(SUPER) is Status.MEMBER
    assert result.outcome is outcome
    assert ("demoted", "yes") in result.evidence.facts


async def test_a_group_of_an_unknown_sort_or_id_is_a_gap() -> None:
    async with staged() as stage:
        known = stage.known(SUPER)
        strange = dataclasses.replace(stage.group(BASIC), id="@old")
        stage.chat(SUPER).type = "constellation"
        listed = [g async for g in stage.telegram.groups(known)]
        with_name = dataclasses.replace(known, groups=(strange,))
        found = [m async for m in stage.telegram.memberships(account(ANA), with_name)]
        assert len(stage.sandbox.calls("getChat")) == 1
    assert next((g.reason, g.group_id) for g in listed if isinstance(g, Gap)) == (
        "group_unreadable",
        str(SUPER),
    )
    assert next((m.reason, m.group_id) for m in found if isinstance(m, Gap)) == ("group_gone", "@old")


async def test_not_a_participant_is_no_membership_and_no_gap() -> None:
    faults = [error("getChatMember", "Bad Request: USER_NOT_PARTICIPANT", times=0)]
    async with staged(sandbox=create_sandbox(world(), faults=faults)) as stage:
        found, gaps = await stage.memberships(SUPER)
        presence = await stage.read_back(SUPER)
        (group,), _ = await stage.groups(SUPER)
    assert (found, [gap.reason for gap in gaps]) == ([], ["groups_learnt_only"])
    assert presence.sight is Sight.ABSENT
    assert (group.bot_inside, group.bot_may_remove) == (False, False)


async def test_a_status_nobody_knows_is_a_gap_and_no_membership() -> None:
    async with staged() as stage:
        stage.chat(SUPER).members[ANA] = Member(Later.SLEEPING)  # type: ignore[arg-type]
        found, gaps = await stage.memberships(SUPER)
    assert found == []
    assert "sleeping" in next(gap.detail for gap in gaps if gap.reason == "group_unreadable")


async def test_whoever_is_removed_or_restricted_from_outside_is_in_nothing() -> None:
    async with staged() as stage:
        stage.chat(SUPER).members[ANA] = Member(Status.RESTRICTED, is_member=False)
        outside, _ = await stage.memberships(SUPER)
        stage.chat(SUPER).members[ANA] = Member(Status.RESTRICTED)
        inside, _ = await stage.memberships(SUPER)
    assert outside == []
    assert [membership.role for membership in inside] == [Role.MEMBER]


async def test_what_is_no_group_id_is_neither_written_nor_read() -> None:
    async with staged() as stage:
        step = dataclasses.replace(stage.step(SUPER), account_id="@ana")
        (presence,) = await stage.telegram.read_back([step])
        owners = await stage.telegram.sole_ownership(promotion(stage, "@sales"))
        link = await stage.telegram.way_back_open(closing(stage, group_id="@sales"))
        closed = await stage.telegram.close_way_back(closing(stage, group_id="@sales"))
        group = dataclasses.replace(stage.group(SUPER), id="@sales")
        ways = [way async for way in stage.telegram.ways_back(account(ANA), [group])]
        assert not stage.sandbox.journal
    assert {presence.sight, owners.sight, link.sight} == {Sight.UNREADABLE}
    assert (closed.refusal, ways) == (Refusal.GROUP_GONE, [])


async def test_a_hand_over_is_refused_where_the_bot_cannot_read_itself() -> None:
    faults = [error("getChatMember", "Forbidden: bot was kicked from the supergroup chat", code=403, nth=2)]
    async with staged(sandbox=create_sandbox(world(), faults=faults)) as stage:
        result = await stage.telegram.promote(promotion(stage))
        assert stage.wrote() == []
    assert result.refusal is Refusal.BOT_NOT_IN_GROUP


async def test_a_hand_over_or_a_renewal_that_is_refused_says_why() -> None:
    faults = [
        error("promoteChatMember", "Bad Request: ADMINS_TOO_MUCH"),
        error("exportChatInviteLink", "Bad Request: not enough rights to manage chat invite link"),
    ]
    async with staged(sandbox=create_sandbox(world(), faults=faults)) as stage:
        crowded = await stage.telegram.promote(promotion(stage))
        (way,) = [
            way
            async for way in stage.telegram.ways_back(account(ANA), [stage.group(SUPER)])
            if isinstance(way, WayBack)
        ]
        refused = await stage.telegram.close_way_back(Closing("close", account(ANA), way))
    assert "as many admins" in crowded.remedy
    assert refused.refusal is Refusal.NO_RIGHT


async def test_a_link_of_a_group_nobody_sees_is_unreadable_and_an_upgraded_one_is_followed() -> None:
    async with staged() as stage:
        old = closing(stage, BASIC)
        stage.world.delete_chat(SUPER)
        gone = await stage.telegram.way_back_open(closing(stage))
        stage.world.upgrade_to_supergroup(BASIC)
        followed = await stage.telegram.way_back_open(old)
    assert (gone.sight, followed.sight) == (Sight.UNREADABLE, Sight.ABSENT)


@pytest.mark.parametrize("method", ["getChat", "getChatAdministrators"])
async def test_a_token_that_dies_while_reading_back_raises(method: str) -> None:
    async with staged(sandbox=create_sandbox(world(), faults=[Fault(FaultKind.TOKEN_REVOKED)])) as stage:
        reads = {
            "getChat": lambda: stage.telegram.way_back_open(closing(stage)),
            "getChatAdministrators": lambda: stage.telegram.sole_ownership(promotion(stage)),
        }
        with pytest.raises(BadCredentials):
            await reads[method]()


async def test_an_answer_about_another_chat_is_no_answer() -> None:
    async with staged() as stage:
        stage.world.chats[SUPER].id = -1000000009999
        seen = await stage.telegram.way_back_open(
            Closing(
                "close",
                account(ANA),
                WayBack(
                    "primary", WayKind.INVITE_LINK, dataclasses.replace(stage.group(BASIC), id=str(SUPER))
                ),
            )
        )
    assert seen.sight is Sight.UNREADABLE
    assert "another" in seen.detail


async def test_a_check_that_is_refused_says_so_and_blames_nobody() -> None:
    fault = error("getWebhookInfo", "Bad Request: something new")
    async with staged(sandbox=create_sandbox(world(), faults=[fault])) as stage:
        findings = await stage.telegram.check(stage.known(SUPER))
    assert findings[-1].severity is Severity.ERROR
    assert "something new" in findings[-1].message


_OK_AND_FALSE = {
    "getMe": {"id": BOT_ID, "is_bot": True, "first_name": "bawab"},
    "getChatMember": {"user": {"id": ANA, "is_bot": False, "first_name": "Ana"}, "status": "member"},
    "banChatMember": False,
}


async def _answer(request: web.Request) -> web.Response:
    return web.json_response({"ok": True, "result": _OK_AND_FALSE[request.match_info["method"]]})


async def test_ok_and_false_is_neither_a_success_nor_a_refusal() -> None:
    app = web.Application()
    app.router.add_post("/{bot}/{method}", _answer)
    async with TestServer(app) as server, staged() as stage:
        telegram = TelegramConnector(config(str(server.make_url("/"))))
        (result,) = await telegram.revoke([stage.step(SUPER)])
        await telegram.aclose()
    assert (result.outcome, result.refusal) == (Outcome.UNKNOWN, None)
