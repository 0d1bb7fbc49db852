"""Whether each role without which nothing is decided surely has somebody: no more than that."""

from __future__ import annotations

import orjson

from bot.glance.rows import STAFF, Ask
from policies.roles import Role

NEEDED = (Role.HR, Role.IT)


def nobody_is_missing(ask: Ask) -> bool:
    """Whether nobody was ever named, or each role has somebody of whom nothing says that they leave.

    False says only that a full reading must judge.
    """
    if not ask("SELECT 1 FROM staff LIMIT 1", ()):
        return True
    carried: set[str] = set()
    for row in STAFF.read(ask, "WHERE ended_at IS NULL"):
        if set(NEEDED) - carried and _surely_here(ask, row.id, known_to_hr=row.known_to_hr):
            carried.update(row.roles)
    return carried >= set(NEEDED)


def _surely_here(ask: Ask, who: str, *, known_to_hr: bool) -> bool:
    """Whether HR has them at work without a last day, and no case of theirs is unfinished."""
    if ask("SELECT 1 FROM lifecycle_case WHERE person_id = ? AND finished_at IS NULL LIMIT 1", (who,)):
        return False
    found = ask("SELECT record FROM person WHERE id = ?", (who,)) if known_to_hr else ()
    if not found:
        return True  # whom HR does not know is not seen to leave by it
    record = orjson.loads(found[0][0])
    return record["status"] != "terminated" and not record.get("last_day")
