"""Signed-in browsers: begun with a secret only the cookie holds, found by its hash, ended at once."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.access.actors import actor_of
from bot.access.secrets import hash_of, make_secret
from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.store.access_tables import SessionRow, StaffRow
from bot.store.query import add, change, columns, one, where

SEEN_EVERY = timedelta(minutes=1)
"""How often it is written down that a session is in use: not at every page."""


async def begin(app: Bawab, staff_id: str, language: str | None = None, *, id_hint: str | None = None) -> str:
    """Begin a session, logged; gives the cookie's secret, which is kept nowhere.

    `language`: as chosen at the door; `id_hint`: what the provider wants to see again at sign-out.
    """
    secret, now = make_secret(), app.now()
    row = SessionRow(
        token_hash=hash_of(secret),
        staff_id=staff_id,
        csrf=make_secret(),
        language=language,
        created_at=now,
        seen_at=now,
        expires_at=now + app.settings.console.session_time,
        id_hint=id_hint,
    )
    async with app.store.write() as tx:
        await add(tx, row)
        await app.audit.append(tx, await _entry(tx, Action.ACCESS_SIGN_IN, staff_id, "ok", ""))
    return secret


async def find(app: Bawab, secret: str, *, used: bool = True) -> tuple[Actor, SessionRow] | None:
    """Give who sits behind a cookie, and their session; None where it ended, idled out or never was.

    Roles are read anew each time: whoever lost them a moment ago has lost them here. `used` is False for what
    a page asks by itself: a window that is left open does not keep its session alive.
    """
    now = app.now()
    async with app.store.read() as tx:
        row = await one(tx, SessionRow, columns(SessionRow).token_hash == hash_of(secret))
        if row is None or not _is_alive(app, row):
            return None
        who = await actor_of(app, tx, row.staff_id, "web")
    if who is None:
        return None
    if used and now - row.seen_at >= SEEN_EVERY:
        rows = columns(SessionRow)
        async with app.store.write() as tx:
            await change(tx, SessionRow, {"seen_at": now}, rows.token_hash == row.token_hash)
    return who, row


def _is_alive(app: Bawab, row: SessionRow) -> bool:
    now = app.now()
    idle = now - row.seen_at > app.settings.console.idle_time
    return row.ended_at is None and now < row.expires_at and not idle


async def end(app: Bawab, secret: str) -> None:
    """End one session, as somebody signs out; safe to repeat, logged once."""
    rows = columns(SessionRow)
    mine = [rows.token_hash == hash_of(secret), rows.ended_at.is_(None)]
    async with app.store.write() as tx:
        row = await one(tx, SessionRow, *mine)
        if row is not None and await change(tx, SessionRow, {"ended_at": app.now()}, *mine):
            await app.audit.append(tx, await _entry(tx, Action.ACCESS_SIGN_OUT, row.staff_id, "ok", ""))


async def open_of(app: Bawab, tx: AsyncConnection, staff_id: str) -> list[SessionRow]:
    """Give somebody's sessions that still open something, the last used first."""
    mine = await where(tx, SessionRow, columns(SessionRow).staff_id == staff_id)
    return sorted((row for row in mine if _is_alive(app, row)), key=lambda row: row.seen_at, reverse=True)


async def end_everywhere(app: Bawab, who: Actor) -> int:
    """End every session somebody has, at their own word, logged; gives how many."""
    async with app.store.write() as tx:
        ended = await end_all_of(app, tx, who.id)
        if ended:
            entry = await _entry(tx, Action.ACCESS_SIGN_OUT, who.id, "ok", "everywhere")
            await app.audit.append(tx, entry)
    return ended


async def end_all_of(app: Bawab, tx: AsyncConnection, staff_id: str) -> int:
    """End every session of somebody, in the caller's transaction, which also says why; gives how many."""
    rows = columns(SessionRow)
    open_ones = [rows.staff_id == staff_id, rows.ended_at.is_(None), rows.expires_at > app.now()]
    return await change(tx, SessionRow, {"ended_at": app.now()}, *open_ones)


async def _entry(tx: AsyncConnection, action: Action, staff_id: str, outcome: str, why: str) -> Entry:
    staff = await one(tx, StaffRow, columns(StaffRow).id == staff_id)
    known = staff_id if staff is None or staff.known_to_hr else None
    detail = {"via": "web"} | ({"why": why} if why else {})
    return Entry(action, f"person:{staff_id}", outcome=outcome, person_id=known, detail=detail)
