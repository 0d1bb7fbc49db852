"""API tokens: made for somebody with a right to each scope, shown once, found by their hash, ended."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.access.actors import actor_of, narrowed
from bot.access.secrets import hash_of, make_secret
from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.store.access_tables import TokenRow
from bot.store.query import add, change, columns, new_id, one, where
from policies.roles import Permission

PREFIX = "bwb_"
USED_EVERY = timedelta(minutes=1)
LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Made:
    """A new token; its text is shown once and is in no log, no repr and no table."""

    row: TokenRow
    text: str = field(repr=False)


async def make_token(
    app: Bawab,
    owner: Actor,
    *,
    title: str,
    scopes: Collection[Permission],
    lasts: timedelta,
    actor: str | None = None,
) -> Made:
    """Make a token that acts as its owner, within its scopes; the caller has judged that it may be made."""
    text, now = make_secret(PREFIX), app.now()
    row = TokenRow(
        id=new_id("tok"),
        token_hash=hash_of(text),
        staff_id=owner.id,
        title=title,
        scopes=sorted(scopes),
        created_at=now,
        expires_at=now + lasts,
    )
    async with app.store.write() as tx:
        await add(tx, row)
        entry = _entry(Action.TOKEN_CREATE, row, actor or owner.logged, known=owner.known_to_hr)
        await app.audit.append(tx, entry)
    return Made(row, text)


async def find(app: Bawab, text: str) -> tuple[Actor, TokenRow] | None:
    """Give who a token acts as, narrowed to its scopes, and its row; None where it does not work."""
    if not text.startswith(PREFIX):
        return None
    now, rows = app.now(), columns(TokenRow)
    async with app.store.read() as tx:
        row = await one(tx, TokenRow, rows.token_hash == hash_of(text))
        if row is None or row.ended_at is not None or row.expires_at <= now:
            return None
        who = await actor_of(app, tx, row.staff_id, "api")
    if who is None:
        return None
    if row.used_at is None or now - row.used_at >= USED_EVERY:
        async with app.store.write() as tx:
            await change(tx, TokenRow, {"used_at": now}, rows.id == row.id)
    scopes = frozenset(Permission(name) for name in row.scopes if name in set(Permission))
    return narrowed(who, scopes), row


async def list_tokens(tx: AsyncConnection, staff_id: str | None = None) -> list[TokenRow]:
    """Give somebody's tokens, or everybody's; the newest first."""
    rows = columns(TokenRow)
    found = await where(tx, TokenRow, *([rows.staff_id == staff_id] if staff_id else []))
    return sorted(found, key=_made, reverse=True)


async def end_token(app: Bawab, tx: AsyncConnection, row: TokenRow, *, actor: str, why: str = "") -> bool:
    """End a token in the caller's transaction, logged; False where it had ended."""
    rows = columns(TokenRow)
    if not await change(tx, TokenRow, {"ended_at": app.now()}, rows.id == row.id, rows.ended_at.is_(None)):
        return False
    await app.audit.append(tx, _entry(Action.TOKEN_END, row, actor, why=why))
    return True


async def end_tokens_of(app: Bawab, tx: AsyncConnection, staff_id: str, *, actor: str, why: str) -> int:
    """End every token of somebody; gives how many."""
    rows = columns(TokenRow)
    theirs = await where(tx, TokenRow, rows.staff_id == staff_id, rows.ended_at.is_(None))
    return sum([await end_token(app, tx, row, actor=actor, why=why) for row in theirs])


def _entry(action: Action, row: TokenRow, actor: str, *, known: bool = False, why: str = "") -> Entry:
    detail: dict[str, object] = {"token": row.id, "title": row.title, "scopes": list(row.scopes)}
    detail |= {"expires_at": row.expires_at.isoformat()} | ({"why": why} if why else {})
    return Entry(action, actor, person_id=row.staff_id if known else None, detail=detail)


def _made(row: TokenRow) -> str:
    return row.created_at.isoformat()
