"""The emergency: somebody is taken out at once, and a second person says afterwards whether it was right."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.access.leaving import take_leave
from bot.acts.finding import the_case, the_person_hr_knows
from bot.acts.last_word import changed_meanwhile, name_of
from bot.acts.refusals import CannotAct
from bot.alarm import News
from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.casework import LEAVING, Opening, cancel, close_empty_hold, decided, only_departure, open_case
from bot.holds import DAY, first_run_is_open, hold
from bot.manual_cases import departure, departures_of
from bot.signers import is_theirs, signer_of
from bot.states import CASE_NOT_STARTED, CASE_OPEN, CaseState, HoldKind
from bot.store.access_tables import ConfirmationRow
from bot.store.people import directory_size
from bot.store.query import add, change, columns, new_id, one, table, where
from bot.store.tables import CaseRow, HoldRow, PolicyRow, RunRow
from bot.values import event_from_plain
from policies.model import ExitType
from policies.plan import NoDecision, decide
from policies.roles import Permission
from policies.rules import Policy
from policies.thresholds import Breach, day_breach

CONFIRM_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Hurried:
    """An emergency as it stands after it was asked for."""

    case: CaseRow
    hold: HoldRow | None
    """Set where too many emergencies came in one day: this one waits for a release by somebody else."""
    confirm_by: ConfirmationRow | None
    """What a second person is asked afterwards."""


async def revoke_now(app: Bawab, who: Actor, case_id: str, reason: str) -> Hurried:
    """Carry out a departure at once, without waiting for an approval or for its day.

    What guards a run does not hold a single emergency: not its size, and not a policy that changed, for it is
    decided by the last policy that was released. While Bawab only observes it takes nobody out, and says so;
    more emergencies within a day than a day may lose unasked are held. Raises NotAllowed, CannotAct.
    """
    who.must(Permission.CASE_REVOKE_NOW)
    _says_why(reason)
    async with app.store.write() as tx:
        case = await the_case(tx, case_id, who)
        if case.kind not in LEAVING:
            raise CannotAct("not_a_departure", case=case.id)
        await _has_not_begun(app, tx, case)
        policy = await _policy(app, tx)
        hurried = await _at_once(app, tx, case, policy, who, reason)
    app.alarm.ring(News.CASE)
    return hurried


async def revoke_person_now(
    app: Bawab, who: Actor, person_id: str, exit_type: ExitType, reason: str
) -> Hurried:
    """Take somebody out at once: their departure that has not begun is hurried, else one is opened.

    As `revoke_now` otherwise. Raises NotAllowed, CannotAct.
    """
    who.must(Permission.CASE_REVOKE_NOW)
    _says_why(reason)
    async with app.store.write() as tx:
        person = await the_person_hr_knows(tx, person_id)
        _is_for_somebody_else(who, person_id)
        policy = await _policy(app, tx)
        standing = await departures_of(tx, person_id)
        for case in standing:
            await _has_not_begun(app, tx, case)
        if standing:
            case = standing[0]
        else:
            run = _run(app, who)
            await add(tx, run)
            event = departure(person, None, exit_type)
            opened = await open_case(app, tx, Opening(event, run.id, who.logged, urgent=True, policy=policy))
            if opened is None:
                raise await _has_its_case(tx, person_id, person.name)
            case = opened
        hurried = await _at_once(app, tx, case, policy, who, reason)
    app.alarm.ring(News.CASE)
    return hurried


def _says_why(reason: str) -> None:
    if not reason.strip():
        raise CannotAct("reason_missing")


def _is_for_somebody_else(who: Actor, person_id: str) -> None:
    if who.id == person_id:
        raise CannotAct("own_case")


async def _has_not_begun(app: Bawab, tx: AsyncConnection, case: CaseRow) -> None:
    """Raise CannotAct, also for an emergency the clock is about to carry out: pressed twice, it is one."""
    if case.state not in CASE_NOT_STARTED:
        raise CannotAct("under_way" if case.state in CASE_OPEN else "has_ended", case=case.id)
    due = case.state == CaseState.SCHEDULED and case.due is not None and case.due <= app.now()
    if due and await _asked(tx, case.id) is not None:
        raise CannotAct("under_way", case=case.id)


async def _asked(tx: AsyncConnection, case_id: str) -> ConfirmationRow | None:
    return await one(tx, ConfirmationRow, columns(ConfirmationRow).case_id == case_id)


async def _has_its_case(tx: AsyncConnection, person_id: str, name: str) -> CannotAct:
    cases = columns(CaseRow)
    ended = await where(tx, CaseRow, cases.person_id == person_id, cases.kind.in_(LEAVING))
    if not ended:
        return CannotAct("nothing_to_do")
    return CannotAct("had_case", person=name, case=max(ended, key=_created).id)


async def _policy(app: Bawab, tx: AsyncConnection) -> Policy:
    """Give the policy an emergency is decided by: today's where it was released, else the last that was."""
    if await first_run_is_open(tx):
        raise CannotAct("observe_only")
    policies = columns(PolicyRow)
    released = await where(tx, PolicyRow, policies.released_at.is_not(None))
    if not released:
        raise CannotAct("no_released_policy")
    digests = {row.digest for row in released}
    today = app.shelf.current.digest
    return await app.shelf.version(tx, today if today in digests else max(released, key=_released).digest)


