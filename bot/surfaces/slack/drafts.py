"""What a form showed before its count is typed: kept for whoever saw it, for half an hour, and taken once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete

from bot.app import Bawab
from bot.store.access_tables import DraftRow
from bot.store.query import add, columns, one, table
from bot.views.offboarding import Wish
from policies.model import ExitType

PATH = "slack/offboard"
LASTS = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Draft:
    """Whom, when, and the groups that were shown: instance → group ids."""

    person_id: str
    wish: Wish
    seen: Mapping[str, Sequence[str]]


class Drafts:
    """The forms of one workspace, by the id of their view."""

    def __init__(self, app: Bawab, instance: str) -> None:
        self._app = app
        self._instance = instance

    async def keep(self, view_id: str, staff_id: str, draft: Draft) -> None:
        """Remember what a form shows, in the place of what it showed before."""
        now, wish = self._app.now(), draft.wish
        fields = {
            "person": draft.person_id,
            "wish": [wish.last_day, wish.time, wish.zone, str(wish.exit_type)],
            "seen": {instance: list(groups) for instance, groups in draft.seen.items()},
        }
        row = DraftRow(
            token_hash=self._key(view_id),
            staff_id=staff_id,
            path=PATH,
            fields=fields,
            created_at=now,
            expires_at=now + LASTS,
        )
        async with self._app.store.write() as tx:
            await tx.execute(delete(table(DraftRow)).where(columns(DraftRow).token_hash == row.token_hash))
            await add(tx, row)

    async def of(self, view_id: str, staff_id: str) -> Draft | None:
        """Give what a form showed this person; None where it is too old, another's, or was never shown."""
        rows = columns(DraftRow)
        async with self._app.store.read() as tx:
            row = await one(tx, DraftRow, rows.token_hash == self._key(view_id), rows.path == PATH)
        if row is None or row.staff_id != staff_id or row.expires_at <= self._app.now():
            return None
        day, time, zone, exit_type = row.fields["wish"]
        return Draft(row.fields["person"], Wish(day, time, zone, ExitType(exit_type)), row.fields["seen"])

    async def forget(self, view_id: str) -> None:
        """Forget a form that led to a case."""
        async with self._app.store.write() as tx:
            await tx.execute(
                delete(table(DraftRow)).where(columns(DraftRow).token_hash == self._key(view_id))
            )

    def _key(self, view_id: str) -> str:
        return f"slack:{self._instance}:{view_id}"
