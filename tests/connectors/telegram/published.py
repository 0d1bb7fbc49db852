"""A Bot API server made of the published contract: it takes what is documented, and nothing else."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Flag, auto
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.chat.telegram.sandbox import running_sandbox

_SPECS = Path(os.environ.get("BAWAB_SPECS", Path(__file__).parents[4] / "shared" / "specs"))
REFERENCE = _SPECS / "telegram" / "api.min.json"
WHERE_PUBLISHED = pytest.mark.skipif(
    not REFERENCE.is_file(),
    reason=f"the Bot API's description is not at {REFERENCE}; set BAWAB_SPECS to the folder that holds it",
)
TOKEN = "424242:AAE-a-token-for-tests-0123456789abcdef"
BOT, OWNER, ADMIN, ANA, OMAR = 424242, 501, 502, 503, 504
SUPER, BASIC, CHANNEL = -1002000000001, -2002, -1002000000003
RIGHTS = (
    *("can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members"),
    *("can_promote_members", "can_change_info", "can_invite_users"),
    *("can_post_stories", "can_edit_stories", "can_delete_stories"),
)


class Spelling(Flag):
    """How this server writes what it says."""

    PUBLISHED = 0
    NUMBERS_AS_TEXT = auto()
    WITHOUT_FALSE = auto()
    MORE_FIELDS = auto()
    NO_LINK = auto()
    OBJECT_FOR_TRUE = auto()


@dataclass(slots=True)
class Published:
    """People in chats by status, links, and what waits to be fetched."""

    spelling: Spelling = Spelling.PUBLISHED
    chats: dict[int, dict[str, Any]] = field(default_factory=dict)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    called: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """Every request that the contract does not allow."""
    links: int = 0
    transports: dict[tuple[str, int], asyncio.Transport] = field(default_factory=dict)
    asgi: Starlette = field(init=False)
    _methods: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self._methods = json.loads(REFERENCE.read_text(encoding="utf-8"))["methods"]
        self.asgi = Starlette(routes=[Route("/bot{token}/{method}", self._answer, methods=["GET", "POST"])])
        for id_, type_ in ((SUPER, "supergroup"), (BASIC, "group"), (CHANNEL, "channel")):
            statuses = {OWNER: "creator", ADMIN: "administrator", BOT: "administrator"}
            people = statuses | {ANA: "member", OMAR: "member"}
            self.chats[id_] = {"id": id_, "type": type_, "title": type_, "people": people, "link": ""}

    def cut_all(self) -> None:
        """Cut every open connection."""
        for transport in list(self.transports.values()):
            transport.abort()

    def tells(self, **update: Any) -> None:
        """Let an update wait to be fetched."""
        self.waiting.append({"update_id": 9000 + len(self.waiting), **update})

    def status(self, chat: int, user: int) -> str:
        return str(self.chats[chat]["people"].get(user, "left"))

    # The contract

    async def _answer(self, request: Request) -> Response:
        method, body = request.path_params["method"], (await request.body()).decode()
        if request.path_params["token"] != TOKEN:
            return _refused(401, "Unauthorized")
        if method not in self._methods:
            return _refused(404, "Not Found: method not found")
        given = dict(parse_qsl(body, keep_blank_values=True)) | dict(request.query_params)
        if complaint := self._complaint(method, given):
            self.wrong.append(f"{method}: {complaint}")
            return _refused(400, f"Bad Request: {complaint}")
        self.called.append((method, given))
        handler = _METHODS.get(method)
        if handler is None:
            return _refused(400, "Bad Request: not kept here")
        try:
            result = handler(self, given)
        except LookupError as error:
            return _refused(400, f"Bad Request: {error.args[0]}")
        if result is True and Spelling.OBJECT_FOR_TRUE in self.spelling:
            result = {"done": True}
        return JSONResponse({"ok": True, "result": self._spelt(result)})

    def _complaint(self, method: str, given: Mapping[str, str]) -> str:
        fields = {one["name"]: one for one in self._methods[method].get("fields", ())}
        for name in sorted(given.keys() - fields.keys()):
            return f"unknown parameter {name}"
        for name, one in fields.items():
            if one["required"] and not given.get(name):
                return f"parameter {name} is required"
            if name in given and not any(_fits(given[name], kind) for kind in one["types"]):
                return f"{name} is no {' or '.join(one['types'])}"
        return ""

    def _spelt(self, value: Any) -> Any:
        """Write a result in this server's spelling."""
        if isinstance(value, list):
            return [self._spelt(one) for one in value]
        if not isinstance(value, dict):
            plain = type(value) is int and Spelling.NUMBERS_AS_TEXT in self.spelling
            return str(value) if plain else value
        left_out = Spelling.WITHOUT_FALSE in self.spelling
        row = {name: self._spelt(one) for name, one in value.items() if not (left_out and one is False)}
        return row | ({"x_vendor": {"note": "more"}} if Spelling.MORE_FIELDS in self.spelling else {})

    # What is kept

    def chat(self, given: Mapping[str, str]) -> dict[str, Any]:
        found = self.chats.get(int(given["chat_id"]))
        if found is None:
            raise LookupError("chat not found")
        return found

    def member(self, chat: dict[str, Any], user: int) -> dict[str, Any]:
        status = chat["people"].get(user, "left")
        row: dict[str, Any] = {"user": person(user), "status": status}
        if status == "administrator":
            rights = dict.fromkeys(RIGHTS, user == BOT)
            row |= {"can_be_edited": user != BOT, "is_anonymous": False, **rights}
        elif status == "creator":
            row["is_anonymous"] = False
        elif status == "kicked":
            row["until_date"] = 0
        elif status.startswith("restricted"):
            row = {"user": person(user), "status": "restricted", "until_date": 0}
            row |= {"is_member": True} if status == "restricted" else {}
        return row

    def remove(self, given: Mapping[str, str], status: str) -> bool:
        chat, user = self.chat(given), int(given["user_id"])
        if chat["people"].get(user) == "creator":
            raise LookupError("can't remove chat owner")
        if chat["people"].get(user) == "administrator":
            raise LookupError("user is an administrator of the chat")
        chat["people"][user] = "left" if chat["type"] == "group" else status
        return True

    def promote(self, given: Mapping[str, str]) -> bool:
        chat, user = self.chat(given), int(given["user_id"])
        if chat["type"] == "group":
            raise LookupError("method is available for supergroup and channel chats only")
        granted = any(given.get(right) == "true" for right in RIGHTS)
        chat["people"][user] = "administrator" if granted else "member"
        return True

    def renew(self, given: Mapping[str, str]) -> str:
        self.links += 1
        self.chat(given)["link"] = f"https://t.me/+secret{self.links}"
        return str(self.chat(given)["link"])

    def full(self, given: Mapping[str, str]) -> dict[str, Any]:
        chat = self.chat(given)
        if not chat["link"]:
            self.renew(given)
        row = {name: chat[name] for name in ("id", "type", "title")}
        gifts = dict.fromkeys(
            ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription"), True
        )
        row |= {
            "accent_color_id": 1,
            "max_reaction_count": 11,
            "accepted_gift_types": gifts | {"gifts_from_channels": True},
        }
        return row if Spelling.NO_LINK in self.spelling else row | {"invite_link": chat["link"]}

    def updates(self, given: Mapping[str, str]) -> list[dict[str, Any]]:
        first = int(given.get("offset", 0))
        self.waiting = [one for one in self.waiting if one["update_id"] >= first]
        return self.waiting[: int(given.get("limit", 100))]

    def send(self, given: Mapping[str, str]) -> dict[str, Any]:
        self.sent.append(dict(given))
        chat = {"id": int(given["chat_id"]), "type": "private", "first_name": "x"}
        return {"message_id": len(self.sent), "date": 1_700_000_000, "chat": chat, "text": given["text"]}


