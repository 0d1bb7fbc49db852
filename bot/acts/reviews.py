"""IT's sign-off of a run: that somebody looked at what it did, with a note; once."""

from __future__ import annotations

from bot.access.actor import Actor
from bot.acts.last_word import name_of
from bot.acts.refusals import CannotAct
from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.reviews import why_not
from bot.store.access_tables import ReviewRow
from bot.store.query import add, change, columns, one, where
from bot.store.tables import RunRow
from policies.roles import Permission

LONGEST_NOTE = 2000


async def sign_off(app: Bawab, who: Actor, run_id: str, note: str) -> ReviewRow:
    """Sign off a run that is over, once, with a note; not one's own. Raises NotAllowed, CannotAct."""
    who.must(Permission.RUN_REVIEW)
    if not note.strip():
        raise CannotAct("reason_missing")
    rows = columns(ReviewRow)
    async with app.store.write() as tx:
        run = await one(tx, RunRow, columns(RunRow).id == run_id)
        if run is None:
            raise CannotAct("no_run", what=run_id)
        refused = await why_not(app, tx, who, run)
        if refused is not None:
            raise CannotAct(refused)
        known = await one(tx, ReviewRow, rows.run_id == run.id)
        if known is not None and known.signed_at is not None:
            by = await name_of(tx, known.signed_by or "")
            raise CannotAct("reviewed_already", who=by, when=known.signed_at)
        said = note.strip()[:LONGEST_NOTE]
        if known is None:
            await add(tx, ReviewRow(run_id=run.id))
        values = {"signed_by": who.logged, "signed_at": app.now(), "note": said}
        await change(tx, ReviewRow, values, rows.run_id == run.id)
        detail = {"note": said, "kind": run.kind, "via": who.via}
        entry = Entry(Action.RUN_REVIEW, who.logged, outcome="signed", run_id=run.id, detail=detail)
        await app.audit.append(tx, entry)
        (found,) = await where(tx, ReviewRow, rows.run_id == run.id)
    return found
