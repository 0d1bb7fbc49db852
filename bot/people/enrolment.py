"""Enrolment: a person ties their own account to their record, by a one-time code or a shared contact."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.holds import withdraw
from bot.people.linking import store_links
from bot.people.phones import e164, may_be
from bot.people.who import goes_by
from bot.store.group_tables import EnrolmentRow
from bot.store.people import person as record_of
from bot.store.people import stated_for
from bot.store.query import add, change, columns, new_id, one, table, where
from bot.store.tables import LinkQuestionRow, LinkRow, PersonRow
from connectors.hr.records import person_from_json
from policies.model import IdentityLink, LinkEvidence, Person, PersonStatus

VALID = timedelta(days=3)
LONGEST_VALID = timedelta(days=30)
CODE_BYTES = 24
"""Of randomness; 32 characters of the alphabet that a deep link may carry (64 at most)."""


class CannotLink(Exception):
    """Nothing was tied or untied: says why, and what to do."""


class Enrolled(StrEnum):
    """What became of a code or a contact; a stable key, which surfaces put into words."""

    LINKED = "linked"
    ALREADY = "already"
    """This account is this person's already."""
    WRONG = "wrong_code"
    USED = "used_code"
    EXPIRED = "expired_code"
    TAKEN = "linked_to_another_person"
    HELD = "held"
    """Tied, and counts once HR or IT has released it."""
    ASKED = "asked"
    """Whose account it is cannot be told from the number; somebody is asked."""


@dataclass(frozen=True, slots=True)
class Code:
    """A one-time code, told once; only its hash is kept."""

    text: str = field(repr=False)
    person_id: str
    instance: str
    expires_at: datetime


def hash_of(code: str) -> str:
    """Give what is stored of a code."""
    return hashlib.sha256(code.strip().encode()).hexdigest()


def judge_code(
    code: EnrolmentRow | None, instance: str, account_id: str, holders: Collection[str], now: datetime
) -> Enrolled:
    """Say what a code does for an account.

    `holders` are the employee ids that have it already, by a link or by HR's word.
    """
    if code is None or code.instance != instance:
        return Enrolled.WRONG
    if code.used_at is not None:
        mine = code.account_id == account_id and code.person_id in holders
        return Enrolled.ALREADY if mine else Enrolled.USED
    if code.expires_at <= now:
        return Enrolled.EXPIRED
    if any(holder != code.person_id for holder in holders):
        return Enrolled.TAKEN
    return Enrolled.LINKED


def judge_contact(number: str, people: Sequence[Person]) -> Person | None:
    """Find the one present person whose number this is; None where it may be somebody else's too."""
    sure = [person for person in people if e164(person.phone) == number]
    perhaps = [person for person in people if may_be(person.phone, number)]
    if len(sure) != 1 or perhaps or sure[0].status is PersonStatus.TERMINATED:
        return None
    return sure[0]


async def make_code(
    app: Bawab, person: PersonRow, instance: str, *, valid: timedelta = VALID, actor: str
) -> Code:
    """Make a one-time code for a person; an earlier one that was not used is void. Raises CannotLink."""
    if goes_by(person, actor.removeprefix("person:")):
        raise CannotLink("nobody makes a code for themselves; ask somebody else in HR or IT")
    if not timedelta(minutes=1) <= valid <= LONGEST_VALID:
        raise CannotLink("a code is valid for a minute at least and 30 days at most, such as --valid 3d")
    now, rows, text = app.now(), columns(EnrolmentRow), secrets.token_urlsafe(CODE_BYTES)
    code = Code(text, person.id, instance, now + valid)
    row = EnrolmentRow(
        code_hash=hash_of(text),
        person_id=person.id,
        instance=instance,
        created_at=now,
        created_by=actor,
        expires_at=code.expires_at,
    )
    unused = [rows.person_id == person.id, rows.instance == instance, rows.used_at.is_(None)]
    async with app.store.write() as tx:
        await change(tx, EnrolmentRow, {"expires_at": now}, *unused, rows.expires_at > now)
        await add(tx, row)
        detail = {"expires_at": code.expires_at}
        entry = Entry(Action.LINK_CODE, actor, person_id=person.id, instance=instance, detail=detail)
        await app.audit.append(tx, entry)
    return code


