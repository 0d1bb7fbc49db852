"""Feeds: each HR source and how it does, every delivery, and one file beside the last one accepted."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Query
from starlette.responses import Response

from bot.surfaces.web.pages.wording import words
from bot.surfaces.web.render import page
from bot.surfaces.web.visitor import Signed
from bot.views.feeds import NoSuchFeed, feed_page, feeds

router = APIRouter()
PATH: Final = "/feeds"
MOST_PAGES: Final = 1_000_000


@router.get(PATH)
async def show(v: Signed, after: Annotated[int, Query(le=MOST_PAGES)] = 1) -> Response:
    """Show sources and deliveries, the newest first."""
    number = max(after, 1)
    found = await feeds(v.app, v.who, page=number)
    further = f"{PATH}?after={number + 1}" if found.more else ""
    return page(v, "feeds.html", w=words(v), found=found, next_way=further, number=number)


@router.get(f"{PATH}/{{feed_id}}")
async def one(v: Signed, feed_id: str) -> Response:
    """Show one delivery with its evidence."""
    try:
        found = await feed_page(v.app, v.who, feed_id)
    except NoSuchFeed:
        raise HTTPException(404) from None
    return page(v, "feed.html", w=words(v), found=found)
