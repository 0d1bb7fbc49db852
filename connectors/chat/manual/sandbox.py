"""The human world the connector cannot see: groups, and an admin who does what is asked, or does not.

Only tests and the demo talk to it, to learn what is really so; the connector never does, because in life
there is nothing to talk to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


class Habit(StrEnum):
    """What a group's admin does with a task."""

    DOES = "does"
    IGNORES = "ignores"
    SAYS_ONLY = "says_only"
    """Reports it done without having done it."""


class Attestation(StrEnum):
    """What the admin reports; None is said by silence."""

    DONE = "done"
    WAS_NOT_THERE = "was_not_there"


@dataclass(slots=True)
class HumanGroup:
    """One group as it really is: employee ids of its members, its admin, and the admin's habit."""

    members: set[str]
    admin: str
    habit: Habit = Habit.DOES


@dataclass(slots=True)
class HumanWorld:
    """Every group of one platform, and a journal of the tasks its admins were given."""

    groups: dict[str, HumanGroup] = field(default_factory=dict)
    journal: list[tuple[str, str, str]] = field(default_factory=list)
    """(group, person, what the admin reported or "silence")."""

    def ask(self, group: str, person: str) -> Attestation | None:
        """Give the group's admin a removal task and say what they report; KeyError for no such group."""
        said = _carried_out(self.groups[group], person)
        self.journal.append((group, person, said.value if said else "silence"))
        return said

    def really(self) -> Mapping[str, frozenset[str]]:
        """Say who is truly in which group."""
        return {name: frozenset(group.members) for name, group in self.groups.items()}


def _carried_out(group: HumanGroup, person: str) -> Attestation | None:
    if group.habit is Habit.IGNORES:
        return None
    if group.habit is Habit.SAYS_ONLY:
        return Attestation.DONE
    was_there = person in group.members
    group.members.discard(person)
    return Attestation.DONE if was_there else Attestation.WAS_NOT_THERE


def human_world(groups: Mapping[str, Iterable[str]], *, admin: str, habit: Habit = Habit.DOES) -> HumanWorld:
    """Make a world in which one admin keeps every group, with one habit."""
    return HumanWorld({name: HumanGroup(set(members), admin, habit) for name, members in groups.items()})


def create_app(world: HumanWorld) -> Starlette:
    """Serve a world: `GET /state` says what is really so, `POST /tasks` gives its admin a task."""

    async def state(_: Request) -> JSONResponse:
        groups = {name: sorted(members) for name, members in world.really().items()}
        return JSONResponse({"groups": groups, "journal": world.journal})

    async def tasks(request: Request) -> JSONResponse:
        task = await request.json()
        if task.get("group") not in world.groups or not task.get("person"):
            return JSONResponse({"error": "a task names a known group and a person"}, status_code=422)
        said = world.ask(task["group"], task["person"])
        return JSONResponse({"reported": said})

    return Starlette(routes=[Route("/state", state), Route("/tasks", tasks, methods=["POST"])])
