"""Letting go what a run guard held: once, for exactly one digest, by somebody who may."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.casework import decide_again
from bot.holds import OBSERVED, first_run_is_open, gate, let_through
from bot.people.who import goes_by
from bot.plan_again import plan_again
from bot.states import CASE_NOT_STARTED, FeedState, HoldKind, StepState
from bot.store.query import add, change, columns, new_id, where
from bot.store.tables import (
    CaseRow,
    FeedRow,
    HoldRow,
    LinkRow,
    MetaRow,
    PersonRow,
    PolicyRow,
    RunRow,
    StepRow,
)
from bot.values import event_from_plain

SHORTEST_DIGEST = 8
Seen = Mapping[str, Mapping[str, Sequence[str]]]


class CannotRelease(Exception):
    """The release is refused: nothing is found, it was released before, or this person may not."""


class StillUndecided(CannotRelease):
    """What kept the cases of a hold undecided is not mended; `reasons` gives each with its count of cases."""

    def __init__(self, reasons: Mapping[str, int], cases: int) -> None:
        named = ", ".join(f"{reason} ({count})" for reason, count in sorted(reasons.items()))
        missing = sum(reasons.values())
        super().__init__(
            f"{missing} of {cases} still cannot be decided: mend the cause first: {named}. For time zones "
            "set BAWAB_TIME_ZONE or correct HR's column; for a missing rule see `bawab policy check`"
        )
        self.reasons = dict(reasons)


@dataclass(frozen=True, slots=True)
class Released:
    """What one release let go."""

    hold: HoldRow
    count: int


async def find_hold(tx: AsyncConnection, digest: str) -> HoldRow:
    """Find the one open hold whose digest starts so; raises CannotRelease saying why there is none."""
    if len(digest) < SHORTEST_DIGEST:
        raise CannotRelease(f"{digest!r} is too short: give at least {SHORTEST_DIGEST} characters")
    holds = columns(HoldRow)
    found = await where(tx, HoldRow, holds.digest.startswith(digest.lower(), autoescape=True))
    if len(found) != 1:
        raise CannotRelease(f"no hold begins with {digest!r}; `bawab status` lists what is held")
    row = found[0]
    if row.released_at is not None:
        raise CannotRelease(f"{digest} was released before, by {row.released_by}; a digest is released once")
    if row.withdrawn_at is not None:
        raise CannotRelease(f"{digest} no longer applies: something newer replaced it")
    return row


async def release(
    app: Bawab, digest: str, *, actor: str, note: str = "", seen: Seen | None = None
) -> Released:
    """Release a hold, in one transaction with its log entry; raises CannotRelease.

    `seen` is what the releasing person was shown: case id → instance → group ids. It binds: what a case
    finds beyond it (and a small margin) when due is blocked and listed.
    """
    async with app.store.write() as tx:
        row = await find_hold(tx, digest)
        await _bind(tx, row, seen or {})
        await _may(tx, row, actor)
        holds = columns(HoldRow)
        values = {"released_at": app.now(), "released_by": actor}
        if not await change(tx, HoldRow, values, holds.digest == row.digest, holds.released_at.is_(None)):
            raise CannotRelease(f"{digest} was released a moment ago by somebody else")
        detail = {"hold": row.digest, "kind": row.kind, "count": row.count, "note": note}
        entry = Entry(action=Action.HOLD_RELEASE, actor=actor, outcome="released", detail=detail)
        await app.audit.append(tx, entry)
        count = await _LET_GO[HoldKind(row.kind)](app, tx, row, actor)
    return Released(row, count)


async def _bind(tx: AsyncConnection, row: HoldRow, seen: Seen) -> None:
    """A release binds its own cases only."""
    cases = columns(CaseRow)
    for case_id, approved in seen.items():
        plain = {instance: list(groups) for instance, groups in approved.items()}
        await change(tx, CaseRow, {"approved": plain}, cases.id == case_id, cases.hold_digest == row.digest)


async def _may(tx: AsyncConnection, row: HoldRow, actor: str) -> None:
    """Requester, approver and subject are three people, as far as names on one machine can tell."""
    name = actor.removeprefix("person:")
    cases = await where(tx, CaseRow, columns(CaseRow).hold_digest == row.digest)
    steps = await where(tx, StepRow, columns(StepRow).hold_digest == row.digest)
    askers = {row.requested_by, *(case.requested_by for case in cases)}
    if any(by.startswith("person:") and _named(by) == name.casefold() for by in askers):
        raise CannotRelease(f"{name} asked for this and cannot release it: somebody else must")
    concerned = {case.person_id for case in cases} | {step.person_id for step in steps}
    people = await where(tx, PersonRow, columns(PersonRow).id.in_(concerned))
    if name in concerned or any(goes_by(person, name) for person in people):
        raise CannotRelease(f"{name} is among the people concerned: somebody else must release this")


def _named(actor: str) -> str:
    return actor.removeprefix("person:").casefold()


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
        raise CannotRelease("this feed is no longer in quarantine")
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