_METHODS: dict[str, Callable[[Published, Mapping[str, str]], Any]] = {
    "getMe": lambda *_: person(BOT) | {"can_join_groups": True, "can_read_all_group_messages": False},
    "getChat": Published.full,
    "getChatMember": lambda me, given: me.member(me.chat(given), int(given["user_id"])),
    "getChatAdministrators": lambda me, given: [
        me.member(me.chat(given), user)
        for user, status in me.chat(given)["people"].items()
        if status in {"creator", "administrator"}
    ],
    "getWebhookInfo": lambda *_: {"url": "", "has_custom_certificate": False, "pending_update_count": 0},
    "banChatMember": lambda me, given: me.remove(given, "kicked"),
    "unbanChatMember": lambda me, given: me.remove(given, "left"),
    "promoteChatMember": Published.promote,
    "exportChatInviteLink": Published.renew,
    "getUpdates": Published.updates,
    "sendMessage": Published.send,
    "deleteWebhook": lambda *_: True,
}


def person(id_: int) -> dict[str, Any]:
    row = {"id": id_, "is_bot": id_ == BOT, "first_name": f"p{id_}"}
    return row | ({"username": "bawab_bot"} if id_ == BOT else {})


def _refused(status: int, description: str) -> Response:
    return JSONResponse({"ok": False, "error_code": status, "description": description}, status)


def _fits(text: str, kind: str) -> bool:
    if kind in ("Integer", "Float"):
        return re.fullmatch(r"-?\d+" if kind == "Integer" else r"-?\d+(\.\d+)?", text) is not None
    if kind == "Boolean":
        return text in {"true", "false"}
    if kind == "String":
        return True
    try:
        found = json.loads(text)
    except ValueError:
        return False
    return isinstance(found, list if kind.startswith("Array") else dict)


@asynccontextmanager
async def published(spelling: Spelling = Spelling.PUBLISHED) -> AsyncIterator[tuple[Published, str]]:
    """Run the server; in the end nothing may have been asked that the contract does not allow."""
    server = Published(spelling)
    async with running_sandbox(server) as url:
        yield server, url
    assert server.wrong == []