async def _at_once(
    app: Bawab, tx: AsyncConnection, case: CaseRow, policy: Policy, who: Actor, reason: str
) -> Hurried:
    run = _run(app, who)
    await _decide(app, case, policy, run.id)
    left, was, state = case.hold_digest, case.due, case.state
    case.due, case.urgent, case.hold_digest = app.now(), True, None
    values = _hurried_values(app, case, who)
    cases = columns(CaseRow)
    if not await change(tx, CaseRow, values, cases.id == case.id, cases.state == state):
        raise await changed_meanwhile(tx, case.id)
    case.state, case.requested_by = CaseState.RECEIVED, who.logged
    await add(tx, run)
    detail = {"was_due": was.isoformat() if was else "", "left_hold": (left or "")[:16]}
    detail |= {"emergency": "yes", "via": who.via}
    entry = _entry(case, Action.CASE_REVOKE_NOW, who.logged, reason, detail, before=state)
    await app.audit.append(tx, entry)
    if left is not None:
        await close_empty_hold(app, tx, left)
    breach = await _too_many(app, tx)
    if breach is not None:
        held = await hold(app, tx, HoldKind.DAY_THRESHOLD, [case], run, asdict(breach))
        return Hurried(await _afresh(tx, case), held, None)
    return await _scheduled(app, tx, case, who, reason)


async def _decide(app: Bawab, case: CaseRow, policy: Policy, run_id: str) -> None:
    """Keep what was decided by a released policy; decide anew what was not, or could not be."""
    if case.rule and case.policy_digest == policy.digest:
        return
    event = event_from_plain(case.event)
    decision = decide(event, policy, now=app.now(), default_zone=app.settings.time_zone)
    if isinstance(decision, NoDecision):
        raise CannotAct("not_decidable", why=decision.detail)
    decided(case, decision, policy, Opening(event, run_id, urgent=True))


def _hurried_values(app: Bawab, case: CaseRow, who: Actor) -> dict[str, object]:
    names = ("rule", "zone", "effective", "overdue", "approval", "policy_digest", "due", "urgent")
    return {name: getattr(case, name) for name in names} | {
        "state": CaseState.RECEIVED,
        "reason": None,
        "hold_digest": None,
        "approved": None,
        "requested_by": who.logged,
        "updated_at": app.now(),
    }


async def _scheduled(app: Bawab, tx: AsyncConnection, case: CaseRow, who: Actor, reason: str) -> Hurried:
    """From here on the clock carries it out, within a tick; whoever leaves has no hold here any more."""
    cases = columns(CaseRow)
    await change(tx, CaseRow, {"state": CaseState.SCHEDULED}, cases.id == case.id)
    asked = await _ask(app, tx, case, who, reason)
    await only_departure(app, tx, case.person_id, case.event_key, CASE_NOT_STARTED, actor=who.logged)
    await take_leave(app, tx, case)
    return Hurried(await _afresh(tx, case), None, asked)


