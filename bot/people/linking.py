"""Who is who: after each accepted feed accounts are matched with people; doubt becomes a question."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import orjson
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.holds import raise_hold
from bot.lanes import careful, ensure_lane, looked, may_work, stumbled
from bot.people.left_questions import left_as_it_is, question_key
from bot.plan_again import plan_again
from bot.states import HoldKind
from bot.store.people import link_value
from bot.store.query import add, change, columns, new_id, one, table, where
from bot.store.tables import HoldRow, LaneRow, LinkQuestionRow, LinkRow, MetaRow, PersonRow
from connectors.contract import ChatConnector
from connectors.errors import ConnectorError
from connectors.hr.records import person_from_json
from policies.identity import TO_BE_RELEASED, IdentityQuestion, propose
from policies.model import Account, IdentityLink, LinkEvidence, Person

ASKED_OF_A_PERSON = frozenset({"code_for_linked_account", "contact_for_linked_account", "contact_unknown"})
"""Every `why` of a question that somebody's own message raised: a feed does not answer it."""


class Linker:
    """Matches each instance's accounts with the directory once per accepted feed."""

    def __init__(self, app: Bawab) -> None:
        self._app = app

    async def refresh(self) -> bool:
        """Link every instance that has not seen the last feed; True when all of them have."""
        async with self._app.store.read() as tx:
            last = await one(tx, MetaRow, columns(MetaRow).key == "last_feed")
        if last is None:
            return False
        done = [await self._refresh(name, connector, last.value) for name, connector in self._instances()]
        return all(done)

    def _instances(self) -> list[tuple[str, ChatConnector]]:
        return sorted(self._app.chat.items())

    async def _refresh(self, name: str, connector: ChatConnector, feed_id: str) -> bool:
        async with self._app.store.write() as tx:
            lane = await ensure_lane(tx, name, connector.capabilities.platform)
        if lane.linked_feed == feed_id:
            return True
        if not may_work(lane, self._app.now()):
            return False
        try:
            with careful(lane) as probe:
                accounts = [account async for account in connector.accounts()]
        except ConnectorError as error:
            await stumbled(self._app, name, lane.platform, error)
            return False
        await looked(self._app, lane, probe)
        async with self._app.store.write() as tx:
            await self._link(tx, connector, accounts)
            await change(tx, LaneRow, {"linked_feed": feed_id}, columns(LaneRow).instance == name)
        return True

    async def _link(self, tx: AsyncConnection, connector: ChatConnector, accounts: list[Account]) -> None:
        instance = connector.instance
        people = [person_from_json(row.record) for row in await where(tx, PersonRow)]
        if not connector.capabilities.lists_accounts:
            accounts = _stated_accounts(instance, people)
        if not connector.capabilities.revokes:
            named = {account.id for account in accounts}
            people = [_named_by_hr(person, instance, named) for person in people]
        links = await self._still_grounded(tx, instance, people, accounts)
        proposals = propose(people, accounts, [link_value(link) for link in links])
        await store_links(self._app, tx, instance, proposals.new)
        await self._store_questions(tx, instance, proposals.questions)

    async def _still_grounded(
        self, tx: AsyncConnection, instance: str, people: Sequence[Person], accounts: Sequence[Account]
    ) -> list[LinkRow]:
        """Take back what HR has replaced, and unconfirmed e-mail matches that no e-mail bears out now."""
        rows = columns(LinkRow)
        stated = {
            person.id: frozenset(account for at, account in person.account_ids if at == instance)
            for person in people
        }
        addresses = {person.id: (person.email or "").strip().casefold() for person in people}
        mailboxes = {account.id: (account.email or "").strip().casefold() for account in accounts}
        shared = {address for address, count in Counter(addresses.values()).items() if count > 1}
        kept: list[LinkRow] = []
        for link in await where(tx, LinkRow, rows.instance == instance):
            if _grounded(link, stated, addresses, mailboxes, shared):
                kept.append(link)
                continue
            mine = [rows.person_id == link.person_id, rows.account_id == link.account_id]
            await tx.execute(delete(table(LinkRow)).where(rows.instance == instance, *mine))
            await self._app.audit.append(tx, _unlinked(link))
        return kept

    async def _store_questions(
        self, tx: AsyncConnection, instance: str, questions: Sequence[IdentityQuestion]
    ) -> None:
        rows = columns(LinkQuestionRow)
        ours = [rows.instance == instance, rows.why.not_in(ASKED_OF_A_PERSON)]
        known = {_key(row): row for row in await where(tx, LinkQuestionRow, *ours)}
        left = await left_as_it_is(tx)
        asked = {_asked(q): q for q in questions if q.instance == instance and _question_key(q) not in left}
        answered = [row for key, row in known.items() if key not in asked]
        await tx.execute(delete(table(LinkQuestionRow)).where(rows.id.in_([row.id for row in answered])))
        for person_id in sorted({person_id for row in answered for person_id in row.people}):
            await plan_again(self._app, tx, person_id, instance)  # what waited for the answer
        fresh = [question for key, question in asked.items() if key not in known]
        await add(tx, *[self._question(instance, question) for question in fresh])
        await self._app.audit.append(tx, *[_doubt(question, person) for question, person in _each(fresh)])

    def _question(self, instance: str, question: IdentityQuestion) -> LinkQuestionRow:
        return LinkQuestionRow(
            id=new_id("ask"),
            instance=instance,
            people=list(question.person_ids),
            accounts=list(question.account_ids),
            why=question.why,
            asked_at=self._app.now(),
        )


