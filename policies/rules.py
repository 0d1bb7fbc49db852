"""The shape of a policy file: what HR and IT write, as typed and frozen values."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    Tag,
    WithJsonSchema,
)

from policies.model import Employment, EventKind, ExitType, GroupKind, Sensitivity, StepAction


class RuleAction(StrEnum):
    """What a rule does with the groups it names."""

    REMOVE = "remove"
    REMOVE_AND_BAR = "remove_and_bar"
    """Also refuse the way back, where the platform knows the difference."""
    KEEP = "keep"
    ASK_OWNER = "ask_owner"


class PostPart(StrEnum):
    """The parts of a post that a transfer may change."""

    DEPARTMENT = "department"
    TEAM = "team"
    LOCATION = "location"
    MANAGER = "manager"


class Approval(StrEnum):
    """Who must release a case before it runs."""

    NONE = "none"
    HR = "hr"
    IT = "it"
    BOTH = "both"
    """HR and IT, two people."""


class Notify(StrEnum):
    """Who is told once it is done; the person who leaves never is."""

    OWNER = "owner"
    NOBODY = "nobody"


class Successor(StrEnum):
    """Who takes over a group whose last owner goes."""

    DEPUTY = "deputy"
    """The deputy in the group registry."""
    MANAGER = "manager"
    """The manager of the person who goes."""


class WayBackRule(StrEnum):
    """What happens to links and invitations of the groups a person is taken out of."""

    CLOSE = "close"
    LEAVE = "leave"


class CameBack(StrEnum):
    """What happens to somebody who is in a group again after they were seen gone."""

    ASK = "ask"
    REMOVE = "remove"


_UNITS = {"minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
_DURATION = re.compile(r"\s*(\d{1,4})\s*(minute|hour|day|week)s?\s*", re.ASCII)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)


def _glob(value: object) -> object:
    text = str(value)
    if not text.strip():
        raise ValueError("a pattern cannot be empty; write '*' for every name")
    if re.search(r"\[(?!!?\]?[^\]]*\])", text):
        raise ValueError("a '[' in a pattern needs its ']'; write '[[]' for the character itself")
    return value


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(str(value))
    if not found:
        raise ValueError("a duration is a number and a unit, such as '3 days', '12 hours' or '2 weeks'")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def _duration_text(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    unit = max((name for name, size in _UNITS.items() if seconds % size == 0), key=lambda name: _UNITS[name])
    return f"{seconds // _UNITS[unit]} {unit}s"


def _clock(value: object) -> time:
    if isinstance(value, time):
        return value
    found = _CLOCK.fullmatch(str(value))
    if not found:
        raise ValueError("a time of day is written as '18:00', from '00:00' to '23:59'")
    return time(int(found[1]), int(found[2]))


def _listed(value: object) -> object:
    """Let one word stand for a list of one."""
    return [value] if isinstance(value, str) else value


class _WordOrList:
    """Tells editors what `_listed` allows."""

    def __get_pydantic_json_schema__(self, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        array = handler(core)
        return {"anyOf": [array["items"], array]}


def _text_or_not(value: Any) -> str:
    return "word" if isinstance(value, str) else "parts"


Glob = Annotated[str, BeforeValidator(_glob)]
Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(_duration_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,4} (minute|hour|day|week)s?$"}),
]
Clock = Annotated[
    time,
    BeforeValidator(_clock),
    PlainSerializer(lambda value: value.strftime("%H:%M"), return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^([01]?\d|2[0-3]):[0-5]\d$"}),
]
EventKinds = Annotated[tuple[EventKind, ...], Field(min_length=1), BeforeValidator(_listed), _WordOrList()]
ExitTypes = Annotated[tuple[ExitType, ...], Field(min_length=1), BeforeValidator(_listed), _WordOrList()]
PostParts = Annotated[tuple[PostPart, ...], Field(min_length=1), BeforeValidator(_listed), _WordOrList()]
Successors = Annotated[tuple[Successor, ...], BeforeValidator(_listed), _WordOrList()]
AccountActs = Annotated[
    tuple[Literal[StepAction.END_SESSIONS, StepAction.DEACTIVATE], ...],
    BeforeValidator(_listed),
    _WordOrList(),
]


class Shape(BaseModel):
    """A part of the file: frozen, and no key that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Selector(Shape):
    """Groups that match everything said here; a list of selectors takes what any of them takes."""

    platform: str | None = None
    instance: str | None = None
    name: Glob | None = None
    """Pattern over the group's name: `*` any text, `?` one character, `[ab]` one of; in any case."""
    tag: str | None = None
    owner: str | None = None
    """Employee id of the owner in the group registry."""
    sensitivity: Sensitivity | None = None
    kind: GroupKind | None = None