async def _ask(app: Bawab, tx: AsyncConnection, case: CaseRow, who: Actor, reason: str) -> ConfirmationRow:
    """Ask a second person; an earlier emergency that was moved to another day gives way to this one."""
    now, rows = app.now(), columns(ConfirmationRow)
    asked = ConfirmationRow(
        case_id=case.id,
        requested_by=who.id,
        reason=reason.strip()[:1000],
        requested_at=now,
        due=now + CONFIRM_WITHIN,
    )
    if not await change(tx, ConfirmationRow, asked.model_dump(), rows.case_id == case.id):
        await add(tx, asked)
    return asked


async def _too_many(app: Bawab, tx: AsyncConnection) -> Breach | None:
    """A stolen session must not empty the company: as many go through as a day may lose unasked."""
    rows = columns(ConfirmationRow)
    query = select(func.count()).select_from(table(ConfirmationRow))
    today = int((await tx.execute(query.where(rows.requested_at > app.now() - DAY))).scalar_one())
    return day_breach(today + 1, await directory_size(tx), app.limits)


async def confirm_emergency(
    app: Bawab, who: Actor, case_id: str, verdict: Literal["confirmed", "disputed"], note: str = ""
) -> ConfirmationRow:
    """Say, as a second person, whether an emergency was right; once. Raises NotAllowed, CannotAct.

    Disputed, what was not begun is stopped; what was done stays done, and IT sees it.
    """
    who.must(Permission.CASE_CONFIRM)
    async with app.store.write() as tx:
        case = await the_case(tx, case_id, who)
        rows, asked = columns(ConfirmationRow), await _asked(tx, case.id)
        if asked is None:
            raise CannotAct("not_an_emergency", case=case.id)
        await _may_confirm(tx, asked, who)
        values = {
            "verdict": verdict,
            "decided_by": who.id,
            "decided_at": app.now(),
            "note": note.strip()[:1000],
        }
        await change(tx, ConfirmationRow, values, rows.case_id == case.id, rows.verdict.is_(None))
        detail: dict[str, object] = {"via": who.via, "asked_by": f"person:{asked.requested_by}"}
        entry = _entry(case, Action.CASE_CONFIRM, who.logged, note, detail, outcome=verdict)
        await app.audit.append(tx, entry)
        if verdict == "disputed":
            await cancel(app, tx, case, reason="disputed", actor=who.logged)
        found = await one(tx, ConfirmationRow, rows.case_id == case.id)
    return found or asked


async def _may_confirm(tx: AsyncConnection, asked: ConfirmationRow, who: Actor) -> None:
    if asked.verdict is not None and asked.decided_at is not None:
        by = await name_of(tx, f"person:{asked.decided_by}")
        raise CannotAct("confirmed_already", who=by, when=asked.decided_at)
    if is_theirs(asked.requested_by, await signer_of(tx, who)):
        raise CannotAct("is_requester")


def _entry(
    case: CaseRow,
    action: Action,
    actor: str,
    why: str,
    detail: dict[str, object] | dict[str, str],
    *,
    outcome: str = "ok",
    before: str | None = None,
) -> Entry:
    return Entry(
        action=action,
        actor=actor,
        outcome=outcome,
        person_id=case.person_id,
        case_id=case.id,
        run_id=case.run_id,
        rule=case.rule or None,
        before={"state": before} if before else None,
        detail=dict(detail),
        personal={"reason": why.strip()[:1000]} if why.strip() else None,
    )


def _run(app: Bawab, who: Actor) -> RunRow:
    return RunRow(id=new_id("run"), kind="manual", actor=who.logged, started_at=app.now(), ended_at=app.now())


async def _afresh(tx: AsyncConnection, case: CaseRow) -> CaseRow:
    return await one(tx, CaseRow, columns(CaseRow).id == case.id) or case


def _created(case: CaseRow) -> str:
    return case.created_at.isoformat()


def _released(row: PolicyRow) -> str:
    return row.released_at.isoformat() if row.released_at else ""