async def store_links(app: Bawab, tx: AsyncConnection, instance: str, new: Sequence[IdentityLink]) -> None:
    """Store new links, hold those that HR or IT must look at first, and take up what waited for them."""
    unsure = [link for link in new if link.evidence in TO_BE_RELEASED]
    digest = await _hold(app, tx, instance, unsure) if unsure else None
    now = app.now()
    rows = [
        LinkRow(
            person_id=link.person_id,
            instance=instance,
            account_id=link.account_id,
            evidence=link.evidence,
            created_at=now,
            released_at=None if link in unsure else now,
            released_by=None if link in unsure else "bawab",
            hold_digest=digest if link in unsure else None,
        )
        for link in new
    ]
    await add(tx, *rows)
    await app.audit.append(tx, *[_linked(row) for row in rows])
    for person_id in sorted({link.person_id for link in new}):
        await plan_again(app, tx, person_id, instance)


async def _hold(app: Bawab, tx: AsyncConnection, instance: str, links: Sequence[IdentityLink]) -> str:
    """A match by e-mail or telephone counts only after HR or IT has looked at it, once."""
    body = sorted([link.person_id, link.account_id] for link in links)
    asked = app.now().isoformat()  # a pair proposed again is a new question
    digest = hashlib.sha256(orjson.dumps([HoldKind.IDENTITY_LINKS, instance, asked, body])).hexdigest()
    row = HoldRow(
        digest=digest,
        kind=HoldKind.IDENTITY_LINKS,
        cause={"instance": instance, "links": len(links)},
        count=len(links),
        created_at=app.now(),
    )
    await add(tx, row)
    await raise_hold(app, tx, row)
    return digest


def _stated_accounts(instance: str, people: Sequence[Person]) -> list[Account]:
    """Where accounts cannot be listed, those that HR states are what there is to be matched."""
    stated = {id_ for person in people for at, id_ in person.account_ids if at == instance}
    return [Account(instance, id_) for id_ in sorted(stated)]


def _key(row: LinkQuestionRow) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    return row.why, tuple(row.people), tuple(row.accounts)


def _asked(question: IdentityQuestion) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    return question.why, question.person_ids, question.account_ids


def _question_key(question: IdentityQuestion) -> str:
    return question_key(question.instance, question.why, question.person_ids, question.account_ids)


def _each(questions: Sequence[IdentityQuestion]) -> list[tuple[IdentityQuestion, str]]:
    return [(question, person) for question in questions for person in question.person_ids]


def _named_by_hr(person: Person, instance: str, named: Collection[str]) -> Person:
    """Where there is no API, the account is HR's own id of the person: nothing is looked up or guessed."""
    account = f"manual:{person.id}"
    if account not in named:
        return person
    return replace(person, account_ids=(*person.account_ids, (instance, account)))


def _grounded(
    link: LinkRow,
    stated: Mapping[str, frozenset[str]],
    addresses: Mapping[str, str],
    mailboxes: Mapping[str, str],
    shared: Collection[str],
) -> bool:
    if link.evidence == LinkEvidence.HR_RECORD:
        theirs = stated.get(link.person_id, frozenset())
        return not theirs or link.account_id in theirs  # an emptied cell takes nothing back, another id does
    if link.evidence == LinkEvidence.DIRECTORY_EMAIL and link.released_at is None:
        address = addresses.get(link.person_id, "")
        return bool(address) and address not in shared and mailboxes.get(link.account_id) == address
    return True


def _unlinked(row: LinkRow) -> Entry:
    return Entry(
        action=Action.LINK_REMOVE,
        actor="bawab",
        outcome="none",
        person_id=row.person_id,
        instance=row.instance,
        detail={"evidence": row.evidence, "why": "no_longer_stated"},
        personal={"account": row.account_id},
    )


def _linked(row: LinkRow) -> Entry:
    return Entry(
        action=Action.LINK_CREATE,
        actor="bawab",
        outcome="certain" if row.released_at else "ambiguous",
        person_id=row.person_id,
        instance=row.instance,
        detail={"evidence": row.evidence},
        personal={"account": row.account_id},
    )


def _doubt(question: IdentityQuestion, person_id: str) -> Entry:
    return Entry(
        action=Action.LINK_DOUBT,
        actor="bawab",
        outcome="ambiguous",
        person_id=person_id,
        instance=question.instance,
        detail={"why": question.why},
        personal={"accounts": list(question.account_ids)},
    )
