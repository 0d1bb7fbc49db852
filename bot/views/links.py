"""Whose account is whose: the open questions with what is known on both sides, and every link there is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.app import Bawab
from bot.store.query import all_of, columns, one, table, where
from bot.store.tables import LinkQuestionRow, LinkRow, PersonRow
from connectors.errors import ConnectorError
from connectors.hr.records import person_from_json
from policies.model import Account, Person
from policies.roles import Permission

STALE_AFTER = timedelta(days=365)
"""How long a link may go unconfirmed before somebody should look at it again."""
SHOWN = 200


class NoSuchQuestion(LookupError):
    """No open question has this id: it was answered, or never asked."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person the account may belong to, with what HR knows that tells them apart."""

    id: str
    name: str
    email: str
    department: str
    status: str
    is_reader: bool
    """Nobody decides whose account is theirs."""


@dataclass(frozen=True, slots=True)
class AccountSide:
    """One account in doubt, as the platform shows it now; only its id where it could not be asked."""

    id: str
    """Empty for whoever is spared platform ids and is shown a name instead."""
    key: str = ""
    """Names the account in a form, whoever reads it."""
    name: str = ""
    email: str = ""
    kind: str = ""
    active: bool | None = None
    tied_to: tuple[str, ...] = ()
    """Names of people it is tied to already."""


@dataclass(frozen=True, slots=True)
class Question:
    """One doubt about who is who; `why` is a stable key."""

    id: str
    instance: str
    why: str
    asked_at: datetime
    people: tuple[Candidate, ...]
    accounts: tuple[AccountSide, ...]
    unread: str = ""
    """Why the platform could not be asked, in its own words."""
    may_decide: bool = False


@dataclass(frozen=True, slots=True)
class LinkLine:
    """One account tied to a person."""

    person_id: str
    person: str
    instance: str
    account_id: str
    evidence: str
    created_at: datetime
    confirmed_at: datetime | None
    """When somebody last said that it is so; None: never since it was made."""
    released: bool
    stale: bool
    hold_digest: str | None
    """What it waits under, where it is not released."""


@dataclass(frozen=True, slots=True)
class Links:
    """Open questions first, then links: those that wait, then the longest unconfirmed."""

    questions: tuple[Question, ...]
    links: tuple[LinkLine, ...]
    total: int
    waiting: int
    stale: int


async def links(app: Bawab, who: Actor, *, text: str = "", instance: str = "", page: int = 1) -> Links:
    """List questions and links; `text` is part of a name or an employee id. Raises NotAllowed."""
    who.must(Permission.LINK_READ)
    rows, people = columns(LinkRow), columns(PersonRow)
    async with app.store.read() as tx:
        asked = await where(tx, LinkQuestionRow)
        questions = [await _question(tx, who, row) for row in sorted(asked, key=_age)]
        wanted = select(table(LinkRow)).join(table(PersonRow), people.id == rows.person_id, isouter=True)
        if instance:
            wanted = wanted.where(rows.instance == instance)
        if text.strip():
            match = people.name.icontains(text.strip(), autoescape=True)
            wanted = wanted.where(match | (rows.person_id == text.strip()))
        found = await all_of(tx, LinkRow, wanted)
        names = await _names(tx)
    lines = sorted((_line(app, row, names, who) for row in found), key=_first)
    start = max(page - 1, 0) * SHOWN
    return Links(
        questions=tuple(questions),
        links=tuple(lines[start : start + SHOWN]),
        total=len(lines),
        waiting=sum(not line.released for line in lines),
        stale=sum(line.stale for line in lines),
    )


async def question_page(app: Bawab, who: Actor, question_id: str) -> Question:
    """Show one question with both sides, the accounts as their platform shows them now, by id, reads only.

    Raises NoSuchQuestion, NotAllowed.
    """
    who.must(Permission.LINK_READ)
    async with app.store.read() as tx:
        row = await one(tx, LinkQuestionRow, columns(LinkQuestionRow).id == question_id)
        if row is None:
            raise NoSuchQuestion(question_id)
        found = await _question(tx, who, row)
    connector = app.chat.get(row.instance)
    if connector is None:
        return replace(found, unread="not_connected")
    # Asked for as the accounts of somebody made up, so that nothing is looked up by e-mail or name.
    asked = Person("", "", account_ids=tuple((row.instance, each) for each in sorted(row.accounts)))
    try:
        live = {each.id: each async for each in connector.accounts(asked) if each.id in row.accounts}
    except ConnectorError as error:
        return replace(found, unread=str(error))
    sides = [
        _side(live.get(each), side, who) for each, side in zip(row.accounts, found.accounts, strict=True)
    ]
    return replace(found, accounts=tuple(sides))


