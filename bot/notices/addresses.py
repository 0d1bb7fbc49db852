"""Where somebody can be written to: account, work address, workflow; never where the subject reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.notices.channels import Channel, in_order
from bot.notices.ports import DirectoryLookup, NoticeLimits
from bot.notices.readers import reader_of
from bot.notices.recipients import Destination, Subject, may_be_reached
from bot.store.access_tables import StaffRow
from bot.store.query import columns, where
from bot.store.tables import PersonRow


class Addresses:
    """Finds addresses over all channels of an installation; holds nothing but their list."""

    def __init__(
        self, channels: Mapping[str, Channel], directory: DirectoryLookup, limits: NoticeLimits
    ) -> None:
        self.channels = channels
        self._directory = directory
        self._limits = limits

    async def of(self, tx: AsyncConnection, person_id: str, subject: Subject) -> tuple[Destination, ...]:
        """Give every address of somebody in the order they want; none that may be the subject's."""
        if person_id in subject.people:
            return ()
        reader = await reader_of(tx, person_id, self._limits)
        found = []
        for channel in in_order(self.channels.values(), reader.channels, self._limits.channels):
            account = await self.on(tx, person_id, channel)
            to = Destination(person_id, channel.name, account) if account else None
            if to is not None and may_be_reached(to, subject, channel.readers):
                found.append(to)
        return tuple(found)

    async def on(self, tx: AsyncConnection, person_id: str, channel: Channel) -> str | None:
        """Give somebody's address on one channel, where it is certainly theirs; else None."""
        if channel.readers and person_id not in channel.readers:
            return None
        match channel.addressed:
            case "mail":
                return await self._mail(tx, person_id)
            case "person":
                return await self._mail(tx, person_id) or person_id
            case _:
                return await self._directory.account_of(tx, person_id, channel.name)

    async def subject_reads(self, tx: AsyncConnection, person_id: str) -> frozenset[tuple[str, str]]:
        """Give (channel, address) of every mail-like address a person has, shared with others or not."""
        rows = await where(tx, PersonRow, columns(PersonRow).id == person_id)
        own = {row.email.casefold() for row in rows if row.email} | {person_id}
        posts = [name for name, channel in self.channels.items() if channel.addressed != "account"]
        return frozenset((name, address) for name in posts for address in own)

    async def _mail(self, tx: AsyncConnection, person_id: str) -> str | None:
        """Give a work address only one person has; a shared one may be read by whoever leaves."""
        people, staff = columns(PersonRow), columns(StaffRow)
        rows = await where(tx, PersonRow, people.id == person_id)
        named = await where(tx, StaffRow, staff.id == person_id, staff.ended_at.is_(None)) if not rows else []
        given = [row.email for row in rows] + [row.email for row in named]
        address = next((one for one in given if one), None)
        if address is None:
            return None
        same = await where(tx, PersonRow, func.lower(people.email) == address.lower(), people.id != person_id)
        return None if same else address.casefold()


def others(
    destinations: Sequence[Destination], channels: Mapping[str, Channel], tried: Collection[str]
) -> list[Destination]:
    """Give the destinations by operators that were not tried yet."""
    return [one for one in destinations if channels[one.instance].operator not in tried]
