"""An installation moved to another database: every row and the whole log, in one transaction, then proven."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DataError, SQLAlchemyError

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.chain import RAW
from bot.audit.entry import Entry
from bot.audit.findings import Verification
from bot.audit.log import AuditLog, open_audit
from bot.keeping.copying import (
    Progress,
    Sum,
    copy_tables,
    reading,
    refuse_unknown_tables,
    row_counts,
    sums_of,
)
from bot.keeping.moved import Mark, address, leave_mark
from bot.keeping.refusals import CannotKeep
from bot.locale import N_
from bot.store.db import Store, StoreProblem
from bot.store.migrate import migrate
from bot.store.types import instant_text

LOOKS: Final = 15


@dataclass(frozen=True, slots=True)
class Moved:
    """A move that is done."""

    left: str
    gone_to: str
    """Both without who signs in."""
    setting: str
    """What BAWAB_DATABASE_URL is to say now, its password hidden."""
    rows: Mapping[str, int]
    """Table → rows moved."""
    entries: int
    """Of the log, that of the move included."""
    found: Verification
    """Of the log in its new database."""


async def move_database(app: Bawab, to: str, *, actor: str, progress: Progress | None = None) -> Moved:
    """Copy everything into the empty database `to` and mark the old one as left, which is not changed.

    To be called while `only_one` is held. One transaction: killed anywhere, the target is empty or whole.
    A move that was killed after that transaction is brought to its end by being asked for again.
    Raises CannotKeep and StoreProblem, each saying what to do.
    """
    left, gone_to = address(app.store.url), address(to)
    if left == gone_to:
        raise CannotKeep(N_("{database} is the database in use already."), database=gone_to)
    if not (await app.audit.verify()).ok:
        raise CannotKeep(
            N_("The audit log is not whole, and is moved only as a whole; see `bawab audit verify`.")
        )
    await _alone(app)
    target = Store.open(_with_driver(to))
    try:
        await migrate(target)
        audit = await open_audit(target, app.settings.data_dir, app.now, witness_path=app.settings.witness)
        target.after_commit = None  # the signed head outside moves on with the mark, not before it
        async with app.store.write() as _:  # nobody writes meanwhile: what is read stays all there is
            end = await _end(app.store)
            move = _Move(app, audit, end, actor, left, gone_to, progress)
            rows = await target.batch(move.whole)
            found = await audit.verify()
            if not found.ok:
                raise CannotKeep(
                    N_("The log does not verify in {database}; go on with the old one, and keep both."),
                    database=gone_to,
                )
            mark = Mark(left, gone_to, instant_text(app.now()), *end)
            await asyncio.to_thread(leave_mark, app.settings.data_dir, mark)
            await audit.write_head()
        return Moved(left, gone_to, _setting(to), rows, found.entries, found)
    finally:
        await target.aclose()


@dataclass(frozen=True, slots=True)
class _Move:
    app: Bawab
    audit: AuditLog
    end: tuple[int, str]
    actor: str
    left: str
    gone_to: str
    progress: Progress | None

    def whole(self, target: Connection) -> dict[str, int]:
        """Copy, compare and log in the caller's transaction; a move that was done is only counted again."""
        before = row_counts(target)
        if any(before.values()):
            if not self._done_before(target):
                raise CannotKeep(
                    N_("{database} is not empty; name an empty one. Nothing was changed."),
                    database=self.gone_to,
                )
            return before
        try:
            with reading(self.app.store.url) as source:
                refuse_unknown_tables(source)
                read = copy_tables(source, target, self.progress)
        except DataError as error:
            raise CannotKeep(
                N_("{database} cannot hold what the old one holds: {why}. Nothing was changed."),
                database=self.gone_to,
                why=str(error.orig).partition("\n")[0],
            ) from error
        self._compare(read, sums_of(target))
        self._log(target, read)
        return {name: one.rows for name, one in read.items()}

    def _compare(self, read: Mapping[str, Sum], written: Mapping[str, Sum]) -> None:
        wrong = sorted(name for name in read if read[name] != written[name])
        if wrong:
            raise CannotKeep(
                N_("{database} gives back other rows than it was given, in {tables}. Nothing was changed."),
                database=self.gone_to,
                tables=", ".join(wrong),
            )

    def _log(self, target: Connection, read: Mapping[str, Sum]) -> None:
        seq, last = self.end
        detail: dict[str, object] = {"left": self.left, "gone_to": self.gone_to}
        detail |= {"entries": seq, "hash": last, "rows": sum(one.rows for one in read.values())}
        detail["tables"] = {name: [one.rows, one.digest] for name, one in read.items()}
        self.audit.append_in(target, Entry(Action.DATABASE_MOVE, self.actor, detail=detail))

    def _done_before(self, target: Connection) -> bool:
        """Whether the target ends with our own move of exactly this log: then only the mark was missing."""
        seq, last = self.end
        query = sa.select(RAW.c.action, RAW.c.prev_hash, RAW.c.seq).order_by(RAW.c.seq.desc()).limit(1)
        row = target.execute(query).first()
        return row is not None and tuple(row) == (Action.DATABASE_MOVE, last, seq + 1)


async def _end(store: Store) -> tuple[int, str]:
    """Read where the log ends: its last entry's number and hash."""
    query = sa.select(RAW.c.seq, RAW.c.hash).order_by(RAW.c.seq.desc()).limit(1)
    async with store.read() as tx:
        row = (await tx.execute(query)).first()
    if row is None:
        raise CannotKeep(N_("There is nothing to move: this installation has no log yet."))
    return int(row.seq), str(row.hash)


def _setting(url: str) -> str:
    return make_url(_with_driver(url)).render_as_string(hide_password=True)


def _with_driver(url: str) -> str:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return parsed.set(drivername="sqlite+aiosqlite").render_as_string(hide_password=False)
    return url


async def _alone(app: Bawab) -> None:
    """Raise CannotKeep where another process is at work on a PostgreSQL that is to be left."""
    if app.store.dialect != "postgresql":
        return
    await app.store.aclose()  # our own connections are not to be counted; the next use opens new ones
    others = 0
    for _ in range(LOOKS):  # a server takes a moment to see that a connection was closed
        if not (others := await asyncio.to_thread(_others, app.store.url)):
            return
        await asyncio.sleep(0.1)
    if others:
        raise CannotKeep(
            N_(
                "{n} connections of Bawab are open on this database; stop every `bawab run` and "
                "`bawab worker`."
            ),
            n=str(others),
        )


def _others(url: str) -> int:
    # The connection that holds the lock is this command's own: nobody else could hold it meanwhile.
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
        "application_name IN ('bawab', 'bawab jobs') AND pid <> pg_backend_pid()"
    )
    try:
        with reading(url) as connection:
            found: Any = connection.exec_driver_sql(query).scalar()
    except SQLAlchemyError as error:
        raise StoreProblem(f"the database server does not answer ({error})") from error
    return int(found)
