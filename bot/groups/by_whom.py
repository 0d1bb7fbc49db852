"""Who can take an account out of a group as things stand: the bot, a named person, somebody, or nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.notices.recipients import is_present
from bot.store.people import person
from connectors.contract import Capabilities
from policies.model import (
    Account,
    Certainty,
    Group,
    GroupKind,
    Membership,
    Person,
    Refusal,
    RegisteredGroup,
)
from policies.step_guards import refusal_for


class Way(StrEnum):
    """By whom a membership can be ended."""

    BOT = "bot"
    PERSON = "person"
    """By hand, and there is a name: owner, deputy, manager or IT."""
    BY_HAND = "by_hand"
    """By hand, and nobody is named to do it."""
    NOBODY = "nobody"
    """Not as things stand; the refusal says why, and its remedy what to do."""


class As(StrEnum):
    """As what somebody is asked."""

    OWNER = "owner"
    DEPUTY = "deputy"
    MANAGER = "manager"
    IT = "it"


@dataclass(frozen=True, slots=True)
class Exit:
    """By whom one membership can be ended, why not by the bot, and whom it would be asked of."""

    way: Way
    refusal: Refusal | None = None
    asked_id: str = ""
    asked: str = ""
    """Their name."""
    asked_as: As | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """What must be known beside the membership; `own` are the bot's account ids, `protected` employee ids."""

    able: Capabilities
    may_join: bool = False
    """Whether some rule lets the bot join a public channel in order to act there."""
    person_id: str = ""
    certainty: Certainty = Certainty.CERTAIN
    protected: frozenset[str] = frozenset()
    own: frozenset[tuple[str, str]] = frozenset()


def way_out(membership: Membership, ground: Ground) -> tuple[Way, Refusal | None]:
    """Judge one membership by what the platform says of it; BY_HAND where a person must do it.

    The guards of a plan come first: what they refuse, nobody should do as things stand.
    """
    refusal = refusal_for(
        membership,
        person_id=ground.person_id,
        certainty=ground.certainty,
        protected=ground.protected,
        own_accounts=ground.own,
    )
    if refusal is not None:
        return Way.NOBODY, refusal
    if not ground.able.revokes:
        return Way.BY_HAND, Refusal.NO_API
    group = membership.group
    if group.kind is GroupKind.USER_GROUP and group.member_count == 1:
        return Way.NOBODY, Refusal.LAST_MEMBER
    hindrance = membership.refusal or _hindrance(group, may_join=ground.may_join)
    return (Way.BY_HAND, hindrance) if hindrance else (Way.BOT, None)


def group_way_out(group: Group, able: Capabilities, *, may_join: bool) -> tuple[Way, Refusal | None]:
    """Judge a group by itself: can the bot take an ordinary member out there?"""
    anybody = Membership(Account(group.instance, ""), group)
    return way_out(anybody, Ground(able, may_join=may_join))


def _hindrance(group: Group, *, may_join: bool) -> Refusal | None:
    joins = may_join and group.kind is not GroupKind.PRIVATE_CHANNEL
    if group.bot_inside is False and not joins:
        return Refusal.BOT_NOT_IN_GROUP
    return Refusal.NO_RIGHT if group.bot_may_remove is False else None


async def exit_of(
    app: Bawab,
    tx: AsyncConnection,
    found: tuple[Way, Refusal | None],
    row: RegisteredGroup | None,
    subject: Person | None = None,
) -> Exit:
    """Add whom a task would be asked of: owner, deputy, the subject's manager, or IT; never the subject."""
    way, refusal = found
    if way is not Way.BY_HAND:
        return Exit(way, refusal)
    now, zone = app.now(), app.settings.time_zone or "UTC"
    for role, candidate in _line(row, subject, app.settings.it_contact):
        known = await person(tx, candidate) if subject is None or candidate != subject.id else None
        if known is not None and is_present(known, now, zone):
            return Exit(Way.PERSON, refusal, known.id, known.name or known.id, role)
    return Exit(way, refusal)


def _line(row: RegisteredGroup | None, subject: Person | None, it: str | None) -> Iterator[tuple[As, str]]:
    line = (
        (As.OWNER, row.owner_id if row else None),
        (As.DEPUTY, row.deputy_id if row else None),
        (As.MANAGER, subject.post.manager_id if subject else None),
        (As.IT, it),
    )
    for role, candidate in line:
        if candidate:
            yield role, candidate
