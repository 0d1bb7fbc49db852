"""The outbox: who gets which message about a case, as rows, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.audit.actions import Action
from bot.notices.addresses import Addresses
from bot.notices.ledger import notice_entry
from bot.notices.ports import AuditSink, DirectoryLookup, NoticeLimits
from bot.notices.readers import reader_of
from bot.notices.recipients import Destination, Subject, is_present, who_may
from bot.store.notices import (
    case_by_id,
    leaving_now,
    set_notice,
    staff_hr_does_not_know,
    standing,
    steps_of_case,
)
from bot.store.query import add, new_id
from bot.store.tables import CaseRow, NoticeRow, StepRow
from bot.values import event_from_plain, group_from_plain
from policies.model import RegisteredGroup
from policies.selectors import registered, registry_of


@dataclass(frozen=True, slots=True)
class Contents:
    """What a message is about, by id; its words are chosen when it is sent."""

    steps: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    language: str | None = None
    """Of the groups' registry rows, for a reader whose own language is not known."""
    told: tuple[str, ...] = ()
    """What it tells of, by name, so that nothing is told twice."""

    def plain(self) -> dict[str, object]:
        """Give what the row stores."""
        kept: dict[str, object] = {"steps": list(self.steps), "tasks": list(self.tasks)}
        return kept | ({"told": list(self.told)} if self.told else {})


@dataclass(frozen=True, slots=True)
class Put:
    """A message to be stored: about what, of which kind, to whom; where `to` is given, by that address."""

    case_id: str
    """Empty for what belongs to no one case."""
    subject: Subject
    now: datetime
    kind: str
    recipient: str
    to: Destination | None = None
    hold: str | None = None


@dataclass(frozen=True, slots=True)
class Matter:
    """What is being told about: a case, its subject, and the moment."""

    case: CaseRow
    subject: Subject
    now: datetime


