"""Slack as far as the bench goes there: who is in which channel, kicks, sessions, SCIM; published limits.

Limits: docs.slack.dev/apis/web-api/rate-limits (tiers per method, workspace and app) and
docs.slack.dev/reference/scim-api/rate-limits. How large a burst is tolerated is not published; ten here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bench.stubs.http import Reply, Request
from bench.stubs.stub import CONTROL, Limit, Stub

TEAM, BOT, ADMIN = "T0BENCH", "U0BOT", "U0ADMIN"
BURST = 10
TIERS: dict[str, Limit] = {
    "t1": (1, 60.0, 1),
    "t2": (20, 60.0, BURST),
    "t3": (50, 60.0, BURST),
    "t4": (100, 60.0, BURST),
    "special": (600, 60.0, 60),
    "scim": (180, 60.0, 20),
}
METHODS = {
    "auth.test": "special",
    "team.info": "t3",
    "users.info": "t4",
    "users.list": "t2",
    "users.lookupByEmail": "t3",
    "users.conversations": "t3",
    "conversations.info": "t3",
    "conversations.list": "t2",
    "conversations.members": "t4",
    "conversations.kick": "t3",
    "usergroups.list": "t2",
    "admin.users.session.reset": "t2",
    "admin.users.session.resetBulk": "t2",
    "admin.users.session.list": "t2",
    "admin.users.deactivate": "t2",
}
SCOPES = "channels:read,groups:read,mpim:read,users:read,users:read.email,usergroups:read,team:read,"
SCOPES += "channels:manage,groups:write,usergroups:write"
ADMIN_SCOPES = SCOPES + ",admin,admin.users:read,admin.users:write"


class SlackStub(Stub):
    """One workspace, as its Web API and SCIM show it."""

    __slots__ = ("active", "channels", "people")

    def seed(self, world: Mapping[str, Any]) -> None:
        """Fill with `members` (person → channels) and further `channels`; the bot is in every channel."""
        self.people: dict[str, dict[str, None]] = {
            person: dict.fromkeys(channels) for person, channels in world.get("members", {}).items()
        }
        self.channels: dict[str, set[str]] = {}
        for person, channels in self.people.items():
            for channel in channels:
                self.channels.setdefault(channel, {BOT}).add(person)
        for channel in world.get("channels", ()):
            self.channels.setdefault(channel, {BOT})
        self.people[BOT] = dict.fromkeys(sorted(self.channels))
        self.active = set(self.people)

    def answer(self, request: Request) -> Reply:
        """Answer a Web API method or a SCIM request."""
        if request.path.startswith(CONTROL):
            return self._control(request)
        if request.path.startswith("/scim/"):
            return self._scim(request)
        method = request.path.rpartition("/")[2]
        known: Callable[[dict[str, str], float], Any] | None = getattr(self, _named(method), None)
        if method not in METHODS or known is None:
            return self.said({"ok": False, "error": "unknown_method"})
        said = request.parameters()
        said["_token"] = request.headers.get("authorization", "")
        return self.answered(method, lambda now: self._ok(known(said, now)), (method, TIERS[METHODS[method]]))

    def _ok(self, value: Any) -> Reply:
        if isinstance(value, str):
            return self.said({"ok": False, "error": value})
        scopes = ADMIN_SCOPES if value.get("user_id") == ADMIN else SCOPES
        return self.said({"ok": True, **value}, x_slack_req_id="req", x_oauth_scopes=scopes)

    def _auth_test(self, said: dict[str, str], _now: float) -> Any:
        user = ADMIN if "xoxp" in said["_token"] else BOT
        return {"user_id": user, "team_id": TEAM, "team": "Bench", "url": "http://127.0.0.1/"}

    def _users_info(self, said: dict[str, str], _now: float) -> Any:
        return {"user": self._user(said["user"])} if said["user"] in self.people else "user_not_found"

    def _users_list(self, said: dict[str, str], _now: float) -> Any:
        page, following = _page(sorted(self.people), said)
        return {"members": [self._user(user) for user in page], **following}

    def _user(self, user: str) -> dict[str, Any]:
        profile = {"email": f"{user.lower()}@corp.test", "real_name": user}
        return {
            "id": user,
            "name": user,
            "team_id": TEAM,
            "deleted": user not in self.active,
            "profile": profile,
        }

    def _users_conversations(self, said: dict[str, str], _now: float) -> Any:
        page, following = _page(list(self.people.get(said.get("user", BOT), ())), said)
        return {"channels": [self._channel(channel) for channel in page], **following}

    def _conversations_list(self, said: dict[str, str], _now: float) -> Any:
        page, following = _page(sorted(self.channels), said)
        return {"channels": [self._channel(channel) for channel in page], **following}

    def _conversations_info(self, said: dict[str, str], _now: float) -> Any:
        found = said["channel"] in self.channels
        return {"channel": self._channel(said["channel"])} if found else "channel_not_found"

    def _conversations_members(self, said: dict[str, str], _now: float) -> Any:
        if said["channel"] not in self.channels:
            return "channel_not_found"
        page, following = _page(sorted(self.channels[said["channel"]]), said)
        return {"members": page, **following}

    def _channel(self, channel: str) -> dict[str, Any]:
        base = {"id": channel, "name": channel.lower(), "is_channel": True, "is_private": False}
        return {
            **base,
            "is_member": True,
            "is_archived": False,
            "creator": ADMIN,
            "is_general": "GENERAL" in channel,
        }

    def _usergroups_list(self, _said: dict[str, str], _now: float) -> Any:
        return {"usergroups": []}

    def _conversations_kick(self, said: dict[str, str], now: float) -> Any:
        channel, user = said["channel"], said["user"]
        if channel not in self.channels:
            return "channel_not_found"
        if "GENERAL" in channel:
            return "cant_kick_from_general"
        what = f"{user} {channel}"
        if user not in self.channels[channel]:
            self.ledger.repeated += what in self.ledger.effects
            return "not_in_channel"
        self.channels[channel].discard(user)
        self.people[user].pop(channel)
        self.ledger.had_effect(what, now)
        return {}

    def _admin_users_session_reset(self, said: dict[str, str], now: float) -> Any:
        self.ledger.had_effect(f"session {said['user_id']}", now)
        return {}

    def _admin_users_session_resetBulk(self, said: dict[str, str], now: float) -> Any:  # noqa: N802
        for user in said["user_ids"].replace("[", "").replace("]", "").replace("'", "").split(","):
            self.ledger.had_effect(f"session {user.strip()}", now)
        return {}

    def _admin_users_session_list(self, _said: dict[str, str], _now: float) -> Any:
        return "no_active_sessions"

    def _admin_users_deactivate(self, said: dict[str, str], now: float) -> Any:
        self.active.discard(said["user_id"])
        self.ledger.had_effect(f"account {said['user_id']}", now)
        return {}

    def _scim(self, request: Request) -> Reply:
        user = request.path.rpartition("/")[2]

        def patched(now: float) -> Reply:
            self.active.discard(user)
            self.ledger.had_effect(f"account {user}", now)
            return self.said({"id": user, "active": False})

        return self.answered("scim.users.patch", patched, ("scim", TIERS["scim"]))


def _named(method: str) -> str:
    return "_" + method.replace(".", "_").replace("lookupByEmail", "lookup")


def _page(items: list[str], said: dict[str, str]) -> tuple[list[str], dict[str, Any]]:
    start, size = int(said.get("cursor") or 0), int(said.get("limit") or 100)
    following = str(start + size) if start + size < len(items) else ""
    return items[start : start + size], {"response_metadata": {"next_cursor": following}}
