"""The order of text on PostgreSQL: by its bytes, as SQLite's, whatever language the database was made for."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from sqlalchemy import Connection, text
from sqlmodel import SQLModel

_OTHERWISE: Final = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
JOIN pg_collation AS o ON o.oid = a.attcollation
WHERE pg_table_is_visible(c.oid) AND c.relname = ANY(:ours) AND a.attnum > 0 AND NOT a.attisdropped
AND o.collname <> 'C'
ORDER BY c.relname, a.attnum
"""


def order_by_bytes(connection: Connection) -> None:
    """Give each text column of our tables the collation C, where it has another; nothing on SQLite.

    A list that is read page by page must go on where the page before ended: a language's order is not the
    one Python compares in, differs from SQLite's, and changes under the indexes when the server's C library
    is upgraded (PostgreSQL's manual, "Collation Support"). No row is rewritten, only indexes.
    """
    if connection.dialect.name != "postgresql":
        return
    changes: defaultdict[str, list[str]] = defaultdict(list)
    quoted = connection.dialect.identifier_preparer.quote_identifier
    for table, column, kind in connection.execute(text(_OTHERWISE), {"ours": list(SQLModel.metadata.tables)}):
        changes[table].append(f'ALTER COLUMN {quoted(column)} TYPE {kind} COLLATE "C"')
    for table, columns in changes.items():
        connection.exec_driver_sql(f"ALTER TABLE {quoted(table)} {', '.join(columns)}")
