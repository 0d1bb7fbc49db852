"""A platform that is down, as IT and HR see it: since when, what waits, for whom, and what will happen."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.acts.lanes import resume
from bot.backlog import NOTHING, Backlog
from bot.lanes import answered, stumbled
from bot.locale import translator
from bot.states import LaneState, StepState
from bot.store.query import change, columns
from bot.store.tables import CaseInstanceRow, CaseRow, LaneRow, StepRow
from bot.views.cases import case
from bot.views.connectors import LaneView, connector_page
from bot.views.today import today
from bot.words.entries import entry_text
from bot.words.findings import said
from bot.words.outages import ahead_text, down_text, help_text, since_text, slower_text, waits_text
from bot.words.reader import Reader
from bot.words.trouble_forms import TROUBLE_FORMS
from connectors.errors import BadCredentials, Unavailable
from tests.bot.views.firm import HR, IT, STAFF
from tests.bot.world import World

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EN, AR = Reader(translator("en"), "Asia/Riyadh"), Reader(translator("ar"), "Asia/Riyadh")


@pytest.fixture
async def down(world: World) -> World:
    """Ana's removals were planned when Slack stopped to answer, at the world's own hour."""
    world.drop("E1,Ana Quispe,ana@corp.test,Sales,terminated,2026-11-20T08:00+03:00,", *STAFF[1:])
    await world.run()
    await world.release_all()
    await world.run()
    await stumbled(world.app, "acme", "slack", Unavailable("conversations.kick: no connection (OSError)"))
    later = world.clock.now + timedelta(minutes=9)
    steps, cases, lanes = columns(StepRow), columns(CaseRow), columns(LaneRow)
    async with world.app.store.write() as tx:
        waiting = {"state": StepState.PENDING, "next_attempt_at": later}
        await change(
            tx, StepRow, waiting, steps.person_id == "E1", steps.instance == "acme", steps.group_id != ""
        )
        await change(tx, CaseRow, {"urgent": True, "state": "executing"}, cases.person_id == "E1")
        await change(tx, LaneRow, {"next_probe": later, "probes": 5}, lanes.instance == "acme")
    return world


async def test_what_waits_is_counted_in_steps_people_and_cases_with_the_urgent_apart(down: World) -> None:
    mine = [step for step in await down.steps() if (step.person_id, step.instance) == ("E1", "acme")]
    count = sum(bool(step.group_id) for step in mine)
    assert count > 1
    lane = (await connector_page(down.app, IT, "acme")).lane
    assert (lane.waits.steps, lane.waits.people, lane.waits.cases, lane.waits.urgent) == (count, 1, 1, 1)
    assert (lane.waits.unread, lane.probes) == (0, 5)
    assert lane.waits.seconds is not None
    assert lane.waits.seconds > 0
    assert f"{count} steps for 1 person in 1 case; 1 case is urgent" in waits_text(lane.waits, EN.t)


async def test_a_case_that_could_not_be_read_there_is_counted_though_it_has_no_step_yet(down: World) -> None:
    (hers,) = [one for one in await down.cases() if one.person_id == "E1"]
    async with down.app.store.write() as tx:
        rows, steps = columns(CaseInstanceRow), columns(StepRow)
        await change(
            tx, CaseInstanceRow, {"state": "pending"}, rows.instance == "acme", rows.case_id == hers.id
        )
        await change(tx, StepRow, {"state": StepState.VERIFIED_ABSENT}, steps.instance == "acme")
    waits = (await connector_page(down.app, IT, "acme")).lane.waits
    assert (waits.steps, waits.people, waits.cases, waits.unread, waits.seconds) == (0, 1, 1, 1, None)
    assert "1 case could not be read there yet" in waits_text(waits, EN.t)


async def test_whoever_leaves_does_not_see_their_own_departure_counted(down: World) -> None:
    theirs = (await connector_page(down.app, replace(IT, id="E1"), "acme")).lane.waits
    assert theirs == NOTHING
    mine = (await today(down.app, replace(HR, id="E1"))).troubles
    assert [one.waits for one in mine] == [NOTHING]
    assert [one.waits.people for one in (await today(down.app, HR)).troubles] == [1]


async def test_hr_reads_the_platforms_name_that_nobody_is_lost_and_no_word_of_the_technicians(
    down: World,
) -> None:
    (trouble,) = (await today(down.app, HR)).troubles
    told = down_text(trouble.title, trouble, down.clock.now, EN)
    assert "Slack" in told
    assert "1 person waits. Nobody is lost." in told
    assert not {"acme", "conversations.kick"} & set(told.split())


async def test_asking_now_makes_the_question_due_and_with_it_what_waited_for_it(down: World) -> None:
    before = [step for step in await down.steps() if step.next_attempt_at and step.state == StepState.PENDING]
    assert all(step.next_attempt_at > down.clock.now for step in before if step.next_attempt_at)
    async with down.app.store.write() as tx:
        rows = columns(CaseInstanceRow)
        later = {"state": "pending", "next_attempt_at": down.clock.now + timedelta(hours=1)}
        await change(tx, CaseInstanceRow, later, rows.instance == "acme")
    await resume(down.app, IT, "acme")
    due = [step.next_attempt_at for step in await down.steps() if step.state == StepState.PENDING]
    assert due
    assert set(due) == {down.clock.now}
    async with down.app.store.write() as tx:
        rows = columns(CaseInstanceRow)
        still = await change(tx, CaseInstanceRow, {"attempts": 0}, rows.next_attempt_at > down.clock.now)
    assert not still


async def test_what_a_case_cost_in_calls_is_for_it_and_not_for_hr(down: World) -> None:
    async with down.app.store.write() as tx:
        effort = {"acme": {"planned": 12, "made": 14}}
        await change(tx, CaseRow, {"effort": effort}, columns(CaseRow).person_id == "E1")
    (found,) = [one for one in await down.cases() if one.person_id == "E1"]
    (line,) = (await case(down.app, IT, found.id)).effort
    assert (line.title, line.planned, line.made) == ("Slack", 12, 14)
    assert (await case(down.app, HR, found.id)).effort == ()


async def test_a_pace_slower_than_published_is_named_and_one_as_published_is_not(world: World) -> None:
    await stumbled(world.app, "acme", "slack", BadCredentials("invalid_auth"))
    keys = {"conversations.kick": {"stretch": 1.5}, "users.info": {"stretch": 1.0}, "chat": {"stretch": 2.25}}
    async with world.app.store.write() as tx:
        await change(tx, LaneRow, {"pace": {"keys": keys}}, columns(LaneRow).instance == "acme")
    lane = (await connector_page(world.app, IT, "acme")).lane
    assert list(lane.slower.items()) == [("chat", 2.25), ("conversations.kick", 1.5)]
    assert "225%" in slower_text("chat", 2.25, EN.t)


async def test_after_an_outage_the_log_says_how_long_it_was_and_how_often_it_was_asked(down: World) -> None:
    down.clock.turn(minutes=41)
    await answered(down.app, "acme", "slack")
    (entry,) = [one for one in await down.log() if one["action"] == "lane.open"]
    entry = {**entry, "detail": json.loads(entry["detail"])}
    told = entry_text(entry, "", EN)
    assert "works again, after 41 minutes; it was asked 5 times in vain" in told
    assert "works again" in entry_text({**entry, "detail": {}}, "", EN)
    assert "{" not in entry_text({**entry, "detail": {"seconds": 30.0, "probes": 0}}, "", AR)


def lane(
    state: LaneState = LaneState.WAITING, waits: Backlog = NOTHING, probe: datetime | None = NOON
) -> LaneView:
    return LaneView(state, "", NOON, probe, 1, 3, {}, waits, "", None, {}, may_resume=True)


def test_what_will_happen_is_said_with_its_hour_its_number_and_about_how_long_it_takes() -> None:
    waits = Backlog(steps=412, groups=412, people=37, cases=37, seconds=470.0)
    told = ahead_text(lane(waits=waits), NOON - timedelta(minutes=9), EN)
    assert told.startswith(
        "It is asked again by itself at 15:00. When it answers, 412 steps go on by themselves"
    )
    assert told.endswith("That takes about 8 minutes at its pace.")
    assert ahead_text(lane(), NOON, EN) == "It is asked again now. Nothing waits there."
    assert "2026" in ahead_text(lane(), NOON - timedelta(days=1), EN)


def test_a_platform_gone_from_the_settings_asks_to_be_put_back_and_offers_no_other_help() -> None:
    gone = lane(LaneState.PAUSED, probe=None)
    assert "put it back" in ahead_text(gone, NOON, EN)
    assert help_text(gone, EN.t) == ""
    assert "IT mends" in help_text(lane(LaneState.PAUSED), EN.t)
    assert since_text(NOON, NOON + timedelta(hours=3), EN) == "15:00 (3 hours)"


@pytest.mark.parametrize("form", TROUBLE_FORMS)
def test_why_a_connection_stands_still_is_said_in_arabic_with_its_names_as_they_are(form: str) -> None:
    places = ("route", "error", "n", "status", "seconds", "instance", "token", "method", "scope", "problem")
    sentence = form.format(**{name: f"x{name}" for name in places})
    told = said(sentence, AR.t)
    assert told != sentence
    assert all(f"x{name}" in told for name in places if f"{{{name}}}" in form)
