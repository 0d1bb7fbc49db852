"""Figures as the API says them; durations are seconds."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from pydantic import Field, PlainSerializer

from bot.surfaces.api.shapes.base import Shape


def _seconds(value: timedelta | None) -> float | None:
    return None if value is None else value.total_seconds()


Seconds = Annotated[timedelta | None, PlainSerializer(_seconds, return_type=float | None)]


class Week(Shape):
    """One week, Monday to Sunday, and the removals read back as gone in it."""

    monday: date
    total: int
    removals: dict[str, int] = Field(description="Platform → removals")
    p50: Seconds = Field(description="Half of them were proven within so many seconds of HR's instant")
    p95: Seconds
    late: int = Field(description="Of them, those HR told of only after the instant")


class Coverage(Shape):
    """What became of the removals planned on one platform in these weeks."""

    title: str = Field(examples=["Slack"])
    proven: int
    weaker: int = Field(description="Locked out with the account, or confirmed by a person")
    undone: int
    gaps: int
    percent: int | None


class Figures(Shape):
    """Everything on the page of figures; weeks oldest first, days in `zone`."""

    weeks: list[Week]
    open: dict[str, int] = Field(description="How long ago it was due → open cases")
    overdue: int
    coverage: list[Coverage]
    zone: str
