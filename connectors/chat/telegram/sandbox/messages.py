"""What a bot may say: messages to who pressed Start or to a chat it is in, changes of them, and commands."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from connectors.chat.telegram.sandbox import shapes
from connectors.chat.telegram.sandbox.call import Access, Call, Refused
from connectors.chat.telegram.sandbox.chats import private_person
from connectors.chat.telegram.sandbox.state import Chat, Sent, User

LONGEST = 4096
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
MOST_BUTTONS = 100


def send_message(call: Call) -> shapes.Json:
    """Write a message; gives it back as it stands in the chat."""
    text, markup = call.text("text"), call.text("reply_markup")
    if not call.text("chat_id"):
        raise Refused("Bad Request: chat_id is empty")
    place = _addressed(call)
    _fits(text)
    _buttons(markup)
    call.bot.messages += 1
    number = call.bot.messages
    quiet = call.flag("disable_notification")
    call.bring_about(lambda: call.bot.outbox.append(Sent(number, place.id, text, markup, quiet)))
    return _message(call, place, number, text)


def edit_message_text(call: Call) -> shapes.Json:
    """Change what an own message says; its buttons are gone where none are given."""
    text, markup, number = call.text("text"), call.text("reply_markup"), call.number("message_id")
    place = _addressed(call)
    outbox = call.bot.outbox
    at = next(
        (n for n, sent in enumerate(outbox) if (sent.message_id, sent.chat) == (number, place.id)), None
    )
    if at is None:
        raise Refused("Bad Request: message to edit not found")
    _fits(text)
    _buttons(markup)
    before = outbox[at]
    if (before.text, before.reply_markup) == (text, markup):
        raise Refused(
            "Bad Request: message is not modified: specified new message content and reply markup are "
            "exactly the same as a current content and reply markup of the message"
        )
    after = replace(before, text=text, reply_markup=markup, edits=before.edits + 1)
    call.bring_about(lambda: outbox.__setitem__(at, after))
    return _message(call, place, number, text) | {"edit_date": call.world.date()}


def answer_callback_query(call: Call) -> bool:
    """Take note that a pressed button was dealt with."""
    if call.text("callback_query_id") not in call.bot.pressed:
        raise Refused("Bad Request: query is too old and response timeout expired or query ID is invalid")
    call.bot.pressed.discard(call.text("callback_query_id"))
    return True


def set_my_commands(call: Call) -> bool:
    """Keep the commands shown to people, by scope and language, as Telegram does."""
    try:
        rows: Any = json.loads(call.text("commands"))
    except ValueError:
        raise Refused("Bad Request: can't parse commands JSON object") from None
    if not isinstance(rows, list):
        raise Refused("Bad Request: expected an Array of BotCommand")
    if any(not _COMMAND.fullmatch(str(row.get("command", ""))) for row in rows):
        raise Refused("Bad Request: BOT_COMMAND_INVALID")
    try:
        scope = json.loads(call.text("scope") or '{"type": "default"}')
    except ValueError:
        raise Refused("Bad Request: can't parse BotCommandScope JSON object") from None
    key = (str(scope.get("chat_id", scope["type"])), call.text("language_code"))
    call.bring_about(lambda: call.bot.commands.__setitem__(key, rows))
    return True


def _message(call: Call, place: User | Chat, number: int, text: str) -> shapes.Json:
    me = shapes.user_shape(call.world.users[call.me])
    where = shapes.private_chat_shape(place) if isinstance(place, User) else shapes.chat_shape(place)
    return {"message_id": number, "from": me, "chat": where, "date": call.world.date(), "text": text}


def _fits(text: str) -> None:
    if not text.strip():
        raise Refused("Bad Request: message text is empty")
    if len(text) > LONGEST:
        raise Refused("Bad Request: message is too long")


def _addressed(call: Call) -> User | Chat:
    """Give whom a message goes to, if it may."""
    wanted = call.text("chat_id")
    if not wanted.isdigit():
        chat = call.chat(Access.WRITE)
        if chat.type == "channel" and not call.mine(chat).may("can_post_messages"):
            raise Refused("Bad Request: need administrator rights in the channel chat")
        return chat
    person = private_person(call)
    if person is None:
        raise Refused("Bad Request: chat not found")
    if person.deleted:
        raise Refused("Forbidden: user is deactivated", 403)
    if person.id in call.bot.blocked_by:
        raise Refused("Forbidden: bot was blocked by the user", 403)
    if person.id not in call.bot.started:
        raise Refused("Forbidden: bot can't initiate conversation with a user", 403)
    return person


def _buttons(markup: str) -> None:
    """Refuse buttons that are none, too many of them, or some that carry more than 64 bytes."""
    try:
        rows = json.loads(markup or "{}").get("inline_keyboard", [])
    except (ValueError, AttributeError):
        raise Refused("Bad Request: can't parse reply keyboard markup JSON object") from None
    if sum(map(len, rows)) > MOST_BUTTONS:
        raise Refused("Bad Request: REPLY_MARKUP_TOO_LONG")
    for button in (button for row in rows for button in row):
        if len(str(button.get("callback_data", "")).encode()) > 64:
            raise Refused("Bad Request: BUTTON_DATA_INVALID")
