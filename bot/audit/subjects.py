"""People as the log knows them: a random pseudonym and a key each, both cut loose by erasure."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from bot.audit.driver import fetched, marks
from bot.audit.seal import new_key
from bot.store.types import instant_text

_SUBJECT = SQLModel.metadata.tables["subject"]
_AT_ONCE = 500


@dataclass(frozen=True)
class SubjectKey:
    """A living subject: who it stands for in the log, and the key of their sealed fields."""

    pseudonym: str
    key: bytes = field(repr=False)

    @cached_property
    def cipher(self) -> AESGCM:
        """Give the key ready for use; it lives no longer than the transaction that asked for the subject."""
        return AESGCM(self.key)


def subjects_for(tx: Connection, person_ids: Collection[str], at: datetime) -> Mapping[str, SubjectKey]:
    """Find each person's subject, making those that are missing; `tx` is a write transaction."""
    found = _find(tx, person_ids)
    missing = [person_id for person_id in dict.fromkeys(person_ids) if person_id not in found]
    if not missing:
        return found
    made = {person_id: SubjectKey(f"p_{secrets.token_hex(8)}", new_key()) for person_id in missing}
    written = instant_text(at)
    rows = [(subject.pseudonym, person_id, subject.key, written) for person_id, subject in made.items()]
    statement = "INSERT INTO subject (pseudonym, person_id, key, created_at) VALUES"
    tx.exec_driver_sql(f"{statement} ({marks(tx, 4)})", rows)
    return {**found, **made}


async def find_subjects(connection: AsyncConnection, person_ids: Iterable[str]) -> dict[str, SubjectKey]:
    """Find the subjects that stand for these people now; those never logged or erased are left out."""
    return await connection.run_sync(_find, list(person_ids))


def _find(connection: Connection, person_ids: Iterable[str]) -> dict[str, SubjectKey]:
    found, wanted = dict[str, SubjectKey](), list(dict.fromkeys(person_ids))
    for start in range(0, len(wanted), _AT_ONCE):
        chunk = tuple(wanted[start : start + _AT_ONCE])
        places = marks(connection, len(chunk))
        query = f"SELECT person_id, pseudonym, key FROM subject WHERE person_id IN ({places})"  # noqa: S608 - marks
        rows = fetched(connection, query, chunk)
        found |= {person_id: SubjectKey(pseudonym, key) for person_id, pseudonym, key in rows}
    return found


async def keys_of(connection: AsyncConnection, pseudonyms: Iterable[str]) -> dict[str, bytes]:
    """Find the keys of pseudonyms; a destroyed key is left out."""
    table, found, wanted = _SUBJECT.c, dict[str, bytes](), list(dict.fromkeys(pseudonyms))
    for start in range(0, len(wanted), _AT_ONCE):
        chunk = wanted[start : start + _AT_ONCE]
        query = sa.select(table.pseudonym, table.key).where(
            table.pseudonym.in_(chunk), table.key.is_not(None)
        )
        found |= {row.pseudonym: row.key for row in await connection.execute(query)}
    return found


async def destroy_subject(tx: AsyncConnection, person_id: str, at: datetime) -> str | None:
    """Destroy a person's key and the tie from person to pseudonym; None if nobody is known by that id.

    On SQLite the freed bytes are overwritten in the database file; the write-ahead log keeps a copy until it
    is next checkpointed, and backups keep theirs until they expire.
    """
    subject = (await find_subjects(tx, [person_id])).get(person_id)
    if subject is None:
        return None
    if tx.dialect.name == "sqlite":
        await tx.exec_driver_sql("PRAGMA secure_delete=ON")
    await tx.execute(
        _SUBJECT.update()
        .where(_SUBJECT.c.pseudonym == subject.pseudonym)
        .values(person_id=None, key=None, destroyed_at=at)
    )
    return subject.pseudonym
