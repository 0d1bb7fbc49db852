"""Whose account is whose: the open questions with what is known on both sides, and every link there is."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, case, func, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement

from bot.access.actor import Actor
from bot.app import Bawab
from bot.store.query import all_of, chunks, columns, one, table, where
from bot.store.tables import LinkQuestionRow, LinkRow, PersonRow
from bot.views.waiting import names
from connectors.errors import ConnectorError
from connectors.hr.records import person_from_json
from policies.model import Account, Person
from policies.roles import Permission

STALE_AFTER = timedelta(days=365)
"""How long a link may go unconfirmed before somebody should look at it again."""
SHOWN = 200
_AT_ONCE = 500


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
    wanted, stale = _wanted(text, instance), _is_stale(app)
    async with app.store.read() as tx:
        asked = await where(tx, LinkQuestionRow)
        questions = await _questions(tx, who, sorted(asked, key=_age))
        total, waiting, old = (await tx.execute(_counted(stale).where(*wanted))).one()
        start = max(page - 1, 0) * SHOWN
        lines = await _page(app, tx, who, wanted, start) if start < total else ()
    return Links(questions=questions, links=lines, total=total, waiting=waiting or 0, stale=old or 0)


_BOTH = table(LinkRow).outerjoin(table(PersonRow), columns(PersonRow).id == columns(LinkRow).person_id)


def _wanted(text: str, instance: str) -> list[ColumnElement[bool]]:
    rows, people, sought = columns(LinkRow), columns(PersonRow), text.strip()
    wanted = [rows.instance == instance] if instance else []
    if sought:
        wanted.append(people.name.icontains(sought, autoescape=True) | (rows.person_id == sought))
    return wanted


def _is_stale(app: Bawab) -> ColumnElement[bool]:
    rows, long_ago = columns(LinkRow), app.now() - STALE_AFTER
    last = func.coalesce(rows.confirmed_at, rows.created_at)
    return and_(rows.released_at.is_not(None), last < long_ago, rows.created_at < long_ago)


def _counted(stale: ColumnElement[bool]) -> Select[int, int | None, int | None]:
    waits = case((columns(LinkRow).released_at.is_(None), 1), else_=0)
    return select(func.count(), func.sum(waits), func.sum(case((stale, 1), else_=0))).select_from(_BOTH)


async def _page(
    app: Bawab, tx: AsyncConnection, who: Actor, wanted: Sequence[ColumnElement[bool]], start: int
) -> tuple[LinkLine, ...]:
    """Give one page: those that wait, then the longest unconfirmed, then by name."""
    rows, people = columns(LinkRow), columns(PersonRow)
    order = (rows.released_at.is_not(None), not_(_is_stale(app)), func.lower(people.name), rows.person_id)
    one_page = select(table(LinkRow)).select_from(_BOTH).where(*wanted).order_by(*order, rows.instance)
    found = await all_of(tx, LinkRow, one_page.offset(start).limit(SHOWN))
    known = await names(tx, [row.person_id for row in found])
    return tuple(_line(app, row, known, who) for row in found)


async def question_page(app: Bawab, who: Actor, question_id: str) -> Question:
    """Show one question with both sides, the accounts as their platform shows them now, by id, reads only.

    Raises NoSuchQuestion, NotAllowed.
    """
    who.must(Permission.LINK_READ)
    async with app.store.read() as tx:
        row = await one(tx, LinkQuestionRow, columns(LinkQuestionRow).id == question_id)
        if row is None:
            raise NoSuchQuestion(question_id)
        (found,) = await _questions(tx, who, [row])
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


async def _questions(
    tx: AsyncConnection, who: Actor, rows: Sequence[LinkQuestionRow]
) -> tuple[Question, ...]:
    """Read both sides of all of them at once."""
    tied = await _tied(tx, rows)
    people: dict[str, PersonRow] = {}
    for some in chunks(sorted({person for row in rows for person in row.people}), _AT_ONCE):
        found = await where(tx, PersonRow, columns(PersonRow).id.in_(some))
        people |= {row.id: row for row in found}
    called = await names(tx, [link.person_id for links in tied.values() for link in links])
    return tuple(_question(who, row, people, tied, called) for row in rows)


_Tied = Mapping[tuple[str, str], Sequence[LinkRow]]


async def _tied(tx: AsyncConnection, rows: Sequence[LinkQuestionRow]) -> _Tied:
    """Give the links of every account in doubt, by instance and account."""
    found: dict[tuple[str, str], list[LinkRow]] = defaultdict(list)
    of, links = {(row.instance, one) for row in rows for one in row.accounts}, columns(LinkRow)
    for some in chunks(sorted({account for _, account in of}), _AT_ONCE):
        for link in await where(tx, LinkRow, links.account_id.in_(some)):
            found[link.instance, link.account_id].append(link)
    return found


def _question(
    who: Actor,
    row: LinkQuestionRow,
    people: Mapping[str, PersonRow],
    tied: _Tied,
    called: Mapping[str, str],
) -> Question:
    candidates = sorted((people[one] for one in row.people if one in people), key=_name)
    return Question(
        id=row.id,
        instance=row.instance,
        why=row.why,
        asked_at=row.asked_at,
        people=tuple(_candidate(person_from_json(each.record), who) for each in candidates),
        accounts=tuple(_account(each, tied.get((row.instance, each), ()), called) for each in row.accounts),
        may_decide=who.may(Permission.LINK_DECIDE) and who.id not in row.people,
    )


def _account(account_id: str, tied: Sequence[LinkRow], called: Mapping[str, str]) -> AccountSide:
    """Until the platform is asked the id is all there is to tell accounts apart, for every reader."""
    held = sorted({called.get(link.person_id, link.person_id) for link in tied})
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


def _line(app: Bawab, row: LinkRow, called: Mapping[str, str], who: Actor) -> LinkLine:
    last = max(row.confirmed_at or row.created_at, row.created_at)
    return LinkLine(
        person_id=row.person_id,
        person=called.get(row.person_id, ""),
        instance=row.instance,
        account_id=row.account_id if who.may(Permission.CONNECTOR_READ) else "",
        evidence=row.evidence,
        created_at=row.created_at,
        confirmed_at=row.confirmed_at,
        released=row.released_at is not None,
        stale=row.released_at is not None and last < app.now() - STALE_AFTER,
        hold_digest=row.hold_digest if row.released_at is None else None,
    )


def _age(row: LinkQuestionRow) -> str:
    return row.asked_at.isoformat()


def _name(row: PersonRow) -> str:
    return row.name.casefold()
