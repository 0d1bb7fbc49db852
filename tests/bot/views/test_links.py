"""Whose account is whose, in view: both sides of a doubt, stale links, and ids only to who needs them."""

from __future__ import annotations

import pytest

from bot.access.actor import NotAllowed
from bot.store.query import add
from bot.store.tables import LinkQuestionRow
from bot.views.links import NoSuchQuestion, links, question_page
from connectors.chat.slack.sandbox import Fault, FaultKind
from policies.roles import Role
from tests.bot.views.firm import ADMIN, AUDITOR, BREAK_GLASS, HR, IT, NOBODY, actor
from tests.bot.world import World


async def doubt(world: World, *accounts: str) -> str:
    row = LinkQuestionRow(
        id="ask_1",
        instance="acme",
        people=["E1", "E2"],
        accounts=list(accounts or ("USTRANGER",)),
        why="email_of_two_people",
        asked_at=world.clock.now,
    )
    async with world.app.store.write() as tx:
        await add(tx, row)
    return row.id


async def test_a_question_shows_what_hr_and_the_platform_know(world: World) -> None:
    page = await question_page(world.app, IT, await doubt(world, "USTRANGER", "UANA"))
    assert [(one.name, one.email, one.department) for one in page.people] == [
        ("Ana Quispe", "ana@corp.test", "Sales"),
        ("نورة القحطاني", "noura@corp.test", "Research"),
    ]
    stranger, ana = page.accounts
    assert (stranger.id, stranger.name, stranger.email) == ("USTRANGER", "stranger", "stranger@corp.test")
    assert (stranger.tied_to, stranger.active) == ((), True)
    assert ana.tied_to == ("Ana Quispe",)
    assert page.unread == ""
    assert page.may_decide


async def test_hr_sees_the_account_by_its_name_and_not_by_its_id(world: World) -> None:
    page = await question_page(world.app, HR, await doubt(world))
    assert [(one.id, one.name) for one in page.accounts] == [("", "stranger")]
    assert page.may_decide
    assert {line.account_id for line in (await links(world.app, HR)).links} == {""}


async def test_a_platform_that_does_not_answer_leaves_the_question_readable(world: World) -> None:
    world.sandbox.faults.append(Fault(FaultKind.TOKEN_REVOKED, times=0))
    page = await question_page(world.app, HR, await doubt(world))
    assert page.unread
    assert [(one.id, one.name) for one in page.accounts] == [("USTRANGER", "")]


async def test_nobody_decides_about_themselves_and_readers_decide_nothing(world: World) -> None:
    await doubt(world)
    assert not (await question_page(world.app, actor(Role.IT, "E1"), "ask_1")).may_decide
    assert not (await question_page(world.app, AUDITOR, "ask_1")).may_decide


async def test_links_unconfirmed_for_a_year_are_stale_and_come_first(world: World) -> None:
    assert (await links(world.app, IT)).stale == 0
    world.clock.turn(days=400)
    found = await links(world.app, IT)
    assert found.stale == found.total == len(found.links) > 0
    assert all(line.confirmed_at is not None or line.evidence == "hr_record" for line in found.links)


async def test_links_are_found_by_name_number_and_platform(world: World) -> None:
    assert {line.person_id for line in (await links(world.app, IT, text="ana")).links} == {"E1"}
    assert {line.person_id for line in (await links(world.app, IT, text="E2")).links} == {"E2"}
    assert (await links(world.app, IT, text="%")).total == 0
    assert {line.instance for line in (await links(world.app, IT, instance="acme")).links} == {"acme"}


async def test_only_who_may_read_links_gets_any(world: World) -> None:
    for who in (ADMIN, NOBODY, BREAK_GLASS):
        with pytest.raises(NotAllowed):
            await links(world.app, who)
        with pytest.raises(NotAllowed):
            await question_page(world.app, who, "ask_1")
    with pytest.raises(NoSuchQuestion):
        await question_page(world.app, IT, "ask_1")
