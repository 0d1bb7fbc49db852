"""The ways through the console: which pages stand in its navigation, and for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.access.actor import Actor
from bot.locale import N_
from policies.roles import Permission


@dataclass(frozen=True, slots=True)
class Way:
    """One entry: where it leads, what it is called, and which right (any of them) opens it."""

    path: str
    title: str
    rights: tuple[Permission, ...] = ()
    here: bool = False


WAYS = (
    Way("/", N_("Today")),
    Way("/cases", N_("Cases"), (Permission.CASE_READ,)),
    Way("/offboarding", N_("New offboarding"), (Permission.CASE_OPEN, Permission.CASE_REVOKE_NOW)),
    Way("/people", N_("People"), (Permission.PERSON_READ,)),
    Way("/groups", N_("Groups"), (Permission.GROUP_READ, Permission.OWN_GROUPS)),
    Way("/tasks", N_("Tasks"), (Permission.OWN_TASKS, Permission.TASK_READ)),
    Way("/holds", N_("Held"), (Permission.HOLD_READ,)),
    Way("/links", N_("Accounts"), (Permission.LINK_READ,)),
    Way("/audit", N_("Audit"), (Permission.AUDIT_READ,)),
    Way("/reviews", N_("Reviews"), (Permission.AUDIT_READ, Permission.RUN_REVIEW)),
    Way("/figures", N_("Figures"), (Permission.CASE_READ,)),
    Way("/feeds", N_("Feeds"), (Permission.FEED_READ,)),
    Way("/connectors", N_("Connectors"), (Permission.CONNECTOR_READ,)),
    Way("/policies", N_("Policies"), (Permission.POLICY_READ,)),
    Way("/staff", N_("Staff"), (Permission.STAFF_READ,)),
)


def ways(who: Actor, path: str) -> Sequence[Way]:
    """Give the ways that somebody may go, and mark the one they are on."""
    return [
        Way(way.path, way.title, way.rights, here=_leads_to(way.path, path))
        for way in WAYS
        if not way.rights or any(who.may(right) for right in way.rights)
    ]


def _leads_to(way: str, path: str) -> bool:
    return path == way or (way != "/" and path.startswith(f"{way}/"))
