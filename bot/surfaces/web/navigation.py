"""The ways through the console: which pages stand in its navigation, for whom, and which come first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

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


@dataclass(frozen=True, slots=True)
class Ways:
    """What somebody may open: what they come for, then the rest, behind one word."""

    first: Sequence[Way]
    more: Sequence[Way]

    @property
    def among_more(self) -> bool:
        """Whether the page that is open is one of the rest."""
        return any(way.here for way in self.more)


FIRST = (
    Way("/", N_("Today")),
    Way("/cases", N_("Cases"), (Permission.CASE_READ,)),
    Way("/offboarding", N_("New offboarding"), (Permission.CASE_OPEN, Permission.CASE_REVOKE_NOW)),
    Way("/people", N_("People"), (Permission.PERSON_READ,)),
    Way("/groups", N_("Groups"), (Permission.GROUP_READ, Permission.OWN_GROUPS)),
    Way("/tasks", N_("Tasks"), (Permission.TASK_READ, Permission.OWN_TASKS)),
    Way("/audit", N_("Audit"), (Permission.AUDIT_READ,)),
)
MORE = (
    Way("/reviews", N_("Reviews"), (Permission.AUDIT_READ,)),
    Way("/figures", N_("Figures"), (Permission.CASE_READ,)),
    Way("/holds", N_("Held"), (Permission.HOLD_READ,)),
    Way("/links", N_("Whose account"), (Permission.LINK_READ,)),
    Way("/feeds", N_("Feeds"), (Permission.FEED_READ,)),
    Way("/connectors", N_("Connectors"), (Permission.CONNECTOR_READ,)),
    Way("/policies", N_("Policies"), (Permission.POLICY_READ,)),
    Way("/staff", N_("Who may sign in"), (Permission.STAFF_READ,)),
)
MOST_IN_A_ROW = 8
"""So few that nobody searches: they all stand in the row."""


def ways(who: Actor, path: str) -> Ways:
    """Give the ways that somebody may go, and mark the one they are on."""
    first, more = _open_to(who, FIRST, path), _open_to(who, MORE, path)
    few = len(first) + len(more) <= MOST_IN_A_ROW
    return Ways([*first, *more] if few else first, () if few else more)


def _open_to(who: Actor, some: Sequence[Way], path: str) -> list[Way]:
    return [
        replace(way, here=_leads_to(way.path, path))
        for way in some
        if not way.rights or any(who.may(right) for right in way.rights)
    ]


def _leads_to(way: str, path: str) -> bool:
    return path == way or (way != "/" and path.startswith(f"{way}/"))