Selectors = Annotated[tuple[Selector, ...], Field(min_length=1)]
Groups = Annotated[
    Annotated[Literal["all"], Tag("word")] | Annotated[Selectors, Tag("parts")], Discriminator(_text_or_not)
]


class PostMatch(Shape):
    """Where a person works; every part that is said must match. Patterns as in group names."""

    department: Glob | None = None
    team: Glob | None = None
    location: Glob | None = None
    manager: Glob | None = None


class After(Shape):
    """A grace period, counted from the end of the last day."""

    after: Duration


When = Annotated[
    Annotated[Literal["now", "end_of_last_day"], Tag("word")] | Annotated[After, Tag("parts")],
    Discriminator(_text_or_not),
]


class Rule(Shape):
    """What happens to whom, to which groups, when, and who must agree."""

    id: str = Field(pattern=r"^[^/\s]+(/[^/\s]+)?$")
    """Unique in the file; in a loaded policy `file-name/id`."""
    on: EventKinds
    exit_type: ExitTypes | None = None
    employment: Employment | None = None
    changed: PostParts | None = None
    """Movers only: the rule applies if any of these parts changed."""
    match: PostMatch | None = None
    """Where the person works; for a mover the post that is left."""
    groups: Groups = "all"
    except_: Annotated[tuple[Selector, ...], Field(alias="except")] = ()
    action: RuleAction
    account: AccountActs = ()
    """What happens to the account itself, where the platform can."""
    successor: Successors = (Successor.DEPUTY, Successor.MANAGER)
    """Who is made owner, in this order, before a last owner goes; empty: nobody, it becomes a task."""
    way_back: WayBackRule | None = None
    """Links and invitations; where nothing is said, closed by `remove_and_bar` and left by `remove`."""
    came_back: CameBack = CameBack.ASK
    when: When = "end_of_last_day"
    end_of_day: Clock = time(18, 0)
    approve: Approval = Approval.NONE
    urgent: bool = False
    """Overtakes other work."""
    notify: Notify = Notify.OWNER
    notify_creator: bool = False
    """Tell the channel's creator where no owner is registered."""
    join_to_act: bool = False
    """Let the bot join a public channel only to remove somebody from it."""


class PostGroups(PostMatch):
    """Groups that belong to a post: lost by who leaves it, previewed for who takes it."""

    groups: Selectors


class Policy(Shape):
    """Rules in order (the first that matches wins), the groups of posts, and people never touched."""

    version: Literal[1]
    rules: tuple[Rule, ...] = ()
    posts: tuple[PostGroups, ...] = ()
    protected: tuple[str, ...] = ()
    """Employee ids."""

    def rule(self, rule_id: str) -> Rule | None:
        """Find a rule by its full id, `file-name/id`."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)

    @cached_property
    def digest(self) -> str:
        """Name this content: SHA-256 over what differs from the defaults, in one spelling.

        Defaults are left out so that a later release that knows one more key does not rename old policies.
        """
        return hashlib.sha256(canonical(self, full=False).encode()).hexdigest()


def canonical(policy: Policy, *, full: bool = True) -> str:
    """Spell a policy as JSON in exactly one way; `full` writes defaults out."""
    data = policy.model_dump(mode="json", by_alias=True, exclude_defaults=not full)
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
