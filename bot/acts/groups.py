"""What people say of groups: owner, deputy, purpose, review; chat admins of their own groups only."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TypeVar

from bot.access.actor import Actor, NotAllowed
from bot.acts.refusals import CannotAct
from bot.app import Bawab
from bot.groups import register as registry
from bot.groups.register import By, Change, Fields, NotOneGroup
from bot.groups.registry_file import RegistryProblem
from bot.people.who import NotOnePerson
from bot.settings import SettingsProblem
from policies.complaints import PolicyError
from policies.roles import Permission

OWN_FIELDS = frozenset({"deputy", "purpose", "language"})
"""What an owner or deputy may say of their own group; who owns it, and how sensitive it is, IT says."""
_Done = TypeVar("_Done")


async def set_fields(app: Bawab, who: Actor, group: str, instance: str, fields: Fields) -> Change:
    """Set fields of a group's row (None takes one out), or add the row. Raises NotAllowed, CannotAct.

    IT may set every field; whoever owns or deputises the group its deputy, purpose and language.
    """
    if not who.may(Permission.GROUP_WRITE):
        await _must_look_after(app, who, group, instance)
        if not set(fields) <= OWN_FIELDS:
            raise NotAllowed(Permission.GROUP_WRITE)
    try:
        return await _told(registry.set_fields(app, group, fields, _by(who), instance))
    except NotOnePerson as error:
        raise _nobody(who, fields, error) from error


async def register(app: Bawab, who: Actor, groups: Sequence[str], instance: str) -> Change:
    """Add a row for each of these groups. Raises NotAllowed, CannotAct."""
    who.must(Permission.GROUP_WRITE)
    return await _told(registry.register(app, groups, _by(who), instance))


async def review(app: Bawab, who: Actor, group: str, instance: str) -> Change:
    """Write down that somebody looked today at who is in a group. Raises NotAllowed, CannotAct."""
    if not who.may(Permission.GROUP_WRITE):
        await _must_look_after(app, who, group, instance)
    if not who.known_to_hr:
        raise CannotAct("not_known_to_hr")
    return await _told(registry.review(app, [group], who.id, _by(who), instance))


async def _must_look_after(app: Bawab, who: Actor, group: str, instance: str) -> None:
    who.must(Permission.OWN_GROUPS)
    entry = await _told(registry.find_group(app, group, instance))
    if entry.row is None or who.id not in (entry.row.owner_id, entry.row.deputy_id):
        raise NotAllowed(Permission.GROUP_WRITE)


def _by(who: Actor) -> By:
    return By(who.logged, id=who.id, discreet=not who.may(Permission.PERSON_READ))


def _nobody(who: Actor, fields: Fields, error: NotOnePerson) -> CannotAct:
    """Only whoever may search people is told whom a name may mean."""
    if who.may(Permission.PERSON_READ):
        return CannotAct("group_refused", why=str(error))
    named = [str(fields[name]) for name in registry.PEOPLE if fields.get(name)]
    return CannotAct("no_person", what=", ".join(named))


async def _told(doing: Awaitable[_Done]) -> _Done:
    try:
        return await doing
    except (NotOneGroup, RegistryProblem, SettingsProblem, PolicyError) as error:
        raise CannotAct("group_refused", why=str(error)) from error
