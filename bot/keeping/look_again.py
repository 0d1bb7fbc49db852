"""What a restored database no longer knows for certain: looked at before anything is done."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.states import StepState
from bot.store.access_tables import DraftRow, SessionRow, SignInCodeRow
from bot.store.audit_tables import Subject
from bot.store.query import columns, table
from bot.store.tables import FeedRow, StepRow

AFTER: Final = timedelta(minutes=2)
"""How long the lanes wait after a restore, so that HR's files since the backup are read first."""
SETTLE: Final = timedelta(minutes=15)
"""How long what is being looked at keeps the later steps of its case back."""


def look_before_acting(tx: Connection, now: datetime, by_hand: Collection[str]) -> int:
    """Turn steps that were to be done, or were being done, into steps to be read first; gives how many.

    They may have been done after the backup: what is absent by then is `already_absent`, and what is there
    is taken out as planned. Instances in `by_hand` have no API to look with.
    """
    steps, again = columns(StepRow), now + AFTER
    waiting = steps.state.in_([StepState.PENDING, StepState.STILL_PRESENT])
    under_way = sa.and_(steps.state == StepState.REQUESTED, steps.next_attempt_at.is_(None))
    due = [
        sa.or_(sa.and_(waiting, steps.next_attempt_at.is_not(None)), under_way),
        steps.instance.not_in(list(by_hand)),
    ]
    first = {
        "state": StepState.OUTCOME_UNKNOWN,
        "next_attempt_at": again,
        "settle_until": again + SETTLE,
        "attempts": sa.case((steps.acted == "no", 0), else_=steps.attempts),
        "reads": 0,
        "updated_at": now,
    }
    found = tx.execute(sa.update(table(StepRow)).where(*due).values(first)).rowcount
    lost = steps.state.in_([StepState.REQUESTED, StepState.OUTCOME_UNKNOWN])
    tx.execute(
        sa.update(table(StepRow)).where(lost, steps.next_attempt_at < again).values(next_attempt_at=again)
    )
    return int(found)


def end_sessions(tx: Connection) -> int:
    """End every session and one-time code of the console: somebody may have ended them since the backup."""
    gone = [tx.execute(sa.delete(table(row))).rowcount for row in (SessionRow, DraftRow, SignInCodeRow)]
    return int(gone[0])


def feeds_at(tx: Connection, folder: Path) -> None:
    """Name files in quarantine by where they are now; raises SQLAlchemyError."""
    feeds = columns(FeedRow)
    kept = tx.execute(sa.select(feeds.id, feeds.kept_copy).where(feeds.kept_copy.is_not(None))).all()
    for id_, path in kept:
        here = str(folder / Path(path).name)
        tx.execute(sa.update(table(FeedRow)).where(feeds.id == id_).values(kept_copy=here))


def erase_again(tx: Connection, erased: Iterable[str], now: datetime) -> int:
    """Destroy the keys of pseudonyms erased after the backup; gives how many were not erased in it."""
    subjects, count = columns(Subject), 0
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql("PRAGMA secure_delete=ON")
    gone: Mapping[str, Any] = {"person_id": None, "key": None, "destroyed_at": now}
    for pseudonym in erased:
        still = [subjects.pseudonym == pseudonym, subjects.destroyed_at.is_(None)]
        count += int(tx.execute(sa.update(table(Subject)).where(*still).values(gone)).rowcount)
    return count
