"""What a full opening leaves for the next look: that everything was judged, and found well."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

from bot.glance.ground import given_variables, ground_of, mark, new_salt, remember

if TYPE_CHECKING:
    from bot.app import Bawab
    from bot.settings import Settings


class Learning:
    """Marks what there is before it is judged, and remembers it once it was found well."""

    def __init__(self, settings: Settings, env_file: Path | None) -> None:
        self._given = given_variables(env_file)
        self._salt = new_salt()
        self._ground = ground_of(settings, schema="")
        self._seen = self._mark()

    async def found_well(self, app: Bawab) -> None:
        """Remember it, unless something is wrong or has changed while it was judged."""
        if app.registered.problem or app.staffed.problem or self._ground is None or not self._seen:
            return
        if self._mark() != self._seen:
            return
        async with app.store.read() as tx:
            schema = (await tx.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
        known = ground_of(app.settings, schema)
        if known is not None:
            remember(self._given, known, self._salt, self._seen)

    def _mark(self) -> str:
        """Mark what there is now; empty where it cannot be read, or there is nothing to look into."""
        try:
            return mark(self._given, self._ground, self._salt) if self._ground is not None else ""
        except OSError:
            return ""
