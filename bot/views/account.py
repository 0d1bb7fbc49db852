"""Somebody's own account: how Bawab meets them, and where they are signed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.access.actor import Actor
from bot.access.preferences import Manner, manner_of, preference_of
from bot.access.sessions import open_of
from bot.acts.preferences import KINDS
from bot.app import Bawab
from bot.store.people import person


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One browser that is signed in as them."""

    since: datetime
    seen: datetime
    ends: datetime
    here: bool


@dataclass(frozen=True, slots=True)
class Account:
    """What holds for one person, what they may choose among, and their open sessions."""

    manner: Manner
    chosen: frozenset[str]
    """Which of language, zone, hijri, channels they chose; the rest is as HR or the settings say."""
    channels: Sequence[str]
    """Every kind of channel and every instance a notice may come by."""
    sessions: Sequence[OpenSession]


async def account(app: Bawab, who: Actor, token_hash: str) -> Account:
    """Give one's own account; `token_hash` says which of the sessions is the one that asks."""
    async with app.store.read() as tx:
        manner = await manner_of(app, tx, who.id, await person(tx, who.id))
        mine = await preference_of(tx, who.id)
        sessions = await open_of(app, tx, who.id)
    fields = ("language", "zone", "hijri", "channels")
    return Account(
        manner,
        frozenset(name for name in fields if mine is not None and getattr(mine, name) is not None),
        (*KINDS, *app.settings.instance_names, *app.settings.webhooks),
        [
            OpenSession(row.created_at, row.seen_at, row.expires_at, row.token_hash == token_hash)
            for row in sessions
        ],
    )
