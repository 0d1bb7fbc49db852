"""Whoever leaves loses their own hold on Bawab first, and their seats pass on: in the case's transaction."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.roster import LEAVING, people_with, roles_of, staff_row
from bot.access.seats import hand_on_tasks
from bot.access.sessions import end_all_of
from bot.access.tokens import end_tokens_of
from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.holds import open_holds
from bot.signers import wanted_by
from bot.store.access_tables import SignInCodeRow, StaffRow
from bot.store.query import change, columns
from bot.store.tables import CaseRow
from policies.roles import Role


async def take_leave(app: Bawab, tx: AsyncConnection, case: CaseRow) -> None:
    """End everything of the leaver's own here, then hand over what they were asked; who only moves keeps all.

    Logged once, and safe to repeat: a second time there is nothing left to end or to hand over.
    """
    if case.kind not in LEAVING:
        return
    had = roles_of(await staff_row(tx, case.person_id))
    ended = await end_access(app, tx, case.person_id, why="leaves", actor="bawab")
    if any(ended.values()):
        entry = Entry(
            action=Action.ACCESS_END,
            actor="bawab",
            outcome="ended",
            person_id=case.person_id,
            case_id=case.id,
            detail={"why": "leaves", **ended},
        )
        await app.audit.append(tx, entry)
    await _hand_over(app, tx, case, had)


async def _hand_over(app: Bawab, tx: AsyncConnection, case: CaseRow, had: frozenset[Role]) -> None:
    """Tasks go to the next in line; approvals wait for the others who carry the role."""
    tasks = await hand_on_tasks(app, tx, case.person_id)
    held = await open_holds(tx) if had else []
    waiting = [row for row in held if any(had & roles for roles in wanted_by(row))]
    if not tasks and not waiting:
        return
    others = await people_with(app, tx, had) if waiting else []
    detail = {
        "tasks": len(tasks),
        "tasks_for_nobody": sum(heir is None for _, heir in tasks),
        "approvals": len(waiting),
        "others_who_may_approve": len(others),
    }
    entry = Entry(
        action=Action.SEAT_HAND_OVER,
        actor="bawab",
        outcome="handed_over",
        person_id=case.person_id,
        case_id=case.id,
        detail=detail,
    )
    await app.audit.append(tx, entry)


async def end_access(
    app: Bawab, tx: AsyncConnection, staff_id: str, *, why: str, actor: str
) -> dict[str, int]:
    """End somebody's roles, sessions, sign-in links and tokens; gives how many. The caller logs it."""
    rows, codes, now = columns(StaffRow), columns(SignInCodeRow), app.now()
    unused = [codes.staff_id == staff_id, codes.used_at.is_(None), codes.expires_at > now]
    values = {"ended_at": now, "updated_at": now}
    return {
        "roles": await change(tx, StaffRow, values, rows.id == staff_id, rows.ended_at.is_(None)),
        "sessions": await end_all_of(app, tx, staff_id),
        "links": await change(tx, SignInCodeRow, {"expires_at": now}, *unused),
        "tokens": await end_tokens_of(app, tx, staff_id, actor=actor, why=why),
    }
