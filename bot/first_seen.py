"""People first seen as gone: overdue and held for HR, but only where memberships really live on."""

from __future__ import annotations

from bot.app import Bawab
from bot.audit.actions import Action
from bot.casework import set_state
from bot.drafting import Draft, Drafter, Unread
from bot.holds import hold
from bot.states import CaseState, HoldKind
from bot.store.query import columns, where
from bot.store.tables import CaseRow, LinkRow
from policies.model import Verdict

LIVE = frozenset({Verdict.ACT, Verdict.BLOCKED, Verdict.ASK_OWNER})


async def settle_first_seen(app: Bawab) -> int:
    """Look where each of them still is; whoever is nowhere is done, the rest is held under one digest.

    To be called once every instance has been linked; nothing is written to any platform. Gives how many
    are held.
    """
    cases = columns(CaseRow)
    waiting = [cases.state == CaseState.PLANNED, cases.reason == HoldKind.FIRST_SEEN]
    async with app.store.read() as tx:
        found = await where(tx, CaseRow, *waiting)
    if not found:
        return 0
    drafter = Drafter(app)
    live: list[CaseRow] = []
    for case in found:
        where_to = await _standing(app, drafter, case)
        if where_to == "live":
            live.append(case)
        elif where_to == "nowhere":
            await _done(app, case)
    if live:
        async with app.store.write() as tx:
            cause = {"people": len(live), "why": "already gone when first seen, and still in groups"}
            await hold(app, tx, HoldKind.FIRST_SEEN, live, None, cause)
    return len(live)


async def _standing(app: Bawab, drafter: Drafter, case: CaseRow) -> str:
    """`live`, `nowhere`, or `unread` (asked again at the next tick)."""
    async with app.store.read() as tx:
        links = await where(tx, LinkRow, columns(LinkRow).person_id == case.person_id)
    if not links:
        return "nowhere"
    drafts = await drafter.everywhere(case)
    if any(_lives_on(draft) for draft in drafts):
        return "live"
    return "unread" if any(isinstance(draft, Unread) for draft in drafts) else "nowhere"


def _lives_on(draft: Draft | Unread) -> bool:
    return isinstance(draft, Draft) and any(step.verdict in LIVE for step in draft.plan.steps)


async def _done(app: Bawab, case: CaseRow) -> None:
    values = {"finished_at": app.now(), "reason": "no_live_membership"}
    async with app.store.write() as tx:
        await set_state(app, tx, case, CaseState.COMPLETED, Action.CASE_COMPLETE, values=values)
