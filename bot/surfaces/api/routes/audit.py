"""The log: searched, and handed out as a file that proves itself."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.responses import FileResponse

from bot.acts import exports
from bot.audit.export import Format
from bot.surfaces.api.caller import Called
from bot.surfaces.api.cursors import cursor_of, place_of, strange
from bot.surfaces.api.route import PERMISSION, Route
from bot.surfaces.api.shapes.asked import ExportWish
from bot.surfaces.api.shapes.audit import LogEntry, LogPage, log_entry
from bot.surfaces.api.shapes.base import FIRST_PAGE, Cursor, Key, Limit
from bot.views.audit import audit

router = APIRouter(route_class=Route, tags=["audit"])
Search = Annotated[
    str,
    Query(
        max_length=500,
        description="Qualifiers (`actor: action: person: group: platform: outcome: case: run: created:`), "
        "`-` to exclude, free text",
        examples=["case:case_4f2a9c01d3b7 -outcome:ok"],
        json_schema_extra={"format": "log-search"},
    ),
]
MEDIA: Final = {Format.JSONL: "application/jsonl", Format.CSV: "text/csv; charset=utf-8"}
_FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file; its last line holds the digest of all before it",
        "content": {
            "application/jsonl": {"schema": {"type": "string"}},
            "text/csv": {"schema": {"type": "string"}},
        },
    }
}


@router.get("/audit", openapi_extra={PERMISSION: ["audit.read"]})
async def search_log(
    caller: Called, q: Search = "", cursor: Cursor = None, limit: Limit = FIRST_PAGE
) -> LogPage:
    """Search the log, newest first; entries about the reader are left out.

    `unread` says how many entries nobody has looked at yet because that would have taken too long: the next
    page goes on there.
    """
    before = place_of("audit", cursor, int)
    found = await audit(caller.app, caller.who, q, before=_entry_number(before), limit=limit)
    entries: list[LogEntry] = [log_entry(caller.who, line) for line in found.lines]
    following = cursor_of("audit", found.before) if found.before is not None else None
    return LogPage(items=entries, next=following, unread=found.unread, search=found.spelled)


def _entry_number(place: tuple[int, ...] | None) -> int | None:
    if place is None:
        return None
    if not 0 < place[0] < 2**53:
        raise strange()
    return place[0]


@router.post(
    "/audit/exports",
    responses=_FILES,
    response_class=FileResponse,
    openapi_extra={PERMISSION: ["audit.export", "audit.read"]},
)
async def export_log(caller: Called, asked: ExportWish, key: Key) -> FileResponse:  # noqa: ARG001 - read by the route
    """Hand out entries of the log as a file, oldest first; that it was handed out is an entry too.

    Personal fields stay sealed unless `reveal` asks for them, with a reason. The file is kept for a day, for
    the same key.
    """
    format_ = Format(asked.format)
    found = await exports.export_log(
        caller.app,
        caller.who,
        asked.q,
        format_,
        exports.new_folder(caller.app),
        reveal=asked.reveal,
        reason=asked.reason,
    )
    return FileResponse(found.path, media_type=MEDIA[format_], filename=f"bawab-audit.{format_}")
