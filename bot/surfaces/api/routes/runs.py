"""Runs: listed, read with their failures, signed off."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from bot.acts import reviews as acts
from bot.surfaces.api.caller import Called
from bot.surfaces.api.cursors import cursor_of, place_of
from bot.surfaces.api.route import PERMISSION, Route
from bot.surfaces.api.shapes.asked import ReviewNote
from bot.surfaces.api.shapes.base import FIRST_PAGE, Cursor, Key, Limit, Page
from bot.surfaces.api.shapes.runs import Run, RunPage
from bot.views.reviews import run_line, runs
from bot.views.run import the_run

router = APIRouter(route_class=Route, tags=["runs"])
RunId = Annotated[str, Path(pattern=r"^run_[0-9a-f]{12}$", examples=["run_4f2a9c01d3b7"])]


@router.get("/runs", openapi_extra={PERMISSION: ["audit.read"]})
async def list_runs(
    caller: Called,
    every: Annotated[bool, Query(description="Every run, the newest first")] = False,
    cursor: Cursor = None,
    limit: Limit = FIRST_PAGE,
) -> Page[Run]:
    """List the runs that wait for a review, the longest first."""
    listing = f"runs/{every}"
    after = place_of(listing, cursor, str)
    found = await runs(caller.app, caller.who, every=every, after=after[0] if after else None, limit=limit)
    following = cursor_of(listing, found.next) if found.next else None
    return Page(items=[Run.model_validate(line) for line in found.lines], next=following)


@router.get("/runs/{run_id}", openapi_extra={PERMISSION: ["audit.read"]})
async def read_run(caller: Called, run_id: RunId) -> RunPage:
    """Give one run with its failures and cases."""
    return RunPage.model_validate(await the_run(caller.app, caller.who, run_id))


@router.post("/runs/{run_id}/review", openapi_extra={PERMISSION: ["run.review", "audit.read"]})
async def review(caller: Called, run_id: RunId, asked: ReviewNote, key: Key) -> Run:  # noqa: ARG001 - read by the route
    """Sign a run off, once, with a note; it is in the log."""
    await run_line(caller.app, caller.who, run_id)
    if not caller.did:
        await acts.sign_off(caller.app, caller.who, run_id, asked.note)
    return Run.model_validate(await run_line(caller.app, caller.who, run_id))
