"""Roles and tokens as people handle them: a token for oneself, and what IT ends for others."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.access.leaving import end_access
from bot.access.roster import staff_row
from bot.access.sessions import end_all_of
from bot.access.tokens import LONGEST, Made, end_tokens_of, make_token
from bot.access.tokens import end_token as end_one
from bot.acts.refusals import CannotAct
from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.store.access_tables import StaffRow, TokenRow
from bot.store.query import change, columns, one
from policies.roles import Permission

LONGEST_TITLE = 100


async def new_token(
    app: Bawab,
    who: Actor,
    *,
    title: str,
    scopes: Collection[str],
    lasts: timedelta,
    actor: str | None = None,
) -> Made:
    """Make an API token that acts as `who`, within scopes they have themselves; its text is shown once.

    `actor`: who makes it for them, at the machine. Raises NotAllowed, CannotAct.
    """
    who.must(Permission.TOKEN_OWN)
    if not title.strip():
        raise CannotAct("token_title")
    if not timedelta(days=1) <= lasts <= LONGEST:
        raise CannotAct("token_time")
    chosen = [_scope(who, name) for name in scopes]
    if not chosen:
        raise CannotAct("no_scope", what="-")
    return await make_token(
        app, who, title=title.strip()[:LONGEST_TITLE], scopes=set(chosen), lasts=lasts, actor=actor
    )


def _scope(who: Actor, name: str) -> Permission:
    """Never the right to make tokens: one that makes others would outlive every end that is set to it."""
    if name not in set(Permission) or not who.may(Permission(name)) or name == Permission.TOKEN_OWN:
        raise CannotAct("no_scope", what=name)
    return Permission(name)


async def end_token(app: Bawab, who: Actor, token_id: str) -> TokenRow:
    """End a token at once: one's own, or for IT anybody's. Raises NotAllowed, CannotAct."""
    async with app.store.write() as tx:
        row = await one(tx, TokenRow, columns(TokenRow).id == token_id)
        if row is None or (row.staff_id != who.id and not who.may(Permission.STAFF_WRITE)):
            raise CannotAct("no_token", what=token_id)
        if row.staff_id == who.id:
            who.must(Permission.TOKEN_OWN)
        await end_one(app, tx, row, actor=who.logged)
    return row


async def sign_out_everywhere(app: Bawab, who: Actor, staff_id: str) -> int:
    """End every session and token of somebody, as for a lost device; gives how many.

    Raises NotAllowed, CannotAct. Their roles stay: those come from the provider or the file.
    """
    if staff_id != who.id:
        who.must(Permission.STAFF_WRITE)
    async with app.store.write() as tx:
        row = await _somebody(tx, staff_id)
        sessions = await end_all_of(app, tx, row.id)
        tokens = await end_tokens_of(app, tx, row.id, actor=who.logged, why="signed_out_everywhere")
        if sessions or tokens:
            detail = {"why": "signed_out_everywhere", "sessions": sessions, "tokens": tokens, "via": who.via}
            entry = Entry(Action.ACCESS_END, who.logged, "ended", person_id=row.id, detail=detail)
            await app.audit.append(tx, entry)
    return sessions + tokens


async def untie(app: Bawab, who: Actor, staff_id: str, reason: str) -> StaffRow:
    """Forget which account at the provider somebody signs in with, so that another may be tied, once.

    For whoever got a new account there; their sessions and tokens end. Raises NotAllowed, CannotAct.
    """
    who.must(Permission.STAFF_WRITE)
    if staff_id == who.id:
        raise CannotAct("own_case")
    if not reason.strip():
        raise CannotAct("reason_missing")
    async with app.store.write() as tx:
        row = await _somebody(tx, staff_id)
        ended = await end_access(app, tx, row.id, why="untied", actor=who.logged)
        values = {"issuer": None, "subject": None, "ended_at": row.ended_at, "updated_at": app.now()}
        await change(tx, StaffRow, values, columns(StaffRow).id == row.id)
        detail = {"why": "untied", "sessions": ended["sessions"], "tokens": ended["tokens"], "via": who.via}
        entry = Entry(
            action=Action.ACCESS_END,
            actor=who.logged,
            outcome="untied",
            person_id=row.id,
            detail=detail,
            personal={"reason": reason.strip()[:LONGEST_TITLE]},
        )
        await app.audit.append(tx, entry)
        return await _somebody(tx, staff_id)


async def _somebody(tx: AsyncConnection, staff_id: str) -> StaffRow:
    row = await staff_row(tx, staff_id)
    if row is None:
        raise CannotAct("no_staff", what=staff_id)
    return row
