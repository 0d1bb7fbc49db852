"""Groups as the API says them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import Field

from bot.groups.by_whom import Way
from bot.groups.report import Standing
from bot.surfaces.api.shapes.base import Shape
from bot.views.groups import GroupGap
from policies.model import GroupKind, Sensitivity


class Answerer(Shape):
    """An owner or deputy as the directory knows them."""

    id: str
    name: str
    standing: Standing = Field(description="Said to be leaving only for `person.read`")


class Inside(Shape):
    """How many accounts in it should not be there, at the last look."""

    outsiders: int
    former: int
    complete: bool


class GroupLine(Shape):
    """One group; a token of a chat admin sees the groups they answer for."""

    key: str = Field(description="Names the group in addresses", examples=["0a1b2c3d4e5f60718293"])
    instance: str = Field(examples=["acme"])
    platform: str = Field(examples=["slack"])
    id: str = Field(description="The platform's; empty without `connector.read`")
    name: str
    kind: GroupKind | None
    members: int | None
    registered: bool
    owner: Answerer | None
    deputy: Answerer | None
    sensitivity: Sensitivity | None
    reviewed: date | None
    gaps: list[GroupGap]
    inside: Inside | None


class Group(GroupLine):
    """One group whole."""

    purpose: str
    reviewer: str
    last_seen: datetime | None
    gone_at: datetime | None
    archived: bool
    self_join: bool
    way: Way | None = Field(description="By whom an ordinary member can be taken out")
    refusal: str | None
    may_write: bool
    may_review: bool


def whole(page: Any) -> Group:
    """Spell a group's page."""
    line = GroupLine.model_validate(page.line).model_dump()
    names = ("reviewer", "last_seen", "gone_at", "archived", "self_join", "way", "refusal")
    rest = {name: getattr(page, name) for name in (*names, "may_write", "may_review")}
    return Group.model_validate(line | rest | {"purpose": page.row.purpose if page.row else ""})
