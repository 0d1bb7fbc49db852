"""What people decide about who came back: taken out again, or accepted until a day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.drift.desk import DriftProblem, accept, list_drifts, remove
from bot.store.group_tables import DriftRow
from tests.bot.adversary import actions, case_of, everybody, kicked, line, office
from tests.bot.returning import ana_leaves, drifts, told_of
from tests.bot.world import World, channel

NOURA = "person:noura"


@asynccontextmanager
async def ana_is_back(folder: Path) -> AsyncIterator[tuple[World, DriftRow]]:
    """Ana left, was added again, and that was found."""
    async with office(folder, channel("lunch", "ana", "omar")) as world:
        await ana_leaves(world)
        world.members("C-lunch").append("UANA")
        await world.run()
        (row,) = await drifts(world)
        yield world, row


async def test_somebody_has_them_taken_out_again_and_it_is_read_back(tmp_path: Path) -> None:
    async with ana_is_back(tmp_path) as (world, row):
        await remove(world.app, [row.id], actor=NOURA)
        assert "UANA" in world.members("C-lunch"), "only the lane acts"
        await world.run()
        assert "UANA" not in world.members("C-lunch")
        assert await told_of(world) == [("came_back", "recheck", "removed")]
        assert (await drifts(world))[0].decided_by == NOURA
        assert await case_of(world, "ana") == "completed"
        assert (await actions(world)).count("drift.remove") == 1


async def test_an_accepted_exception_holds_until_its_day_and_is_then_asked_again(tmp_path: Path) -> None:
    async with ana_is_back(tmp_path) as (world, row):
        until = world.clock.now + timedelta(days=3)
        await accept(world.app, row.id, until=until, reason="hands over", actor=NOURA)
        world.clock.turn(days=2)
        await world.run()
        assert [found.state for found in await drifts(world)] == ["accepted"]
        assert await world.states() == {"lunch": "waived"}
        world.clock.turn(days=1)
        await world.run()
        (later,) = await drifts(world)
        assert (later.state, later.note, later.accepted_until) == ("open", "exception_over", None)
        assert kicked(world) == ["ana"], "an exception that ran out is asked about, not acted upon"
        assert "UANA" in world.members("C-lunch")


async def test_whoever_left_before_the_exception_ran_out_is_not_asked_about(tmp_path: Path) -> None:
    async with ana_is_back(tmp_path) as (world, row):
        until = world.clock.now + timedelta(hours=3)
        await accept(world.app, row.id, until=until, reason="hands over", actor=NOURA)
        world.members("C-lunch").remove("UANA")
        world.clock.turn(hours=4)
        await world.run()
        await world.run()
        assert [found.state for found in await drifts(world)] == ["gone"]
        assert await case_of(world, "ana") == "completed"


async def test_an_exception_may_be_ended_early_by_removing_them(tmp_path: Path) -> None:
    async with ana_is_back(tmp_path) as (world, row):
        until = world.clock.now + timedelta(days=3)
        await accept(world.app, row.id, until=until, reason="hands over", actor=NOURA)
        await remove(world.app, [row.id], actor=NOURA)
        await world.run()
        assert [found.state for found in await drifts(world)] == ["removed"]


@pytest.mark.parametrize(
    ("until", "reason", "why"),
    [(3, " ", "reason"), (-1, "hands over", "future")],
    ids=["no reason", "an end that is past"],
)
async def test_an_exception_needs_a_reason_and_an_end(
    tmp_path: Path, until: int, reason: str, why: str
) -> None:
    async with ana_is_back(tmp_path) as (world, row):
        end = world.clock.now + timedelta(days=until)
        with pytest.raises(DriftProblem, match=why):
            await accept(world.app, row.id, until=end, reason=reason, actor=NOURA)
        assert [found.state for found in await drifts(world)] == ["open"]


async def test_nobody_decides_about_themselves_nor_twice_nor_about_a_guess(tmp_path: Path) -> None:
    async with ana_is_back(tmp_path) as (world, row):
        with pytest.raises(DriftProblem, match="somebody else"):
            await remove(world.app, [row.id], actor="person:Ana Q")
        with pytest.raises(DriftProblem, match="no single drift"):
            await remove(world.app, ["drift_"], actor=NOURA)
        await remove(world.app, [row.id], actor=NOURA)
        with pytest.raises(DriftProblem, match="already"):
            await remove(world.app, [row.id], actor=NOURA)


async def test_of_several_all_are_removed_or_none(tmp_path: Path) -> None:
    async with ana_is_back(tmp_path) as (world, row):
        with pytest.raises(DriftProblem):
            await remove(world.app, [row.id, "drift_000000"], actor=NOURA)
        assert [found.state for found in await drifts(world)] == ["open"]


async def test_a_rehire_while_they_are_being_taken_out_stops_it(tmp_path: Path) -> None:
    async with ana_is_back(tmp_path) as (world, row):
        await remove(world.app, [row.id], actor=NOURA)
        world.drop(*everybody(line("ana")))
        await world.run()
        assert "UANA" in world.members("C-lunch")
        assert [found.state for found in await drifts(world)] == ["closed"]


async def test_only_what_is_not_over_is_listed_unless_all_is_asked_for(tmp_path: Path) -> None:
    async with ana_is_back(tmp_path) as (world, row):
        await remove(world.app, [row.id], actor=NOURA)
        await world.run()
        async with world.app.store.read() as tx:
            assert await list_drifts(tx) == []
            assert [found.id for found in await list_drifts(tx, every=True)] == [row.id]
