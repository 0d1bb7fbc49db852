"""Whose account is whose, as HR and IT say it: a one-time code for somebody, and an account untied."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.acts.refusals import CannotAct
from bot.app import Bawab
from bot.people.enrolment import VALID, CannotLink, Code, make_code, unlink
from bot.store.query import columns, one
from bot.store.tables import LinkRow, PersonRow
from policies.roles import Permission


async def code_for(
    app: Bawab, who: Actor, person_id: str, instance: str, *, valid: timedelta = VALID
) -> Code:
    """Make a one-time code by which a person ties their own account. Raises NotAllowed, CannotAct."""
    who.must(Permission.LINK_DECIDE)
    if instance not in app.settings.instance_names:
        raise CannotAct("no_lane", what=instance)
    async with app.store.read() as tx:
        row = await _row(tx, person_id, who)
    try:
        return await make_code(app, row, instance, valid=valid, actor=who.logged)
    except CannotLink as error:
        raise CannotAct("link_refused", why=str(error)) from error


async def untie(
    app: Bawab,
    who: Actor,
    person_id: str,
    *,
    instance: str | None = None,
    account_id: str | None = None,
    reason: str,
) -> list[LinkRow]:
    """Untie a person's accounts; removals that wait for them stop. Raises NotAllowed, CannotAct."""
    who.must(Permission.LINK_DECIDE)
    if not reason.strip():
        raise CannotAct("reason_missing")
    async with app.store.read() as tx:
        row = await _row(tx, person_id, who)
    try:
        return await unlink(
            app, row, instance=instance, account_id=account_id, actor=who.logged, reason=reason.strip()
        )
    except CannotLink as error:
        raise CannotAct("link_refused", why=str(error)) from error


async def _row(tx: AsyncConnection, person_id: str, who: Actor) -> PersonRow:
    if person_id == who.id:
        raise CannotAct("own_case")
    found = await one(tx, PersonRow, columns(PersonRow).id == person_id)
    if found is None:
        raise CannotAct("no_person", what=person_id)
    return found