async def redeem(
    app: Bawab, tx: AsyncConnection, instance: str, account_id: str, code: str
) -> tuple[Enrolled, Person | None]:
    """Tie an account to the person a code was made for; safe to repeat. Gives the person where it is theirs.

    An account that is somebody else's is refused and asked about: a code never moves an account.
    """
    rows, now = columns(EnrolmentRow), app.now()
    found = await one(tx, EnrolmentRow, rows.code_hash == hash_of(code))
    holders = await _holders(tx, instance, account_id)
    judged = judge_code(found, instance, account_id, holders, now)
    person = await record_of(tx, found.person_id) if found else None
    if found is not None and person is None:
        judged = Enrolled.WRONG  # HR no longer knows whom it was made for
    if judged is Enrolled.LINKED and found is not None:
        mine = [rows.code_hash == found.code_hash, rows.used_at.is_(None)]
        await change(tx, EnrolmentRow, {"used_at": now, "account_id": account_id}, *mine)
        await _tie(app, tx, IdentityLink(found.person_id, instance, account_id, LinkEvidence.SELF_LINK))
    elif judged is Enrolled.TAKEN and found is not None:
        await _ask(app, tx, instance, account_id, "code_for_linked_account", {found.person_id, *holders})
    if judged not in (Enrolled.LINKED, Enrolled.ALREADY):
        await refuse(app, tx, instance, judged, person_id=person.id if person else None, account=account_id)
        return judged, None
    return judged, person


async def take_contact(
    app: Bawab, tx: AsyncConnection, instance: str, account_id: str, phone: str
) -> tuple[Enrolled, Person | None]:
    """Tie an account by the number its owner shared, held for HR or IT; safe to repeat.

    `phone` is what the platform vouches for: the account's own number, with its country code.
    The caller has made sure that it is the sender's own.
    """
    holders = await _holders(tx, instance, account_id)
    number = e164(phone if phone.lstrip().startswith("+") else f"+{phone}")
    person = judge_contact(number, await _everybody(tx)) if number else None
    if person is None:
        await _ask(app, tx, instance, account_id, "contact_unknown", holders)
        return Enrolled.ASKED, None
    if person.id in holders and len(holders) == 1:
        return Enrolled.ALREADY, person
    if holders or await _accounts(tx, instance, person.id):
        await _ask(app, tx, instance, account_id, "contact_for_linked_account", {person.id, *holders})
        return Enrolled.ASKED, None
    await _tie(app, tx, IdentityLink(person.id, instance, account_id, LinkEvidence.SHARED_CONTACT))
    return Enrolled.HELD, person


async def refuse(
    app: Bawab,
    tx: AsyncConnection,
    instance: str,
    why: str,
    *,
    person_id: str | None = None,
    account: str = "",
) -> None:
    """Log that an account was not tied; the account is sealed under the person's key, or left out."""
    entry = Entry(
        action=Action.LINK_REFUSE,
        actor="bawab",
        outcome="refused",
        person_id=person_id,
        instance=instance,
        detail={"why": str(why)},
        personal={"account": account} if person_id and account else None,
    )
    await app.audit.append(tx, entry)


async def unlink(
    app: Bawab, person: PersonRow, *, instance: str | None, account_id: str | None, actor: str, reason: str
) -> list[LinkRow]:
    """Untie a person's accounts (all of them, or those named); steps that wait for them are then stopped.

    What HR's record states is tied again by the next feed. Raises CannotLink where there is nothing to untie.
    """
    if goes_by(person, actor.removeprefix("person:")):
        raise CannotLink("nobody unties their own account; ask somebody else in HR or IT")
    rows = columns(LinkRow)
    mine = [rows.person_id == person.id]
    mine += [rows.instance == instance] if instance else []
    mine += [rows.account_id == account_id] if account_id else []
    async with app.store.write() as tx:
        found = await where(tx, LinkRow, *mine)
        if not found:
            raise CannotLink(f"{person.id} has no such account; see `bawab link list {person.id}`")
        await tx.execute(delete(table(LinkRow)).where(*mine))
        await app.audit.append(tx, *[_untied(link, actor, reason) for link in found])
        for link in found:
            await _answered(tx, link.instance, link.account_id)
            await _nothing_to_release(app, tx, link)
    return found


