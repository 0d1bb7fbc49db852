"""A hold with what its release lets go."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from bot.surfaces.api.shapes.base import Shape
from bot.surfaces.api.shapes.cases import CaseLine, Hold
from bot.surfaces.api.shapes.losses import Loss, Unseen
from bot.views.holds import Bound, Concerned


class HoldState(StrEnum):
    """Whether it still waits."""

    OPEN = "open"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"
    """Rejected, or replaced by something newer."""


class HeldCase(Shape):
    """One case of a hold, and what it would end."""

    case: CaseLine
    rule: str
    policy: str
    count: int = Field(description="Memberships that end")
    rows: list[Loss]
    unseen: list[Unseen]


class HeldAccount(Shape):
    """An account that would count as somebody's."""

    person_id: str
    person: str
    instance: str
    evidence: str
    account_id: str = Field(description="Empty without `connector.read`")


class HoldPreview(Shape):
    """What a release lets go, by the platforms as they are now."""

    shown: str = Field(description="Send it with the signature: the approval binds exactly this")
    complete: bool = Field(description="Whether every platform could be read")
    count: int
    cases: list[HeldCase]
    accounts: list[HeldAccount]


class HoldPage(Hold):
    """One hold whole."""

    state: HoldState
    preview: HoldPreview | None = None


def previewed(page: HoldPage, found: Bound) -> HoldPage:
    """Add what a release lets go, as the view cut it to the reader."""
    shown = HoldPreview(
        shown=found.mark,
        complete=found.complete,
        count=found.count,
        cases=[_case(one) for one in found.cases],
        accounts=[HeldAccount.model_validate(one) for one in found.accounts],
    )
    return page.model_copy(update={"preview": shown})


def _case(one: Concerned) -> HeldCase:
    return HeldCase(
        case=CaseLine.model_validate(one.line),
        rule=one.rule,
        policy=one.policy,
        count=one.losses.count,
        rows=[Loss.model_validate(row) for row in one.losses.rows],
        unseen=[Unseen.model_validate(each) for each in one.losses.unseen],
    )
