"""Telegram's Bot API as far as the bench goes there: members of chats, bans, and a limit for the whole bot.

core.telegram.org/bots/faq publishes limits for messages only (about 30 a second over all chats); that the
same holds for bans is an assumption, and the one everybody makes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from bench.stubs.http import Reply, Request
from bench.stubs.stub import CONTROL, Limit, Stub

OVERALL: Limit = (30, 1.0, 30)
ME = 777000777
Said = dict[str, str]


class TelegramStub(Stub):
    """Every chat a bot is admin of."""

    __slots__ = ("status",)

    def seed(self, world: Mapping[str, Any]) -> None:
        """`members`: user → chats."""
        self.status: dict[tuple[str, str], str] = {
            (chat, user): "member" for user, chats in world.get("members", {}).items() for chat in chats
        }

    def answer(self, request: Request) -> Reply:
        """Answer one method, whose name is the end of the path."""
        if request.path.startswith(CONTROL):
            return self._control(request)
        method = request.path.rpartition("/")[2]
        known: dict[str, Callable[[Said, float], Any]] = {
            "getme": lambda _said, _now: _user(str(ME), bot=True) | {"username": "bench_bot"},
            "getchatmember": self._member,
            "banchatmember": lambda said, now: self._gone(said, now, "kicked"),
            "unbanchatmember": lambda said, now: self._gone(said, now, "left"),
        }
        do = known.get(method.lower())
        if do is None:
            return self.said({"ok": False, "error_code": 404, "description": "Not Found"}, 404)
        said = request.parameters()
        found = do
        return self.answered(method, lambda now: self._ok(found(said, now)), ("overall", OVERALL))

    def limited(self, wait: float) -> Reply:
        """Refuse for now in Telegram's form."""
        seconds = max(1, int(wait + 0.999))
        body = {
            "ok": False,
            "error_code": 429,
            "description": f"Too Many Requests: retry after {seconds}",
            "parameters": {"retry_after": seconds},
        }
        return Reply(429, orjson.dumps(body))

    def _ok(self, result: Any) -> Reply:
        return self.said({"ok": True, "result": result})

    def _member(self, said: Said, _now: float) -> Any:
        status = self.status.get((said["chat_id"], said["user_id"]), "left")
        found = {"status": status, "user": _user(said["user_id"])}
        return found | ({"until_date": 0} if status == "kicked" else {})

    def _gone(self, said: Said, now: float, status: str) -> Any:
        chat, user = said["chat_id"], said["user_id"]
        if self.status.get((chat, user)) == "member":
            self.ledger.had_effect(f"{user} {chat}", now)
        elif f"{user} {chat}" in self.ledger.effects:
            self.ledger.repeated += 1
        self.status[chat, user] = status
        return True


def _user(user: str, *, bot: bool = False) -> dict[str, Any]:
    return {"id": int(user), "is_bot": bot, "first_name": f"Person {user}"}
