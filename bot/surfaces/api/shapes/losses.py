"""Who would lose what, as the API says it."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from bot.surfaces.api.shapes.base import Shape
from bot.views.losses import Losses
from bot.views.offboarding import When


class Loss(Shape):
    """What becomes of one membership, or of the account itself."""

    instance: str = Field(examples=["acme"])
    group: str = Field(description="Its name; empty for an act on the account itself", examples=["sales"])
    group_kind: str
    role: str
    action: str = Field(examples=["revoke"])
    verdict: str = Field(description="act, blocked, keep, ask …, or by_hand for a task", examples=["act"])
    why: str
    refusal: str | None
    task_for: str = Field(description="By hand: whoever would be asked; empty where nobody is named")
    successor: str
    since_approval: bool


class Unseen(Shape):
    """Something that could not be seen, and so is not in the rows."""

    instance: str
    reason: str = Field(examples=["unreadable"])
    group: str
    detail: str = Field(description="The platform's words; empty without `connector.read`")


class Instant(Shape):
    """What a last day comes to."""

    effective: datetime
    due: datetime
    zone: str
    rule: str
    approval: str | None = Field(description="Whose approval the rule wants")
    urgent: bool
    past: bool = Field(description="The instant is over already: access would end at once")


class Preview(Shape):
    """Everything one person would lose, and what nobody could see."""

    when: Instant | None = Field(description="null: at once")
    count: int = Field(description="Memberships that end; `counted` of POST /cases", examples=[3])
    by_hand: int = Field(description="How many of them only a person can end")
    complete: bool = Field(description="Whether every platform could be read")
    rows: list[Loss]
    unseen: list[Unseen]
    residual: dict[str, str] = Field(description="Instance → what the person keeps after a complete removal")


def spelled(found: Losses, when: When | None) -> Preview:
    """Spell what a view found."""
    residual = {one.instance: one.residual for one in found.platforms if one.residual}
    return Preview.model_validate(
        {
            "when": when,
            "count": found.count,
            "by_hand": found.by_hand,
            "complete": found.complete,
            "rows": found.rows,
            "unseen": found.unseen,
            "residual": residual,
        }
    )
