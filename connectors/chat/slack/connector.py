"""The Slack connector: the contract's Protocols, each answered by its own small module."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path

from slack_sdk.web.async_client import AsyncWebClient

from connectors.chat.slack import evidence
from connectors.chat.slack.abilities import of_admin, of_bot
from connectors.chat.slack.app import AppSide
from connectors.chat.slack.channel_managers import ChannelManagers
from connectors.chat.slack.checking import Checking
from connectors.chat.slack.client import SlackClient
from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.connect_invites import ConnectInvites
from connectors.chat.slack.directory import Directory
from connectors.chat.slack.enterprise import Enterprise
from connectors.chat.slack.group_members import GroupMembers
from connectors.chat.slack.handing_over import HandingOver
from connectors.chat.slack.identity import Identity
from connectors.chat.slack.known_accounts import KnownAccounts
from connectors.chat.slack.listing import Listing
from connectors.chat.slack.lockout import Lockout
from connectors.chat.slack.notices import Notices
from connectors.chat.slack.reading_back import ReadingBack
from connectors.chat.slack.removal import ChannelRemoval
from connectors.chat.slack.sessions import Sessions
from connectors.chat.slack.user_groups import UserGroupRemoval
from connectors.chat.slack.ways_back import WaysBack
from connectors.contract import (
    NO_GROUPS,
    Capabilities,
    Closing,
    Finding,
    KnownGroups,
    Presence,
    Promotion,
    Result,
    Revocation,
    WayBack,
)
from connectors.manifest import load_manifest
from connectors.many import AccountStep
from connectors.messages import Message, NoticeReceipt
from connectors.together import Job, abreast, together
from connectors.wire import Wire
from policies.model import Account, Gap, Group, GroupKind, Membership, Person, Refusal, StepAction

MANIFEST = Path(__file__).with_name("manifest.toml")
ABREAST = 8
"""How many groups are worked on at once: enough to hide the way there and back, the pace does the rest."""


class SlackConnector:
    """One Slack workspace; nothing is opened before the first call."""

    def __init__(self, config: SlackConfig) -> None:
        self._config = config
        self._manifest = load_manifest(MANIFEST)
        self._client = SlackClient(config, self._manifest.limits)
        self._identity = Identity(config, self._client)
        self._directory = Directory(config, self._client, self._identity)
        self._invites = ConnectInvites(config, self._client, self._identity)
        self._listing = Listing(config, self._client, self._identity, self._invites)
        accounts = KnownAccounts(config, self._directory)
        self._managers = ChannelManagers(config, self._client, self._identity, accounts)
        self._handing_over = HandingOver(
            config, self._client, self._identity, self._listing, self._directory, self._managers
        )
        self._members = GroupMembers(config, self._listing, accounts)
        enterprise = Enterprise(self._client, self._identity)
        self._channels = ChannelRemoval(config, self._client, self._listing, enterprise)
        self._user_groups = UserGroupRemoval(config, self._client, self._listing, self._directory)
        self._reading_back = ReadingBack(
            self._client, self._listing, self._directory, config.own_channels_kept_seconds
        )
        self._lockout = Lockout(config, self._client, self._identity, self._directory)
        self._sessions = Sessions(config, self._client, self._identity)
        self._notices = Notices(config, self._client)
        self._ways_back = WaysBack(config, self._client, self._identity)
        self.app_side = AppSide(config, self._client, self._identity, self._directory)

    def __repr__(self) -> str:
        return f"SlackConnector({self._config.instance!r})"

    @property
    def instance(self) -> str:
        """The configured name of this workspace."""
        return self._config.instance

    @property
    def wire(self) -> Wire:
        """The way out, for what counts requests and connections."""
        return self._client.wire

    @property
    def web_client(self) -> AsyncWebClient:
        """The SDK's client for the bot token, over the wire; needs a running loop."""
        return self._client.web_client()

    @property
    def capabilities(self) -> Capabilities:
        """The manifest, narrowed to what this instance's tokens allow as far as that is known."""
        return dataclasses.replace(self._manifest, actions=self._actions())

    def _actions(self) -> tuple[StepAction, ...]:
        bot, admin = self._identity.known(admin=False), self._identity.known(admin=True)
        allowed = {StepAction.REVOKE} | of_bot(bot)
        if self._config.admin_token is not None:
            allowed |= of_admin(admin)
        return tuple(action for action in self._manifest.actions if action in allowed)

    async def check(self, known: KnownGroups = NO_GROUPS) -> Sequence[Finding]:  # noqa: ARG002 - the contract's form
        """Say what is missing before the day."""
        checking = Checking(self._config, self._client, self._identity, self._listing, self._manifest.scopes)
        return await checking.findings()

    async def own_account_ids(self) -> frozenset[str]:
        """Give the accounts behind the tokens."""
        return await self._identity.own_account_ids()

    async def accounts(self, person: Person | None = None) -> AsyncIterator[Account]:
        """Yield every account, or those a person may have."""
        # Both tokens are asked who they are first, so that whoever plans next knows what they allow.
        await self._identity.own_account_ids()
        found = self._directory.all_accounts() if person is None else self._directory.accounts_of(person)
        async for account in found:
            yield account

    def groups(self, known: KnownGroups = NO_GROUPS) -> AsyncIterator[Group | Gap]:  # noqa: ARG002 - the contract's form
        """Yield every channel and user group, then the gaps."""
        return self._listing.groups()

    def memberships(self, account: Account, known: KnownGroups) -> AsyncIterator[Membership | Gap]:  # noqa: ARG002 - the contract's form
        """Yield all the account is in; `known` is not needed, because Slack lists groups itself."""
        return self._managers.with_roles(self._listing.memberships(account))

    def members(self, group: Group) -> AsyncIterator[Membership | Gap]:
        """Yield everybody in one channel or user group."""
        return self._managers.with_roles(self._members.of(group))

    def members_by_id(self, group: Group) -> AsyncIterator[Membership | Gap]:
        """Yield everybody in one channel or user group by their ids alone: no account is asked about."""
        return self._managers.with_roles(self._members.by_id(group))

    async def revoke(self, steps: Sequence[Revocation]) -> Sequence[Result]:
        """End memberships side by side, as the pace lets them out; an exception: nothing was sent.

        Raises ValueError where more steps are given than `capabilities.batch`.
        """
        if len(steps) > self._manifest.batch:
            raise ValueError(
                f"{self.instance}: {len(steps)} steps in one call, at most {self._manifest.batch}; split them"
            )
        own = await self._identity.own_account_ids() if steps else frozenset()
        results = {step.step_id: result for step in steps if (result := self._blocked(step, own)) is not None}
        lines = self._lines([step for step in steps if step.step_id not in results])
        try:
            results |= await together(lines, ABREAST)
        finally:
            self._reading_back.acted(steps, results)
        return [results[step.step_id] for step in steps]

    def _lines(self, steps: Sequence[Revocation]) -> list[list[Job]]:
        """Give one line per group: a channel's people one after another, a user group's in one write."""
        by_group: dict[tuple[bool, str], list[Revocation]] = {}
        for step in steps:
            group = step.membership.group
            by_group.setdefault((group.kind is GroupKind.USER_GROUP, group.id), []).append(step)
        lines: list[list[Job]] = []
        for (whole, _), alike in by_group.items():
            if whole:
                ids = tuple(step.step_id for step in alike)
                lines.append([Job(ids, partial(self._user_groups.revoke, alike))])
            else:
                lines.append([Job((step.step_id,), partial(self._revoke_one, step)) for step in alike])
        return lines

    async def _revoke_one(self, step: Revocation) -> list[Result]:
        before = await self._handing_over.step_down(step)
        return [before.instead or await before.then(step, self._channels.revoke)]

    def _blocked(self, step: Revocation, own: frozenset[str]) -> Result | None:
        """Refuse, before anything leaves, a step that names two people, another workspace, or ourselves."""
        source = evidence.without_call("local", ("sent", "nothing"))
        membership = step.membership
        if step.account_id != membership.account.id:
            return evidence.refusal(step.step_id, Refusal.AMBIGUOUS, "wrong_person", source)
        if {membership.account.instance, membership.group.instance} != {self.instance}:
            return evidence.refusal(step.step_id, Refusal.NOT_MANAGED, "other_instance", source)
        if step.account_id in own:
            return evidence.refusal(step.step_id, Refusal.BOT_ITSELF, "bot_itself", source)
        return None

    async def read_back(self, steps: Sequence[Revocation]) -> Sequence[Presence]:
        """Read memberships again, one listing per person."""
        return await self._reading_back.read(steps)

    async def promote(self, step: Promotion) -> Result:
        """Make a successor manager of a channel, by the Enterprise admin token."""
        return await self._handing_over.promote(step)

    async def sole_ownership(self, step: Promotion) -> Presence:
        """Read the channel's managers again."""
        return await self._handing_over.sole_ownership(step)

    def ways_back(self, account: Account, groups: Sequence[Group]) -> AsyncIterator[WayBack | Gap]:
        """Yield the requests for invitations that this account alone made and nobody has granted."""
        return self._ways_back.of(account, groups)

    async def close_way_back(self, step: Closing) -> Result:
        """Deny one such request."""
        return await self._ways_back.close(step)

    async def way_back_open(self, step: Closing) -> Presence:
        """Read whether it is still open, or was granted."""
        return await self._ways_back.open(step)

    async def deactivate(self, step_id: str, account: Account) -> Result:
        """Deactivate the account where the admin token allows it; never erases."""
        return await self._lockout.deactivate(step_id, account)

    async def account_active(self, step_id: str, account: Account) -> Presence:
        """Read the account again."""
        return await self._lockout.account_active(step_id, account)

    async def accounts_active(self, steps: Sequence[AccountStep]) -> Sequence[Presence]:
        """Read accounts again, side by side: from one listing of everybody where that is fewer calls."""
        return await self._lockout.accounts_active(steps)

    async def end_sessions(self, step_id: str, account: Account) -> Result:
        """Sign the account out everywhere where the admin token allows it."""
        return await self._lockout.end_sessions(step_id, account)

    async def end_sessions_of(self, steps: Sequence[AccountStep]) -> Sequence[Result]:
        """Sign up to a thousand accounts out with one request."""
        return await self._lockout.end_sessions_of(steps)

    async def sessions_open_of(self, steps: Sequence[AccountStep]) -> Sequence[Presence]:
        """Read the sessions of each again: Slack lists them by person only."""
        reads = [partial(self._sessions.sessions_open, step.step_id, step.account) for step in steps]
        return await abreast(reads, ABREAST)

    async def sessions_open(self, step_id: str, account: Account) -> Presence:
        """Read the sessions again; unreadable without an admin token that may list them."""
        return await self._sessions.sessions_open(step_id, account)

    async def notify(self, account_id: str, message: Message, key: str) -> NoticeReceipt:
        """Send one direct message."""
        return await self._notices.notify(account_id, message, key)

    async def update_notice(
        self,
        account_id: str,  # noqa: ARG002 - the reference names the conversation
        reference: str,
        message: Message,
        key: str,
    ) -> NoticeReceipt:
        """Show other words and buttons in a message that was sent."""
        return await self._notices.update_notice(reference, message, key)

    async def find_notice(self, account_id: str, key: str) -> NoticeReceipt:
        """Look for a direct message by its key."""
        return await self._notices.find_notice(account_id, key)

    async def aclose(self) -> None:
        """Close what is open."""
        await self._client.aclose()
