"""Reads memberships again after a removal: absent only where a complete reading proves it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.chat.slack import evidence
from connectors.chat.slack.client import SlackClient
from connectors.chat.slack.directory import Directory
from connectors.chat.slack.kept import Kept
from connectors.chat.slack.listing import Listing
from connectors.chat.slack.removal import KICK
from connectors.contract import Outcome, Presence, Result, Revocation, Sight
from connectors.errors import BadCredentials, ConnectorError, Forbidden
from connectors.wire import Exchange
from policies.model import Account, GroupKind


@dataclass(frozen=True, slots=True)
class _Read:
    """One complete reading: the ids it listed, its last exchange, and how many pages it took."""

    ids: frozenset[str]
    last: Exchange
    pages: int

    @property
    def doubtful(self) -> bool:
        """Several pages, or none at all: one may be missing, so absence needs a second, other reading."""
        return self.pages > 1 or not self.ids


FROM_INSIDE = frozenset({GroupKind.PRIVATE_CHANNEL, GroupKind.SHARED_CHANNEL})
_STATES = {True: "active", False: "deactivated", None: "not asked for"}
_Reading = _Read | ConnectorError
_Reader = Callable[[], Awaitable[frozenset[str]]]


@dataclass(slots=True)
class _Pass:
    """What one read-back has read so far, so that nothing is asked twice."""

    accounts: dict[str, Account | ConnectorError] = field(default_factory=dict)
    readings: dict[tuple[str, str], _Reading] = field(default_factory=dict)
    hidden: dict[str, ConnectorError | None] = field(default_factory=dict)


class ReadingBack:
    """One listing per person answers for all their channels; more is asked only where that cannot tell."""

    def __init__(
        self, client: SlackClient, listing: Listing, directory: Directory, own_kept_seconds: float
    ) -> None:
        self._client = client
        self._listing = listing
        self._directory = directory
        self._own = Kept(own_kept_seconds, self._own_channels)
        self._own_kept_seconds = own_kept_seconds
        self._kicked: dict[str, float] = {}
        """Channels the bot took somebody out of, and when: it can do so from inside only."""

    def acted(self, steps: Sequence[Revocation], results: Mapping[str, Result]) -> None:
        """Something was done about these: what was read before is no proof of what they led to.

        In channels that the bot sees only from inside; of public ones Slack shows everybody's, and a kick
        that went well tells of the bot what a listing of its own channels would.
        """
        now = time.monotonic()
        for step in steps:
            if step.membership.group.kind in FROM_INSIDE:
                self._own.forget()
            elif (done := results.get(step.step_id)) is not None and _by_kick(done):
                self._kicked[step.membership.group.id] = now

    async def read(self, steps: Sequence[Revocation]) -> list[Presence]:
        """Give one presence per step, in order; raises BadCredentials and Forbidden, else unreadable."""
        seen = _Pass()
        return [await self._one(step, seen) for step in steps]

    async def _one(self, step: Revocation, seen: _Pass) -> Presence:
        if (short := await self._by_channels(step, seen)) is not None:
            return short
        account = await self._account(step.account_id, seen)
        if isinstance(account, ConnectorError):
            return _unreadable(step, "users.info", account)
        if step.membership.group.kind is GroupKind.USER_GROUP:
            group = await self._user_group(step.membership.group.id, seen)
            return _judged(step, group, active=account.active, proven=account.active)
        return await self._in_channel(step, account, seen)

    async def _by_channels(self, step: Revocation, seen: _Pass) -> Presence | None:
        """Judge by the person's channels alone where these say it all, whatever their account is.

        A whole page that shows other channels would show this one too, of a deactivated account as well.
        """
        if step.membership.group.kind is GroupKind.USER_GROUP or self._listing.by_members_only:
            return None
        channels = await self._channels(step.account_id, seen)
        if isinstance(channels, ConnectorError) or self._listing.by_members_only:
            return None
        if channels.doubtful or step.membership.group.id in channels.ids:
            return None
        hidden = await self._hidden(step.membership.group.id, seen)
        return _judged(step, channels, active=None, proven=True) if hidden is None else None

    async def _in_channel(self, step: Revocation, account: Account, seen: _Pass) -> Presence:
        channel_id = step.membership.group.id
        if self._listing.by_members_only:
            # There, the account's channels would be read from the members of every channel.
            members = await self._members(channel_id, seen)
            if isinstance(members, ConnectorError) or step.account_id in members.ids or not members.doubtful:
                return _judged(step, members, active=account.active, proven=account.active)
        channels = await self._channels(step.account_id, seen)
        if isinstance(channels, ConnectorError) or channel_id in channels.ids:
            return _judged(step, channels, active=account.active, proven=True)
        if (hidden := await self._hidden(channel_id, seen)) is not None:
            return _unreadable(step, channels.last.route, hidden)
        if not account.active:
            # Other memberships still shown prove that this one would be shown too.
            return _judged(step, channels, active=False, proven=bool(channels.ids))
        if channels.doubtful:
            return _judged(step, await self._members(channel_id, seen), active=True, proven=True)
        return _judged(step, channels, active=True, proven=True)

    async def _hidden(self, channel_id: str, seen: _Pass) -> ConnectorError | None:
        """Say why the bot would not see the membership even if it were there; None where it would."""
        if channel_id in seen.hidden:
            return seen.hidden[channel_id]
        seen.hidden[channel_id] = await self._why_hidden(channel_id)
        return seen.hidden[channel_id]

    async def _why_hidden(self, channel_id: str) -> ConnectorError | None:
        try:
            if self._was_inside(channel_id) or channel_id in await self._own.now():
                return None
        except (BadCredentials, Forbidden):
            raise
        except ConnectorError as error:
            return error
        try:
            channel = (await self._client.read("conversations.info", channel=channel_id)).data["channel"]
        except (BadCredentials, Forbidden):
            raise
        except ConnectorError as error:
            return ConnectorError(f"the bot no longer sees the channel: {error}")
        # A channel made private since the plan shows its members only to those inside.
        if channel.get("is_private") and not channel.get("is_member"):
            return ConnectorError("the channel is private and the bot is not in it")
        return None

    def _was_inside(self, channel_id: str) -> bool:
        """Whether the bot itself took somebody out of it, no longer ago than a listing would be kept."""
        kicked = self._kicked.get(channel_id)
        return kicked is not None and time.monotonic() - kicked < self._own_kept_seconds

    async def _account(self, account_id: str, seen: _Pass) -> Account | ConnectorError:
        if account_id not in seen.accounts:
            try:
                found = await self._directory.account(account_id)
            except (BadCredentials, Forbidden):
                raise
            except ConnectorError as error:
                seen.accounts[account_id] = error
            else:
                unknown = ConnectorError(f"Slack does not know the account {account_id}")
                seen.accounts[account_id] = found or unknown
        return seen.accounts[account_id]

    async def _own_channels(self) -> frozenset[str]:
        return await self._listing.channel_ids_of(None)

    async def _channels(self, account_id: str, seen: _Pass) -> _Reading:
        key = ("channels", account_id)
        return await self._once(key, seen, lambda: self._listing.channel_ids_of(account_id))

    async def _members(self, channel_id: str, seen: _Pass) -> _Reading:
        key = ("members", channel_id)
        return await self._once(key, seen, lambda: self._listing.channel_members(channel_id))

    async def _user_group(self, group_id: str, seen: _Pass) -> _Reading:
        key = ("user_group", group_id)
        return await self._once(key, seen, lambda: self._listing.user_group_ids(group_id))

    async def _once(self, key: tuple[str, str], seen: _Pass, read: _Reader) -> _Reading:
        if key not in seen.readings:
            seen.readings[key] = await self._read(read())
        return seen.readings[key]

    async def _read(self, reading: Awaitable[frozenset[str]]) -> _Reading:
        with self._client.wire.recording() as exchanges:
            try:
                ids = await reading
            except (BadCredentials, Forbidden):
                raise
            except ConnectorError as error:
                return error
        last = exchanges[-1]
        return _Read(ids, last, pages=sum(exchange.route == last.route for exchange in exchanges))


def _judged(step: Revocation, reading: _Reading, *, active: bool | None, proven: bool) -> Presence:
    """Say what a reading shows; `active` is None where the account itself was not asked for."""
    if isinstance(reading, ConnectorError):
        return _unreadable(step, "read_back", reading)
    listed = step.account_id in reading.ids or step.membership.group.id in reading.ids
    proof = evidence.seen(
        reading.last,
        ("pages", str(reading.pages)),
        ("listed", "yes" if listed else "no"),
        ("account", _STATES[active]),
    )
    if active is False and (listed or not proven):
        detail = "still listed, but the account is deactivated" if listed else "the account is deactivated"
        return Presence(step.step_id, Sight.LOCKED_OUT, proof, detail)
    return Presence(step.step_id, Sight.PRESENT if listed else Sight.ABSENT, proof)


def _by_kick(result: Result) -> bool:
    return result.outcome is Outcome.REVOKED and result.evidence.source == KICK


def _unreadable(step: Revocation, source: str, why: ConnectorError) -> Presence:
    return Presence(step.step_id, Sight.UNREADABLE, evidence.without_call(source), str(why))
