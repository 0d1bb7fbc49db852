"""A departure that stands may be hurried by hand: never put off, never called off by its subject."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.manual_cases import ByHand, CannotCancel, CannotOpen, cancel_by_hand, open_by_hand
from policies.model import ExitType
from tests.bot.world import World, channel, company, people

ANA, NOURA = "E1,Ana Quispe,ana@corp.test,Sales,active,,", "E2,Noura,noura@corp.test,Research,active,,"


async def leaving(world: World) -> None:
    world.drop(ANA, NOURA)
    await world.settle_in()
    world.drop(ANA.replace("active,,", "active,2026-11-20,"), NOURA)
    await world.run()


def by_hand(last_day: date | None, actor: str = "person:mallory") -> ByHand:
    return ByHand("E1", last_day, ExitType.UNSTATED, actor)


async def test_a_case_by_hand_never_puts_off_the_departure_hr_has_stated(tmp_path: Path) -> None:
    async with company(tmp_path, *people("ana", "noura"), channel("lunch", "ana", "noura")) as world:
        await leaving(world)
        before = len(await world.log())
        with pytest.raises(CannotOpen, match="puts no departure off"):
            await open_by_hand(world.app, by_hand(date(2099, 1, 1)))
        assert len(await world.log()) == before, "what was refused left no half of it behind"

        world.clock.turn(days=3)
        await world.run()
        assert "UANA" not in world.members("C-lunch")


async def test_a_departure_may_be_brought_forward_by_hand(tmp_path: Path) -> None:
    async with company(tmp_path, *people("ana", "noura"), channel("lunch", "ana", "noura")) as world:
        await leaving(world)
        opened = await open_by_hand(world.app, by_hand(None))
        assert [case.state for case in await world.cases()] == ["cancelled", "scheduled"]
        assert opened.case.due is not None
        await world.run()
        assert "UANA" not in world.members("C-lunch")


@pytest.mark.parametrize("name", ["E1", "e1", "ana", "Ana@Corp.test", "ana quispe"])
async def test_nobody_calls_off_their_own_departure(name: str, tmp_path: Path) -> None:
    async with company(tmp_path, *people("ana", "noura"), channel("lunch", "ana", "noura")) as world:
        await leaving(world)
        (case,) = await world.cases()
        with pytest.raises(CannotCancel, match="somebody else"):
            await cancel_by_hand(world.app, case, reason="I stay", actor=f"person:{name}")
        assert [case.state for case in await world.cases()] == ["scheduled"]
        assert await cancel_by_hand(world.app, case, reason="stays", actor="person:noura")
