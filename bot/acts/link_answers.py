"""What HR and IT answer to a doubt about an account, and their word that a link is still so."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.acts.refusals import CannotAct
from bot.app import Bawab
from bot.people.answers import confirm_again, leave, tie
from bot.store.query import columns, one, where
from bot.store.tables import LinkQuestionRow, LinkRow
from policies.roles import Permission


async def confirm(app: Bawab, who: Actor, question_id: str, person_id: str, account_id: str) -> None:
    """Say that an account in doubt is this person's. Raises NotAllowed, CannotAct.

    Nobody decides about themselves; the person and the account are ones the question names.
    """
    who.must(Permission.LINK_DECIDE)
    async with app.store.write() as tx:
        row = await _question(tx, who, question_id)
        if person_id not in row.people or account_id not in row.accounts:
            raise CannotAct("no_person", what=person_id)
        await tie(app, tx, row, person_id, account_id, actor=who.logged)


async def refuse(app: Bawab, who: Actor, question_id: str, note: str = "") -> None:
    """Leave everything as it is, and ask no more; nothing is tied. Raises NotAllowed, CannotAct."""
    who.must(Permission.LINK_DECIDE)
    async with app.store.write() as tx:
        row = await _question(tx, who, question_id)
        await leave(app, tx, row, actor=who.logged, note=note.strip())


async def reconfirm(app: Bawab, who: Actor, person_id: str, instance: str) -> int:
    """Say that a person's accounts on an instance are still theirs; gives how many. Raises as above.

    Only links that count already: one that waits for a release is released by its hold.
    """
    who.must(Permission.LINK_DECIDE)
    if person_id == who.id:
        raise CannotAct("own_case")
    rows = columns(LinkRow)
    async with app.store.write() as tx:
        mine = [rows.person_id == person_id, rows.instance == instance, rows.released_at.is_not(None)]
        found = await where(tx, LinkRow, *mine)
        for row in found:
            await confirm_again(app, tx, row, actor=who.logged)
    if not found:
        raise CannotAct("no_person", what=person_id)
    return len(found)


async def _question(tx: AsyncConnection, who: Actor, question_id: str) -> LinkQuestionRow:
    row = await one(tx, LinkQuestionRow, columns(LinkQuestionRow).id == question_id)
    if row is None:
        raise CannotAct("moved_meanwhile")
    if who.id in row.people:
        raise CannotAct("own_case")
    return row
