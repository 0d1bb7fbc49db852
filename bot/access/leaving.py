"""Whoever leaves loses their own hold on Bawab first: roles, sessions, tokens, in the case's transaction."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.sessions import end_all_of
from bot.access.staff import LEAVING
from bot.access.tokens import end_tokens_of
from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.store.access_tables import SignInCodeRow, StaffRow
from bot.store.query import change, columns
from bot.store.tables import CaseRow


async def take_leave(app: Bawab, tx: AsyncConnection, case: CaseRow) -> None:
    """End everything of the leaver's own here, logged once and safe to repeat; who only moves keeps all."""
    if case.kind not in LEAVING:
        return
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
