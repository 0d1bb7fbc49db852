"""Who may sign in, with which roles and from where; whose sessions are open; and one's own API tokens."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.actor import Actor
from bot.app import Bawab
from bot.store.access_tables import SessionRow, StaffRow, TokenRow
from bot.store.query import columns, where
from policies.roles import RIGHTS, Permission, Role


@dataclass(frozen=True, slots=True)
class StaffLine:
    """Somebody who may sign in, or might until `ended_at`."""

    id: str
    name: str
    email: str
    roles: tuple[Role, ...]
    source: str
    """file | oidc | local"""
    known_to_hr: bool
    updated_at: datetime
    ended_at: datetime | None
    open_sessions: int
    last_seen: datetime | None
    open_tokens: int
    is_reader: bool
    may_end: bool


@dataclass(frozen=True, slots=True)
class StaffList:
    """Everybody with a role, those whose roles ended last."""

    people: tuple[StaffLine, ...]
    ended_sessions: int
    may_write: bool


@dataclass(frozen=True, slots=True)
class TokenLine:
    """One API token; never the token."""

    id: str
    title: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    ended_at: datetime | None
    works: bool


@dataclass(frozen=True, slots=True)
class TokenList:
    """One's own tokens, and what a new one could be given."""

    tokens: tuple[TokenLine, ...]
    scopes: tuple[Permission, ...]


async def staff(app: Bawab, who: Actor) -> StaffList:
    """List who may sign in; raises NotAllowed."""
    who.must(Permission.STAFF_READ)
    now = app.now()
    async with app.store.read() as tx:
        rows = await where(tx, StaffRow)
        sessions = await where(tx, SessionRow)
        tokens = await _working(tx, now)
    live = Counter(row.staff_id for row in sessions if row.ended_at is None and row.expires_at > now)
    seen: dict[str, datetime] = {}
    for row in sessions:
        seen[row.staff_id] = max(row.seen_at, seen.get(row.staff_id, row.seen_at))
    writes = who.may(Permission.STAFF_WRITE)
    lines = [_line(row, who, live[row.id], seen.get(row.id), tokens[row.id], writes=writes) for row in rows]
    lines.sort(key=_ended_last)
    ended = sum(row.ended_at is not None or row.expires_at <= now for row in sessions)
    return StaffList(tuple(lines), ended, writes)


async def own_tokens(app: Bawab, who: Actor) -> TokenList:
    """List one's own API tokens; raises NotAllowed."""
    who.must(Permission.TOKEN_OWN)
    async with app.store.read() as tx:
        rows = await where(tx, TokenRow, columns(TokenRow).staff_id == who.id)
    now = app.now()
    lines = [_token(row, now) for row in sorted(rows, key=_age, reverse=True)]
    grantable = sorted({right for role in who.roles for right in RIGHTS[role] if who.may(right)})
    # A token that makes tokens would outlive every end that is set to it.
    return TokenList(tuple(lines), tuple(one for one in grantable if one is not Permission.TOKEN_OWN))


async def _working(tx: AsyncConnection, now: datetime) -> Counter[str]:
    tokens = columns(TokenRow)
    rows = await where(tx, TokenRow, tokens.ended_at.is_(None), tokens.expires_at > now)
    return Counter(row.staff_id for row in rows)


def _line(
    row: StaffRow, who: Actor, sessions: int, seen: datetime | None, tokens: int, *, writes: bool
) -> StaffLine:
    return StaffLine(
        id=row.id,
        name=row.name,
        email=row.email or "",
        roles=tuple(role for role in Role if role in (row.roles or ())),
        source=row.source,
        known_to_hr=row.known_to_hr,
        updated_at=row.updated_at,
        ended_at=row.ended_at,
        open_sessions=sessions,
        last_seen=seen,
        open_tokens=tokens,
        is_reader=row.id == who.id,
        may_end=writes and row.ended_at is None and row.id != who.id,
    )


def _ended_last(line: StaffLine) -> tuple[bool, str, str]:
    return line.ended_at is not None, line.name.casefold(), line.id


def _token(row: TokenRow, now: datetime) -> TokenLine:
    return TokenLine(
        id=row.id,
        title=row.title,
        scopes=tuple(sorted(row.scopes or ())),
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        ended_at=row.ended_at,
        works=row.ended_at is None and row.expires_at > now,
    )


def _age(row: TokenRow) -> datetime:
    return row.created_at
