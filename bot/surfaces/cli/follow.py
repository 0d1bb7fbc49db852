"""Tells what happens while a run works: each new entry of the log as a line, so both always agree."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.tail import Row, entries_after, names_of
from bot.store.query import columns, one
from bot.store.tables import FeedRow
from bot.surfaces.cli.desk import Desk
from bot.surfaces.cli.feed import complaints
from bot.words.holds import let_in_line
from bot.words.lines import STYLES, line_of

LOOK_SECONDS = 0.2
MOST_COMPLAINTS = 20
_FEEDS = (Action.FEED_REFUSE, Action.FEED_QUARANTINE)


class Follower:
    """Follows the log from one entry on; people by name only where `names`, else by their pseudonym."""

    def __init__(self, desk: Desk, app: Bawab, seq: int, *, names: bool) -> None:
        self._desk = desk
        self._app = app
        self._seq = seq
        self._names: dict[str, str] | None = {} if names else None
        self._stop = asyncio.Event()

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Tell while the block runs, and whatever is left once it has ended, however it ended."""
        task = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            self._stop.set()
            await task
            await self._catch_up()

    async def _follow(self) -> None:
        while not self._stop.is_set():
            await self._catch_up()
            try:
                await asyncio.wait_for(self._stop.wait(), LOOK_SECONDS)
            except TimeoutError:
                continue

    async def _catch_up(self) -> None:
        async for row in entries_after(self._app.store, self._seq):
            self._seq = row["seq"]
            try:
                await self._tell(row)
            except (KeyError, ValueError):
                # A sentence that cannot be made must not stop the work it speaks of.
                self._desk.say(f"{row['seq']}  {row['action']}  {row['outcome']}")

    async def _tell(self, row: Row) -> None:
        if self._desk.json:
            hidden = ("sealed", "hash", "prev_hash")
            self._desk.line({name: value for name, value in row.items() if name not in hidden})
            return
        line = line_of(row, await self._who(row), self._desk)
        if line is not None:
            at = row["at"].astimezone(self._desk.tzinfo).strftime("%H:%M:%S")
            self._desk.say(f"{at}  {line}", style=STYLES.get(row["action"]) or STYLES.get(row["outcome"]))
        if row["action"] in _FEEDS:
            await self._why(row)

    async def _who(self, row: Row) -> str:
        subject: str = row["subject"] or ""
        if not subject or self._names is None:
            return subject
        if subject not in self._names:
            async with self._app.store.read() as tx:
                self._names[subject] = (await names_of(tx, [subject])).get(subject, subject)
        return self._names[subject]

    async def _why(self, row: Row) -> None:
        """The log keeps codes and places of a file's defects; their sentences stand in the feed's row."""
        async with self._app.store.read() as tx:
            feed = await one(tx, FeedRow, columns(FeedRow).id == row["detail"]["feed"])
        if feed is None:
            return
        for complaint in complaints(feed)[:MOST_COMPLAINTS]:
            self._desk.say(f"          {complaint}")
        if feed.hold_digest:
            self._desk.say(f"          {let_in_line(feed.hold_digest, self._desk.t)}")