async def account_of(app: Bawab, who: Actor, question_id: str, key: str) -> str:
    """Give the platform id behind a key of a question's page; raises NoSuchQuestion, NotAllowed."""
    who.must(Permission.LINK_DECIDE)
    async with app.store.read() as tx:
        row = await one(tx, LinkQuestionRow, columns(LinkQuestionRow).id == question_id)
    found = [each for each in row.accounts if _key(each) == key] if row else []
    if not found:
        raise NoSuchQuestion(question_id)
    return str(found[0])


def _side(account: Account | None, side: AccountSide, who: Actor) -> AccountSide:
    if account is None:
        return side
    return replace(
        side,
        id=side.id if who.may(Permission.CONNECTOR_READ) else "",
        name=account.name,
        email=account.email or "",
        kind=account.kind,
        active=account.active,
    )


async def _question(tx: AsyncConnection, who: Actor, row: LinkQuestionRow) -> Question:
    found = await where(tx, PersonRow, columns(PersonRow).id.in_(row.people))
    rows = columns(LinkRow)
    tied = await where(tx, LinkRow, rows.instance == row.instance, rows.account_id.in_(row.accounts))
    owners = await where(tx, PersonRow, columns(PersonRow).id.in_({link.person_id for link in tied}))
    names = {each.id: each.name for each in owners}
    return Question(
        id=row.id,
        instance=row.instance,
        why=row.why,
        asked_at=row.asked_at,
        people=tuple(_candidate(person_from_json(each.record), who) for each in sorted(found, key=_name)),
        accounts=tuple(_account(each, tied, names) for each in row.accounts),
        may_decide=who.may(Permission.LINK_DECIDE) and who.id not in row.people,
    )


def _account(account_id: str, tied: Sequence[LinkRow], names: Mapping[str, str]) -> AccountSide:
    """Until the platform is asked the id is all there is to tell accounts apart, for every reader."""
    held = sorted(
        {names.get(link.person_id, link.person_id) for link in tied if link.account_id == account_id}
    )
    return AccountSide(account_id, _key(account_id), tied_to=tuple(held))


def _key(account_id: str) -> str:
    return hashlib.sha256(account_id.encode()).hexdigest()[:20]


def _candidate(person: Person, who: Actor) -> Candidate:
    return Candidate(
        id=person.id,
        name=person.name,
        email=person.email or "",
        department=person.post.department or "",
        status=person.status,
        is_reader=person.id == who.id,
    )


def _line(app: Bawab, row: LinkRow, names: Mapping[str, str], who: Actor) -> LinkLine:
    last = max(row.confirmed_at or row.created_at, row.created_at)
    return LinkLine(
        person_id=row.person_id,
        person=names.get(row.person_id, ""),
        instance=row.instance,
        account_id=row.account_id if who.may(Permission.CONNECTOR_READ) else "",
        evidence=row.evidence,
        created_at=row.created_at,
        confirmed_at=row.confirmed_at,
        released=row.released_at is not None,
        stale=row.released_at is not None and last < app.now() - STALE_AFTER,
        hold_digest=row.hold_digest if row.released_at is None else None,
    )


def _first(line: LinkLine) -> tuple[bool, bool, str, str, str]:
    return line.released, not line.stale, line.person.casefold(), line.person_id, line.instance


async def _names(tx: AsyncConnection) -> dict[str, str]:
    rows = columns(PersonRow)
    found = await tx.execute(select(rows.id, rows.name))
    return {row.id: row.name for row in found}


def _age(row: LinkQuestionRow) -> str:
    return row.asked_at.isoformat()


def _name(row: PersonRow) -> str:
    return row.name.casefold()
