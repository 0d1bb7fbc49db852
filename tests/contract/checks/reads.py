"""Reading: complete or it raises, and what cannot be read is said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from connectors.errors import BadCredentials, ConnectorError
from policies.model import Gap
from tests.contract.acts import caught, memberships, whole
from tests.contract.stage import Fault, Need, Place, Stage
from tests.contract.suite import Chapter

CHAPTER = Chapter()

Reading = Callable[[Stage], Awaitable[object]]
READINGS: dict[Place, Reading] = {
    Place.ACCOUNTS: lambda stage: whole(stage.connector.accounts()),
    Place.GROUPS: lambda stage: whole(stage.connector.groups(stage.cast.known)),
    Place.MEMBERSHIPS: lambda stage: whole(stage.connector.memberships(stage.cast.leaver, stage.cast.known)),
}


@CHAPTER.check(Need.LISTS_ACCOUNTS)
async def every_account_is_listed_once_over_all_pages(stage: Stage) -> None:
    ids = [account.id for account in await whole(stage.connector.accounts())]
    assert sorted(ids) == sorted(stage.cast.everybody)


@CHAPTER.check()
async def the_account_of_a_person_is_found_by_the_id_hr_states(stage: Stage) -> None:
    found = await whole(stage.connector.accounts(stage.cast.person))
    assert stage.cast.leaver.id in {account.id for account in found}


@CHAPTER.check(Need.LISTS_GROUPS)
async def every_group_is_listed_once_or_said_as_a_gap(stage: Stage) -> None:
    read = await whole(stage.connector.groups())
    ids = [item.id for item in read if not isinstance(item, Gap)]
    said = {item.group_id for item in read if isinstance(item, Gap)}
    really = set(await stage.truth())
    assert len(ids) == len(set(ids))
    assert set(ids) <= really
    unlisted = really - set(ids)
    assert unlisted <= stage.cast.hidden | stage.cast.unlisted
    assert None in said or unlisted <= said


@CHAPTER.check(Need.REMEMBERED_GROUPS)
async def every_remembered_group_is_given_as_it_is_now_or_said_as_a_gap(stage: Stage) -> None:
    read = await whole(stage.connector.groups(stage.cast.known))
    ids = [item.id for item in read if not isinstance(item, Gap)]
    said = {item.group_id for item in read if isinstance(item, Gap)}
    assert len(ids) == len(set(ids))
    assert set(ids) <= set(await stage.truth())
    assert {group.id for group in stage.cast.known.groups} - set(ids) <= said
    # Whoever remembers nothing is told of nothing, rather than of something made up.
    assert [item for item in await whole(stage.connector.groups()) if not isinstance(item, Gap)] == []


@CHAPTER.check()
async def every_membership_is_read_over_all_pages(stage: Stage) -> None:
    found, _ = await memberships(stage)
    really = {id_ for id_, members in (await stage.truth()).items() if stage.cast.leaver.id in members}
    assert sorted(item.group.id for item in found) == sorted(really - stage.cast.hidden)
    assert {item.account.id for item in found} == {stage.cast.leaver.id}


@CHAPTER.check(Need.HIDDEN_GROUPS)
async def what_cannot_be_read_is_a_gap_with_a_reason(stage: Stage) -> None:
    _, gaps = await memberships(stage)
    named = {gap.group_id for gap in gaps}
    assert None in named or stage.cast.hidden <= named
    assert all(gap.reason and gap.remedy for gap in gaps)


@CHAPTER.check()
async def reading_twice_gives_the_same(stage: Stage) -> None:
    for reading in READINGS.values():
        assert await reading(stage) == await reading(stage)


@CHAPTER.check()
async def everything_read_carries_its_instance(stage: Stage) -> None:
    instance = stage.connector.instance
    found, gaps = await memberships(stage)
    read = [
        *await whole(stage.connector.accounts()),
        *await whole(stage.connector.groups(stage.cast.known)),
        *gaps,
    ]
    assert {item.instance for item in read} == {instance}
    assert {(item.account.instance, item.group.instance) for item in found} == {(instance, instance)}


@CHAPTER.check(Need.RENAMES)
async def a_new_name_changes_no_id(stage: Stage) -> None:
    before, _ = await memberships(stage)
    names = await _names_by_id(stage)
    everybody = {account.id for account in await whole(stage.connector.accounts())}
    await stage.rename()
    after, _ = await memberships(stage)
    assert {item.group.id for item in after} == {item.group.id for item in before}
    assert (await _names_by_id(stage)).keys() == names.keys()
    assert await _names_by_id(stage) != names
    assert {account.id for account in await whole(stage.connector.accounts())} == everybody


async def _names_by_id(stage: Stage) -> dict[str, str]:
    read = await whole(stage.connector.groups(stage.cast.known))
    return {item.id: item.name for item in read if not isinstance(item, Gap)}


async def _never_short(stage: Stage, fault: Fault, place: Place) -> None:
    """A listing that cannot be finished raises; a short answer taken for whole is a forgotten group."""
    await stage.inject(fault, place)
    error = await caught(READINGS[place](stage))
    assert isinstance(error, ConnectorError), f"{place} under {fault} was read as if it were complete"
    assert str(error), "an error says what happened, where, and what to do"


def _broken_reading(fault: Fault, place: Place) -> Callable[[Stage], Awaitable[None]]:
    return lambda stage: _never_short(stage, fault, place)


for _place in READINGS:
    for _fault in (
        Fault.PAGE_MISSING,
        Fault.SERVER_ERROR,
        Fault.DROPPED,
        Fault.SILENCE,
        Fault.EMPTY_ANSWER,
        Fault.MALFORMED_ANSWER,
    ):
        _name = f"reading_{_place}_under_{_fault}_raises"
        CHAPTER.add(_name, _broken_reading(_fault, _place), (_fault, _place))


@CHAPTER.check((Fault.TOKEN_REVOKED, Place.MEMBERSHIPS))
async def reading_with_a_revoked_token_calls_an_operator(stage: Stage) -> None:
    await stage.inject(Fault.TOKEN_REVOKED, Place.MEMBERSHIPS)
    assert isinstance(await caught(READINGS[Place.MEMBERSHIPS](stage)), BadCredentials)
