"""Runs as the API says them."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from bot.reviews import Standing
from bot.surfaces.api.shapes.base import Shape
from bot.surfaces.api.shapes.cases import CaseLine, Step


class Review(Shape):
    """Where a run stands with those who must look at it."""

    standing: Standing
    over_at: datetime | None = Field(description="Since when it waits")
    signed_by: str
    signed_at: datetime | None
    note: str
    escalated_at: datetime | None
    may_sign: bool
    why_not: str | None = Field(description="Why the token's owner may not sign it, as a stable key")


class Run(Shape):
    """One run, counted; cases about the reader are in no count."""

    id: str = Field(examples=["run_4f2a9c01d3b7"])
    kind: str = Field(examples=["feed"])
    by: str
    started_at: datetime
    ended_at: datetime | None
    file: str
    cases: int
    steps: dict[str, int] = Field(description="Step state → steps")
    failed: int
    exceptions: int
    holds: int
    alarms: int
    review: Review


class Undone(Shape):
    """One step that did not come to its end."""

    case_id: str
    person: str
    step: Step


class RunCase(Shape):
    """One case of a run."""

    line: CaseLine
    steps: dict[str, int]


class RunPage(Shape):
    """One run whole."""

    line: Run
    failures: list[Undone] = Field(description="Somebody is still in, as far as is known")
    exceptions: list[Undone] = Field(description="Not done by the bot")
    cases: list[RunCase] = Field(description="At most 500, those with trouble first")
    more: int = Field(description="Cases beyond those")
