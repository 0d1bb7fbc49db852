"""Groups: listed, read, and what the registry says of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from bot.acts import groups as acts
from bot.surfaces.api.caller import Called
from bot.surfaces.api.paging import page_of
from bot.surfaces.api.route import PERMISSION, Route
from bot.surfaces.api.shapes.asked import Registration
from bot.surfaces.api.shapes.base import FIRST_PAGE, Cursor, Limit, Name, Page
from bot.surfaces.api.shapes.groups import Group, GroupLine, whole
from bot.views import groups as views

router = APIRouter(route_class=Route, tags=["groups"])
GroupKey = Annotated[str, Path(pattern=r"^[0-9a-f]{20}$", description="`key` of a listed group")]
_SEES = {PERMISSION: ["group.read|own.groups"]}


@router.get("/groups", openapi_extra=_SEES)
async def list_groups(
    caller: Called,
    instance: Annotated[Name | None, Query(description="Only of this instance")] = None,
    cursor: Cursor = None,
    limit: Limit = FIRST_PAGE,
) -> Page[GroupLine]:
    """List every known group by instance and name; for a chat admin, those they answer for."""
    found = await views.groups(caller.app, caller.who, instance=instance)
    return page_of("groups", found.lines, _place, GroupLine, cursor, limit)


def _place(line: views.GroupLine) -> tuple[str, ...]:
    return line.instance, line.name.casefold(), line.key


@router.get("/groups/{group_key}", openapi_extra=_SEES)
async def read_group(caller: Called, group_key: GroupKey) -> Group:
    """Give one group."""
    return whole(await views.group_page(caller.app, caller.who, group_key))


@router.put("/groups/{group_key}/registration", openapi_extra={PERMISSION: ["group.write|own.groups"]})
async def register_group(caller: Called, group_key: GroupKey, asked: Registration) -> Group:
    """Say in the registry who answers for a group and what it is for; registers it where nobody has.

    The same body again changes nothing. Chat admins may name the deputy and the purpose of their own groups.
    """
    entry = await views.group_entry(caller.app, caller.who, group_key)
    fields = asked.model_dump(exclude_unset=True, mode="json")
    group = entry.row.group if entry.row else entry.id
    await acts.set_fields(caller.app, caller.who, group, entry.instance, fields)
    return whole(await views.group_page(caller.app, caller.who, group_key))
