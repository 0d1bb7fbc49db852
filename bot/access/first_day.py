"""The administrator of the first day: one link, for a quarter of an hour, until IT is somebody by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.granting import end_roles, grant
from bot.access.roster import LOCAL, people_with, staff_row
from bot.access.secrets import hash_of, make_secret
from bot.acts.refusals import CannotAct
from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.store.access_tables import SignInCodeRow, StaffRow
from bot.store.query import add, change, columns, one
from policies.roles import Role

ADMIN = "local-admin"
VALID = timedelta(minutes=15)
PATH = "/sign-in/once"
"""Where the console takes the code, as `?code=…`; the page asks for a press before it is used."""


@dataclass(frozen=True, slots=True)
class OnceOnly:
    """A one-time code; its text is shown once and is in no log, no repr and no table."""

    text: str = field(repr=False)
    expires_at: datetime


async def make_admin(app: Bawab, *, actor: str) -> OnceOnly:
    """Make the one-time link of the first day's administrator; an earlier one that was not used is void.

    Raises CannotAct once somebody from the provider or the file has the role of IT.
    """
    text, now = make_secret(), app.now()
    async with app.store.write() as tx:
        known = [row for row in await people_with(app, tx, {Role.IT}) if row.source != LOCAL]
        if known:
            raise CannotAct("admin_not_needed", who=known[0].name)
        await grant(app, tx, _admin(now), actor=actor)
        codes = columns(SignInCodeRow)
        unused = [codes.staff_id == ADMIN, codes.used_at.is_(None), codes.expires_at > now]
        await change(tx, SignInCodeRow, {"expires_at": now}, *unused)
        row = SignInCodeRow(code_hash=hash_of(text), staff_id=ADMIN, created_at=now, expires_at=now + VALID)
        await add(tx, row)
        detail = {"source": LOCAL, "link_until": row.expires_at.isoformat()}
        await app.audit.append(tx, Entry(Action.ACCESS_GRANT, actor, outcome="link", detail=detail))
    return OnceOnly(text, row.expires_at)


async def redeem(app: Bawab, text: str) -> StaffRow | None:
    """Take a one-time code, once; None where it is wrong, used or too old, which the caller logs.

    Anybody may try: what is logged must be counted, or a stranger fills the log.
    """
    codes, now = columns(SignInCodeRow), app.now()
    mine = [codes.code_hash == hash_of(text), codes.used_at.is_(None), codes.expires_at > now]
    async with app.store.write() as tx:
        code = await one(tx, SignInCodeRow, *mine)
        row = await staff_row(tx, code.staff_id) if code else None
        works = row is not None and row.ended_at is None
        return row if works and await change(tx, SignInCodeRow, {"used_at": now}, *mine) else None


async def retire_local(app: Bawab, tx: AsyncConnection) -> None:
    """End the first day's administrator once somebody by name has the role of IT."""
    row = await staff_row(tx, ADMIN)
    if row is None or row.ended_at is not None:
        return
    if any(one_.source != LOCAL for one_ in await people_with(app, tx, {Role.IT})):
        await end_roles(app, tx, row, why="it_is_named", actor="bawab")


def _admin(now: datetime) -> StaffRow:
    return StaffRow(
        id=ADMIN,
        name="Administrator",
        roles=[Role.IT],
        source=LOCAL,
        known_to_hr=False,
        created_at=now,
        updated_at=now,
    )
