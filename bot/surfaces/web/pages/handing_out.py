"""Files from the log: what a search finds, as CSV or JSON lines; and the proof that somebody is out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, RedirectResponse, Response

from bot.acts.exports import clear, export_log, new_folder, prove
from bot.acts.refusals import CannotAct
from bot.audit.export import Format
from bot.audit.filter import TooManyPeople
from bot.audit.query import LONGEST, QueryProblem
from bot.surfaces.web.pages.audit import address_of
from bot.surfaces.web.proof_file import write_proof
from bot.surfaces.web.render import page, redirect
from bot.surfaces.web.visitor import Signed, Visitor
from bot.views.proofs import Provable, provable
from policies.roles import Permission

router = APIRouter()
MEDIA = {Format.CSV: "text/csv; charset=utf-8", Format.JSONL: "application/x-ndjson"}


@router.post("/audit/export")
async def export(
    v: Signed,
    q: Annotated[str, Form()] = "",
    format: Annotated[Format, Form()] = Format.CSV,  # noqa: A002 - what the form calls it
    reveal: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Hand out exactly what a search finds; it is logged before the file is theirs."""
    v.who.must(Permission.AUDIT_EXPORT)
    folder = new_folder(v.app)
    try:
        done = await export_log(v.app, v.who, q, format, folder, reveal=bool(reveal), reason=reason)
    except CannotAct as refused:
        clear(folder)
        return redirect(v, f"{address_of(q)}#export", refused.said(v.t, v.who.zone), "error")
    except (QueryProblem, TooManyPeople):
        clear(folder)
        # The page says what is wrong with it.
        return RedirectResponse(address_of(q[: LONGEST + 1]), status_code=303)
    except BaseException:
        clear(folder)
        raise
    return _file(folder, done.path, f"bawab-audit-{_day(v)}.{format}", MEDIA[format])


@router.get("/audit/proof")
async def ask(v: Signed, case: str = "", person: str = "") -> Response:
    """Say what the proof will hold, before it is made."""
    return page(v, "audit_proof.html", of=await _of(v, case, person), case=case, person=person)


@router.post("/audit/proof")
async def proof(
    v: Signed, case: Annotated[str, Form()] = "", person: Annotated[str, Form()] = ""
) -> Response:
    """Verify the log and hand out what it says of one case, or of one person."""
    v.who.must(Permission.AUDIT_EXPORT)
    of, folder = await _of(v, case, person), new_folder(v.app)
    try:
        found = await prove(v.app, v.who, folder, case_id=case or None, person_id=person or None)
        path = await write_proof(v, found, folder)
    except BaseException:
        clear(folder)
        raise
    return _file(folder, path, f"bawab-proof-{_plain(case or of.person_id)}-{_day(v)}.zip", "application/zip")


async def _of(v: Visitor, case: str, person: str) -> Provable:
    try:
        return await provable(v.app, v.who, case_id=case or None, person_id=person or None)
    except CannotAct:
        raise HTTPException(404) from None


def _plain(text: str) -> str:
    """Give what of an id is safe in the name of a file."""
    return "".join(char for char in text if char.isascii() and (char.isalnum() or char in "_-"))


def _day(v: Visitor) -> str:
    return f"{v.app.now():%Y%m%d-%H%M}"


def _file(folder: Path, path: Path, name: str, media: str) -> Response:
    """Send a file as a download, piece by piece; then its folder goes."""
    return FileResponse(path, filename=name, media_type=media, background=BackgroundTask(clear, folder))
