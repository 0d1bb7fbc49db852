"""A hold with what its release lets go."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from bot.access.actor import Actor
from bot.preview import Blind, Held, PreviewRow
from bot.surfaces.api.shapes.base import Shape
from bot.surfaces.api.shapes.cases import Hold
from policies.roles import Permission


class HoldState(StrEnum):
    """Whether it still waits."""

    OPEN = "open"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"
    """Rejected, or replaced by something newer."""


class HeldRow(Shape):
    """What becomes of one membership of one person."""

    case_id: str
    person_id: str
    person: str
    due: datetime | None
    instance: str
    group: str
    action: str
    verdict: str
    rule: str
    why: str
    refusal: str | None
    task_for: str
    account_id: str = Field(description="Empty without `connector.read`")
    group_id: str = Field(description="Empty without `connector.read`")


class HeldBlind(Shape):
    """Something the preview could not see."""

    case_id: str
    instance: str
    reason: str
    group_name: str
    detail: str = Field(description="Empty without `connector.read`")


class HeldLink(Shape):
    """An account that would count as somebody's."""

    person_id: str
    instance: str
    evidence: str
    account_id: str = Field(description="Empty without `connector.read`")


class HoldPreview(Shape):
    """What a release lets go, by the platforms as they are now."""

    shown: str = Field(description="Send it with the signature: the approval binds exactly this")
    complete: bool
    rows: list[HeldRow]
    unseen: list[HeldBlind]
    links: list[HeldLink]


class HoldPage(Hold):
    """One hold whole."""

    state: HoldState
    preview: HoldPreview | None = None


def previewed(page: HoldPage, held: Held, who: Actor, shown: str) -> HoldPage:
    """Add what a release lets go, cut to what the reader may know."""
    technical = who.may(Permission.CONNECTOR_READ)
    links = [HeldLink.model_validate(link) for link in held.links]
    found = HoldPreview(
        shown=shown,
        complete=not held.preview.unread,
        rows=[_row(row, technical=technical) for row in held.preview.rows],
        unseen=[_blind(blind, technical=technical) for blind in held.preview.blind],
        links=[link if technical else link.model_copy(update={"account_id": ""}) for link in links],
    )
    return page.model_copy(update={"preview": found})


def _row(row: PreviewRow, *, technical: bool) -> HeldRow:
    whole = HeldRow.model_validate(row)
    if technical:
        return whole.model_copy(update={"group": row.group or row.group_id})
    return whole.model_copy(update={"account_id": "", "group_id": ""})


def _blind(blind: Blind, *, technical: bool) -> HeldBlind:
    whole = HeldBlind.model_validate(blind)
    return whole if technical else whole.model_copy(update={"detail": ""})
