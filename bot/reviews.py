"""Which runs somebody from IT must look at, how long they have waited, and their one escalation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.run_facts import ENDED_AT, RunFacts, facts_of, has_ended, touched
from bot.run_terms import AGEING, ESCALATE_AFTER, HORIZON, NONE_UNREVIEWED, SINCE, Unreviewed
from bot.signers import Signer, signer_of
from bot.store.access_tables import ReviewRow
from bot.store.query import add, all_of, change, columns, table
from bot.store.tables import CaseRow, MetaRow, RunRow
from policies.approvals import Asked, NotYours, sign
from policies.roles import Role

__all__ = ["AGEING", "ESCALATE_AFTER", "NONE_UNREVIEWED", "Unreviewed"]
"""What others find here too."""


class Standing(StrEnum):
    """Where a run stands with those who must look at it."""

    RUNNING = "running"
    """Something of it is still to be done."""
    NOTHING = "nothing"
    """It touched nobody, held nothing and met no trouble: nothing to review."""
    EARLIER = "earlier"
    """It ended before reviews were kept."""
    FRESH = "fresh"
    AGEING = "ageing"
    OVERDUE = "overdue"
    SIGNED = "signed"


BY: Final = frozenset({Role.IT})
"""Whose name a run wants."""
WAITING: Final = frozenset({Standing.FRESH, Standing.AGEING, Standing.OVERDUE})


def standing(facts: RunFacts, review: ReviewRow | None, now: datetime, since: datetime | None) -> Standing:
    """Say where a run stands; pure."""
    if review is not None and review.signed_at is not None:
        return Standing.SIGNED
    if facts.over_at is None:
        return Standing.RUNNING
    if not facts.touched:
        return Standing.NOTHING
    if since is not None and facts.over_at <= since:
        return Standing.EARLIER
    age = now - facts.over_at
    if age >= ESCALATE_AFTER:
        return Standing.OVERDUE
    return Standing.AGEING if age >= AGEING else Standing.FRESH


async def reviews_of(tx: AsyncConnection, run_ids: Sequence[str]) -> Mapping[str, ReviewRow]:
    """Give the reviews there are of these runs, by run."""
    rows = columns(ReviewRow)
    found = await all_of(tx, ReviewRow, sa.select(table(ReviewRow)).where(rows.run_id.in_(run_ids)))
    return {row.run_id: row for row in found}


async def since(tx: AsyncConnection) -> datetime | None:
    """Give the moment before which runs are owed no review; None where all of them are."""
    meta = columns(MetaRow)
    kept = await tx.scalar(sa.select(meta.value).where(meta.key == SINCE))
    return datetime.fromisoformat(kept) if kept else None


def unsigned() -> sa.ColumnElement[bool]:
    """Runs that nobody signed, have ended with all they began, and touched something."""
    rows, runs = columns(ReviewRow), columns(RunRow)
    signed = sa.exists().where(rows.run_id == runs.id, rows.signed_at.is_not(None))
    return sa.and_(~signed, has_ended(), touched())


async def unreviewed(app: Bawab, tx: AsyncConnection) -> Unreviewed:
    """Count what waits for a review, for whoever comes in the morning."""
    facts = await _waiting(app, tx, unsigned())
    reviews, known = await reviews_of(tx, [one.run.id for one in facts]), await since(tx)
    found = [standing(one, reviews.get(one.run.id), app.now(), known) for one in facts]
    waiting = [one for one in found if one in WAITING]
    return Unreviewed(len(waiting), waiting.count(Standing.OVERDUE))


async def why_not(app: Bawab, tx: AsyncConnection, who: Actor, run: RunRow) -> str | None:
    """Say why this person may not sign a run off now, as a key of a refused act; None where they may.

    Whoever asked for a run by hand, and whoever is among its people, does not also say that it was right: a
    colleague from IT does. Where there is none, it stays unreviewed, and is escalated.
    """
    (facts,) = await facts_of(tx, [run], app.now())
    if facts.over_at is None:
        return "run_not_ended"
    refused = sign(await _asked(tx, run, await signer_of(tx, who)), [], who.id, who.roles)
    return str(refused) if isinstance(refused, NotYours) else None


async def _asked(tx: AsyncConnection, run: RunRow, signer: Signer) -> Asked:
    cases, by = columns(CaseRow), run.actor.removeprefix("person:")
    people = set(await tx.scalars(sa.select(cases.person_id).where(cases.run_id == run.id)))
    theirs = run.actor.startswith("person:") and (by in signer.ids or signer.is_called(by))
    mine = {signer.by} if signer.ids & people else set()
    return Asked(frozenset({signer.by} if theirs else ()), frozenset(people | mine), (BY,))


async def escalate_due(app: Bawab) -> int:
    """Log, once for each, the runs that nobody has reviewed for three days; gives how many are new."""
    rows, runs = columns(ReviewRow), columns(RunRow)
    done = sa.exists().where(rows.run_id == runs.id, rows.escalated_at.is_not(None))
    async with app.store.read() as tx:
        facts = await _waiting(app, tx, sa.and_(unsigned(), ~done))
        known = await since(tx)
    late = [one for one in facts if standing(one, None, app.now(), known) is Standing.OVERDUE]
    escalated = 0
    for one in late:
        async with app.store.write() as tx:
            escalated += await _escalate(app, tx, one)
    return escalated


async def _waiting(app: Bawab, tx: AsyncConnection, wanted: sa.ColumnElement[bool]) -> list[RunFacts]:
    recent = app.now() - HORIZON < ENDED_AT
    found = await all_of(tx, RunRow, sa.select(table(RunRow)).where(wanted, recent))
    return await facts_of(tx, found, app.now())


async def _escalate(app: Bawab, tx: AsyncConnection, facts: RunFacts) -> int:
    """Remember and log it; 0 where somebody signed meanwhile."""
    run, rows, now = facts.run, columns(ReviewRow), app.now()
    before = (await reviews_of(tx, [run.id])).get(run.id)
    if before is not None and (before.signed_at or before.escalated_at):
        return 0
    values: dict[str, Any] = {"escalated_at": now}
    if not await change(tx, ReviewRow, values, rows.run_id == run.id):
        await add(tx, ReviewRow(run_id=run.id, escalated_at=now))
    detail = {"kind": run.kind, "over": facts.over_at.isoformat() if facts.over_at else ""}
    entry = Entry(Action.RUN_ESCALATE, "bawab", outcome="overdue", run_id=run.id, detail=detail)
    await app.audit.append(tx, entry)
    return 1