def _untied(link: LinkRow, actor: str, reason: str) -> Entry:
    return Entry(
        action=Action.LINK_REMOVE,
        actor=actor,
        outcome="none",
        person_id=link.person_id,
        instance=link.instance,
        detail={"evidence": link.evidence, "why": reason or "by_hand"},
        personal={"account": link.account_id},
    )


async def _tie(app: Bawab, tx: AsyncConnection, link: IdentityLink) -> None:
    """Store a link; one that a weaker sign had made, unreleased, gives way to it."""
    rows = columns(LinkRow)
    same = [rows.person_id == link.person_id, rows.instance == link.instance]
    before = await one(tx, LinkRow, *same, rows.account_id == link.account_id)
    if before is not None and before.released_at is not None:
        return  # theirs with certainty already
    if before is not None:
        await tx.execute(delete(table(LinkRow)).where(*same, rows.account_id == link.account_id))
        await _nothing_to_release(app, tx, before)
    await store_links(app, tx, link.instance, [link])
    await _answered(tx, link.instance, link.account_id)


async def _holders(tx: AsyncConnection, instance: str, account_id: str) -> frozenset[str]:
    """Give the employee ids that have the account already: by a link, or because HR's record states it."""
    links = columns(LinkRow)
    tied = await where(tx, LinkRow, links.instance == instance, links.account_id == account_id)
    return frozenset([link.person_id for link in tied] + await stated_for(tx, instance, account_id))


async def _accounts(tx: AsyncConnection, instance: str, person_id: str) -> list[LinkRow]:
    links = columns(LinkRow)
    return await where(tx, LinkRow, links.instance == instance, links.person_id == person_id)


async def _everybody(tx: AsyncConnection) -> list[Person]:
    return [person_from_json(row.record) for row in await where(tx, PersonRow)]


async def _ask(
    app: Bawab, tx: AsyncConnection, instance: str, account_id: str, why: str, people: Collection[str]
) -> None:
    """Store the question, once, and log it for each person it is about."""
    rows, named = columns(LinkQuestionRow), sorted(people)
    asked = await where(tx, LinkQuestionRow, rows.instance == instance, rows.why == why)
    if any(row.accounts == [account_id] and row.people == named for row in asked):
        return
    question = LinkQuestionRow(
        id=new_id("ask"),
        instance=instance,
        people=named,
        accounts=[account_id],
        why=why,
        asked_at=app.now(),
    )
    await add(tx, question)
    each: Sequence[str | None] = named or [None]
    for person_id in each:
        entry = Entry(
            action=Action.LINK_DOUBT,
            actor="bawab",
            outcome="ambiguous",
            person_id=person_id,
            instance=instance,
            detail={"why": why},
            personal={"accounts": [account_id]} if person_id else None,
        )
        await app.audit.append(tx, entry)


async def _nothing_to_release(app: Bawab, tx: AsyncConnection, link: LinkRow) -> None:
    """Withdraw the hold of a link that is gone, unless it keeps others too."""
    if link.released_at is not None or link.hold_digest is None:
        return
    if await one(tx, LinkRow, columns(LinkRow).hold_digest == link.hold_digest) is None:
        await withdraw(app, tx, link.hold_digest, "its accounts are no longer proposed")


async def _answered(tx: AsyncConnection, instance: str, account_id: str) -> None:
    """What was asked about an account is settled once it is tied or untied."""
    rows = columns(LinkQuestionRow)
    for row in await where(tx, LinkQuestionRow, rows.instance == instance):
        if row.accounts == [account_id]:
            await tx.execute(delete(table(LinkQuestionRow)).where(rows.id == row.id))
