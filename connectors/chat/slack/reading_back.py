"""Reads memberships again after a removal: absent only where a complete reading proves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.chat.slack import evidence
from connectors.chat.slack.client import SlackClient
from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.directory import Directory
from connectors.chat.slack.listing import Listing
from connectors.contract import Presence, Revocation, Sight
from connectors.errors import BadCredentials, ConnectorError, Forbidden
from policies.model import GroupKind

_LISTING = "users.conversations"


@dataclass(slots=True)
class _PersonSeen:
    """One account as read in this read-back."""

    active: bool
    channels: frozenset[str]
    pages_doubtful: bool
    """Several pages, or none at all: a page may be missing, so absence needs a second, other reading."""


@dataclass(slots=True)
class _Pass:
    """What one read-back has read so far, so that nothing is asked twice."""

    people: dict[str, _PersonSeen | ConnectorError] = field(default_factory=dict)
    bot_channels: frozenset[str] | ConnectorError | None = None
    user_groups: dict[str, frozenset[str] | ConnectorError] = field(default_factory=dict)
    members: dict[str, frozenset[str] | ConnectorError] = field(default_factory=dict)


class ReadingBack:
    """One listing per person answers for all their channels; more is asked only where that cannot tell."""

    def __init__(
        self, config: SlackConfig, client: SlackClient, listing: Listing, directory: Directory
    ) -> None:
        self._config = config
        self._client = client
        self._listing = listing
        self._directory = directory

    async def read(self, steps: Sequence[Revocation]) -> list[Presence]:
        """Give one presence per step, in order; raises BadCredentials and Forbidden, else unreadable."""
        seen = _Pass()
        return [await self._one(step, seen) for step in steps]

    async def _one(self, step: Revocation, seen: _Pass) -> Presence:
        person = await self._person(step.account_id, seen)
        if isinstance(person, ConnectorError):
            return _unreadable(step, _LISTING, str(person))
        if step.membership.group.kind is GroupKind.USER_GROUP:
            return await self._in_user_group(step, person, seen)
        return await self._in_channel(step, person, seen)

    async def _in_user_group(self, step: Revocation, person: _PersonSeen, seen: _Pass) -> Presence:
        group_id = step.membership.group.id
        if group_id not in seen.user_groups:
            seen.user_groups[group_id] = await self._user_group(group_id)
        users = seen.user_groups[group_id]
        if isinstance(users, ConnectorError):
            return _unreadable(step, "usergroups.users.list", str(users))
        listed = step.account_id in users
        return _judged(step, "usergroups.users.list", listed, person.active, proven=False)

    async def _in_channel(self, step: Revocation, person: _PersonSeen, seen: _Pass) -> Presence:
        channel_id = step.membership.group.id
        if channel_id in person.channels:
            return _judged(step, _LISTING, listed=True, active=person.active, proven=False)
        if (trouble := await self._hidden(channel_id, seen)) is not None:
            return _unreadable(step, _LISTING, trouble)
        if not person.active:
            # Other memberships still shown prove that this one would be shown too.
            return _judged(step, _LISTING, listed=False, active=False, proven=bool(person.channels))
        if person.pages_doubtful:
            return await self._by_members(step, seen)
        return _judged(step, _LISTING, listed=False, active=True, proven=True)

    async def _by_members(self, step: Revocation, seen: _Pass) -> Presence:
        channel_id = step.membership.group.id
        if channel_id not in seen.members:
            seen.members[channel_id] = await self._members(channel_id)
        members = seen.members[channel_id]
        if isinstance(members, ConnectorError):
            return _unreadable(step, "conversations.members", str(members))
        listed = step.account_id in members
        return _judged(step, "conversations.members", listed, active=True, proven=True)

    async def _hidden(self, channel_id: str, seen: _Pass) -> str | None:
        """Say why the bot would not see the membership even if it were there; None where it would."""
        if seen.bot_channels is None:
            seen.bot_channels = await self._bot_channels()
        if isinstance(seen.bot_channels, ConnectorError):
            return str(seen.bot_channels)
        if channel_id in seen.bot_channels:
            return None
        try:
            answer = await self._client.read("conversations.info", channel=channel_id)
        except (BadCredentials, Forbidden):
            raise
        except ConnectorError as error:
            return f"the bot no longer sees the channel: {error}"
        # A channel made private since the plan shows its members only to those inside.
        if answer.data["channel"].get("is_private") and not answer.data["channel"].get("is_member"):
            return "the channel is private and the bot is not in it"
        return None

    async def _person(self, account_id: str, seen: _Pass) -> _PersonSeen | ConnectorError:
        if account_id not in seen.people:
            seen.people[account_id] = await self._look_at(account_id)
        return seen.people[account_id]

    async def _look_at(self, account_id: str) -> _PersonSeen | ConnectorError:
        try:
            account = await self._directory.account(account_id)
            if account is None:
                return ConnectorError(f"Slack does not know the account {account_id}")
            channels, pages = await self._listing.channel_ids_of(account_id)
        except (BadCredentials, Forbidden):
            raise
        except ConnectorError as error:
            return error
        return _PersonSeen(account.active, channels, pages_doubtful=pages > 1 or not channels)

    async def _bot_channels(self) -> frozenset[str] | ConnectorError:
        try:
            return (await self._listing.channel_ids_of(None))[0]
        except (BadCredentials, Forbidden):
            raise
        except ConnectorError as error:
            return error

    async def _user_group(self, group_id: str) -> frozenset[str] | ConnectorError:
        try:
            return frozenset(await self._listing.user_group_members(group_id))
        except (BadCredentials, Forbidden):
            raise
        except ConnectorError as error:
            return error

    async def _members(self, channel_id: str) -> frozenset[str] | ConnectorError:
        members: set[str] = set()
        try:
            async for page, _ in self._client.pages(
                "conversations.members", "members", channel=channel_id, limit=self._config.page_size
            ):
                members.update(str(user) for user in page)
        except (BadCredentials, Forbidden):
            raise
        except ConnectorError as error:
            return error
        return frozenset(members)


def _judged(step: Revocation, source: str, listed: bool, active: bool, *, proven: bool) -> Presence:
    facts = (("listed", "yes" if listed else "no"), ("account", "active" if active else "deactivated"))
    proof = evidence.observed(source, *facts)
    if not active and (listed or not proven):
        detail = "still listed, but the account is deactivated" if listed else "the account is deactivated"
        return Presence(step.step_id, Sight.LOCKED_OUT, proof, detail)
    return Presence(step.step_id, Sight.PRESENT if listed else Sight.ABSENT, proof)


def _unreadable(step: Revocation, source: str, why: str) -> Presence:
    return Presence(step.step_id, Sight.UNREADABLE, evidence.without_call(source), why)
