"""Requests to invite somebody that wait for an admin: to a channel from outside, or into the workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from connectors.chat.slack.client import Answer, SlackClient
from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.connect_invites import SCOPE as CONNECT_SCOPE
from connectors.chat.slack.identity import Identity
from connectors.chat.slack.kept import Kept

CONNECT_LIST = "conversations.requestSharedInvite.list"
CONNECT_DENY = "conversations.requestSharedInvite.deny"
INVITE_LIST = "admin.inviteRequests.list"
INVITE_DENY = "admin.inviteRequests.deny"
APPROVED_LIST = "admin.inviteRequests.approved.list"
INVITES_READ = "admin.invites:read"
INVITES_WRITE = "admin.invites:write"
# Both methods give at most 1,000 a page.
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Request:
    """One request: who asked for it, and the channel it leads into (none: into the workspace)."""

    id: str
    asked_by: frozenset[str]
    channel_id: str | None = None
    channel: str = ""
    email: str = ""
    """Whom it would let in; compared, never shown."""


class Requests(Protocol):
    """One sort of request: read the open ones, deny one, and see whether one was granted after all."""

    list_method: str
    deny_method: str

    async def hindrance(self, *, to_deny: bool) -> str | None:
        """Say why there is nothing to ask here; an empty string where the plan has no such requests."""
        ...

    async def lately(self) -> tuple[Request, ...]:
        """Give the open requests as they were a moment ago."""
        ...

    async def open(self) -> tuple[Request, ...]:
        """Read the open requests to the last page."""
        ...

    async def granted(self, request_id: str) -> bool:
        """Whether a request that is no longer open was approved."""
        ...

    async def deny(self, request_id: str) -> Answer:
        """Deny one request; Slack tells whoever asked for it."""
        ...


class ConnectRequests:
    """`conversations.requestSharedInvite.*`: only Enterprise plans have them, by the bot's token."""

    list_method = CONNECT_LIST
    deny_method = CONNECT_DENY

    def __init__(self, config: SlackConfig, client: SlackClient, identity: Identity) -> None:
        self._client = client
        self._identity = identity
        self._kept = Kept(config.requests_kept_seconds, self.open)

    async def hindrance(self, *, to_deny: bool) -> str | None:  # noqa: ARG002 - one scope for both
        """Nothing to ask outside Enterprise; a missing scope is a standing gap already."""
        bot = await self._identity.bot()
        return None if bot.enterprise_id and bot.may(CONNECT_SCOPE) else ""

    async def lately(self) -> tuple[Request, ...]:
        """Give the open requests as they were a moment ago."""
        return await self._kept.now()

    async def open(self) -> tuple[Request, ...]:
        """Read the open requests to the last page; Slack leaves denied, approved and expired ones out."""
        return await self._read()

    async def granted(self, request_id: str) -> bool:
        """Look among the approved ones too."""
        return any(found.id == request_id for found in await self._read(include_approved=True))

    async def deny(self, request_id: str) -> Answer:
        """Deny one; nobody outside receives the invitation then."""
        self._kept.forget()
        return await self._client.call(CONNECT_DENY, invite_id=request_id)

    async def _read(self, **which: Any) -> tuple[Request, ...]:
        pages = self._client.pages(CONNECT_LIST, "invite_requests", limit=_PAGE, **which)
        return tuple([_of_connect(row) async for page, _ in pages for row in page if _is_open(row)])


class WorkspaceRequests:
    """`admin.inviteRequests.*`: by an Enterprise admin token with `admin.invites:read` and `write`."""

    list_method = INVITE_LIST
    deny_method = INVITE_DENY

    def __init__(self, config: SlackConfig, client: SlackClient, identity: Identity) -> None:
        self._config = config
        self._client = client
        self._identity = identity
        self._kept = Kept(config.requests_kept_seconds, self.open)

    async def hindrance(self, *, to_deny: bool) -> str | None:
        """Say which scope is missing; nothing where there is no Enterprise admin token at all."""
        admin = await self._identity.admin()
        if admin is None or admin.enterprise_id is None:
            return ""
        wanted = (INVITES_READ, INVITES_WRITE) if to_deny else (INVITES_READ,)
        missing = [scope for scope in wanted if not admin.may(scope)]
        return f"the admin token lacks {' and '.join(missing)}" if missing else None

    async def lately(self) -> tuple[Request, ...]:
        """Give the open requests as they were a moment ago."""
        return await self._kept.now()

    async def open(self) -> tuple[Request, ...]:
        """Read the open requests of the workspace to the last page."""
        pages = self._client.pages(INVITE_LIST, "invite_requests", limit=_PAGE, team_id=await self._team())
        return tuple([_of_workspace(row) async for page, _ in pages for row in page])

    async def granted(self, request_id: str) -> bool:
        """Look among the approved ones."""
        team = await self._team()
        async for page, _ in self._client.pages(
            APPROVED_LIST, "approved_requests", limit=_PAGE, team_id=team
        ):
            if any((row.get("invite_request") or {}).get("id") == request_id for row in page):
                return True
        return False

    async def deny(self, request_id: str) -> Answer:
        """Deny one."""
        self._kept.forget()
        return await self._client.call(INVITE_DENY, invite_request_id=request_id, team_id=await self._team())

    async def _team(self) -> str:
        """Required where the organisation has more than one workspace."""
        return self._config.team_id or (await self._identity.bot()).team_id


def _is_open(row: Mapping[str, Any]) -> bool:
    return not row.get("date_denied")


def _of_connect(row: Mapping[str, Any]) -> Request:
    channel = row.get("channel") or {}
    asker = (row.get("inviting_user") or {}).get("id")
    return Request(
        id=str(row["id"]),
        asked_by=frozenset({str(asker)} if asker else ()),
        channel_id=str(channel["id"]) if channel.get("id") else None,
        channel=str(channel.get("name") or ""),
    )


def _of_workspace(row: Mapping[str, Any]) -> Request:
    return Request(
        id=str(row["id"]),
        asked_by=frozenset(str(user) for user in row.get("requester_ids") or ()),
        email=str(row.get("email") or ""),
    )
