"""The emergency: at once, past the approval, never for oneself, and confirmed afterwards by somebody else."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.access.actor import NotAllowed
from bot.access.actors import actor_of
from bot.acts.cases import (
    confirm_emergency,
    open_case,
    reschedule_case,
    revoke_now,
    revoke_person_now,
)
from bot.acts.refusals import CannotAct
from bot.app import open_bawab
from bot.release import release
from bot.service import Service
from bot.store.access_tables import ConfirmationRow
from bot.store.query import where
from policies.model import ExitType
from tests.bot.acts.house import APPROVED, OUTSIDER, actor, ana_leaves, house, logged, the_case
from tests.bot.adversary import STAFF, line
from tests.bot.world import World

WHY = "laptop stolen"


async def refused(doing: Any) -> str:
    with pytest.raises(CannotAct) as caught:
        await doing
    return caught.value.code


async def confirmations(world: World) -> list[ConfirmationRow]:
    async with world.app.store.read() as tx:
        return await where(tx, ConfirmationRow)


@pytest.mark.parametrize("name", ["noura", "omar", "lina"])
async def test_hr_it_and_break_glass_take_somebody_out_within_a_tick(name: str, ready: Path) -> None:
    async with house(ready) as world:
        begun = world.clock.now
        done = await revoke_person_now(world.app, await actor(world, name), "ana", ExitType.DISMISSAL, WHY)
        assert (done.case.state, done.case.urgent, done.hold) == ("scheduled", True, None)
        await world.run()
        assert "UANA" not in world.members("C-lunch") + world.members("C-sales")
        (first, *_) = await logged(world, "step.read_back") or await logged(world, "step.record")
        assert world.clock.now == begun, "nothing waited for a clock"
        assert first["case_id"] == done.case.id
        (asked,) = await confirmations(world)
        assert (asked.requested_by, (asked.due - begun).total_seconds()) == (name, 24 * 3600)
        assert [entry["actor"] for entry in await logged(world, "case.revoke_now")] == [f"person:{name}"]
        assert WHY not in str([dict(entry) for entry in await world.log()]), "the reason is sealed"


async def test_it_takes_less_than_a_minute_by_the_wall_with_the_service_at_work(ready: Path) -> None:
    async with house(ready, extra={"tick_seconds": 0.05}) as world:
        working = asyncio.create_task(world.service.forever())
        try:
            await asyncio.sleep(0.1)
            await revoke_person_now(world.app, await actor(world, "noura"), "ana", ExitType.UNSTATED, WHY)
            async with asyncio.timeout(60):
                while "UANA" in world.members("C-lunch"):  # noqa: ASYNC110 - a sandbox tells nobody
                    await asyncio.sleep(0.02)
        finally:
            world.service.stop()
            await working


async def test_a_departure_that_waits_for_its_approval_is_hurried_past_it(ready: Path) -> None:
    async with house(ready) as world:
        await ana_leaves(world, "2026-12-31")
        case = await the_case(world)
        assert case.state == "awaiting_approval"
        done = await revoke_now(world.app, await actor(world, "noura"), case.id, WHY)
        assert (done.case.id, done.case.state) == (case.id, "scheduled")
        assert not await world.holds(), "nobody is asked to approve what is done"
        await world.run()
        assert "UANA" not in world.members("C-lunch")
        assert await refused(revoke_now(world.app, await actor(world, "omar"), case.id, WHY)) == "has_ended"


async def test_nobody_does_it_to_themselves_or_without_a_reason_or_without_the_right(ready: Path) -> None:
    async with house(ready) as world:
        noura = await actor(world, "noura")
        unstated = ExitType.UNSTATED
        assert await refused(revoke_person_now(world.app, noura, "noura", unstated, WHY)) == "own_case"
        assert await refused(revoke_person_now(world.app, noura, "ana", unstated, "  ")) == "reason_missing"
        assert await refused(revoke_person_now(world.app, noura, "nobody", unstated, WHY)) == "no_person"
        with pytest.raises(NotAllowed):
            await revoke_person_now(world.app, await actor(world, OUTSIDER), "ana", unstated, WHY)
        assert await world.cases() == []


async def test_while_bawab_only_observes_it_says_so_and_takes_nobody_out(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        async with world.app.store.write() as tx:
            from bot.holds import OBSERVED
            from bot.store.query import columns, table
            from bot.store.tables import MetaRow

            await tx.execute(table(MetaRow).delete().where(columns(MetaRow).key == OBSERVED))
        noura = await actor(world, "noura")
        code = await refused(revoke_person_now(world.app, noura, "ana", ExitType.UNSTATED, WHY))
        assert code == "observe_only"
        await world.run()
        assert "UANA" in world.members("C-lunch")


async def test_a_policy_nobody_released_is_not_what_an_emergency_goes_by(ready: Path) -> None:
    async with house(ready) as world:
        (ready / "policy.yaml").write_text(
            APPROVED.replace("action: remove\n    when: end", "action: keep\n    when: end")
        )
        async with open_bawab(world.app.settings, now=world.clock) as app:
            world.app, world.service = app, Service(app)
            released = [case.policy_digest for case in await world.cases()]
            assert released == []
            done = await revoke_person_now(app, await actor(world, "noura"), "ana", ExitType.UNSTATED, WHY)
            assert done.case.policy_digest != app.shelf.current.digest
            await world.run()
            assert "UANA" not in world.members("C-lunch"), "removed by the version that was released"


async def test_more_emergencies_than_a_day_may_lose_are_held_for_somebody_else(ready: Path) -> None:
    limits = {"limits": {"day_count": 1, "day_percent": 1, "run_count": 50}}
    async with house(ready, extra=limits) as world:
        noura = await actor(world, "noura")
        first = await revoke_person_now(world.app, noura, "ana", ExitType.UNSTATED, WHY)
        second = await revoke_person_now(world.app, noura, "sara", ExitType.UNSTATED, WHY)
        assert (first.hold, second.confirm_by) == (None, None)
        assert second.hold is not None
        assert (second.hold.kind, second.case.state) == ("day_threshold", "quarantined")
        await world.run()
        assert "UANA" not in world.members("C-lunch")
        assert "USARA" in world.members("C-lunch")


async def test_a_second_person_confirms_once_and_neither_the_first_nor_the_subject(ready: Path) -> None:
    async with house(ready) as world:
        app = world.app
        noura = await actor(world, "noura")
        sara = await actor(world, "sara")
        done = await revoke_person_now(app, noura, "sara", ExitType.UNSTATED, WHY)
        case = done.case.id
        assert await refused(confirm_emergency(app, noura, case, "confirmed")) == "is_requester"
        assert await refused(confirm_emergency(app, sara, case, "confirmed")) == "no_case"
        with pytest.raises(NotAllowed):
            await confirm_emergency(app, await actor(world, "lina"), case, "confirmed")
        row = await confirm_emergency(app, await actor(world, "omar"), case, "confirmed", "spoke to them")
        assert (row.verdict, row.decided_by) == ("confirmed", "omar")
        huda = await actor(world, "huda")
        with pytest.raises(CannotAct, match="Omar Q") as caught:
            await confirm_emergency(app, huda, case, "disputed")
        assert caught.value.code == "confirmed_already"
        assert [e["outcome"] for e in await logged(world, "case.confirm")] == ["confirmed"]


async def test_an_emergency_pressed_twice_is_one_and_one_that_was_moved_is_asked_anew(ready: Path) -> None:
    async with house(ready) as world:
        app, noura, omar = world.app, await actor(world, "noura"), await actor(world, "omar")
        case = (await revoke_person_now(app, noura, "sara", ExitType.UNSTATED, WHY)).case
        assert await refused(revoke_person_now(app, omar, "sara", ExitType.UNSTATED, WHY)) == "under_way"
        assert await refused(revoke_now(app, noura, case.id, WHY)) == "under_way"
        assert len(await logged(world, "case.revoke_now")) == 1
        await reschedule_case(app, noura, case.id, date(2026, 12, 24), reason="a mistake")
        again = await revoke_now(app, omar, case.id, "it was none")
        assert again.confirm_by is not None
        assert (again.confirm_by.requested_by, again.confirm_by.reason) == ("omar", "it was none")
        await world.run()
        assert "USARA" not in world.members("C-lunch")


async def test_two_verdicts_in_the_same_second_one_stands(ready: Path) -> None:
    async with house(ready) as world, open_bawab(world.app.settings, now=world.clock) as other:
        done = await revoke_person_now(world.app, await actor(world, "noura"), "ana", ExitType.UNSTATED, WHY)
        omar, huda = await actor(world, "omar"), await actor(world, "huda")
        said = await asyncio.gather(
            confirm_emergency(world.app, omar, done.case.id, "confirmed"),
            confirm_emergency(other, huda, done.case.id, "disputed"),
            return_exceptions=True,
        )
        assert sorted(type(one).__name__ for one in said) == ["CannotAct", "ConfirmationRow"]
        assert len(await logged(world, "case.confirm")) == 1


async def test_disputed_what_had_not_begun_is_stopped(ready: Path) -> None:
    async with house(ready) as world:
        done = await revoke_person_now(world.app, await actor(world, "noura"), "ana", ExitType.UNSTATED, WHY)
        await confirm_emergency(world.app, await actor(world, "omar"), done.case.id, "disputed", "wrong Ana")
        assert (await the_case(world)).reason == "disputed"
        await world.run()
        assert "UANA" in world.members("C-lunch")


async def test_what_nobody_confirms_is_escalated_once(ready: Path) -> None:
    async with house(ready) as world:
        await revoke_person_now(world.app, await actor(world, "noura"), "ana", ExitType.UNSTATED, WHY)
        await world.run()
        assert not await logged(world, "case.confirm")
        world.clock.turn(hours=25)
        await world.run()
        world.clock.turn(hours=25)
        await world.run()
        assert [entry["outcome"] for entry in await logged(world, "case.confirm")] == ["escalated"]
        (row,) = await confirmations(world)
        assert row.escalated_at is not None


async def test_an_emergency_ends_what_the_person_may_do_here_before_anything_else(ready: Path) -> None:
    async with house(ready) as world:
        await revoke_person_now(world.app, await actor(world, "noura"), "omar", ExitType.UNSTATED, WHY)
        async with world.app.store.read() as tx:
            assert await actor_of(world.app, tx, "omar", "web") is None
        entries = [entry["action"] for entry in await world.log()]
        assert entries[-1] == "access.end", "in the transaction of the emergency, before any tick"


async def test_a_case_moves_to_another_day_and_its_approval_lapses(ready: Path) -> None:
    async with house(ready) as world:
        from datetime import date

        from bot.acts.approvals import sign

        await ana_leaves(world, "2026-12-10")
        (hold,) = await world.holds("approval")
        noura, sara = await actor(world, "noura"), await actor(world, "sara")
        await sign(world.app, noura, hold.digest, "approve")
        case = await the_case(world)
        moved = await reschedule_case(world.app, sara, case.id, date(2026, 12, 1), "Asia/Dubai")
        assert (moved.id, moved.state, moved.zone) == (case.id, "awaiting_approval", "Asia/Dubai")
        assert (moved.due or world.clock.now).isoformat() == "2026-12-01T14:00:00+00:00"
        (again,) = await world.holds("approval")
        assert again.digest != hold.digest
        assert await refused(sign(world.app, sara, again.digest, "approve")) == "is_requester"
        await sign(world.app, noura, again.digest, "approve")
        later = date(2027, 1, 31)
        assert await refused(reschedule_case(world.app, sara, case.id, later)) == "later_needs_reason"
        assert await refused(reschedule_case(world.app, sara, case.id, date(2026, 12, 1))) == "same_moment"
        assert await refused(reschedule_case(world.app, sara, case.id, later, "Mars/X")) == "no_zone"
        put_off = await reschedule_case(world.app, sara, case.id, later, reason="contract extended")
        assert put_off.state == "awaiting_approval"
        assert len([one for one in await world.cases() if one.person_id == "ana"]) == 1
        with pytest.raises(NotAllowed):
            await reschedule_case(world.app, await actor(world, "omar"), case.id, later)


async def test_a_departure_that_has_begun_keeps_its_hour(ready: Path) -> None:
    from datetime import date

    async with house(ready) as world:
        done = await revoke_person_now(world.app, await actor(world, "noura"), "ana", ExitType.UNSTATED, WHY)
        await world.run()
        sara = await actor(world, "sara")
        code = await refused(reschedule_case(world.app, sara, done.case.id, date(2027, 1, 1), reason="x"))
        assert code in ("has_begun", "has_ended")


async def test_hrs_later_word_of_the_same_day_opens_no_second_case(ready: Path) -> None:
    from datetime import date

    async with house(ready) as world:
        await ana_leaves(world, "2026-12-10")
        case = await the_case(world)
        await reschedule_case(world.app, await actor(world, "noura"), case.id, date(2026, 12, 20), reason="x")
        await ana_leaves(world, "2026-12-20")
        assert [one.id for one in await world.cases() if one.person_id == "ana"] == [case.id]


async def test_opening_counts_what_was_shown_and_takes_the_days_own_zone(ready: Path) -> None:
    from datetime import date

    async with house(ready) as world:
        noura = await actor(world, "noura")
        day, seen = date(2026, 12, 1), {"acme": ["C-lunch", "C-sales"]}

        def opening(**more: Any) -> Any:
            return open_case(world.app, noura, person_id="ana", last_day=day, **more)

        assert await refused(opening(counted=3, seen=seen)) == "count_differs"
        assert await refused(opening(zone="Riyadh")) == "no_zone"
        opened = await opening(counted=2, seen=seen, zone="America/Lima")
        assert (opened.case.due.isoformat(), opened.case.zone) == (
            "2026-12-01T23:00:00+00:00",
            "America/Lima",
        )
        assert await refused(opening(zone="America/Lima")) == "has_case"
        assert await refused(open_case(world.app, noura, person_id="noura", last_day=day)) == "own_case"
        later = open_case(world.app, noura, person_id="ana", last_day=date(2027, 3, 1))
        assert await refused(later) == "puts_off"


async def test_an_emergency_does_not_wait_because_others_leave_the_same_group(ready: Path) -> None:
    limits = {"limits": {"run_count": 50, "day_count": 50, "group_count": 1, "group_percent": 1}}
    async with house(ready, extra=limits) as world:
        gone = [line("sara", "terminated"), line("huda", "terminated")]
        world.drop(*gone, *[line(name) for name in STAFF if name not in ("sara", "huda")])
        await world.run()
        for waiting in await world.holds("approval"):
            await release(world.app, waiting.digest, actor="person:root")
        await revoke_person_now(world.app, await actor(world, "noura"), "ana", ExitType.UNSTATED, WHY)
        await world.run()
        assert "UANA" not in world.members("C-lunch")
        assert [hold.kind for hold in await world.holds()] == ["group_threshold"]
        assert {"USARA", "UHUDA"} <= set(world.members("C-lunch"))
