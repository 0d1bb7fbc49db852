"""People first seen as gone: overdue and held for HR, but only where memberships really live on."""

from __future__ import annotations

from bot.app import Bawab
from bot.audit.actions import Action
from bot.casework import set_state
from bot.drafting import Draft, Drafter, Unread
from bot.holds import hold
from bot.lanes import closed_lanes, stumbled
from bot.states import CaseState, HoldKind
from bot.store.query import change, columns, where
from bot.store.tables import CaseRow, LinkQuestionRow, LinkRow
from connectors.errors import RateLimited
from policies.model import Verdict

LIVE = frozenset({Verdict.ACT, Verdict.BLOCKED, Verdict.ASK_OWNER})


A_PASS = 10
"""People looked at per call: a first feed may name hundreds, and whoever is urgent must not wait for them."""
LIVES_ON = "first_seen_live"


async def settle_first_seen(app: Bawab) -> int:
    """Look where some of them still are; whoever is nowhere is done, the rest is held under one digest.

    To be called, tick after tick, once every instance has been linked; nothing is written to any platform.
    Gives of how many it is now known; 0 when all are known, or none can be read.
    """
    unknown = await _waiting(app, HoldKind.FIRST_SEEN)
    async with app.store.read() as tx:
        closed = await closed_lanes(tx, app.now()) & set(app.chat)
    known = 0 if closed else sum([await _settle(app, case) for case in unknown[:A_PASS]])
    if not known:
        await _hold_live(app)
    return known


async def _waiting(app: Bawab, reason: str) -> list[CaseRow]:
    cases = columns(CaseRow)
    async with app.store.read() as tx:
        return await where(tx, CaseRow, cases.state == CaseState.PLANNED, cases.reason == reason)


async def _settle(app: Bawab, case: CaseRow) -> int:
    found = await _standing(app, Drafter(app), case)
    if found == "live":
        async with app.store.write() as tx:
            await change(tx, CaseRow, {"reason": LIVES_ON}, columns(CaseRow).id == case.id)
    elif found != "unread":
        await _done(app, case, reason=found)
    return int(found != "unread")


async def _hold_live(app: Bawab) -> None:
    live = await _waiting(app, LIVES_ON)
    if live:
        async with app.store.write() as tx:
            cause = {"people": len(live), "why": "already gone when first seen, and still in groups"}
            await hold(app, tx, HoldKind.FIRST_SEEN, live, None, cause)


async def _standing(app: Bawab, drafter: Drafter, case: CaseRow) -> str:
    """`live`, why there is nothing to do, or `unread` (asked again when the platform answers)."""
    async with app.store.read() as tx:
        links = await where(tx, LinkRow, columns(LinkRow).person_id == case.person_id)
        doubts = await where(tx, LinkQuestionRow)
    if any(case.person_id in doubt.people for doubt in doubts):
        return "live"  # whose account it is only a person can tell: HR must look, not the clock
    if not links:
        return "no_account_linked"
    drafts = await drafter.everywhere(case)
    if any(_lives_on(draft) for draft in drafts):
        return "live"
    unread = [draft for draft in drafts if isinstance(draft, Unread)]
    for draft in unread:
        if isinstance(draft.error, RateLimited):
            continue  # for now; the platform is well
        platform = app.chat[draft.instance].capabilities.platform
        await stumbled(app, draft.instance, platform, draft.error)
    return "unread" if unread else "no_live_membership"


def _lives_on(draft: Draft | Unread) -> bool:
    return isinstance(draft, Draft) and any(step.verdict in LIVE for step in draft.plan.steps)


async def _done(app: Bawab, case: CaseRow, *, reason: str) -> None:
    """Nothing was removed, so the case says why it is over."""
    values = {"finished_at": app.now(), "reason": reason}
    unfound = reason == "no_account_linked"
    end = CaseState.COMPLETED_WITH_EXCEPTIONS if unfound else CaseState.COMPLETED
    async with app.store.write() as tx:
        await set_state(app, tx, case, end, Action.CASE_COMPLETE, values=values, why=reason)
