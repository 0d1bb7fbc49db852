"""The directory as the database knows it: HR's records, and the identity links that may be relied on."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import people
from bot.store.query import columns, where
from bot.store.tables import LinkRow
from policies.model import LinkEvidence, Person

_link = columns(LinkRow)


class StoreDirectory:
    """Answers from the tables; holds nothing."""

    async def person(self, tx: AsyncConnection, person_id: str) -> Person | None:
        """Give the last accepted HR record, or None for an id HR never named."""
        return await people.person(tx, person_id)

    async def account_of(self, tx: AsyncConnection, person_id: str, instance: str) -> str | None:
        """Give the first account certainly theirs on an instance: the link is released, and nobody else's."""
        own = await where(tx, LinkRow, _link.person_id == person_id, _link.instance == instance)
        for row in sorted(own, key=lambda row: row.account_id):
            if await self.person_of(tx, instance, row.account_id) == person_id:
                return row.account_id
        return None

    async def accounts_of(self, tx: AsyncConnection, person_id: str) -> frozenset[tuple[str, str]]:
        """Give every (instance, account id) tied to a person, certain or not."""
        rows = await where(tx, LinkRow, _link.person_id == person_id)
        return frozenset((row.instance, row.account_id) for row in rows)

    async def person_of(self, tx: AsyncConnection, instance: str, account_id: str) -> str | None:
        """Give the one person an account is certainly tied to, or None."""
        claims = await where(tx, LinkRow, _link.instance == instance, _link.account_id == account_id)
        if len(claims) != 1 or not _may_be_relied_on(claims[0]):
            return None
        return claims[0].person_id


def _may_be_relied_on(link: LinkRow) -> bool:
    return link.evidence != LinkEvidence.DIRECTORY_EMAIL or link.released_at is not None
