"""Runs that somebody must look at: they wait, age, are escalated once, and somebody else signs them off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.access.actor import Actor, NotAllowed
from bot.acts.refusals import CannotAct
from bot.acts.reviews import sign_off
from bot.audit.actions import Action
from bot.manual_cases import ByHand, open_by_hand
from bot.reviews import AGEING, ESCALATE_AFTER, WAITING, Standing, escalate_due, standing, unreviewed
from bot.run_facts import RunFacts
from bot.runs import begin
from bot.states import StepState
from bot.store.access_tables import ReviewRow
from bot.store.query import add
from bot.store.tables import MetaRow, RunRow
from bot.views.reviews import NoSuchRun, RunLine, run_line, runs
from bot.views.run import the_run
from policies.model import ExitType
from policies.roles import Role
from tests.bot.adversary import actions
from tests.bot.views.departed import departed, made_departed
from tests.bot.views.readers import AUDITOR, BREAK_GLASS, CHAT_ADMIN, HR, IT, NOBODY, reader
from tests.bot.world import START, World


@pytest.fixture(scope="module")
def made() -> Path:
    return made_departed()


@pytest.fixture
async def world(made: Path, tmp_path: Path) -> AsyncIterator[World]:
    async with departed(made, tmp_path) as opened:
        yield opened


async def waiting(world: World, who: Actor = IT) -> list[RunLine]:
    return list((await runs(world.app, who)).lines)


async def lina_left(world: World) -> str:
    """The run of lina's case, which is over; ana's waits for work by hand."""
    return next(case.run_id or "" for case in await world.cases() if case.person_id == "lina")


async def test_a_run_waits_once_all_its_cases_are_over_and_tells_what_it_touched(world: World) -> None:
    (line,) = await waiting(world)
    assert (line.id, line.kind, line.file, line.cases) == (
        await lina_left(world),
        "feed",
        "export-003.csv",
        1,
    )
    assert line.steps == {StepState.VERIFIED_ABSENT: 1, StepState.BLOCKED: 1}
    assert (line.failed, line.exceptions) == (0, 1)
    assert line.review.standing is Standing.FRESH
    assert line.review.may_sign


async def test_a_run_with_a_case_under_way_is_listed_but_not_waiting(world: World) -> None:
    every = {line.id: line for line in (await runs(world.app, IT, every=True)).lines}
    anas = next(case.run_id or "" for case in await world.cases() if case.person_id == "ana")
    assert every[anas].review.standing is Standing.RUNNING
    assert every[anas].review.why_not == "run_not_ended"
    with pytest.raises(CannotAct, match="has not ended yet"):
        await sign_off(world.app, IT, anas, "looks right")


async def test_every_run_is_listed_newest_first_page_by_page(world: World) -> None:
    whole = [line.id for line in (await runs(world.app, IT, every=True)).lines]
    first = await runs(world.app, IT, every=True, limit=2)
    paged, after = [line.id for line in first.lines], first.next
    while after is not None:
        page = await runs(world.app, IT, every=True, limit=2, after=after)
        paged, after = [*paged, *(line.id for line in page.lines)], page.next
    assert paged == whole
    assert len(whole) == 6


async def test_a_run_ages_is_escalated_once_and_its_sign_off_is_in_the_log(world: World) -> None:
    run = await lina_left(world)
    world.clock.turn(days=1, hours=1)
    assert (await run_line(world.app, IT, run)).review.standing is Standing.AGEING
    assert await escalate_due(world.app) == 0
    world.clock.turn(days=2)
    assert [await escalate_due(world.app), await escalate_due(world.app)] == [1, 0]
    async with world.app.store.read() as tx:
        assert (await unreviewed(world.app, tx)).overdue == 1
    late = await run_line(world.app, IT, run)
    assert late.review.standing is Standing.OVERDUE
    assert late.review.escalated_at == world.clock.now
    await sign_off(world.app, IT, run, "the blocked one is the default channel; closed with the account")
    signed = (await run_line(world.app, AUDITOR, run)).review
    assert (signed.standing, signed.signed_by) == (Standing.SIGNED, "Omar Q")
    assert await waiting(world) == []
    assert await actions(world, "run.")  # the whole list, below, ends with the two of this test
    assert (await actions(world, "run."))[-2:] == [Action.RUN_ESCALATE, Action.RUN_REVIEW]
    assert (await world.app.audit.verify()).ok


async def test_the_service_escalates_by_itself(world: World) -> None:
    world.clock.turn(days=4)
    await world.run()
    assert Action.RUN_ESCALATE in await actions(world, "run.")


async def test_a_run_signed_off_in_time_is_never_escalated(world: World) -> None:
    await sign_off(world.app, IT, await lina_left(world), "looked at it")
    world.clock.turn(days=30)
    assert await escalate_due(world.app) == 0


async def by_hand(world: World, actor: str) -> str:
    opened = await open_by_hand(world.app, ByHand("huda", None, ExitType.UNSTATED, actor))
    await world.release_all()
    await world.run()
    return opened.case.run_id or ""


@pytest.mark.parametrize("name", ["omar", "Omar Q", "omar@corp.test"])
async def test_nobody_signs_off_what_they_asked_for_by_any_of_their_names(world: World, name: str) -> None:
    run = await by_hand(world, f"person:{name}")
    line = await run_line(world.app, IT, run)
    assert (line.review.standing, line.review.may_sign, line.review.why_not) == (
        Standing.FRESH,
        False,
        "is_requester",
    )
    with pytest.raises(CannotAct, match="asked for this yourself"):
        await sign_off(world.app, IT, run, "mine")
    await sign_off(world.app, reader("noura", Role.IT), run, "a colleague looked at it")


async def test_nobody_sees_or_signs_a_run_about_themselves(world: World) -> None:
    run, lina = await lina_left(world), reader("lina", Role.IT)
    assert run not in [line.id for line in (await runs(world.app, lina, every=True)).lines]
    with pytest.raises(NoSuchRun):
        await run_line(world.app, lina, run)
    with pytest.raises(CannotAct, match="among the people concerned"):
        await sign_off(world.app, lina, run, "me")


@pytest.mark.parametrize("who", [HR, CHAT_ADMIN, BREAK_GLASS, NOBODY], ids=lambda who: who.id)
async def test_runs_are_closed_to_everybody_but_it_and_auditors(world: World, who: Actor) -> None:
    run = await lina_left(world)
    for read in (runs(world.app, who), the_run(world.app, who, run), sign_off(world.app, who, run, "x")):
        with pytest.raises(NotAllowed):
            await read


async def test_an_auditor_reads_and_does_not_sign(world: World) -> None:
    (line,) = await waiting(world, AUDITOR)
    assert (line.review.may_sign, line.review.why_not) == (False, None)
    with pytest.raises(NotAllowed):
        await sign_off(world.app, AUDITOR, line.id, "x")


async def test_a_run_tells_its_failures_first_with_what_to_do(world: World) -> None:
    view = await the_run(world.app, IT, await lina_left(world))
    (undone,) = view.exceptions
    assert (undone.person, undone.step.group, undone.step.refusal) == (
        "Lina Q",
        "town-square",
        "default_group",
    )
    assert view.failures == ()
    assert [case.line.person for case in view.cases] == ["Lina Q"]
    with pytest.raises(NoSuchRun):
        await the_run(world.app, IT, "run_nobody")


async def test_a_time_of_watching_that_met_trouble_or_was_cut_off_wants_a_review_and_no_other(
    world: World,
) -> None:
    assert [line.kind for line in await waiting(world)] == ["feed"], "two uneventful ones are not waiting"
    killed = await begin(world.app, "service")
    world.clock.turn(minutes=1)
    path = world.hr / "broken.csv"
    path.write_bytes(b"\x00\xff not a file of people")
    path.with_name("broken.csv.done").touch()
    await world.run()
    world.clock.turn(minutes=1)
    found = {line.id: line for line in await waiting(world)}
    assert found[killed.id].cut
    troubled = [line for line in found.values() if line.kind == "once"]
    assert [line.alarms for line in troubled] == [1]


async def test_runs_of_before_reviews_were_kept_are_owed_none(world: World) -> None:
    async with world.app.store.write() as tx:
        await add(tx, MetaRow(key="reviews_since", value=(world.clock.now).isoformat()))
    assert await waiting(world) == []
    world.clock.turn(days=10)
    assert await escalate_due(world.app) == 0


def facts(over: timedelta | None, *, cases: int = 1) -> RunFacts:
    run = RunRow(id="run_1", kind="feed", actor="bawab", started_at=START)
    return RunFacts(run, cases, 0, 0, 0, cut=False, over_at=None if over is None else START - over)


@given(st.timedeltas(timedelta(0), timedelta(days=400)))
def test_a_run_only_ever_grows_older(age: timedelta) -> None:
    found = standing(facts(age), None, START, None)
    expected = Standing.OVERDUE if age >= ESCALATE_AFTER else Standing.AGEING
    assert found is (expected if age >= AGEING else Standing.FRESH)
    assert found in WAITING


def test_what_is_signed_stays_signed_and_what_touched_nothing_is_not_waited_for() -> None:
    signed = ReviewRow(run_id="run_1", signed_by="person:omar", signed_at=START)
    assert standing(facts(timedelta(days=9)), signed, START, None) is Standing.SIGNED
    assert standing(facts(timedelta(days=9), cases=0), None, START, None) is Standing.NOTHING
    assert standing(facts(None), None, START, None) is Standing.RUNNING
    assert standing(facts(timedelta(days=9)), None, START, START) is Standing.EARLIER
