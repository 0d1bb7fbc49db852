"""Is the log whole? Asked at every start and by a person; that it was asked, and the answer, is an entry."""

from __future__ import annotations

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.audit.findings import Verification
from bot.audit.verify import Progress


async def check_log(
    app: Bawab, *, actor: str, heads_only: bool = False, progress: Progress | None = None
) -> Verification:
    """Verify the log, then log that it was verified and what was found; nothing is mended.

    `heads_only` compares the signed heads with the entries they name, as quick as a start must be.
    """
    found = await app.audit.verify(heads_only=heads_only, progress=progress)
    detail: dict[str, object] = {"entries": found.entries, "heads_only": heads_only}
    if not found.ok:
        detail |= {"problems": found.problems, "codes": sorted({one.code for one in found.findings})}
    outcome = "ok" if found.ok else "broken"
    async with app.store.write() as tx:
        await app.audit.append(tx, Entry(Action.AUDIT_VERIFY, actor, outcome=outcome, detail=detail))
    return found
