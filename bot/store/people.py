"""Questions about people: who HR says is here, and who stands behind an account."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.query import add, all_of, columns, one, table, where
from bot.store.tables import LinkQuestionRow, LinkRow, PersonRow, StatedRow
from connectors.hr.records import person_from_json
from policies.model import IdentityLink, LinkEvidence, Person, PersonStatus


async def directory_size(tx: AsyncConnection) -> int:
    """Count the people HR says are with the company: what percentages are taken of."""
    people = columns(PersonRow)
    counted = await tx.execute(
        select(func.count()).select_from(table(PersonRow)).where(people.status != PersonStatus.TERMINATED)
    )
    return int(counted.scalar_one())


async def person(tx: AsyncConnection, person_id: str) -> Person | None:
    """Give the last accepted record of a person."""
    row = await one(tx, PersonRow, columns(PersonRow).id == person_id)
    return person_from_json(row.record) if row else None


async def find_people(tx: AsyncConnection, text: str) -> list[PersonRow]:
    """Find people by employee id, e-mail, or part of a name: for a person to choose from, never to act on."""
    people = columns(PersonRow)
    exact = await where(tx, PersonRow, (people.id == text) | (people.email == text))
    if exact:
        return exact
    return await where(tx, PersonRow, people.name.icontains(text, autoescape=True))


async def links_of(tx: AsyncConnection, person_id: str, instance: str) -> list[IdentityLink]:
    """Give every link that touches this person's accounts on an instance, other claimants' included.

    Whoever HR's record states an account for claims it, whether or not that became a link of theirs.
    """
    links = columns(LinkRow)
    own = await where(tx, LinkRow, links.person_id == person_id, links.instance == instance)
    accounts = [row.account_id for row in own]
    others = await where(
        tx, LinkRow, links.instance == instance, links.account_id.in_(accounts), links.person_id != person_id
    )
    found = [link_value(row) for row in own + others]
    return [*found, *[link for row in own for link in await _stated(tx, instance, row.account_id, person_id)]]


@cache
def _on_accounts(kind: type[LinkRow | StatedRow]) -> Select[Any]:
    rows = columns(kind)
    accounts: BindParameter[Any] = bindparam("accounts", expanding=True)
    mine = [rows.instance == bindparam("instance"), rows.account_id.in_(accounts)]
    return select(table(kind)).where(*mine)


async def links_on(
    tx: AsyncConnection, instance: str, account_ids: Sequence[str]
) -> dict[str, list[IdentityLink]]:
    """Give everybody's links to each of these accounts."""
    found: dict[str, list[IdentityLink]] = {}
    asked = {"instance": instance, "accounts": list(account_ids)}
    for row in await all_of(tx, LinkRow, _on_accounts(LinkRow), asked):
        found.setdefault(row.account_id, []).append(link_value(row))
    return found


async def stated_on(tx: AsyncConnection, instance: str, account_ids: Sequence[str]) -> dict[str, list[str]]:
    """Give, for each of these accounts that HR records state, the employee ids of those who state it."""
    found: dict[str, list[str]] = {}
    asked = {"instance": instance, "accounts": list(account_ids)}
    stated = await all_of(tx, StatedRow, _on_accounts(StatedRow), asked)
    for row in sorted(stated, key=lambda row: row.person_id):
        found.setdefault(row.account_id, []).append(row.person_id)
    return found


async def stated_for(tx: AsyncConnection, instance: str, account_id: str) -> list[str]:
    """Give the employee ids of everybody whose HR record states this account."""
    return (await stated_on(tx, instance, [account_id])).get(account_id, [])


async def remember_stated(tx: AsyncConnection, people: Sequence[Person], *, known: bool) -> None:
    """Store which accounts these records state, in the transaction that stores the records.

    `known`: they have been stored before, and may have stated others.
    """
    if known:
        gone = columns(StatedRow).person_id.in_([person.id for person in people])
        await tx.execute(delete(table(StatedRow)).where(gone))
    rows = [
        StatedRow(instance=instance, account_id=account_id, person_id=person.id)
        for person in people
        for instance, account_id in dict.fromkeys(person.account_ids)
    ]
    await add(tx, *rows)


async def _stated(tx: AsyncConnection, instance: str, account_id: str, person_id: str) -> list[IdentityLink]:
    others = [one for one in await stated_for(tx, instance, account_id) if one != person_id]
    return [IdentityLink(one, instance, account_id, LinkEvidence.HR_RECORD, released=True) for one in others]


async def is_doubted(tx: AsyncConnection, instance: str, account_id: str, person_id: str) -> bool:
    """Whether it is asked, and not answered yet, if this person's account is not somebody else's."""
    asked = await where(tx, LinkQuestionRow, columns(LinkQuestionRow).instance == instance)
    return any(account_id in row.accounts and set(row.people) - {person_id} for row in asked)


def link_value(row: LinkRow) -> IdentityLink:
    """Give a stored link as the model's value."""
    return IdentityLink(
        person_id=row.person_id,
        instance=row.instance,
        account_id=row.account_id,
        evidence=LinkEvidence(row.evidence),
        released=row.released_at is not None,
    )
