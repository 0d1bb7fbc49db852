"""Every flow of Telegram on a server made of the published contract alone, in spellings others may have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.surfaces.telegram.polling import Poller
from bot.surfaces.telegram.starting import pollers
from connectors.chat.telegram import TelegramConfig, TelegramConnector
from connectors.contract import Closing, KnownGroups, Outcome, Promotion, Revocation, Severity, Sight, WayBack
from policies.model import Account, Gap, Group, GroupKind, Manner, Membership, Refusal
from tests.bot.surfaces.hearing_telegram import ANA as ANA_ROW
from tests.bot.surfaces.hearing_telegram import WITH_PHONE, Hearing, rows
from tests.bot.world import company
from tests.connectors.telegram.published import (
    ADMIN,
    ANA,
    BASIC,
    BOT,
    CHANNEL,
    OMAR,
    OWNER,
    SUPER,
    TOKEN,
    WHERE_PUBLISHED,
    Published,
    Spelling,
    person,
    published,
)

pytestmark = WHERE_PUBLISHED
_KINDS = {
    SUPER: GroupKind.SUPERGROUP,
    BASIC: GroupKind.BASIC_GROUP,
    CHANNEL: GroupKind.BROADCAST_CHANNEL,
}
EVERY = [
    Spelling.PUBLISHED,
    Spelling.NUMBERS_AS_TEXT,
    Spelling.WITHOUT_FALSE,
    Spelling.MORE_FIELDS,
    Spelling.NUMBERS_AS_TEXT | Spelling.WITHOUT_FALSE | Spelling.MORE_FIELDS,
]


@asynccontextmanager
async def connected(
    spelling: Spelling = Spelling.PUBLISHED,
) -> AsyncIterator[tuple[Published, TelegramConnector]]:
    async with published(spelling) as (server, url):
        telegram = TelegramConnector(
            TelegramConfig("tg", TOKEN, base_url=url, pace_scale=0.0, backoff_seconds=0.001, read_tries=1)
        )
        try:
            yield server, telegram
        finally:
            await telegram.aclose()


def group(chat: int) -> Group:
    return Group("tg", "telegram", str(chat), "x", _KINDS[chat])


def step(chat: int, user: int = ANA, manner: Manner = Manner.BAR) -> Revocation:
    return Revocation(f"{chat}/{user}", str(user), Membership(Account("tg", str(user)), group(chat)), manner)


KNOWN = KnownGroups(tuple(group(chat) for chat in _KINDS))


@pytest.mark.parametrize("spelling", EVERY)
async def test_people_leave_every_kind_of_chat_and_are_seen_gone(spelling: Spelling) -> None:
    async with connected(spelling) as (server, telegram):
        for chat in _KINDS:
            for user, manner in ((ANA, Manner.BAR), (OMAR, Manner.KICK)):
                made = step(chat, user, manner)
                (result,) = await telegram.revoke([made])
                (seen,) = await telegram.read_back([made])
                assert (result.outcome, seen.sight) == (Outcome.REVOKED, Sight.ABSENT), (chat, user)
        assert server.status(SUPER, ANA) == "kicked"
        assert server.status(SUPER, OMAR) == server.status(BASIC, ANA) == "left"


@pytest.mark.parametrize("spelling", EVERY)
async def test_an_admin_is_demoted_first_and_a_creator_is_left_to_people(spelling: Spelling) -> None:
    async with connected(spelling) as (server, telegram):
        (admin,) = await telegram.revoke([step(SUPER, ADMIN)])
        (creator,) = await telegram.revoke([step(SUPER, OWNER)])
        methods = [name for name, given in server.called if given.get("user_id") == str(ADMIN)]
    assert creator.refusal is Refusal.CREATOR
    assert admin.outcome is Outcome.REVOKED
    assert methods.index("promoteChatMember") < methods.index("banChatMember")


@pytest.mark.parametrize("spelling", EVERY)
async def test_a_successor_becomes_admin_and_is_seen_as_one(spelling: Spelling) -> None:
    promotion = Promotion("p", Account("tg", str(OMAR)), group(SUPER), str(OWNER))
    async with connected(spelling) as (server, telegram):
        assert (await telegram.promote(promotion)).outcome is Outcome.REVOKED
        assert (await telegram.sole_ownership(promotion)).sight is Sight.ABSENT
        assert server.status(SUPER, OMAR) == "administrator"


async def ways(telegram: TelegramConnector) -> tuple[list[WayBack], set[str]]:
    found = [one async for one in telegram.ways_back(Account("tg", str(ANA)), [group(SUPER)])]
    return [one for one in found if isinstance(one, WayBack)], {
        one.reason for one in found if isinstance(one, Gap)
    }


@pytest.mark.parametrize("spelling", EVERY)
async def test_the_link_is_renewed_once_and_seen_to_be_another(spelling: Spelling) -> None:
    async with connected(spelling) as (server, telegram):
        (way,), _ = await ways(telegram)
        closing = Closing("c", Account("tg", str(ANA)), way)
        assert (await telegram.way_back_open(closing)).sight is Sight.PRESENT
        assert (await telegram.close_way_back(closing)).outcome is Outcome.REVOKED
        assert (await telegram.way_back_open(closing)).sight is Sight.ABSENT
        assert (await telegram.close_way_back(closing)).outcome is Outcome.SAID_ABSENT
        assert server.links == 2


async def test_a_chat_that_shows_no_link_has_none_to_close_and_the_others_are_still_said() -> None:
    async with connected(Spelling.NO_LINK) as (_, telegram):
        found, gaps = await ways(telegram)
    assert found == []
    assert "links_of_others" in gaps


@pytest.mark.parametrize("spelling", EVERY)
async def test_what_the_bot_knows_is_listed_and_checked(spelling: Spelling) -> None:
    async with connected(spelling) as (_, telegram):
        groups = [one async for one in telegram.groups(KNOWN) if isinstance(one, Group)]
        account = Account("tg", str(ANA))
        inside = [one async for one in telegram.memberships(account, KNOWN) if isinstance(one, Membership)]
        findings = await telegram.check(KNOWN)
    assert {(one.id, one.kind, one.bot_may_remove) for one in groups} == {
        (str(chat), kind, True) for chat, kind in _KINDS.items()
    }
    assert {one.group.id for one in inside} == {str(chat) for chat in _KINDS}
    assert {one.severity for one in findings} == {Severity.OK}


async def test_somebody_restricted_of_whom_it_is_not_said_is_neither_inside_nor_gone() -> None:
    async with connected() as (server, telegram):
        server.chats[SUPER]["people"][ANA] = "restricted and silent"
        (result,) = await telegram.revoke([step(SUPER)])
        (seen,) = await telegram.read_back([step(SUPER)])
        server.chats[SUPER]["people"][ANA] = "restricted"
        (inside,) = await telegram.read_back([step(SUPER)])
    assert (result.outcome, seen.sight, inside.sight) == (Outcome.REFUSED, Sight.UNREADABLE, Sight.PRESENT)
    assert "not said" in seen.detail


async def test_an_object_where_true_is_documented_claims_nothing_and_reading_back_tells() -> None:
    async with connected(Spelling.OBJECT_FOR_TRUE) as (_, telegram):
        (result,) = await telegram.revoke([step(SUPER)])
        (seen,) = await telegram.read_back([step(SUPER)])
    assert (result.outcome, seen.sight) == (Outcome.UNKNOWN, Sight.ABSENT)


async def test_the_server_itself_refuses_what_is_not_documented() -> None:
    server = Published()
    for method, given, says in (
        ("getMe", {"x": "1"}, "unknown parameter"),
        ("banChatMember", {"chat_id": "1"}, "user_id is required"),
        ("banChatMember", {"chat_id": "1", "user_id": "ana"}, "no Integer"),
        ("banChatMember", {"chat_id": "1", "user_id": "2", "revoke_messages": "yes"}, "no Boolean"),
        ("getUpdates", {"allowed_updates": "message"}, "no Array of String"),
    ):
        assert says in server._complaint(method, given)


# The listener


def _message(user: int, text: str, at: int = 1_700_000_000) -> dict[str, Any]:
    chat = {"id": user, "type": "private", "first_name": "x"}
    return {"message_id": 1, "date": at, "chat": chat, "from": person(user), "text": text}


def _bot_added(status: str) -> dict[str, Any]:
    chat = {"id": SUPER, "type": "supergroup", "title": "Sales"}
    new = Published().member({"people": {BOT: status}}, BOT)
    old = {"user": person(BOT), "status": "left"}
    event = {"chat": chat, "from": person(OWNER), "date": 1_700_000_000}
    return event | {"old_chat_member": old, "new_chat_member": new}


@pytest.mark.parametrize("spelling", EVERY)
async def test_a_code_links_and_a_group_is_learnt_by_polling(tmp_path: Path, spelling: Spelling) -> None:
    async with published(spelling) as (server, url):
        instance = {"bot_token": TOKEN, "base_url": url, "pace_scale": 0.0, "backoff_seconds": 0.01}
        async with company(tmp_path, extra={"telegram": {"staff": instance}}) as world:
            (poller,) = pollers(world.app)
            both = Hearing.__new__(Hearing)
            both.company, both.poller = world, poller
            world.drop(*rows(ANA_ROW), header=WITH_PHONE)
            await world.settle_in()
            code = await both.code("E1")
            server.tells(message=_message(ANA, f"/start {code}"))
            server.tells(my_chat_member=_bot_added("administrator"))
            server.tells(poll={"an": "update nobody asked for"})
            await both.hear()
            assert await both.links() == [("E1", str(ANA), "self_link", True)]
            known = await both.known(SUPER)
            assert known is not None
            assert known[0].bot_may_remove
            assert "Thank you" in server.sent[-1]["text"]
            await _nothing_comes_twice(server, poller)


async def test_an_update_nobody_can_read_is_quoted_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    structlog.reset_defaults()  # another test of this process may have asked for silence
    async with published() as (server, url):
        instance = {"bot_token": TOKEN, "base_url": url, "pace_scale": 0.0, "backoff_seconds": 0.01}
        async with company(tmp_path, extra={"telegram": {"staff": instance}}) as world:
            (poller,) = pollers(world.app)
            server.tells(message={"text": "/start a-code-that-is-a-secret"})
            assert await poller.fetch_waiting() == 1
    said = capsys.readouterr()
    assert "telegram_update_unreadable" in said.out + said.err
    assert "a-code-that-is-a-secret" not in caplog.text + said.out + said.err


async def _nothing_comes_twice(server: Published, poller: Poller) -> None:
    before = len(server.sent)
    assert await poller.fetch_waiting() == 0
    assert server.waiting == []
    assert len(server.sent) == before


async def test_a_wrong_token_is_said_to_be_one() -> None:
    async with published() as (_, url):
        config = TelegramConfig("tg", "1:wrong-token-for-a-test", base_url=url, pace_scale=0.0, read_tries=1)
        telegram = TelegramConnector(config)
        findings = await telegram.check(KNOWN)
        await telegram.aclose()
    assert [one.code for one in findings] == ["bad_credentials"]
