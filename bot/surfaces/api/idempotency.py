"""Writes asked for twice: the same key gives the same answer, and nothing is done a second time.

After draft-ietf-httpapi-idempotency-key-header: a key of another request is refused (422), and so is one
whose request is still being done (409). The key is stored before the act. The act's own log entries, written
in its transaction, carry the request's id: whoever asks again after a crash is answered by what the log says.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.asked import ASKED
from bot.audit.chain import RAW
from bot.store.access_tables import IdempotencyRow
from bot.store.query import add, change, columns, one, table
from bot.surfaces.api.problems import Code, Problem

KEEP: Final = timedelta(hours=48)
"""How long an answer is kept; at least a day is promised."""
LEASE: Final = timedelta(minutes=10)
"""How long another process may be at it; no request takes so long."""
ALONE: Final = "sqlite"
"""With the embedded database one process holds the data folder: any other that began something is dead."""
SWEEP_EVERY: Final = timedelta(hours=1)
_BOOT: Final = secrets.token_hex(6)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request with its key, as its owner's token sent it."""

    token_id: str
    key: str
    digest: str
    """Of method, address and body: what makes it the same request."""
    request_id: str

    @property
    def whose(self) -> list[sa.ColumnElement[bool]]:
        """Find its row."""
        rows = columns(IdempotencyRow)
        return [rows.token_id == self.token_id, rows.key == self.key]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, byte for byte, or the file that was."""

    status: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """A request whose turn it is: `did` is the log's entry where it was done before its answer was lost."""

    asked: Asked
    did: Mapping[str, Any] | None


class Keys:
    """The keys of one API; several processes may share the database."""

    def __init__(self, app: Bawab) -> None:
        self._app = app
        self._doing: set[tuple[str, str]] = set()
        self._swept: datetime | None = None

    @asynccontextmanager
    async def turn(self, asked: Asked) -> AsyncIterator[Turn | Answer]:
        """Give the turn, or the answer there is; raises Problem where another has the turn."""
        mine = (asked.token_id, asked.key)
        if mine in self._doing:
            raise _in_progress(1)
        self._doing.add(mine)
        try:
            found = await self._begun(asked)
            if isinstance(found, Answer):
                yield found
                return
            request, did = found
            token = ASKED.set(request)
            try:
                yield Turn(asked, did)
            finally:
                ASKED.reset(token)
        finally:
            self._doing.discard(mine)

    async def answered(self, turn: Turn, answer: Answer) -> None:
        """Keep the answer."""
        values = {"status": answer.status, "body": dict(answer.body)}
        async with self._app.store.write() as tx:
            await change(tx, IdempotencyRow, values, *turn.asked.whose)

    async def undone(self, turn: Turn) -> None:
        """Forget the key: nothing was done, and the request may be mended and sent again."""
        async with self._app.store.write() as tx:
            await tx.execute(sa.delete(table(IdempotencyRow)).where(*turn.asked.whose))

    async def _begun(self, asked: Asked) -> Answer | tuple[str, Mapping[str, Any] | None]:
        now = self._app.now()
        async with self._app.store.write() as tx:
            await self._sweep(tx, now)
            row = await one(tx, IdempotencyRow, *asked.whose)
            if row is None:
                return await _first(tx, asked, now), None
            if row.request_hash != asked.digest:
                raise Problem(Code.KEY_REUSED, "use a new key for every new request")
            if row.status is not None:
                return Answer(row.status, row.body)
            did = await _done_by(tx, row.body["request"], row.body["after"])
            still = left_alone(tx.dialect.name, row, now)
            if did is None and still > timedelta(0):
                raise _in_progress(int(still.total_seconds()) + 1)
            body = {**row.body, "boot": _BOOT}
            await change(tx, IdempotencyRow, {"created_at": now, "body": body}, *asked.whose)
            return row.body["request"], did

    async def _sweep(self, tx: AsyncConnection, now: datetime) -> None:
        if self._swept is not None and now < self._swept + SWEEP_EVERY:
            return
        self._swept = now
        old = columns(IdempotencyRow).created_at < now - KEEP
        await tx.execute(sa.delete(table(IdempotencyRow)).where(old))


def left_alone(dialect: str, row: IdempotencyRow, now: datetime) -> timedelta:
    """Say how long a key that another process began is left to it: it may be alive, and at it."""
    if dialect == ALONE or row.body["boot"] == _BOOT:
        return timedelta(0)
    return max(row.created_at + LEASE - now, timedelta(0))


async def _first(tx: AsyncConnection, asked: Asked, now: datetime) -> str:
    after = await tx.scalar(sa.select(sa.func.max(RAW.c.seq))) or 0
    body = {"after": after, "request": asked.request_id, "boot": _BOOT}
    row = IdempotencyRow(
        token_id=asked.token_id, key=asked.key, request_hash=asked.digest, body=body, created_at=now
    )
    await add(tx, row)
    return asked.request_id


async def _done_by(tx: AsyncConnection, request_id: str, after: int) -> Mapping[str, Any] | None:
    """Find what a request is known to have done: the entry that names a case, if one does."""
    mine = [RAW.c.seq > after, RAW.c.request_id == request_id, RAW.c.action != Action.ACCESS_REFUSE]
    names_case_first = [RAW.c.case_id.is_(None), RAW.c.seq]
    query = sa.select(*RAW.c).where(*mine).order_by(*names_case_first).limit(1)
    found = (await tx.execute(query)).mappings().first()
    return None if found is None else dict(found)


def _in_progress(seconds: int) -> Problem:
    headers = {"Retry-After": str(seconds)}
    return Problem(Code.IN_PROGRESS, "ask again a little later with the same key", headers=headers)
