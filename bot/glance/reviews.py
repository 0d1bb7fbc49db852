"""How many runs wait for a review, by plain SQL: the terms are those of `bot.reviews`."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from bot.audit.actions import Action
from bot.glance.rows import META, Ask, among, stored
from bot.run_terms import ALARMS, BROKEN, ESCALATE_AFTER, FRAMES, HORIZON, SINCE, Unreviewed
from bot.states import CASE_OPEN

_OPEN: Final = sorted(CASE_OPEN)


_SQL: Final = f"""
WITH ended AS (
  SELECT id, kind, started_at, ended_at AS own, coalesce(ended_at, CASE WHEN kind {among(FRAMES)} THEN (
    SELECT min(later.started_at) FROM run AS later
    WHERE later.kind {among(FRAMES)} AND later.started_at > run.started_at
  ) END) AS at FROM run
)
SELECT at, (SELECT max(coalesce(finished_at, updated_at)) FROM lifecycle_case WHERE run_id = ended.id)
FROM ended
WHERE at IS NOT NULL AND at > ?
AND NOT EXISTS (SELECT 1 FROM review WHERE run_id = ended.id AND signed_at IS NOT NULL)
AND NOT EXISTS (SELECT 1 FROM lifecycle_case WHERE run_id = ended.id AND state {among(_OPEN)})
AND (
  EXISTS (SELECT 1 FROM lifecycle_case WHERE run_id = ended.id)
  OR EXISTS (SELECT 1 FROM hold WHERE run_id = ended.id)
  OR (kind {among(FRAMES)} AND (own IS NULL OR EXISTS (
    SELECT 1 FROM audit_entry AS entry
    WHERE (action {among(ALARMS)} OR (action = ? AND outcome = ?))
    AND entry.at || '' >= ended.started_at AND entry.at || '' <= ended.at
  )))
)
"""  # noqa: S608 - our own words


def unreviewed(ask: Ask, now: datetime) -> Unreviewed:
    """Count the runs that wait for a review, and those that have waited too long."""
    known = META.read(ask, "WHERE key = ?", (SINCE,))
    since = datetime.fromisoformat(known[0].value) if known and known[0].value else None
    given = (*FRAMES, *FRAMES, stored(now - HORIZON), *_OPEN, *FRAMES, *ALARMS, Action.AUDIT_VERIFY, BROKEN)
    overs = [max(map(datetime.fromisoformat, filter(None, row))) for row in ask(_SQL, given)]
    waiting = [over for over in overs if since is None or over > since]
    return Unreviewed(len(waiting), sum(now - over >= ESCALATE_AFTER for over in waiting))
