"""Whether an account may speak with its person's roles: not on one colleague's word alone."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.group_tables import EnrolmentRow
from bot.store.query import columns, one, where
from bot.store.tables import LinkRow
from policies.model import LinkEvidence

_ON_ONE_WORD = frozenset({LinkEvidence.SELF_LINK, LinkEvidence.ADMIN})
"""Tied by a code that a colleague made, or by a colleague's answer: whoever did it could hold the account."""


async def is_vouched_for(tx: AsyncConnection, instance: str, account_id: str, person_id: str) -> bool:
    """Whether somebody else than who tied an account has confirmed it, where one colleague could tie it.

    Without this, a clerk who makes a code for a colleague and redeems it themself would sign as two people.
    """
    links = columns(LinkRow)
    mine = [links.instance == instance, links.account_id == account_id, links.person_id == person_id]
    link = await one(tx, LinkRow, *mine)
    if link is None:
        return False
    if link.evidence not in _ON_ONE_WORD:
        return True
    makers = {link.released_by} if link.evidence == LinkEvidence.ADMIN else await _makers(tx, link)
    return link.confirmed_by is not None and link.confirmed_by not in makers


async def _makers(tx: AsyncConnection, link: LinkRow) -> set[str | None]:
    codes = columns(EnrolmentRow)
    mine = [codes.instance == link.instance, codes.person_id == link.person_id]
    return {row.created_by for row in await where(tx, EnrolmentRow, *mine)}
