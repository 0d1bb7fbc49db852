"""The later looks: whoever came back is drift, said once; what cannot be read is no drift."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.store.query import where
from bot.store.tables import RecheckRow
from connectors.chat.slack.sandbox import Fault, FaultKind
from tests.bot.adversary import actions, case_of, everybody, gaps, line, office
from tests.bot.world import World, channel


async def rechecks(world: World) -> list[tuple[str, str | None]]:
    async with world.app.store.read() as tx:
        rows = sorted(await where(tx, RecheckRow), key=lambda row: row.due)
    return [(row.kind, row.sight) for row in rows]


async def test_a_removal_is_looked_at_after_an_hour_a_day_and_a_week_and_then_never(tmp_path: Path) -> None:
    seldom = {"reconcile_every": timedelta(days=365)}  # only the looks at single removals are meant here
    async with office(tmp_path, channel("lunch", "ana", "omar"), extra=seldom) as world:
        world.drop(*everybody(line("ana", "terminated")))
        await world.run()
        kinds = ["after 3600 s", "after 86400 s", "after 604800 s"]
        assert await rechecks(world) == [(kind, None) for kind in kinds]
        for looks, hours in enumerate((1, 23, 144), 1):
            world.clock.turn(hours=hours)
            await world.run()
            assert [sight for _, sight in await rechecks(world)].count("absent") == looks
        calls = len(world.sandbox.journal)
        world.clock.turn(days=30)
        await world.run()
        assert len(world.sandbox.journal) == calls
        assert (await actions(world)).count("step.recheck") == 3


async def test_whoever_came_back_is_said_once_and_the_case_is_no_longer_complete(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar")) as world:
        world.drop(*everybody(line("ana", "terminated")))
        await world.run()
        assert await case_of(world, "ana") == "completed"
        world.members("C-lunch").append("UANA")
        for hours in (1, 24, 168):
            world.clock.turn(hours=hours)
            await world.run()
        assert await world.states() == {"lunch": "still_present"}
        assert await case_of(world, "ana") == "completed_with_exceptions"
        assert (await actions(world)).count("check.drift") == 1
        assert "UANA" in world.members("C-lunch"), "nobody is removed again without being asked"


async def test_what_cannot_be_read_is_asked_again_and_is_no_drift(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar")) as world:
        world.drop(*everybody(line("ana", "terminated")))
        await world.run()
        world.sandbox.faults.append(Fault(FaultKind.ERROR, "users.info", error="internal_error", times=3))
        world.clock.turn(hours=1)
        await world.run()
        assert (await rechecks(world))[0] == ("after 3600 s", "unreadable")
        assert await world.states() == {"lunch": "verified_absent"}
        world.clock.turn(minutes=10)
        await world.run()
        assert (await rechecks(world))[0] == ("after 3600 s", "absent")
        assert "check.drift" not in await actions(world)


async def test_an_account_that_was_only_locked_out_and_is_opened_again_is_drift(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar")) as world:
        world.sandbox.workspace.users["UANA"].deleted = True
        world.sandbox.workspace.prefs.deactivation_keeps_memberships = True
        world.sandbox.faults.append(Fault(FaultKind.OK_BUT_KEPT, "conversations.kick", times=0))
        world.drop(*everybody(line("ana", "terminated")))
        await world.run()
        assert await world.states() == {"lunch": "locked_out"}
        world.sandbox.workspace.users["UANA"].deleted = False
        world.clock.turn(hours=1)
        await world.run()
        assert await world.states() == {"lunch": "still_present"}
        assert await case_of(world, "ana") == "completed_with_exceptions"


async def test_somebody_without_any_account_never_looks_like_a_verified_removal(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar")) as world:
        world.drop(*everybody(line("zaid")), name="more.csv")
        await world.run()
        world.drop(*everybody(line("zaid", "terminated"), line("huda", "terminated")))
        await world.run()
        cases = {case.person_id: (case.state, case.reason) for case in await world.cases()}
        assert cases["zaid"] == ("completed_with_exceptions", "no_account_linked")
        assert cases["huda"] == ("completed", "nothing_to_remove")
        assert ("acme", "no_account_linked") in await gaps(world)
