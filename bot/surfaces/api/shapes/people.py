"""People as the API says them: found, known, and where they are now."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import Field, field_validator

from bot.groups.by_whom import As, Way
from bot.surfaces.api.shapes.base import Shape
from bot.surfaces.api.shapes.cases import CaseLine
from policies.model import Certainty, PersonStatus


class Found(Shape):
    """Somebody a search found: to choose from, never to act on by name."""

    id: str = Field(examples=["E7"])
    name: str = Field(examples=["Ana Quispe"])
    email: str = Field(examples=["ana@example.com"])
    department: str
    gone: bool = Field(description="HR says that they have left")


class People(Shape):
    """What a search found, by name."""

    items: list[Found]
    more: bool = Field(description="Too many to show: write more of the name")


class Link(Shape):
    """One account that is tied to the person."""

    instance: str
    account_id: str = Field(description="Empty without `connector.read`")
    evidence: str = Field(examples=["email"])
    since: datetime
    confirmed_at: datetime | None
    released: bool = Field(description="False: nobody has looked at the match, so nothing is done by it")
    stale: bool


class Drift(Shape):
    """A membership that should not be."""

    id: str
    instance: str
    group: str
    why: str
    state: str
    found_at: datetime
    accepted_until: datetime | None


class Person(Shape):
    """What is known of somebody; no platform is asked. Of themselves nobody learns that they leave."""

    id: str
    name: str
    email: str
    status: PersonStatus
    department: str
    team: str
    location: str
    manager: str
    zone: str
    last_day: date | datetime | None
    missing_reads: int
    links: list[Link]
    cases: list[CaseLine] = Field(description="The newest first; none without `case.read`")
    drifts: list[Drift]


class Exit(Shape):
    """By whom a membership can be ended, and why not by the bot."""

    way: Way
    refusal: str | None
    asked: str = Field(description="The name of whoever would be asked")
    asked_as: As | None


class Place(Shape):
    """One group the person is in."""

    group: str
    kind: str
    role: str
    sole_owner: bool
    through: str
    exit: Exit
    confirmed_at: datetime | None


class Account(Shape):
    """One account as the platform shows it now."""

    name: str
    account_id: str = Field(description="Empty without `connector.read`")
    certainty: Certainty
    why: str
    active: bool


class Unseen(Shape):
    """Something that could not be seen there."""

    reason: str
    group: str


class Spot(Shape):
    """The person on one platform, as read now."""

    instance: str
    accounts: list[Account]
    places: list[Place]
    unseen: list[Unseen]
    residual: str
    problem: str | None = Field(
        description="Why nothing is known there, empty without `connector.read`; null: it was read"
    )
    read_at: datetime

    @field_validator("unseen", mode="before")
    @classmethod
    def _of_pairs(cls, value: Any) -> list[Any]:
        return [{"reason": one[0], "group": one[1]} if isinstance(one, tuple) else one for one in value]


class Spots(Shape):
    """The person on every platform."""

    items: list[Spot]
