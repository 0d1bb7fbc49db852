"""A case in one line, as every list shows it: cut to what its reader may know, never the reader's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_
from sqlalchemy.sql.elements import ColumnElement

from bot.access.actor import Actor
from bot.app import Bawab
from bot.locale.keys import REASONS
from bot.states import CASE_NOT_STARTED, CASE_OPEN, CaseState, HoldKind
from bot.store.query import columns
from bot.store.tables import CaseRow
from bot.values import event_from_plain
from policies.roles import Permission


@dataclass(frozen=True, slots=True)
class CaseLine:
    """What is being done for whom, and when. Instants are aware, `zone` is the one HR meant."""

    id: str
    person_id: str
    person: str
    """Their name as HR wrote it: fence it off before it stands in a sentence."""
    kind: str
    """An `EventKind`."""
    state: CaseState
    effective: datetime | None
    due: datetime | None
    zone: str
    overdue: bool
    """Due before now and not begun, or begun late."""
    past: bool
    """The instant HR gave is over."""
    urgent: bool
    started_at: datetime | None
    finished_at: datetime | None
    reason: str | None
    """Why it is held, cancelled or set aside: a stable key, or a person's words for who may read them."""
    exit_type: str | None
    """None for whoever may not read why somebody's access ends."""
    hold: str | None
    """Digest of what holds it; None for whoever may not read holds."""

    @property
    def open(self) -> bool:
        """Whether it has not ended."""
        return self.state in CASE_OPEN


def case_line(app: Bawab, who: Actor, row: CaseRow) -> CaseLine:
    """Give the line of a case for this reader."""
    reads_reason = who.may(Permission.REASON_READ)
    instant = row.effective or row.due
    return CaseLine(
        id=row.id,
        person_id=row.person_id,
        person=event_from_plain(row.event).person.name or row.person_id,
        kind=row.kind,
        state=CaseState(row.state),
        effective=row.effective,
        due=row.due,
        zone=row.zone or app.settings.time_zone or who.zone,
        overdue=is_overdue(row, app.now()),
        past=instant is not None and instant <= app.now(),
        urgent=row.urgent,
        started_at=row.started_at,
        finished_at=row.finished_at,
        reason=row.reason if reads_reason or is_key(row.reason) else None,
        exit_type=row.exit_type if reads_reason else None,
        hold=row.hold_digest if who.may(Permission.HOLD_READ) else None,
    )


def is_key(reason: str | None) -> bool:
    """Whether a reason is one of Bawab's own keys, and not something a person wrote."""
    return reason in REASONS or reason in set(HoldKind)


def is_overdue(row: CaseRow, now: datetime) -> bool:
    """Whether an open case is late: found late, or due and not begun."""
    late = row.due is not None and row.due < now and row.state in CASE_NOT_STARTED
    return row.state in CASE_OPEN and (row.overdue or late)


def overdue_at(now: datetime) -> ColumnElement[bool]:
    """Ask the database for what `is_overdue` says of one row."""
    rows = columns(CaseRow)
    late = and_(rows.due.is_not(None), rows.due < now, rows.state.in_(CASE_NOT_STARTED))
    return and_(rows.state.in_(CASE_OPEN), or_(rows.overdue, late))


def is_own(who: Actor, row: CaseRow) -> bool:
    """Whether the case is about its reader: nobody learns of their own leaving from here."""
    return row.person_id == who.id


def by_due(line: CaseLine) -> tuple[bool, str, str]:
    """Sort the next due first, those without an instant last."""
    return line.due is None, line.due.isoformat() if line.due else "", line.id
