"""What a release lets go, and what a rejection puts aside, by the kind of the hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.casework import cancel, decide_again
from bot.holds import OBSERVED, first_run_is_open, gate, let_through
from bot.plan_again import plan_again
from bot.release_faults import CannotRelease, StillUndecided
from bot.states import CASE_NOT_STARTED, FeedState, HoldKind, StepState
from bot.store.query import add, change, columns, new_id, table, where
from bot.store.tables import (
    CaseRow,
    FeedRow,
    HoldRow,
    LinkRow,
    MetaRow,
    PolicyRow,
    RunRow,
    StepRow,
)
from bot.values import event_from_plain

REJECTED = "rejected"


async def let_go(app: Bawab, tx: AsyncConnection, row: HoldRow, actor: str) -> int:
    """Do what the release of this hold means; gives how many cases, links or steps go on."""
    return await _LET_GO[HoldKind(row.kind)](app, tx, row, actor)


async def put_aside(app: Bawab, tx: AsyncConnection, row: HoldRow, actor: str) -> int:
    """Do what a rejection means: its cases are cancelled, its file or its links are not taken.

    Gives how many. What a changed policy or a first run would do to others stays as it was: unreleased.
    """
    if row.kind == HoldKind.FEED:
        feeds = columns(FeedRow)
        mine = [feeds.hold_digest == row.digest, feeds.state == FeedState.QUARANTINED]
        return await change(tx, FeedRow, {"state": FeedState.REFUSED}, *mine)
    if row.kind == HoldKind.IDENTITY_LINKS:
        return await _untie(app, tx, row, actor)
    rows, steps = columns(CaseRow), columns(StepRow)
    theirs = {step.case_id for step in await where(tx, StepRow, steps.hold_digest == row.digest)}
    waiting = rows.hold_digest == row.digest
    found = await where(tx, CaseRow, rows.id.in_(theirs) if theirs else waiting)
    return sum([await cancel(app, tx, case, reason=REJECTED, actor=actor) for case in found])


async def _untie(app: Bawab, tx: AsyncConnection, row: HoldRow, actor: str) -> int:
    links = columns(LinkRow)
    mine = [links.hold_digest == row.digest, links.released_at.is_(None)]
    found = await where(tx, LinkRow, *mine)
    await tx.execute(delete(table(LinkRow)).where(*mine))
    entries = [
        Entry(
            action=Action.LINK_REMOVE,
            actor=actor,
            outcome="none",
            person_id=link.person_id,
            instance=link.instance,
            detail={"evidence": link.evidence, "why": REJECTED},
            personal={"account": link.account_id},
        )
        for link in found
    ]
    await app.audit.append(tx, *entries)
    return len(found)


async def _cases(tx: AsyncConnection, row: HoldRow, actor: str) -> list[CaseRow]:
    """Give the cases that still wait; one that was rescinded or replaced meanwhile stays cancelled."""
    rows = columns(CaseRow)
    waiting = [rows.hold_digest == row.digest, rows.state.in_(CASE_NOT_STARTED)]
    await change(tx, CaseRow, {"released_by": actor}, *waiting)
    return await where(tx, CaseRow, *waiting)


async def _pass_on(app: Bawab, tx: AsyncConnection, row: HoldRow, actor: str) -> int:
    """Past this guard; a rule that wants an approval still gets its own."""
    cases = await _cases(tx, row, actor)
    await let_through(app, tx, cases, None)
    return len(cases)


async def _approve(app: Bawab, tx: AsyncConnection, row: HoldRow, actor: str) -> int:
    cases = await _cases(tx, row, actor)
    for case in cases:
        case.approval = None
    await let_through(app, tx, cases, None)
    return len(cases)


async def _end_observing(app: Bawab, tx: AsyncConnection, row: HoldRow, actor: str) -> int:
    meta = columns(MetaRow)
    if not await where(tx, MetaRow, meta.key == OBSERVED):
        await add(tx, MetaRow(key=OBSERVED, value={"by": actor, "at": app.now().isoformat()}))
    return await _release_policy(app, tx, row, actor)


async def _release_policy(app: Bawab, tx: AsyncConnection, row: HoldRow, actor: str) -> int:
    policies = columns(PolicyRow)
    values = {"released_at": app.now(), "released_by": actor}
    prefix = str(row.cause.get("policy", "-"))
    await change(tx, PolicyRow, values, policies.digest.startswith(prefix), policies.released_at.is_(None))
    return await _pass_on(app, tx, row, actor)


async def _let_feed_in(app: Bawab, tx: AsyncConnection, row: HoldRow, actor: str) -> int:
    feeds = columns(FeedRow)
    states = [feeds.hold_digest == row.digest, feeds.state == FeedState.QUARANTINED]
    if not await change(tx, FeedRow, {"state": FeedState.RELEASED}, *states):
        raise CannotRelease("this feed is no longer in quarantine", "feed_gone")
    detail = {"feed": row.cause.get("feed"), "file": row.cause.get("file")}
    await app.audit.append(tx, Entry(action=Action.FEED_RELEASE, actor=actor, detail=detail))
    return 1


async def _confirm_links(app: Bawab, tx: AsyncConnection, row: HoldRow, actor: str) -> int:
    links = columns(LinkRow)
    found = await where(tx, LinkRow, links.hold_digest == row.digest, links.released_at.is_(None))
    values = {"released_at": app.now(), "released_by": actor, "confirmed_at": app.now()}
    await change(tx, LinkRow, values, links.hold_digest == row.digest, links.released_at.is_(None))
    entries = [
        Entry(
            action=Action.LINK_RELEASE,
            actor=actor,
            person_id=link.person_id,
            instance=link.instance,
            detail={"evidence": link.evidence},
            personal={"account": link.account_id},
        )
        for link in found
    ]
    await app.audit.append(tx, *entries)
    for person_id, instance in sorted({(link.person_id, link.instance) for link in found}):
        await plan_again(app, tx, person_id, instance)
    return len(found)


async def _let_steps_go(app: Bawab, tx: AsyncConnection, row: HoldRow, actor: str) -> int:
    steps = columns(StepRow)
    values = {"state": StepState.PENDING, "next_attempt_at": app.now(), "updated_at": app.now()}
    mine = [steps.hold_digest == row.digest, steps.state == StepState.HELD]
    freed = await change(tx, StepRow, values, *mine)
    detail = {"hold": row.digest, "steps": freed}
    await app.audit.append(tx, Entry(action=Action.CASE_EXECUTE, actor=actor, detail=detail))
    return freed


async def _decide_anew(app: Bawab, tx: AsyncConnection, row: HoldRow, actor: str) -> int:
    """Whatever kept these cases undecided must be mended first; then they go through every guard."""
    run = RunRow(id=new_id("run"), kind="release", actor=actor, started_at=app.now(), ended_at=app.now())
    await add(tx, run)
    cases = await _cases(tx, row, actor)
    decided = [c for c in cases if await decide_again(app, tx, c, event_from_plain(c.event))]
    if len(decided) < len(cases):
        raise StillUndecided(Counter(c.reason or "" for c in cases if c not in decided), len(cases))
    await gate(app, tx, decided, run, first_run=await first_run_is_open(tx))
    return len(decided)


LetGo = Callable[[Bawab, AsyncConnection, HoldRow, str], Awaitable[int]]
_LET_GO: Mapping[HoldKind, LetGo] = {
    HoldKind.FEED: _let_feed_in,
    HoldKind.OBSERVE: _end_observing,
    HoldKind.POLICY_CHANGE: _release_policy,
    HoldKind.FIRST_SEEN: _pass_on,
    HoldKind.RUN_THRESHOLD: _pass_on,
    HoldKind.DAY_THRESHOLD: _pass_on,
    HoldKind.GROUP_THRESHOLD: _let_steps_go,
    HoldKind.APPROVAL: _approve,
    HoldKind.IDENTITY_LINKS: _confirm_links,
    HoldKind.NO_TIME_ZONE: _decide_anew,
}
