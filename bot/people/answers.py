"""What people answer when it is asked whose account something is: theirs, or left as it is."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.holds import withdraw
from bot.people.left_questions import question_key
from bot.people.linking import store_links
from bot.plan_again import plan_again
from bot.store.query import add, change, columns, one, table, where
from bot.store.tables import LinkQuestionRow, LinkRow, MetaRow
from policies.model import IdentityLink, LinkEvidence


async def tie(
    app: Bawab, tx: AsyncConnection, row: LinkQuestionRow, person_id: str, account_id: str, *, actor: str
) -> None:
    """An account of the question is this person's: whoever held it is untied, the question is settled.

    What HR's own record states of somebody else stays a doubt until the record is corrected.
    """
    links = columns(LinkRow)
    mine = [links.instance == row.instance, links.account_id == account_id]
    for held in await where(tx, LinkRow, *mine):
        await _untie(app, tx, held, actor)
    link = IdentityLink(person_id, row.instance, account_id, LinkEvidence.ADMIN, released=True)
    await _settle(tx, row)
    await store_links(app, tx, row.instance, [link])
    values = {"confirmed_at": app.now(), "released_by": actor}
    await change(tx, LinkRow, values, *mine, links.person_id == person_id)
    await app.audit.append(tx, _entry(Action.LINK_RELEASE, actor, row.instance, person_id, account_id))


async def leave(app: Bawab, tx: AsyncConnection, row: LinkQuestionRow, *, actor: str, note: str) -> None:
    """The account is none of theirs, or stays where it is: nothing is tied, and it is not asked again."""
    key = question_key(row.instance, row.why, row.people, row.accounts)
    if await one(tx, MetaRow, columns(MetaRow).key == key) is None:
        await add(tx, MetaRow(key=key, value={"by": actor, "at": app.now().isoformat()}))
    await _settle(tx, row)
    for person_id in row.people or [None]:
        entry = Entry(
            action=Action.LINK_REFUSE,
            actor=actor,
            outcome="refused",
            person_id=person_id,
            instance=row.instance,
            detail={"why": row.why},
            personal={"accounts": list(row.accounts), "note": note} if person_id else None,
        )
        await app.audit.append(tx, entry)
    for person_id in row.people:
        await plan_again(app, tx, person_id, row.instance)


async def confirm_again(app: Bawab, tx: AsyncConnection, row: LinkRow, *, actor: str) -> None:
    """Somebody looked, and it is still so."""
    links = columns(LinkRow)
    same = [links.person_id == row.person_id, links.instance == row.instance]
    values = {"confirmed_at": app.now(), "confirmed_by": actor}
    await change(tx, LinkRow, values, *same, links.account_id == row.account_id)
    await app.audit.append(
        tx, _entry(Action.LINK_RELEASE, actor, row.instance, row.person_id, row.account_id)
    )


async def _untie(app: Bawab, tx: AsyncConnection, held: LinkRow, actor: str) -> None:
    links = columns(LinkRow)
    mine = [links.person_id == held.person_id, links.instance == held.instance]
    await tx.execute(delete(table(LinkRow)).where(*mine, links.account_id == held.account_id))
    entry = _entry(Action.LINK_REMOVE, actor, held.instance, held.person_id, held.account_id)
    await app.audit.append(tx, entry)
    alone = held.hold_digest and held.released_at is None
    if alone and await one(tx, LinkRow, links.hold_digest == held.hold_digest) is None:
        await withdraw(app, tx, str(held.hold_digest), "its accounts are no longer proposed")


async def _settle(tx: AsyncConnection, row: LinkQuestionRow) -> None:
    await tx.execute(delete(table(LinkQuestionRow)).where(columns(LinkQuestionRow).id == row.id))


def _entry(action: Action, actor: str, instance: str, person_id: str, account_id: str) -> Entry:
    return Entry(
        action=action,
        actor=actor,
        outcome="none" if action is Action.LINK_REMOVE else "certain",
        person_id=person_id,
        instance=instance,
        detail={"evidence": LinkEvidence.ADMIN, "why": "answered"},
        personal={"account": account_id},
    )