class Outbox:
    """Chooses recipients by the pure rule, and writes notices in the caller's transaction."""

    def __init__(
        self,
        audit: AuditSink,
        addresses: Addresses,
        directory: DirectoryLookup,
        registry: Sequence[RegisteredGroup],
        limits: NoticeLimits,
    ) -> None:
        self._audit = audit
        self.addresses = addresses
        self._directory = directory
        self.take(registry)
        self._limits = limits

    def take(self, registry: Sequence[RegisteredGroup]) -> None:
        """Go by these rows of the registry from now on."""
        self._registry = registry_of(registry)

    def row_of(self, step: StepRow) -> RegisteredGroup | None:
        """Find the registry's row for the group of a step."""
        group = group_from_plain(step.group)
        return None if group is None else registered(group, self._registry)

    def language_of(self, step: StepRow) -> str | None:
        """Give the language the registry says of a group."""
        row = self.row_of(step)
        return row.language if row else None

    async def subject(self, tx: AsyncConnection, case: CaseRow, steps: Iterable[StepRow]) -> Subject:
        """Gather who the case is about, with every account that is or may be theirs."""
        tied = await self._directory.accounts_of(tx, case.person_id)
        stated = event_from_plain(case.event).person.account_ids
        acted_on = {(step.instance, step.account_id) for step in steps}
        read = await self.addresses.subject_reads(tx, case.person_id)
        return Subject(case.person_id, tied.union(stated, acted_on, read))

    async def subject_of_case(self, tx: AsyncConnection, case_id: str) -> Subject | None:
        """Gather the same by the id of a case; None where there is no such case."""
        case = await case_by_id(tx, case_id)
        return await self.subject(tx, case, await steps_of_case(tx, case_id)) if case else None

    async def addresses_of(self, tx: AsyncConnection, people: Iterable[str]) -> frozenset[tuple[str, str]]:
        """Gather every (channel, address) that is, or may be, one of these people's."""
        found: set[tuple[str, str]] = set()
        for person_id in people:
            found |= await self._directory.accounts_of(tx, person_id)
            found |= await self.addresses.subject_reads(tx, person_id)
        return frozenset(found)

    async def present(self, tx: AsyncConnection, ids: Iterable[str | None], now: datetime) -> frozenset[str]:
        """Give those of the ids who are people with the company now, and not on their way out."""
        wanted = {one for one in ids if one}
        leaving = await leaving_now(tx, wanted, now)
        here = {one for one in sorted(wanted - leaving) if await self._is_here(tx, one, now)}
        return frozenset(here) | await staff_hr_does_not_know(tx, wanted - here - leaving)

    async def chain(self, tx: AsyncConnection, step: StepRow, *, creator: bool) -> tuple[str, ...]:
        """Give who may answer for a group, in order: owner, deputy, then, if policy says so, its creator.

        A creator counts only where the account is certainly somebody's: of an unknown account nobody can say
        that it is not the subject's.
        """
        row, group = self.row_of(step), group_from_plain(step.group)
        chain = [row.owner_id, row.deputy_id] if row else []
        if creator and group is not None and group.creator_id:
            chain.append(await self._directory.person_of(tx, group.instance, group.creator_id))
        return tuple(one for one in chain if one)

    async def first_reachable(self, tx: AsyncConnection, chain: Iterable[str], matter: Matter) -> str | None:
        """Give the first of a chain who may be told and has an account to write to, else who may be told."""
        able = await self.able(tx, chain, matter)
        for one in able:
            if await self.destination(tx, one, matter.subject):
                return one
        return able[0] if able else None

    async def able(self, tx: AsyncConnection, chain: Iterable[str | None], matter: Matter) -> tuple[str, ...]:
        """Give those of a chain who may be told or asked, in its order."""
        return await self.able_for(tx, chain, matter.subject, matter.now)

    async def able_for(
        self, tx: AsyncConnection, chain: Iterable[str | None], subject: Subject, now: datetime
    ) -> tuple[str, ...]:
        """Give the same of a subject and a moment."""
        listed = tuple(chain)
        return who_may(listed, subject, await self.present(tx, listed, now))

    async def destination(self, tx: AsyncConnection, person_id: str, subject: Subject) -> Destination | None:
        """Find the address to write to somebody at: the first of those they want that is certainly theirs."""
        return next(iter(await self.addresses.of(tx, person_id, subject)), None)

    async def put(
        self, tx: AsyncConnection, matter: Matter, kind: str, recipient: str, contents: Contents
    ) -> NoticeRow | None:
        """Store one message, once for each case, recipient and kind; None where it already stands.

        What cannot be delivered (nobody may be told, or no account is certain) is stored as such and logged.
        """
        put = Put(matter.case.id, matter.subject, matter.now, kind, recipient)
        return await self.write(tx, put, contents)

    async def write(self, tx: AsyncConnection, put: Put, contents: Contents) -> NoticeRow | None:
        """Store one message of any kind, once; None where it already stands."""
        if await standing(tx, put.case_id, put.recipient, put.kind) is not None:
            return None
        to = put.to
        if to is None and put.recipient:
            to = await self.destination(tx, put.recipient, put.subject)
        language = await self._language(tx, put.recipient, contents)
        notice = _row(put, contents, to, language)
        await add(tx, notice)
        if to is None:
            why = notice_entry(Action.NOTICE_FAIL, notice, "undeliverable", why=notice.detail)
            await self._audit.append(tx, why)
        return notice

    async def reaches_only_them(self, tx: AsyncConnection, notice: NoticeRow, subject: Subject) -> bool:
        """Whether a notice's address is still the recipient's, and is not read by its subject."""
        channel = self.addresses.channels.get(notice.instance)
        if channel is None:
            # Not configured for now: it waits, and is asked again when it is back.
            return (notice.instance, notice.account_id) not in subject.accounts
        theirs = await self.addresses.on(tx, notice.recipient_id, channel)
        if theirs != notice.account_id or subject.people & channel.readers:
            return False
        return (notice.instance, theirs) not in subject.accounts

    async def merge(self, tx: AsyncConnection, notice: NoticeRow, contents: Contents) -> bool:
        """Add to a message that has not left yet; False where it has."""
        if notice.state != "pending" or notice.attempts:
            return False
        told = notice.groups
        both = Contents(
            steps=tuple(dict.fromkeys([*told["steps"], *contents.steps])),
            tasks=tuple(dict.fromkeys([*told["tasks"], *contents.tasks])),
        )
        return await set_notice(tx, notice, {"groups": told | both.plain()})

    async def _is_here(self, tx: AsyncConnection, person_id: str, now: datetime) -> bool:
        person = await self._directory.person(tx, person_id)
        return is_present(person, now, self._limits.time_zone)

    async def _language(self, tx: AsyncConnection, recipient: str, contents: Contents) -> str:
        own = (await reader_of(tx, recipient, self._limits)).language if recipient else None
        return own or contents.language or self._limits.language


def _row(put: Put, contents: Contents, to: Destination | None, language: str) -> NoticeRow:
    return NoticeRow(
        id=new_id("notice"),
        case_id=put.case_id,
        kind=put.kind,
        recipient_id=put.recipient,
        instance=to.instance if to else "",
        account_id=to.account_id if to else "",
        language=language,
        groups=contents.plain(),
        state="pending" if to else "undeliverable",
        next_attempt_at=put.now if to else None,
        detail="" if to else ("no_account" if put.recipient else "no_owner"),
        created_at=put.now,
        hold_digest=put.hold,
    )
