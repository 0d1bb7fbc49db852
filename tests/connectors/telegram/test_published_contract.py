"""Every request the connector makes is one that the published Bot API allows."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats
from telegram.error import BadRequest

from connectors.chat.telegram.objects import Standing
from connectors.chat.telegram.rights import ALL_RIGHTS
from connectors.chat.telegram.routes import METHODS, NEVER_TRUE
from connectors.chat.telegram.sandbox import BOT_ID, JournalEntry
from connectors.contract import Closing, Promotion, WayBack
from connectors.messages import Button, Message, Passage, plain
from connectors.wire import Access
from policies.model import Manner
from tests.connectors.telegram.stage import ANA, BASIC, CHANNEL, OMAR, ORDINARY, SUPER, account, staged

_SPECS = Path(os.environ.get("BAWAB_SPECS", Path(__file__).parents[4] / "shared" / "specs"))
_REFERENCE = _SPECS / "telegram" / "api.min.json"

pytestmark = pytest.mark.skipif(
    not _REFERENCE.is_file(),
    reason=f"the Bot API's description is not at {_REFERENCE}; set BAWAB_SPECS to the folder that holds it",
)
# Allowed for what listens to updates; none of these is made here.
_THE_LISTENERS = {
    "getUpdates",
    "setWebhook",
    "approveChatJoinRequest",
    "declineChatJoinRequest",
}

QUESTION = Message(
    (Passage("hello", (Button("Yes", "ok", "1"), Button("Look", "", "", url="https://x.test/"))),)
)


def reference() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_REFERENCE.read_text(encoding="utf-8"))
    return found


async def journal() -> list[JournalEntry]:
    """Make every kind of request the connector can make, and give what arrived."""
    async with staged() as stage:
        stage.world.person_writes(OMAR, "/start")
        stage.world.person_promoted(SUPER, ANA, BOT_ID)
        await stage.telegram.check(stage.known(*ORDINARY))
        groups, _ = await stage.groups(*ORDINARY)
        await stage.memberships(*ORDINARY)
        for chat_id in ORDINARY:
            await stage.revoke(chat_id, ANA, Manner.BAR)
            await stage.revoke(chat_id, OMAR, Manner.KICK)
            await stage.read_back(chat_id)
        async for way in stage.telegram.ways_back(account(ANA), groups):
            if isinstance(way, WayBack):
                await stage.telegram.close_way_back(Closing("c", account(ANA), way))
        for chat_id in (SUPER, CHANNEL, BASIC):
            promotion = Promotion("p", account(7003), stage.group(chat_id), str(ANA))
            await stage.telegram.promote(promotion)
            await stage.telegram.sole_ownership(promotion)
        sent = await stage.telegram.notify(str(OMAR), QUESTION, "k")
        await stage.telegram.update_notice(str(OMAR), sent.reference, plain("answered"), "k")
        await _as_the_bot_in_a_private_chat(stage.telegram.bot)
        return stage.sandbox.journal


async def _as_the_bot_in_a_private_chat(bot: Bot) -> None:
    """What people who talk to the bot cause, by the same client: its menu, and the answer to a press."""
    scope = BotCommandScopeAllPrivateChats()
    await bot.set_my_commands([BotCommand("help", "What you can do here")], scope=scope, language_code="ar")
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query("1", "Done", show_alert=False)


def fits(value: str, types: list[str]) -> bool:
    """Whether a form's text is one of the documented types."""
    if "String" in types or any(kind[0].isupper() and kind not in _PLAIN for kind in types):
        return True
    whole = value.removeprefix("-").isdigit()
    return ("Integer" in types and whole) or ("Boolean" in types and value in {"true", "false"})


_PLAIN = {"Integer", "Boolean", "String", "Float"}


async def test_the_journal_covers_the_allow_list() -> None:
    made = {entry.method for entry in await journal()}
    assert made == set(METHODS) - _THE_LISTENERS


async def test_every_argument_is_documented_of_its_type_and_every_required_one_is_there() -> None:
    methods = reference()["methods"]
    checked = 0
    for entry in await journal():
        fields = {field["name"]: field for field in methods[entry.method].get("fields", ())}
        unknown = set(entry.params) - set(fields)
        missing = {name for name, field in fields.items() if field["required"]} - set(entry.params)
        assert not unknown, f"{entry.method}: not documented: {unknown}"
        assert not missing, f"{entry.method}: required but not sent: {missing}"
        for name, value in entry.params.items():
            assert fits(value, fields[name]["types"]), f"{entry.method}: {name}={value}"
        assert entry.verb == "POST"
        checked += 1
    assert checked > 30


async def test_accounts_and_groups_are_always_named_by_number() -> None:
    for entry in await journal():
        for name in ("chat_id", "user_id"):
            assert str(int(entry.params.get(name, "1"))) == entry.params.get(name, "1"), entry


def test_every_method_of_the_allow_list_is_documented() -> None:
    assert set(METHODS) <= set(reference()["methods"])


def test_whatever_is_not_a_get_writes_and_fetching_updates_writes_too() -> None:
    for name, method in METHODS.items():
        reads = name.startswith("get") and name != "getUpdates"
        assert method.access is (Access.READ if reads else Access.WRITE), name


def test_what_may_never_be_true_is_spelt_as_documented() -> None:
    fields = {
        field["name"] for method in reference()["methods"].values() for field in method.get("fields", ())
    }
    assert fields >= NEVER_TRUE


def test_the_rights_are_spelt_as_documented() -> None:
    documented = {field["name"] for field in reference()["methods"]["promoteChatMember"]["fields"]}
    shown = {field["name"] for field in reference()["types"]["ChatMemberAdministrator"]["fields"]}
    assert set(ALL_RIGHTS) <= documented & shown


def test_every_documented_status_is_understood() -> None:
    types = reference()["types"]
    said = [
        field["description"]
        for name, kind in types.items()
        if name.startswith("ChatMember") and name not in {"ChatMember", "ChatMemberUpdated"}
        for field in kind.get("fields", ())
        if field["name"] == "status"
    ]
    assert len(said) == 6
    for word in ("creator", "administrator", "member", "restricted", "left", "kicked"):
        assert any(f"\u201c{word}\u201d" in text or f'"{word}"' in text or word in text for text in said), (
            word
        )
    assert Standing.UNCLEAR
