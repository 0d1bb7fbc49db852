"""Entries of the log as the API says them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from pydantic import Field

from bot.access.actor import Actor
from bot.surfaces.api.shapes.base import Page, Shape
from bot.views.audit import Line
from bot.views.case_steps import timeline_rows
from policies.roles import Permission

_WHY: Final = frozenset({"exit_type", "reason", "note"})


class LogEntry(Shape):
    """One entry; personal fields stay sealed, and ids of platforms are only for `connector.read`."""

    seq: int = Field(examples=[4711])
    at: datetime
    actor: str = Field(examples=["person:E7"])
    actor_name: str
    action: str = Field(examples=["step.read_back"])
    outcome: str = Field(examples=["verified_absent"])
    subject: str | None = Field(description="The person's pseudonym", examples=["p_0a1b2c3d4e5f6071"])
    person_id: str | None = Field(description="Only for `person.read`, and not once they were erased")
    person: str
    case_id: str | None
    step_id: str | None
    run_id: str | None
    instance: str | None
    platform: str | None
    group_id: str | None
    group: str
    rule: str | None
    quality: str | None
    request_id: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    detail: dict[str, Any] | None
    prev_hash: str
    hash: str


class LogPage(Page[LogEntry]):
    """One page of a search."""

    unread: int = Field(description="Entries not looked at yet")
    search: str = Field(description="The search in the one way it is spelled")


def log_entry(who: Actor, line: Line) -> LogEntry:
    """Give an entry as this reader may see it."""
    (row,) = timeline_rows(who, [line.row])
    values = dict(row)
    if not who.may(Permission.REASON_READ):
        for name in ("before", "after", "detail"):
            values[name] = _without_why(values[name])
    people = {"person_id": line.person_id, "person": line.person, "actor_name": line.actor}
    shown = line.group if who.may(Permission.CONNECTOR_READ) or line.group != line.row["group_id"] else ""
    return LogEntry.model_validate(values | people | {"group": shown})


def _without_why(value: Any) -> Any:
    return (
        {name: one for name, one in value.items() if name not in _WHY} if isinstance(value, dict) else value
    )
