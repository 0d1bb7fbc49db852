"""The sandbox's direct messages: opened, posted and found again."""

from __future__ import annotations

import json
from typing import Any

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
    if not call.params.get("text"):
        raise Refused("no_text")
    stamp = f"1700000000.{len(channel.messages):06d}"
    message = {"ts": stamp, "user": call.token.user, "text": call.params["text"], "metadata": _metadata(call)}
    call.bring_about(lambda: channel.messages.append(message))
    return {"channel": channel.id, "ts": stamp}


def conversations_history(call: Call) -> dict[str, Any]:
    channel = call.channel()
    call.scope("im:history" if channel.is_im else "channels:history")
    hidden = set() if call.flag("include_all_metadata") else {"metadata"}
    newest_first = [
        {key: value for key, value in message.items() if key not in hidden}
        for message in reversed(channel.messages)
    ]
    return call.page("messages", newest_first)


def _metadata(call: Call) -> dict[str, Any]:
    given = call.params.get("metadata") or {}
    parsed = json.loads(given) if isinstance(given, str) else given
    if not isinstance(parsed, dict):
        raise Refused("invalid_metadata_format")
    return parsed
