"""Tasks, feeds and connectors as the API says them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pydantic import Field, field_serializer, field_validator

from bot.states import FeedState, LaneState
from bot.surfaces.api.shapes.base import Shape
from connectors.contract import Severity


class Task(Shape):
    """One removal that only a person can do; a chat admin never reads why somebody's access ends."""

    id: str = Field(examples=["task_4f2a9c01d3b7"])
    case_id: str = Field(description="Empty without `case.read`")
    person: str = Field(description="Who is to be taken out")
    instance: str
    platform: str
    group: str
    group_key: str
    group_url: str
    action: str = Field(examples=["revoke"])
    refusal: str = Field(description="Why the bot does not do it", examples=["no_api"])
    state: str = Field(examples=["open"])
    deadline: datetime
    overdue: bool
    sensitive: bool = Field(description="Two people must confirm")
    assignee: str
    first_by: str
    second_by: str
    waived_until: datetime | None
    note: str = Field(description="Empty without `task.read`")
    may_confirm: bool
    may_waive: bool


class TaskState(Shape):
    """What became of a task."""

    id: str
    state: str = Field(examples=["half_attested"])
    waived_until: datetime | None


class Finding(Shape):
    """One thing wrong with a delivery; its words and evidence only for `person.read`."""

    code: str = Field(examples=["shrunken"])
    message: str
    remedy: str
    place: str = Field(description="line:column", examples=["3:7"])
    evidence: dict[str, str]

    @field_validator("evidence", mode="before")
    @classmethod
    def _of_pairs(cls, value: Any) -> Any:
        return dict(value) if isinstance(value, tuple) else value


class Delivery(Shape):
    """One delivery of an HR source, and what became of it."""

    id: str = Field(examples=["feed_4f2a9c01d3b7"])
    source: str
    file: str
    state: FeedState
    received_at: datetime
    modified: datetime
    rows: int | None
    size: int = Field(description="In bytes")
    hold_digest: str | None = Field(description="What its release is signed by, while it is quarantined")
    findings: list[Finding]


class Source(Shape):
    """One HR source, and how it is doing."""

    source: str
    configured: bool
    age: timedelta | None = Field(
        description="Seconds since the last good delivery", json_schema_extra={"format": "seconds"}
    )
    last_good: Delivery | None
    last: Delivery | None
    changes: dict[str, int] = Field(description="What the last accepted file changed: event → people")
    quarantined: list[Delivery]

    @field_serializer("age")
    def _seconds(self, age: timedelta | None) -> float | None:
        return None if age is None else age.total_seconds()


class Feeds(Shape):
    """Every source, and the newest deliveries."""

    sources: list[Source]
    deliveries: list[Delivery]


class Waits(Shape):
    """What waits for one connection, without the reader's own."""

    steps: int
    groups: int
    people: int
    cases: int
    urgent: int = Field(description="Of the cases, those that go before all others")
    unread: int = Field(description="Of the cases, those whose memberships there could not be read yet")
    seconds: float | None = Field(
        description="The least time for the steps at the pace known; null where none is"
    )


class Lane(Shape):
    """One connection's circuit."""

    state: LaneState
    reason: str
    since: datetime | None
    next_probe: datetime | None
    failures: int
    probes: int = Field(description="How often it was asked since it stopped, in vain")
    waiting: dict[str, int] = Field(description="Step state → steps the bot still has to do there")
    waits: Waits
    owner: str = Field(
        description="Which of many processes drains it; empty where one does everything", examples=["h1:4711"]
    )
    owner_since: datetime | None
    slower: dict[str, float] = Field(
        description="Method → times slower than published, as learnt from its own refusals"
    )
    may_resume: bool


class Coverage(Shape):
    """How much of an instance is managed."""

    groups: int
    unmanaged: int
    unmapped: int
    gaps: int


class CheckFinding(Shape):
    """What the last check found."""

    severity: Severity
    code: str
    message: str
    remedy: str
    group: str | None


class Connector(Shape):
    """One workspace, bot, tenant or manual platform, as IT needs it."""

    instance: str = Field(examples=["acme"])
    platform: str = Field(examples=["slack"])
    configured: bool
    lane: Lane
    findings: list[CheckFinding]
    coverage: Coverage | None
    missing_scopes: list[str]
    gaps: int = Field(description="Standing gaps of coverage")
    worst: Severity | None = Field(description="Of the last check; null where there was none")


class Connectors(Shape):
    """Every connector, those that need somebody first."""

    items: list[Connector]
    checked_at: datetime | None


def connector(view: Any) -> Connector:
    """Spell a connector's view."""
    names = ("instance", "platform", "lane", "findings", "coverage", "worst")
    plain = {name: getattr(view, name) for name in names}
    missing = [one.scope.name for one in view.scopes if one.lacking]
    told = {"configured": view.capabilities is not None, "missing_scopes": missing, "gaps": len(view.gaps)}
    return Connector.model_validate(plain | told)
