"""What somebody had typed when their session ended: kept for that person alone, and given back once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from bot.access.secrets import hash_of, make_secret
from bot.app import Bawab
from bot.store.access_tables import DraftRow, SessionRow
from bot.store.query import add, columns, one, table
from bot.surfaces.web import csrf
from bot.surfaces.web.signing_in import cookie_name, is_secure

KEPT_FOR: Final = timedelta(hours=12)
MOST_CHARACTERS: Final = 64 * 1024
_SECRET: Final = ("password", "secret", "token", "passcode")


@dataclass(frozen=True, slots=True)
class Draft:
    """A form that was not sent."""

    path: str
    fields: tuple[tuple[str, str], ...]


async def keep(app: Bawab, request: Request) -> str | None:
    """Keep the form of a request whose session has ended; gives the secret for its cookie, or None.

    Only a form that carries the ended session's own token is kept: no other page may leave anything here.
    """
    session = await _ended(app, request)
    if session is None or request.method != "POST":
        return None
    form = await request.form()
    if not csrf.matches(str(form.get(csrf.FIELD, "")), session.csrf):
        return None
    secret, now = make_secret(), app.now()
    row = DraftRow(
        token_hash=hash_of(secret),
        staff_id=session.staff_id,
        path=request.url.path,
        fields=_typed(form),
        created_at=now,
        expires_at=now + KEPT_FOR,
    )
    async with app.store.write() as tx:
        await add(tx, row)
    return secret


async def find(app: Bawab, request: Request, staff_id: str) -> Draft | None:
    """Give the draft that this browser left, to the person who typed it; None to anybody else."""
    async with app.store.read() as tx:
        row = await _mine(app, tx, request, staff_id)
    return None if row is None else Draft(row.path, tuple((name, value) for name, value in row.fields))


async def take(app: Bawab, request: Request, staff_id: str) -> Draft | None:
    """Give the draft and forget it; the second who asks gets None."""
    async with app.store.write() as tx:
        row = await _mine(app, tx, request, staff_id)
        if row is None:
            return None
        await tx.execute(delete(table(DraftRow)).where(columns(DraftRow).token_hash == row.token_hash))
    return Draft(row.path, tuple((name, value) for name, value in row.fields))


def give_cookie(app: Bawab, response: Response, secret: str) -> None:
    """Hand the draft's secret to the browser that typed it."""
    response.set_cookie(
        _cookie(app),
        secret,
        max_age=int(KEPT_FOR.total_seconds()),
        path="/",
        secure=is_secure(app),
        httponly=True,
        samesite="lax",
    )


def take_cookie(app: Bawab, response: Response) -> None:
    """Take the draft's secret away."""
    response.delete_cookie(_cookie(app), path="/", secure=is_secure(app), httponly=True, samesite="lax")


def is_left(app: Bawab, request: Request) -> bool:
    """Whether this browser left a draft, whosever it is."""
    return _cookie(app) in request.cookies


def _typed(form: FormData) -> list[tuple[str, str]]:
    """Give the fields that may be kept: no token, no secret, no file, and no more than a form of ours has."""
    kept, left = [], MOST_CHARACTERS
    for name, value in form.multi_items():
        if not isinstance(value, str) or name == csrf.FIELD or any(word in name.lower() for word in _SECRET):
            continue
        left -= len(name) + len(value)
        if left < 0:
            break
        kept.append((name, value))
    return kept


async def _ended(app: Bawab, request: Request) -> SessionRow | None:
    secret = request.cookies.get(cookie_name(app))
    if not secret:
        return None
    async with app.store.read() as tx:
        return await one(tx, SessionRow, columns(SessionRow).token_hash == hash_of(secret))


async def _mine(app: Bawab, tx: AsyncConnection, request: Request, staff_id: str) -> DraftRow | None:
    secret = request.cookies.get(_cookie(app))
    if not secret:
        return None
    rows = columns(DraftRow)
    mine = (rows.token_hash == hash_of(secret), rows.staff_id == staff_id, rows.expires_at > app.now())
    return await one(tx, DraftRow, *mine)


def _cookie(app: Bawab) -> str:
    return f"{cookie_name(app)}-draft"
