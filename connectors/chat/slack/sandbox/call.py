"""One call as a handler sees it: who asks, with what, and how its effect is brought about."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.chat.slack.sandbox.faults import Fault, FaultKind
from connectors.chat.slack.sandbox.state import Channel, Token, User, UserGroup, Workspace
from connectors.sandboxing import Pending


class Refused(Exception):
    """Slack's `ok: false`, with its error string and whatever goes with it."""

    def __init__(self, error: str, **extra: Any) -> None:
        super().__init__(error)
        self.error = error
        self.extra = extra


@dataclass(slots=True)
class Call:
    """A call that passed the door: method, parameters, token."""

    method: str
    params: Mapping[str, Any]
    token: Token
    workspace: Workspace
    pending: Pending
    page_cap: int
    fault: Fault | None = None
    effect: str = "none"
    """What the journal says: `none`, `done`, `kept`, `delayed`."""

    @property
    def user(self) -> User:
        """The account behind the token."""
        return self.workspace.users[self.token.user]

    def need(self, name: str) -> str:
        """Give a required parameter."""
        value = self.params.get(name)
        if value in (None, ""):
            raise Refused("missing_argument", argument=name)
        return str(value)

    def flag(self, name: str) -> bool:
        """Give a boolean parameter as Slack writes it."""
        return str(self.params.get(name, "")).lower() in {"1", "true"}

    def scope(self, *any_of: str) -> None:
        """Refuse unless the token has one of the scopes."""
        if not set(any_of) & set(self.token.scopes):
            raise Refused("missing_scope", needed=any_of[0], provided=",".join(self.token.scopes))

    def person(self, name: str = "user") -> User:
        """Give the account a parameter names."""
        user = self.workspace.users.get(self.need(name))
        if user is None:
            raise Refused("user_not_found")
        return user

    def channel(self, name: str = "channel") -> Channel:
        """Give the channel a parameter names, if the caller can see it."""
        channel = self.workspace.channels.get(self.need(name))
        if channel is None or not self.sees(channel):
            raise Refused("channel_not_found")
        return channel

    def sees(self, channel: Channel) -> bool:
        """Whether the caller can see a channel: public ones always, others only from inside."""
        hidden = channel.is_private or channel.is_mpim or channel.is_im
        return not hidden or self.token.user in channel.members

    def user_group(self) -> UserGroup:
        """Give the user group the parameter names."""
        group = self.workspace.user_groups.get(self.need("usergroup"))
        if group is None:
            raise Refused("no_such_subteam")
        return group

    def bring_about(self, effect: Callable[[], object]) -> None:
        """Have the effect now, later, or not at all where a fault says so."""
        kind = self.fault.kind if self.fault else None
        if kind is FaultKind.OK_BUT_KEPT:
            self.effect = "kept"
        elif kind is FaultKind.DELAYED_EFFECT and self.fault is not None:
            self.pending.due.append((time.monotonic() + self.fault.seconds, effect))
            self.effect = "delayed"
        else:
            effect()
            self.effect = "done"

    def page(self, key: str, items: list[Any], default: int = 100, most: int = 999) -> dict[str, Any]:
        """Cut one page out of a listing, with the cursor to the next."""
        limit = min(self._limit(default, most), self.page_cap)
        start = _offset(str(self.params.get("cursor") or ""))
        if self.fault is not None and self.fault.kind is FaultKind.PAGE_MISSING:
            start += limit
        end = start + limit
        cursor = _cursor(end) if end < len(items) else ""
        if self.fault is not None and self.fault.kind is FaultKind.CURSOR_LOOP:
            cursor = _cursor(start) if start else _cursor(0)
        return {key: items[start:end], "response_metadata": {"next_cursor": cursor}}

    def _limit(self, default: int, most: int) -> int:
        asked = self.params.get("limit")
        try:
            limit = int(asked) if asked not in (None, "", "0", 0) else default
        except ValueError:
            raise Refused("invalid_limit") from None
        if not 1 <= limit <= most:
            raise Refused("invalid_limit")
        return limit


def _cursor(offset: int) -> str:
    return base64.b64encode(f"offset:{offset}".encode()).decode()


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("offset:"))
    except (ValueError, binascii.Error):
        raise Refused("invalid_cursor") from None
