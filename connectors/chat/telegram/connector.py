"""The Telegram connector: the contract's Protocols, each answered by its own small module."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from telegram import Bot

from connectors.chat.telegram import evidence
from connectors.chat.telegram.checking import Checking
from connectors.chat.telegram.client import TelegramClient
from connectors.chat.telegram.config import TelegramConfig
from connectors.chat.telegram.group_listing import GroupListing
from connectors.chat.telegram.listing import Listing
from connectors.chat.telegram.notices import Notices
from connectors.chat.telegram.objects import is_group_id, is_user_id
from connectors.chat.telegram.ownership import Ownership
from connectors.chat.telegram.reading import Reading
from connectors.chat.telegram.reading_back import ReadingBack
from connectors.chat.telegram.removal import Removal
from connectors.chat.telegram.way_back import WaysBack
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
from connectors.messages import Message, NoticeReceipt
from connectors.sights import Sights
from connectors.wire import Wire
from policies.model import Account, Gap, Group, Membership, Person, Refusal

MANIFEST = Path(__file__).with_name("manifest.toml")


class TelegramConnector:
    """One Telegram bot; nothing is opened before the first call."""

    def __init__(self, config: TelegramConfig) -> None:
        self._config = config
        self._manifest = load_manifest(MANIFEST)
        self._client = TelegramClient(config, self._manifest.limits)
        self._reading = Reading(self._client)
        self._group_listing = GroupListing(config.instance, self._reading)
        self._sights = Sights()
        self._listing = Listing(config.instance, self._reading, self._sights)
        self._removal = Removal(self._client, self._reading, self._sights)
        self._reading_back = ReadingBack(self._reading)
        self._ownership = Ownership(config.instance, self._client, self._reading)
        self._ways_back = WaysBack(config.instance, self._client, self._reading)
        self._notices = Notices(self._client)

    def __repr__(self) -> str:
        return f"TelegramConnector({self._config.instance!r})"

    @property
    def instance(self) -> str:
        """The configured name of this bot."""
        return self._config.instance

    @property
    def wire(self) -> Wire:
        """The way out, for what counts requests and connections."""
        return self._client.wire

    @property
    def bot(self) -> Bot:
        """The SDK's bot over the wire, for what listens to updates; its `token` is a stand-in.

        What the wire raises reaches its caller inside `telegram.error.NetworkError`, as the `__cause__`.
        """
        return self._client.bot

    @property
    def capabilities(self) -> Capabilities:
        """The manifest."""
        return self._manifest

    async def check(self, known: KnownGroups = NO_GROUPS) -> Sequence[Finding]:
        """Say what is missing before the day, in each known group too."""
        checking = Checking(self._config.instance, self._client, self._reading, self._manifest.scopes)
        return await checking.findings(known)

    async def own_account_ids(self) -> frozenset[str]:
        """Give the bot's own account."""
        return frozenset({str((await self._reading.me()).id)})

    async def accounts(self, person: Person | None = None) -> AsyncIterator[Account]:
        """Yield the accounts HR states or a link gave a person: nobody can list or search Telegram's."""
        for instance, account_id in person.account_ids if person is not None else ():
            if instance == self.instance:
                yield Account(instance, account_id)

    def groups(self, known: KnownGroups = NO_GROUPS) -> AsyncIterator[Group | Gap]:
        """Yield every known group as it is now, and what cannot be seen as gaps."""
        return self._group_listing.groups(known)

    def memberships(self, account: Account, known: KnownGroups) -> AsyncIterator[Membership | Gap]:
        """Yield all the account is in among the known groups."""
        return self._listing.memberships(account, known)

    async def revoke(self, steps: Sequence[Revocation]) -> Sequence[Result]:
        """End memberships side by side, as fast as the pace lets them out; an exception: nothing was sent.

        Raises ValueError where more steps are given than `capabilities.batch`.
        """
        if len(steps) > self._manifest.batch:
            raise ValueError(
                f"{self.instance}: {len(steps)} steps in one call, at most {self._manifest.batch}; split them"
            )
        own = await self.own_account_ids() if steps else frozenset()
        blocked = {step.step_id: result for step in steps if (result := self._blocked(step, own)) is not None}
        done = await self._removal.together([step for step in steps if step.step_id not in blocked])
        return [(blocked | done)[step.step_id] for step in steps]

    def _blocked(self, step: Revocation, own: frozenset[str]) -> Result | None:
        """Refuse, before anything leaves, a step that names two people, another bot, ourselves, or no id."""
        membership = step.membership
        reasons = (
            (step.account_id != membership.account.id, Refusal.AMBIGUOUS, "wrong_person"),
            (self._elsewhere(membership), Refusal.NOT_MANAGED, "other_instance"),
            (step.account_id in own, Refusal.BOT_ITSELF, "bot_itself"),
            (not is_user_id(step.account_id), Refusal.ACCOUNT_UNKNOWN, "not_a_user_id"),
            (not is_group_id(membership.group.id), Refusal.GROUP_GONE, "not_a_group_id"),
        )
        for wrong, why, remedy in reasons:
            if wrong:
                return evidence.local_refusal(step.step_id, why, remedy)
        return None

    def _elsewhere(self, membership: Membership) -> bool:
        return {membership.account.instance, membership.group.instance} != {self.instance}

    async def read_back(self, steps: Sequence[Revocation]) -> Sequence[Presence]:
        """Read memberships again, one call each, side by side."""
        return await self._reading_back.read(steps)

    async def promote(self, step: Promotion) -> Result:
        """Make the successor an admin."""
        self._sights.forget(step.group.id, step.account.id)
        return await self._ownership.promote(step)

    async def sole_ownership(self, step: Promotion) -> Presence:
        """Read the admins again."""
        return await self._ownership.sole_ownership(step)

    def ways_back(self, account: Account, groups: Sequence[Group]) -> AsyncIterator[WayBack | Gap]:
        """Yield the bot's own invite links, and what only people can close as gaps."""
        return self._ways_back.ways_back(account, groups)

    async def close_way_back(self, step: Closing) -> Result:
        """Renew the bot's own invite link."""
        return await self._ways_back.close(step)

    async def way_back_open(self, step: Closing) -> Presence:
        """Look whether the link is still the one that was to be closed."""
        return await self._ways_back.still_open(step)

    async def notify(self, account_id: str, message: Message, key: str) -> NoticeReceipt:
        """Send one direct message."""
        return await self._notices.notify(account_id, message, key)

    async def update_notice(
        self,
        account_id: str,
        reference: str,
        message: Message,
        key: str,  # noqa: ARG002 - the contract's form
    ) -> NoticeReceipt:
        """Show other words and buttons in a message that was sent."""
        return await self._notices.update_notice(account_id, reference, message)

    async def find_notice(self, account_id: str, key: str) -> NoticeReceipt:
        """Raise NotSupported: the Bot API does not search."""
        return self._notices.find_notice(account_id, key)

    async def aclose(self) -> None:
        """Close what is open."""
        await self._client.aclose()
