"""The hash that ties each entry to the one before, computed over every column as it is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.audit_tables import COLUMNS

DOMAIN: Final = b"bawab-audit-1\n"

HASHED: Final = tuple(sorted(name for name in COLUMNS if name != "hash"))
_LONGEST_KNOWN: Final = 1024

RAW = sa.table(
    "audit_entry",
    *(sa.column(name, sa.BigInteger() if name == "seq" else sa.String()) for name in COLUMNS),
)
"""`audit_entry` without any type's processing: what a column holds, as text."""

RAW_HEAD = sa.table(
    "audit_head",
    sa.column("seq", sa.BigInteger()),
    *(sa.column(name, sa.String()) for name in ("hash", "at", "reason", "signature")),
)


async def raw_rows(
    connection: AsyncConnection, table: sa.TableClause, *conditions: sa.ColumnElement[bool], limit: int
) -> Sequence[Mapping[str, Any]]:
    """Read whole rows by `seq` as stored text, even where the bytes on disk are no longer text.

    SQLite's driver refuses such bytes; they come back with the broken ones as surrogates.
    """
    query = sa.select(*table.c).where(*conditions).order_by(table.c.seq).limit(limit)
    try:
        return cast("Sequence[Mapping[str, Any]]", (await connection.execute(query)).mappings().all())
    except OperationalError as error:
        if "decode" not in str(error.orig):
            raise
    casts = (sa.cast(column, sa.LargeBinary).label(column.name) for column in table.c if column.name != "seq")
    rows = await connection.execute(query.with_only_columns(table.c.seq, *casts))
    return [{name: _as_text(value) for name, value in row.items()} for row in rows.mappings()]


def _as_text(value: object) -> object:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def entry_hash(row: Mapping[str, object]) -> str:
    """Hash one stored row: SHA-256 over `name:length:text` of each column that is not NULL, by name.

    Lengths are bytes of UTF-8. NULL columns are left out, so a column added later, NULL in old rows, breaks
    no old hash; and NULL never hashes like empty text.
    """
    return columns_hash([None if row[name] is None else str(row[name]) for name in HASHED])


def columns_hash(values: Sequence[str | None]) -> str:
    """Hash one row as `entry_hash` does, given its columns as text in the order of `HASHED`."""
    pairs = zip(_HEADS, values, strict=True)
    told = "".join([part for heads, text in pairs if text is not None for part in (heads[len(text)], text)])
    if not told.isascii():
        told = "".join(map(_spelled, HASHED, values))
    return hashlib.sha256(b"%b%b\n" % (_BEGIN, told.encode("utf-8", "surrogatepass"))).hexdigest()


def _spelled(name: str, text: str | None) -> str:
    """Spell a column whose text may have more bytes than letters."""
    return "" if text is None else f"\n{name}:{len(text.encode('utf-8', 'surrogatepass'))}:{text}"


class _Beginnings(dict[int, str]):
    """What stands before a column's text, by its length: made once for each of the usual lengths."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def __missing__(self, length: int) -> str:
        made = f"\n{self._name}:{length}:"
        if length < _LONGEST_KNOWN:
            self[length] = made
        return made


_BEGIN: Final = DOMAIN.rstrip(b"\n")
_HEADS: Final = tuple(map(_Beginnings, HASHED))
