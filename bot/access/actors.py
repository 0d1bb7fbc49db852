"""Who somebody is to Bawab: from an employee id, a staff row or a platform account to an Actor."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor, Via
from bot.access.preferences import manner_of
from bot.access.roster import has_left, looks_after_groups, roles_of, staff_row
from bot.access.vouching import is_vouched_for
from bot.app import Bawab
from bot.notices.directory import StoreDirectory
from bot.store.people import is_doubted, person
from policies.roles import Permission, Role


async def actor_of(app: Bawab, tx: AsyncConnection, id_: str, via: Via) -> Actor | None:
    """Give who acts, by employee id or the id of a staff row; None where nothing of theirs works.

    That is whoever HR says has left, whoever is being taken out, whoever's roles ended, and whoever has none.
    Whoever owns or deputises a registered group, or has an open task, is a chat admin without being named.
    """
    row, known = await staff_row(tx, id_), await person(tx, id_)
    if known is not None and await has_left(app, tx, id_, known):
        return None
    if known is None and (row is None or row.known_to_hr):
        return None
    roles = set(roles_of(row))
    if known is not None and await looks_after_groups(app, tx, id_):
        roles.add(Role.CHAT_ADMIN)
    if not roles:
        return None
    manner = await manner_of(app, tx, id_, known)
    return Actor(
        id=id_,
        name=known.name if known else (row.name if row else id_),
        roles=frozenset(roles),
        via=via,
        language=manner.language,
        zone=manner.zone,
        hijri=manner.hijri,
        known_to_hr=known is not None,
    )


async def actor_by_account(
    app: Bawab, tx: AsyncConnection, instance: str, account_id: str, via: Via
) -> Actor | None:
    """Give who writes from a platform account; None unless it is certainly one person's.

    An account tied on one colleague's word has no role but a chat admin's until a second person confirmed it.
    Certain is a link that was released and that nobody doubts: a person's word by a code, HR's record, an
    administrator's confirmation, or an e-mail match somebody looked at.
    """
    person_id = await StoreDirectory().person_of(tx, instance, account_id)
    if person_id is None or await is_doubted(tx, instance, account_id, person_id):
        return None
    who = await actor_of(app, tx, person_id, via)
    if who is None or await is_vouched_for(tx, instance, account_id, person_id):
        return who
    own = who.roles & {Role.CHAT_ADMIN}
    return replace(who, roles=own) if own else None


def narrowed(who: Actor, scopes: frozenset[Permission]) -> Actor:
    """Give the same person as seen through an API token: never more than its scopes."""
    return replace(who, scopes=scopes)
