"""What waits for signatures: listed, shown with what a release lets go, signed or rejected."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from bot.acts import approvals
from bot.acts.refusals import CannotAct
from bot.release import Seen
from bot.store.query import columns, one
from bot.store.tables import HoldRow
from bot.surfaces.api.caller import Called, Caller
from bot.surfaces.api.paging import page_of
from bot.surfaces.api.problems import Code, Problem
from bot.surfaces.api.route import PERMISSION, Route
from bot.surfaces.api.shapes.asked import Sign
from bot.surfaces.api.shapes.base import FIRST_PAGE, Cursor, Key, Limit, Page
from bot.surfaces.api.shapes.cases import Hold
from bot.surfaces.api.shapes.holds import HoldPage, HoldState, previewed
from bot.views.held import held
from bot.views.hold_lines import HoldLine, hold_line
from bot.views.holds import bound

router = APIRouter(route_class=Route, tags=["holds"])
HoldDigest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="A hold's whole digest")]


@router.get("/holds", openapi_extra={PERMISSION: ["hold.read"]})
async def list_holds(caller: Called, cursor: Cursor = None, limit: Limit = FIRST_PAGE) -> Page[Hold]:
    """List what is held and waits for somebody's word, the oldest first."""
    return page_of("holds", await held(caller.app, caller.who), _age, Hold, cursor, limit)


def _age(line: HoldLine) -> tuple[str, ...]:
    return line.created_at.isoformat(), line.digest


@router.get("/holds/{digest}", openapi_extra={PERMISSION: ["hold.read"]})
async def read_hold(
    caller: Called,
    digest: HoldDigest,
    preview: Annotated[bool, Query(description="Read the platforms and say what a release lets go")] = False,
) -> HoldPage:
    """Give one hold, open or decided."""
    page = await _page(caller, digest)
    if not preview or page.state is not HoldState.OPEN:
        return page
    return previewed(page, await bound(caller.app, caller.who, digest))


@router.post("/holds/{digest}/sign", openapi_extra={PERMISSION: ["hold.release", "hold.read"]})
async def sign_hold(caller: Called, digest: HoldDigest, asked: Sign, key: Key) -> HoldPage:  # noqa: ARG001 - read by the route
    """Approve or reject, once, with the name of the token's owner; the last word wanted lets it go."""
    if not caller.did:
        await _page(caller, digest)
        seen = await _seen(caller, digest, asked.shown) if asked.shown else None
        await approvals.sign(caller.app, caller.who, digest, asked.verdict, asked.note, seen)
    return await _page(caller, digest)


async def _page(caller: Caller, digest: str) -> HoldPage:
    """Read one hold; raises Problem also where it is about the reader."""
    async with caller.app.store.read() as tx:
        row = await one(tx, HoldRow, columns(HoldRow).digest == digest)
        line = await hold_line(tx, caller.who, row) if row else None
    if row is None or line is None or (row.cause or {}).get("person") == caller.who.id:
        raise Problem(Code.NOT_FOUND, "nothing this token may see is held under this digest")
    state = HoldState.RELEASED if row.released_at else HoldState.OPEN
    state = HoldState.WITHDRAWN if row.withdrawn_at else state
    return HoldPage.model_validate(Hold.model_validate(line).model_dump() | {"state": state})


async def _seen(caller: Caller, digest: str, shown: str) -> Seen:
    """Give what the signer was shown, as it still is; raises CannotAct where it is something else by now."""
    found = await bound(caller.app, caller.who, digest)
    if found.mark != shown:
        raise CannotAct("moved_meanwhile")
    return found.seen
