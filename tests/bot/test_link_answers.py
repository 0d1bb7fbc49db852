"""A doubt about an account, answered: theirs, or left as it is; never by whom it is about."""

from __future__ import annotations

import pytest

from bot.access.actor import NotAllowed
from bot.acts.link_answers import confirm, reconfirm, refuse
from bot.acts.refusals import CannotAct
from bot.people.linking import Linker
from bot.store.query import add, change, columns, where
from bot.store.tables import LaneRow, LinkQuestionRow, LinkRow
from connectors.chat.slack.sandbox import User
from policies.roles import Role
from tests.bot.views.conftest import settled_firm, world
from tests.bot.views.firm import ADMIN, AUDITOR, HR, IT, STAFF, actor
from tests.bot.world import World

__all__ = ["settled_firm", "world"]


async def questions(world: World) -> list[LinkQuestionRow]:
    async with world.app.store.read() as tx:
        return await where(tx, LinkQuestionRow)


async def links(world: World, account: str) -> list[LinkRow]:
    async with world.app.store.read() as tx:
        return await where(tx, LinkRow, columns(LinkRow).account_id == account)


async def doubt(world: World) -> str:
    """Two accounts with Lina's address: the next feed asks which is hers."""
    world.sandbox.workspace.add(User(id="ULINA2", name="lina.two", email="lina@corp.test"))
    async with world.app.store.write() as tx:
        await change(tx, LaneRow, {"linked_feed": None}, columns(LaneRow).instance == "acme")
    await Linker(world.app).refresh()
    (asked,) = await questions(world)
    return asked.id


async def test_confirmed_it_is_theirs_with_certainty_and_the_question_is_gone(world: World) -> None:
    await confirm(world.app, HR, await doubt(world), "E4", "ULINA2")
    (link,) = await links(world, "ULINA2")
    assert (link.person_id, link.evidence) == ("E4", "admin")
    assert link.released_at == link.confirmed_at == world.clock.now
    assert await questions(world) == []
    assert any(row["action"] == "link.release" and row["actor"] == "person:H1" for row in await world.log())


async def test_an_account_confirmed_as_somebodys_is_taken_from_whoever_had_it(world: World) -> None:
    row = LinkQuestionRow(
        id="ask_1",
        instance="acme",
        people=["E1", "E4"],
        accounts=["UANA"],
        why="linked_to_another_person",
        asked_at=world.clock.now,
    )
    async with world.app.store.write() as tx:
        await add(tx, row)
    await confirm(world.app, IT, "ask_1", "E4", "UANA")
    assert [link.person_id for link in await links(world, "UANA")] == ["E4"]
    removed = [row for row in await world.log() if row["action"] == "link.remove"]
    assert [row["actor"] for row in removed] == ["person:I1"]


async def test_left_as_it_is_nothing_is_tied_and_the_next_feed_does_not_ask_again(world: World) -> None:
    question = await doubt(world)
    await refuse(world.app, IT, question, "the second one is a test account")
    assert await questions(world) == []
    assert await links(world, "ULINA2") == []
    world.drop(*STAFF, name="again.csv")
    world.clock.turn(hours=1)
    async with world.app.store.write() as tx:
        await change(tx, LaneRow, {"linked_feed": None}, columns(LaneRow).instance == "acme")
    await Linker(world.app).refresh()
    assert await questions(world) == []


async def test_nobody_answers_about_themselves_nor_names_somebody_the_question_does_not(world: World) -> None:
    question = await doubt(world)
    with pytest.raises(CannotAct, match="yourself"):
        await confirm(world.app, actor(Role.HR, "E4"), question, "E4", "ULINA2")
    with pytest.raises(CannotAct):
        await confirm(world.app, HR, question, "E2", "ULINA2")
    with pytest.raises(CannotAct):
        await confirm(world.app, HR, question, "E4", "UANA")
    with pytest.raises(CannotAct):
        await refuse(world.app, actor(Role.IT, "E4"), question)
    assert [row.id for row in await questions(world)] == [question]


async def test_an_answer_given_twice_is_given_once(world: World) -> None:
    question = await doubt(world)
    await confirm(world.app, HR, question, "E4", "ULINA2")
    with pytest.raises(CannotAct):
        await confirm(world.app, IT, question, "E4", "ULINA2")
    assert len(await links(world, "ULINA2")) == 1


async def test_a_link_said_to_be_still_so_is_fresh_again(world: World) -> None:
    world.clock.turn(days=400)
    assert await reconfirm(world.app, HR, "E1", "acme") == 1
    (link,) = await links(world, "UANA")
    assert link.confirmed_at == world.clock.now
    with pytest.raises(CannotAct):
        await reconfirm(world.app, actor(Role.HR, "E1"), "E1", "acme")


async def test_only_who_may_decide_does(world: World) -> None:
    question = await doubt(world)
    for who in (AUDITOR, ADMIN):
        with pytest.raises(NotAllowed):
            await confirm(world.app, who, question, "E4", "ULINA2")
        with pytest.raises(NotAllowed):
            await refuse(world.app, who, question)
        with pytest.raises(NotAllowed):
            await reconfirm(world.app, who, "E1", "acme")
