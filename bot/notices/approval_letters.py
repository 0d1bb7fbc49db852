"""Approvals, emergencies and questions from the rows: as they stand now, for this reader."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.locale import Translator
from bot.notices.approval_words import Approval, Emergency, Word, approval, emergency, questions
from bot.notices.saying import Means, Written
from bot.shown import shown_of
from bot.states import HoldKind
from bot.store.access_tables import ConfirmationRow, SignatureRow, StaffRow
from bot.store.notices import case_by_id
from bot.store.query import columns, one, where
from bot.store.tables import CaseRow, HoldRow, LinkQuestionRow, NoticeRow, PersonRow
from bot.values import event_from_plain
from connectors.messages import Passage

Drafted = tuple[tuple[Passage, ...], Written]
NAMED = 50
"""People read from the rows for one message; a few of them are named, the rest counted."""


async def approval_letter(
    tx: AsyncConnection, notice: NoticeRow, zone: str, t: Translator, means: Means
) -> Drafted:
    """Write what waits for signatures; decided, the message says by whom and has no buttons."""
    hold = await one(tx, HoldRow, columns(HoldRow).digest == (notice.hold_digest or ""))
    if hold is None:
        return (), Written(None)
    asked = await _asked(tx, hold, notice.recipient_id)
    if asked.decided and notice.state == "pending":
        return (), Written(None)  # decided before this one left: nobody else need be asked
    return approval(asked, zone, t, means), Written(None, closed=bool(asked.decided))


async def _asked(tx: AsyncConnection, hold: HoldRow, reader: str) -> Approval:
    signed = await where(tx, SignatureRow, columns(SignatureRow).digest == hold.digest)
    names = await names_of(tx, {row.by for row in signed})
    ordered = sorted(signed, key=lambda row: (row.at, row.by))
    words = [Word(names.get(row.by, row.by), row.verdict == "approve", row.at) for row in ordered]
    cases = await where(tx, CaseRow, columns(CaseRow).hold_digest == hold.digest)
    if hold.released_at is not None and not words:
        by = (hold.released_by or "").removeprefix("person:")
        words = [Word((await names_of(tx, {by})).get(by, by), approves=True, at=hold.released_at)]
    return Approval(
        digest=hold.digest,
        kind=HoldKind(hold.kind),
        count=hold.count,
        people=await _people(tx, hold, cases),
        due=min((case.due for case in cases if case.due), default=None),
        words=tuple(words),
        missing=max(0, len(hold.wanted or [()]) - sum(word.approves for word in words)),
        decided=_decided(hold, signed),
        mine=reader not in {row.by for row in signed},
        shown=shown_of(hold),
    )


def _decided(hold: HoldRow, signed: Sequence[SignatureRow]) -> str:
    if hold.released_at is not None:
        return "approved"
    if hold.withdrawn_at is None:
        return ""
    return "rejected" if any(row.verdict != "approve" for row in signed) else "withdrawn"


async def _people(tx: AsyncConnection, hold: HoldRow, cases: Sequence[CaseRow]) -> tuple[str, ...]:
    """Name whom it is about; once released its cases point elsewhere, and the hold's own person stays."""
    if cases:
        named = sorted(event_from_plain(case.event).person.name for case in cases[:NAMED])
        return tuple(named + [""] * (len(cases) - len(named)))
    person = (hold.cause or {}).get("person")
    known = await names_of(tx, {str(person)} if person else set())
    return tuple(known.values())


async def emergency_letter(
    tx: AsyncConnection, notice: NoticeRow, zone: str, t: Translator, means: Means
) -> Drafted:
    """Ask for a second person's word on an emergency; answered, say by whom."""
    case = await case_by_id(tx, notice.case_id)
    row = await one(tx, ConfirmationRow, columns(ConfirmationRow).case_id == notice.case_id)
    if case is None or row is None or (row.verdict and notice.state == "pending"):
        return (), Written(None)
    names = await names_of(tx, {row.requested_by.removeprefix("person:"), row.decided_by or ""})
    by, decided_by = row.requested_by.removeprefix("person:"), (row.decided_by or "").removeprefix("person:")
    asked = Emergency(
        case_id=case.id,
        person=event_from_plain(case.event).person.name,
        by=names.get(by, by),
        at=row.requested_at,
        due=row.due,
        verdict=row.verdict,
        decided_by=names.get(decided_by, decided_by),
        decided_at=row.decided_at,
        late=notice.kind.endswith("/late"),
    )
    return emergency(asked, zone, t, means), Written(None, closed=row.verdict is not None)


async def question_letter(tx: AsyncConnection, notice: NoticeRow, t: Translator, means: Means) -> Drafted:
    """Ask whose accounts are whose; the names stand where they are answered, not in the message."""
    told = set(notice.groups.get("told", ()))
    rows = await where(tx, LinkQuestionRow, columns(LinkQuestionRow).id.in_(told)) if told else []
    if not rows and notice.state == "pending":
        return (), Written(None)
    said = questions([row.instance for row in rows], t, means)
    return said, Written(None, closed=not rows, told=tuple(sorted(told)))


async def names_of(tx: AsyncConnection, ids: Collection[str]) -> dict[str, str]:
    """Give the names of people and staff by their ids, as far as they are known."""
    people = await where(tx, PersonRow, columns(PersonRow).id.in_(ids)) if ids else []
    staff = await where(tx, StaffRow, columns(StaffRow).id.in_(ids)) if ids else []
    return {row.id: row.name for row in staff} | {row.id: row.name for row in people}
