"""Groups as each role may see them: gaps first, coverage, and nothing of anybody's leaving too early."""

from __future__ import annotations

import pytest

from bot.access.actor import NotAllowed
from bot.groups.inside_memory import Inside, look_and_remember
from bot.groups.report import Standing
from bot.views.groups import GroupGap, GroupLine, NoSuchGroup, group_page, groups, key_of
from tests.bot.views.firm import ADMIN, AUDITOR, BREAK_GLASS, HR, IT, NOBODY, actor
from tests.bot.world import World


async def lines(world: World, who: object = IT) -> dict[str, GroupLine]:
    assert not isinstance(who, str)
    return {line.name: line for line in (await groups(world.app, who)).lines}  # type: ignore[arg-type]


async def test_each_group_is_said_what_nobody_looks_after_in_it(world: World) -> None:
    gaps = {name: set(line.gaps) for name, line in (await lines(world)).items()}
    assert gaps["well"] == set()
    assert gaps["lunch"] == {GroupGap.OWNER_LEAVES}
    assert gaps["sales"] == {GroupGap.NO_DEPUTY}
    assert gaps["far"] == {GroupGap.NO_OWNER, GroupGap.NO_DEPUTY, GroupGap.REVIEW_OVERDUE}
    assert gaps["wild"] == {GroupGap.UNREGISTERED}
    assert gaps["العائلة"] == {GroupGap.NO_DEPUTY, GroupGap.REVIEW_OVERDUE}


async def test_the_worst_come_first_and_what_is_well_last(world: World) -> None:
    found = [line.name for line in (await groups(world.app, IT)).lines]
    assert found[0] == "far"
    assert found[-1] == "well"
    assert found.index("lunch") < found.index("wild") < found.index("sales")


async def test_coverage_counts_groups_that_two_people_who_stay_answer_for(world: World) -> None:
    coverage = (await groups(world.app, IT)).coverage
    assert (coverage.groups, coverage.registered, coverage.two_owners) == (7, 5, 1)
    assert coverage.share(coverage.two_owners) == 14
    assert coverage.gaps[GroupGap.UNREGISTERED] == 2


async def test_a_look_inside_adds_outsiders_and_former_staff_and_says_when(world: World) -> None:
    assert (await groups(world.app, IT)).looked_at is None
    told: list[tuple[int, int]] = []
    await look_and_remember(world.app, progress=lambda done, total: told.append((done, total)))
    found = await groups(world.app, IT)
    assert found.looked_at == world.clock.now
    (lunch,) = [line for line in found.lines if line.name == "lunch"]
    assert lunch.inside == Inside(outsiders=2, former=1, complete=True)
    assert {GroupGap.OUTSIDERS, GroupGap.FORMER_STAFF} <= set(lunch.gaps)
    assert told
    assert all(done <= total for done, total in told)


async def test_hr_reads_every_group_without_any_platform_id(world: World) -> None:
    shown = await lines(world, HR)
    assert set(shown) == set(await lines(world, IT))
    assert {line.id for line in shown.values()} == {""}
    page = await group_page(world.app, HR, shown["lunch"].key)
    assert page.row is not None
    assert (page.row.group, page.line.id, page.may_write) == ("", "", False)


async def test_a_chat_admin_sees_their_own_groups_and_no_others(world: World) -> None:
    found = await groups(world.app, ADMIN)
    assert found.own_only
    assert {line.name for line in found.lines} == {"lunch", "well", "العائلة"}
    assert found.coverage.groups == 3
    with pytest.raises(NoSuchGroup):
        await group_page(world.app, ADMIN, key_of("acme", "C-sales"))


async def test_a_chat_admin_is_not_told_that_somebody_will_leave(world: World) -> None:
    assert (await lines(world, IT))["العائلة"].deputy.standing is Standing.LEAVING  # type: ignore[union-attr]
    deputy = (await lines(world, ADMIN))["العائلة"].deputy
    assert deputy is not None
    assert (deputy.standing, deputy.last_day) == (Standing.PRESENT, None)
    assert (await lines(world, ADMIN))["العائلة"].gaps == (GroupGap.REVIEW_OVERDUE,)


async def test_a_chat_admin_is_told_of_an_owner_who_has_left_but_not_on_which_day(world: World) -> None:
    owner = (await lines(world, ADMIN))["lunch"].owner
    assert owner is not None
    assert (owner.standing, owner.last_day) == (Standing.GONE, None)


async def test_somebody_about_to_leave_does_not_read_it_of_themselves(world: World) -> None:
    for line in (await groups(world.app, actor(next(iter(ADMIN.roles)), "E3"))).lines:
        for one in (line.owner, line.deputy):
            assert one is None or one.last_day is None
            assert one is None or one.standing is not Standing.LEAVING


async def test_whoever_has_no_right_gets_nothing(world: World) -> None:
    for who in (NOBODY, BREAK_GLASS):
        with pytest.raises(NotAllowed):
            await groups(world.app, who)
        with pytest.raises(NotAllowed):
            await group_page(world.app, who, key_of("acme", "C-well"))


async def test_who_may_write_and_who_may_review(world: World) -> None:
    key = key_of("acme", "C-well")
    rights = {}
    for who in (IT, HR, AUDITOR, ADMIN):
        page = await group_page(world.app, who, key)
        rights[who.id] = (page.may_write, page.may_review)
    assert rights == {"I1": (True, True), "H1": (False, False), "A1": (False, False), "E2": (False, True)}


async def test_a_group_page_names_whom_the_registry_names_inside(world: World) -> None:
    page = await group_page(world.app, IT, key_of("phones", "العائلة"))
    assert [(one.name, one.status) for one in page.seen] == [
        ("Ana Quispe", "registry"),
        ("Gone Person", "registry"),
    ]
    assert (await group_page(world.app, ADMIN, key_of("phones", "العائلة"))).seen == ()
