"""The sandbox's direct messages: opened, posted, changed and found again."""

from __future__ import annotations

import json
from typing import Any

from connectors.chat.slack.sandbox.block_kit import wrong_with
from connectors.chat.slack.sandbox.call import Call, Refused
from connectors.chat.slack.sandbox.state import Channel


def conversations_open(call: Call) -> dict[str, Any]:
    call.scope("im:write")
    user = call.person("users")
    if user.deleted:
        raise Refused("user_disabled")
    if user.is_bot:
        raise Refused("cannot_dm_bot")
    channel_id = f"D{user.id}"
    if channel_id not in call.workspace.channels:
        opened = Channel(channel_id, members=[call.token.user, user.id], is_im=True)
        call.bring_about(lambda: call.workspace.add(opened))
    return {"channel": {"id": channel_id}}


def chat_post_message(call: Call) -> dict[str, Any]:
    call.scope("chat:write")
    channel = call.channel()
    if call.token.user not in channel.members:
        raise Refused("not_in_channel")
    shown = _shown(call)
    stamp = f"1700000000.{len(channel.messages):06d}"
    message = {"ts": stamp, "user": call.token.user, **shown, "metadata": _metadata(call)}
    call.bring_about(lambda: channel.messages.append(message))
    return {"channel": channel.id, "ts": stamp}


def chat_update(call: Call) -> dict[str, Any]:
    """Change a message of one's own; blocks that are not given stay, as Slack keeps them."""
    call.scope("chat:write")
    channel, stamp = call.channel(), call.need("ts")
    message = next((one for one in channel.messages if one["ts"] == stamp), None)
    if message is None:
        raise Refused("message_not_found")
    if message["user"] != call.token.user:
        raise Refused("cant_update_message")
    shown = _shown(call)
    edited = {"edited": {"user": call.token.user, "ts": stamp}}
    call.bring_about(lambda: message.update(shown, **edited))
    return {"channel": channel.id, "ts": stamp, "text": shown["text"], "message": {**message, **shown}}


def conversations_history(call: Call) -> dict[str, Any]:
    channel = call.channel()
    call.scope("im:history" if channel.is_im else "channels:history")
    hidden = set() if call.flag("include_all_metadata") else {"metadata"}
    newest_first = [
        {key: value for key, value in message.items() if key not in hidden}
        for message in reversed(channel.messages)
    ]
    return call.page("messages", newest_first)


def _shown(call: Call) -> dict[str, Any]:
    """Give text and blocks as they will stand; refuses what Slack would not show."""
    text, given = call.params.get("text"), call.params.get("blocks")
    if not text and not given:
        raise Refused("no_text")
    shown: dict[str, Any] = {"text": text or ""}
    if given is not None:
        parsed = json.loads(given) if isinstance(given, str) else given
        if (why := wrong_with(parsed)) is not None:
            raise Refused("invalid_blocks", response_metadata={"messages": [why]})
        shown["blocks"] = parsed
    return shown


def _metadata(call: Call) -> dict[str, Any]:
    given = call.params.get("metadata") or {}
    parsed = json.loads(given) if isinstance(given, str) else given
    if not isinstance(parsed, dict):
        raise Refused("invalid_metadata_format")
    return parsed
