"""Figures: counted right, measured from HR's instant, about nobody, and for who may read cases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.access.actor import Actor, NotAllowed
from bot.views.figures import WEEKS, Age, Coverage, Removal, age_of, by_week, figures, percentile
from tests.bot.views.departed import departed, made_departed
from tests.bot.views.readers import AUDITOR, CHAT_ADMIN, HR, IT, NOBODY, reader
from tests.bot.world import World

MINUTES = st.lists(st.integers(0, 10_000).map(lambda n: timedelta(minutes=n)), min_size=1)


@pytest.fixture(scope="module")
def made() -> Path:
    return made_departed()


@pytest.fixture
async def world(made: Path, tmp_path: Path) -> AsyncIterator[World]:
    async with departed(made, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("who", [HR, IT, AUDITOR], ids=lambda who: who.id)
async def test_removals_are_counted_in_their_week_and_measured_from_hrs_instant(
    world: World, who: Actor
) -> None:
    """ana was out at once; lina, of whom HR told an hour after the instant, an hour after it."""
    shown = await figures(world.app, who)
    assert len(shown.weeks) == WEEKS
    *before, week = shown.weeks
    assert [one.total for one in before] == [0] * (WEEKS - 1)
    assert (week.monday, week.removals, week.late) == (date(2026, 11, 16), {"Slack": 3}, 1)
    assert (week.p50, week.p95) == (timedelta(0), timedelta(hours=1))


async def test_a_later_look_that_finds_the_same_changes_no_figure(world: World) -> None:
    before = (await figures(world.app, IT)).weeks[-1]
    world.clock.turn(days=1)
    await world.run()
    assert (await figures(world.app, IT)).weeks[-1] == before


async def test_open_cases_stand_by_their_age_and_removals_by_how_they_are_proven(world: World) -> None:
    shown = await figures(world.app, IT)
    assert {age: count for age, count in shown.open.items() if count} == {Age.DAY: 1}
    assert shown.overdue == 0
    slack, phones = shown.coverage
    assert (slack.title, slack.proven, slack.weaker, slack.undone, slack.percent) == ("Slack", 3, 0, 2, 60)
    assert (phones.proven, phones.undone, phones.percent) == (0, 1, 0)


async def test_the_reader_is_in_no_figure(world: World) -> None:
    shown = await figures(world.app, reader("ana", *IT.roles))
    assert sum(shown.open.values()) == 0
    assert shown.weeks[-1].total == 1


@pytest.mark.parametrize("who", [CHAT_ADMIN, NOBODY], ids=lambda who: who.id)
async def test_figures_are_closed_to_whoever_may_read_no_cases(world: World, who: Actor) -> None:
    with pytest.raises(NotAllowed):
        await figures(world.app, who)


def test_a_week_begins_on_monday_in_the_zone_of_the_house() -> None:
    """Sunday 22:00 in UTC is Monday in Riyadh."""
    sunday = datetime(2026, 11, 15, 22, tzinfo=UTC)
    removal = Removal(sunday, timedelta(minutes=1), "Slack", late=False)
    mondays = (date(2026, 11, 9), date(2026, 11, 16))
    riyadh = by_week([removal], mondays, ZoneInfo("Asia/Riyadh"))
    london = by_week([removal], mondays, ZoneInfo("UTC"))
    assert [week.total for week in riyadh] == [0, 1]
    assert [week.total for week in london] == [1, 0]


@given(MINUTES, st.integers(1, 100))
def test_a_percentile_is_a_measured_value_that_so_many_do_not_exceed(
    values: Sequence[timedelta], percent: int
) -> None:
    found = percentile(sorted(values), percent)
    assert found is not None
    assert found in values
    assert sum(value <= found for value in values) * 100 >= percent * len(values)
    smaller = [value for value in values if value < found]
    assert len(smaller) * 100 < percent * len(values)


def test_of_nothing_there_is_no_percentile_and_no_coverage() -> None:
    assert percentile([], 50) is None
    assert Coverage("Slack", 0, 0, 0, 0).percent is None


@given(
    st.timedeltas(timedelta(days=-100), timedelta(days=400)), st.timedeltas(timedelta(0), timedelta(days=99))
)
def test_a_case_never_gets_younger(since: timedelta, more: timedelta) -> None:
    ages = list(Age)
    assert ages.index(age_of(since)) <= ages.index(age_of(since + more))
    assert (age_of(since) is Age.AHEAD) is (since < timedelta(0))
