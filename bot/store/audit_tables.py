"""The audit tables, and the triggers that keep them append-only on both databases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, SQLModel

from bot.store.types import Json, UtcInstant

GENESIS = "0" * 64
"""The `prev_hash` of entry 1."""

ASKED_BY = ("case_id", "run_id", "subject", "group_id", "actor", "action", "outcome", "at")
"""Columns a reviewer filters by; each index ends in `seq`, because pages are read newest first by `seq`."""


def _bigint() -> sa.types.TypeEngine[int]:
    # Only `INTEGER PRIMARY KEY` is SQLite's own row id: one tree less to write, and never NULL.
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class AuditEntry(SQLModel, table=True):
    """One act; written once, by `bot.audit.log`. Personal fields stand in `sealed` and nowhere else."""

    __tablename__ = "audit_entry"
    __table_args__: ClassVar[Any] = tuple(
        sa.Index(f"ix_audit_entry_{name}", name, "seq") for name in ASKED_BY
    )

    seq: int = Field(sa_column=sa.Column(_bigint(), primary_key=True, autoincrement=False))
    at: datetime = Field(sa_type=UtcInstant)
    actor: str
    action: str
    outcome: str
    subject: str | None = None
    """The person's pseudonym (`Subject.pseudonym`), never the employee id."""
    case_id: str | None = None
    step_id: str | None = None
    run_id: str | None = None
    instance: str | None = None
    platform: str | None = None
    group_id: str | None = None
    group_name: str | None = None
    rule: str | None = None
    quality: str | None = None
    request_id: str | None = None
    before: Any = Field(default=None, sa_column=sa.Column(Json))
    after: Any = Field(default=None, sa_column=sa.Column(Json))
    detail: Any = Field(default=None, sa_column=sa.Column(Json))
    sealed: str | None = None
    """Base64 AES-GCM ciphertext under the subject's key."""
    prev_hash: str
    hash: str


class Subject(SQLModel, table=True):
    """The one place that ties a pseudonym to a person; erasure empties `person_id` and `key`."""

    __tablename__ = "subject"

    pseudonym: str = Field(primary_key=True)
    person_id: str | None = Field(default=None, unique=True)
    key: bytes | None = None
    created_at: datetime = Field(sa_type=UtcInstant)
    destroyed_at: datetime | None = Field(default=None, sa_type=UtcInstant)


class AuditHead(SQLModel, table=True):
    """A signed checkpoint: at entry `seq` the chain's hash was `hash`."""

    __tablename__ = "audit_head"

    seq: int = Field(sa_column=sa.Column(_bigint(), primary_key=True, autoincrement=False))
    hash: str
    at: datetime = Field(sa_type=UtcInstant)
    reason: str
    signature: str


COLUMNS = tuple(AuditEntry.model_fields)
"""Every stored column of an entry, in table order."""


NEVER = "rows are never changed or deleted"
FOLLOWS = "an entry must follow the last one"
CHECKPOINT = "a checkpoint must name a later entry and its hash"

_SQLITE_NEVER = f"BEGIN SELECT RAISE(ABORT, '{NEVER}'); END"

SQLITE_FOLLOWS = f"""CREATE TRIGGER audit_entry_follows BEFORE INSERT ON audit_entry
WHEN (NEW.seq, NEW.prev_hash) IS NOT (SELECT seq + 1, hash FROM audit_entry ORDER BY seq DESC LIMIT 1)
  AND (NEW.seq IS NOT 1 OR NEW.prev_hash IS NOT '{GENESIS}' OR EXISTS (SELECT 1 FROM audit_entry))
BEGIN SELECT RAISE(FAIL, '{FOLLOWS}'); END"""  # noqa: S608 - nothing here comes from outside
"""FAIL refuses what ABORT refuses, but lets SQLite insert without keeping a copy of each page it touches in
case the statement is to be undone half way: that copy costs more than the entry with all its indexes."""

# A BEFORE INSERT trigger also sees INSERT OR REPLACE, which goes round UPDATE and DELETE triggers.
_SQLITE = (
    *(
        f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} {_SQLITE_NEVER}"
        for table in ("audit_entry", "audit_head")
        for act in ("UPDATE", "DELETE")
    ),
    SQLITE_FOLLOWS,
    f"""CREATE TRIGGER audit_head_follows BEFORE INSERT ON audit_head
WHEN NEW.seq <= (SELECT coalesce(max(seq), 0) FROM audit_head)
  OR NOT EXISTS (SELECT 1 FROM audit_entry WHERE seq = NEW.seq AND hash = NEW.hash)
BEGIN SELECT RAISE(ABORT, '{CHECKPOINT}'); END""",  # noqa: S608 - nothing here comes from outside
)


def _postgresql_function(name: str, body: str) -> str:
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"


def _postgresql_refuse(message: str) -> str:
    # MESSAGE, not a format: drivers read a percent sign as a parameter.
    return f"RAISE EXCEPTION USING MESSAGE = '{message}', ERRCODE = 'integrity_constraint_violation';"


_POSTGRESQL = (
    _postgresql_function("audit_never", _postgresql_refuse(NEVER)),
    _postgresql_function(
        "audit_entry_follows",
        f"""IF NEW.seq IS DISTINCT FROM (SELECT coalesce(max(seq), 0) + 1 FROM audit_entry)
  OR NEW.prev_hash IS DISTINCT FROM
     coalesce((SELECT hash FROM audit_entry ORDER BY seq DESC LIMIT 1), '{GENESIS}')
THEN {_postgresql_refuse(FOLLOWS)} END IF; RETURN NEW;""",  # noqa: S608 - nothing here comes from outside
    ),
    _postgresql_function(
        "audit_head_follows",
        f"""IF NEW.seq <= (SELECT coalesce(max(seq), 0) FROM audit_head)
  OR NOT EXISTS (SELECT 1 FROM audit_entry WHERE seq = NEW.seq AND hash = NEW.hash)
THEN {_postgresql_refuse(CHECKPOINT)} END IF; RETURN NEW;""",  # noqa: S608 - nothing here comes from outside
    ),
    *(
        f"CREATE TRIGGER {table}_{name} BEFORE {acts} ON {table} FOR EACH {each} "
        f"EXECUTE FUNCTION {function}()"
        for table in ("audit_entry", "audit_head")
        for name, acts, each, function in (
            ("no_change", "UPDATE OR DELETE", "ROW", "audit_never"),
            ("no_truncate", "TRUNCATE", "STATEMENT", "audit_never"),
            ("follows", "INSERT", "ROW", f"{table}_follows"),
        )
    ),
)

TRIGGERS: Mapping[str, tuple[str, ...]] = MappingProxyType({"sqlite": _SQLITE, "postgresql": _POSTGRESQL})
"""Dialect name → the statements that make its triggers, to be run once after the tables are made."""


def create_audit(connection: Connection) -> None:
    """Make the audit tables and triggers; the first migration makes the same."""
    tables = [SQLModel.metadata.tables[name] for name in ("audit_entry", "subject", "audit_head")]
    SQLModel.metadata.create_all(connection, tables=tables)
    for statement in TRIGGERS[connection.dialect.name]:
        connection.exec_driver_sql(statement)
