"""What an update means, read from Telegram's own JSON; whatever else stands in it, nothing is made of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Update
from telegram.error import BadRequest, Conflict, InvalidToken, NetworkError

from bot.surfaces.telegram.faults import is_handled, is_outage, trouble_of, wait_of
from bot.surfaces.telegram.meanings import (
    Asked,
    AskedInGroup,
    AsksToJoin,
    BotInside,
    BotOutside,
    GroupMoved,
    GroupSeen,
    Meaning,
    PersonSeen,
    Pressed,
    SharedContact,
    Started,
    meanings,
)
from connectors.chat.telegram.sandbox.rights import ALL_RIGHTS, PERMISSIONS
from connectors.errors import BadCredentials, Unavailable
from policies.model import GroupKind

BOT = {"id": 1, "is_bot": True, "first_name": "bawab"}
ANA = {"id": 7, "is_bot": False, "first_name": "Ana", "language_code": "ar"}
SALES = {"id": -1001, "type": "supergroup", "title": "Sales"}
PRIVATE = {"id": 7, "type": "private", "first_name": "Ana"}


def read(**update: Any) -> list[Meaning]:
    """Give the meanings of an update as Telegram would write it."""
    made = Update.de_json({"update_id": 1, **update}, None)
    return list(meanings(made, "staff"))


def member(user: dict[str, Any], status: str, **more: Any) -> dict[str, Any]:
    """A `ChatMember`."""
    rights = dict.fromkeys(ALL_RIGHTS | set(PERMISSIONS) | {"can_be_edited"}, False)
    return {"user": user, "status": status, "until_date": 0, "is_member": False, **rights, **more}


def changed(
    user: dict[str, Any], old: dict[str, Any], new: dict[str, Any], chat: dict[str, Any] = SALES
) -> dict[str, Any]:
    """A `ChatMemberUpdated`."""
    return {"chat": chat, "from": user, "date": 1, "old_chat_member": old, "new_chat_member": new}


def message(chat: dict[str, Any], sender: dict[str, Any] = ANA, **content: Any) -> dict[str, Any]:
    """A `Message`."""
    return {"message_id": 1, "date": 1, "chat": chat, "from": sender, **content}


@pytest.mark.parametrize(
    ("new", "may"),
    [
        (member(BOT, "member"), False),
        (member(BOT, "administrator"), False),
        (member(BOT, "administrator", can_restrict_members=True), True),
        (member(BOT, "restricted", is_member=True), False),
    ],
)
def test_the_bot_is_in_a_group_with_its_rights(new: dict[str, Any], may: bool) -> None:
    (found,) = read(my_chat_member=changed(BOT, member(BOT, "left"), new))
    assert isinstance(found, BotInside)
    assert (found.group.id, found.group.kind) == ("-1001", GroupKind.SUPERGROUP)
    assert found.group.bot_may_remove is may


@pytest.mark.parametrize("status", ["left", "kicked", "restricted"])
def test_the_bot_is_out(status: str) -> None:
    found = read(my_chat_member=changed(BOT, member(BOT, "member"), member(BOT, status)))
    assert found == [BotOutside("-1001", status)]


def test_a_private_chat_is_no_group() -> None:
    told = changed(BOT, member(BOT, "member"), member(BOT, "kicked"), PRIVATE)
    assert read(my_chat_member=told) == []
    assert read(chat_member=told) == []


@pytest.mark.parametrize(
    ("old", "new", "joined"),
    [
        (member(ANA, "left"), member(ANA, "member"), True),
        (member(ANA, "kicked"), member(ANA, "administrator"), True),
        (member(ANA, "restricted"), member(ANA, "restricted", is_member=True), True),
        (member(ANA, "restricted", is_member=True), member(ANA, "member"), False),
        (member(ANA, "member"), member(ANA, "administrator"), False),
        (member(ANA, "member"), member(ANA, "left"), False),
        (member(ANA, "left"), member(ANA, "restricted"), False),
        (member(ANA, "member"), member(ANA, "kicked"), False),
    ],
)
def test_only_whoever_was_outside_and_is_inside_has_joined(
    old: dict[str, Any], new: dict[str, Any], joined: bool
) -> None:
    (found,) = read(chat_member=changed(ANA, old, new))
    assert isinstance(found, PersonSeen)
    assert (found.account_id, found.joined) == ("7", joined)


def test_service_messages_tell_of_joins_and_moves_where_the_bot_is_no_admin() -> None:
    joined = read(message=message(SALES, new_chat_members=[ANA, BOT]))
    assert [type(one) for one in joined] == [GroupSeen, PersonSeen], "a bot that joins is nobody"
    (_, left) = read(message=message(SALES, left_chat_member=ANA))
    assert isinstance(left, PersonSeen)
    assert (left.status, left.joined) == ("left", False)
    old = {"id": -5, "type": "group", "title": "Sales"}
    assert read(message=message(old, migrate_to_chat_id=-1001)) == [GroupMoved("-5", "-1001")]
    assert read(message=message(SALES, migrate_from_chat_id=-5))[0] == GroupMoved("-5", "-1001")


def test_a_request_to_join_names_group_account_and_moment() -> None:
    asked = {"chat": SALES, "from": ANA, "user_chat_id": 7, "date": 1_700_000_000}
    (found,) = read(chat_join_request=asked)
    assert isinstance(found, AsksToJoin)
    assert (found.account_id, found.asked_at.timestamp()) == ("7", 1_700_000_000)


@pytest.mark.parametrize(
    ("text", "code"), [("/start abc", "abc"), ("/start", ""), ("/start@bawab_bot abc def", "abc")]
)
def test_start_carries_a_code_or_none(text: str, code: str) -> None:
    assert read(message=message(PRIVATE, text=text)) == [Started("7", code, "ar")]


def test_a_contact_is_ones_own_only_where_telegram_says_so() -> None:
    def shared(**contact: Any) -> Meaning:
        whole = {"phone_number": "966501234567", "first_name": "Ana", **contact}
        (found,) = read(message=message(PRIVATE, contact=whole))
        return found

    assert shared(user_id=7) == SharedContact("7", "966501234567", own=True, language="ar")
    assert shared(user_id=8) == SharedContact("7", "966501234567", own=False, language="ar")
    assert shared() == SharedContact("7", "966501234567", own=False, language="ar")


def test_codes_and_numbers_do_not_show_in_a_repr() -> None:
    assert "abc" not in repr(Started("7", "abc", None))
    assert "9665" not in repr(SharedContact("7", "966501234567", own=True, language=None))


@pytest.mark.parametrize("where", [PRIVATE, SALES])
def test_a_code_or_contact_in_a_group_or_of_a_bot_is_nothing(where: dict[str, Any]) -> None:
    sender = ANA if where is SALES else BOT
    found = read(message=message(where, sender, text="/start abc"))
    assert [one for one in found if not isinstance(one, GroupSeen)] == []


@given(st.text() | st.builds("/{}".format, st.text()) | st.builds("/start{}".format, st.text()))
def test_nothing_that_people_write_means_anything_but_a_command(text: str) -> None:
    found = read(message=message(PRIVATE, text=text))
    first = [word.partition("@")[0] for word in text.split()[:1]]
    assert bool(found) == any(word.startswith("/") for word in first)
    assert all(isinstance(one, Started if first == ["/start"] else Asked) for one in found)


@pytest.mark.parametrize(
    ("text", "command", "words"),
    [
        ("/offboard Ana Quispe", "offboard", "Ana Quispe"),
        ("/offboard\nAna Quispe", "offboard", "Ana Quispe"),
        ("/STATUS@bawab_bot", "status", ""),
    ],
)
def test_a_command_in_private_keeps_what_follows_it_and_shows_it_in_no_repr(
    text: str, command: str, words: str
) -> None:
    (found,) = read(message=message(PRIVATE, text=text))
    assert found == Asked("7", command, words, "ar")
    assert "Quispe" not in repr(found)


def test_a_command_in_a_group_names_the_bot_it_is_for_and_keeps_no_words() -> None:
    found = read(message=message(SALES, text="/offboard@bawab_bot Ana Quispe"))
    (asked,) = [one for one in found if isinstance(one, AskedInGroup)]
    assert (asked.account_id, asked.command, asked.to) == ("7", "offboard", "bawab_bot")
    assert "Quispe" not in repr(asked)


def test_a_press_under_a_message_that_is_not_the_pressers_own_is_nothing() -> None:
    pressed = {"id": "1", "from": ANA, "chat_instance": "1", "data": "ok:abc"}
    assert read(callback_query=pressed | {"message": message(SALES, text="held")}) == []
    (mine,) = read(callback_query=pressed | {"message": message(PRIVATE, text="held")})
    assert isinstance(mine, Pressed)
    assert (mine.account_id, mine.data, mine.text) == ("7", "ok:abc", "held")


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (
            Conflict("Conflict: terminated by other getUpdates request; make sure that only one"),
            "two_pollers",
        ),
        (
            Conflict("Conflict: can't use getUpdates method while webhook is active; use deleteWebhook"),
            "webhook_active",
        ),
        (Conflict("Conflict: terminated by setWebhook request"), "webhook_active"),
        (InvalidToken("Unauthorized"), "bad_token"),
        (BadCredentials("refused"), "bad_token"),
        (NetworkError("no route"), "unreachable"),
        (Unavailable("down"), "unreachable"),
    ],
)
def test_what_keeps_updates_from_coming_has_a_name(error: Exception, key: str) -> None:
    assert trouble_of(error) == key
    assert is_outage(error)


def test_a_plain_refusal_is_no_outage_though_the_sdk_calls_it_a_network_error() -> None:
    assert not is_outage(BadRequest("CHAT_ADMIN_REQUIRED"))
    assert is_handled(BadRequest("Bad Request: HIDE_REQUESTER_MISSING"))
    assert not is_handled(BadRequest("not enough rights"))
    assert not is_outage(ValueError("ours"))


def test_a_wait_that_was_asked_for_is_kept() -> None:
    wrapped = NetworkError("limited")
    wrapped.__cause__ = Unavailable("limited", retry_after=7.0)
    assert wait_of(wrapped) == 7.0
    assert wait_of(NetworkError("down")) == 0.0
