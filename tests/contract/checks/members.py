"""Who is in a group: everybody, over all pages, and the same as what each person's own list says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from connectors.contract import ListsMembers
from connectors.errors import ConnectorError
from policies.model import Gap, Membership
from tests.contract.acts import caught, memberships, whole
from tests.contract.stage import Fault, Need, Place, Stage
from tests.contract.suite import Chapter

CHAPTER = Chapter()


async def _in(stage: Stage, group_id: str) -> list[Membership | Gap]:
    assert isinstance(stage.connector, ListsMembers)
    return await whole(stage.connector.members(stage.revocation(group_id).membership.group))


@CHAPTER.check(Need.LISTS_MEMBERS)
async def everybody_in_a_group_is_listed_once_over_all_pages(stage: Stage) -> None:
    really = await stage.truth()
    for group in (*stage.cast.groups, stage.cast.outside):
        read = await _in(stage, group)
        found = [item for item in read if isinstance(item, Membership)]
        assert len(found) == len(read), "nothing stands in the way of reading these"
        assert sorted(item.account.id for item in found) == sorted(really[group])
        assert {item.group.id for item in found} == {group}


@CHAPTER.check(Need.LISTS_MEMBERS)
async def the_lists_of_groups_agree_with_the_list_of_the_person(stage: Stage) -> None:
    found, _ = await memberships(stage)
    by_person = {item.group.id: item.role for item in found}
    for group in (*stage.cast.groups, stage.cast.outside):
        read = [item for item in await _in(stage, group) if isinstance(item, Membership)]
        by_group = {item.account.id: item.role for item in read}
        assert by_group.get(stage.cast.leaver.id) == by_person.get(group)


@CHAPTER.check(Need.LISTS_MEMBERS, (Fault.UNREADABLE, Place.MEMBERS))
async def members_that_cannot_be_read_are_a_gap_or_an_error_and_never_nobody(stage: Stage) -> None:
    await stage.inject(Fault.UNREADABLE, Place.MEMBERS)
    try:
        read = await _in(stage, stage.cast.groups[0])
    except ConnectorError:
        return
    gaps = [item for item in read if isinstance(item, Gap)]
    assert gaps
    assert all(gap.reason and gap.remedy for gap in gaps)


async def _never_short(stage: Stage, fault: Fault) -> None:
    await stage.inject(fault, Place.MEMBERS)
    error = await caught(_in(stage, stage.cast.groups[0]))
    assert isinstance(error, ConnectorError), f"members under {fault} were read as if they were complete"


def _broken(fault: Fault) -> Callable[[Stage], Awaitable[None]]:
    return lambda stage: _never_short(stage, fault)


for _fault in (
    Fault.PAGE_MISSING,
    Fault.SERVER_ERROR,
    Fault.DROPPED,
    Fault.EMPTY_ANSWER,
    Fault.MALFORMED_ANSWER,
):
    _name = f"reading_members_under_{_fault}_raises"
    CHAPTER.add(_name, _broken(_fault), Need.LISTS_MEMBERS, (_fault, Place.MEMBERS))
