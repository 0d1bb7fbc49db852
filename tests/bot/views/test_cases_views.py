"""Cases: a list a page at a time, and one case whole, with nothing its reader may not know."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest

from bot.access.actor import NotAllowed
from bot.case_file import NoSuchCase
from bot.casework import cancel
from bot.release import release
from bot.states import CaseState, StepState
from bot.store.query import add, new_id
from bot.store.tables import CaseRow
from bot.views.case_acts import Act, Next, Turn
from bot.views.case_lines import CaseLine
from bot.views.cases import Which, case, cases
from bot.views.losses import losses_of
from policies.model import ExitType, Refusal
from policies.roles import Role
from tests.bot.adversary import everybody, line
from tests.bot.views.readers import (
    APPROVED,
    AUDITOR,
    BREAK_GLASS,
    CHAT_ADMIN,
    HR,
    IT,
    NOBODY,
    READERS,
    REGISTRY,
    ana_is_to_leave,
    general,
    reader,
    sales,
    settled,
)
from tests.bot.world import World, channel


async def test_only_who_may_read_cases_reads_them(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world:
        row = await ana_is_to_leave(world)
        for who in (CHAT_ADMIN, NOBODY):
            with pytest.raises(NotAllowed):
                await cases(world.app, who)
            with pytest.raises(NotAllowed):
                await case(world.app, who, row.id)
            with pytest.raises(NotAllowed):
                await losses_of(world.app, who, row.id)
        for who in READERS:
            assert [one.id for one in (await cases(world.app, who)).lines] == [row.id]
            assert (await case(world.app, who, row.id)).line.person == "Ana Q"


async def test_the_subject_finds_no_case_even_by_its_id(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world:
        row = await ana_is_to_leave(world)
        ana = reader("ana", *Role)
        assert (await cases(world.app, ana, which="all", text="ana")).lines == ()
        assert await losses_of(world.app, ana, row.id) is None
        with pytest.raises(NoSuchCase) as own:
            await case(world.app, ana, row.id)
        with pytest.raises(NoSuchCase) as none:
            await case(world.app, ana, "case_ffffff")
    assert str(own.value).replace(row.id, "X") == str(none.value).replace("case_ffffff", "X")


async def test_why_somebody_leaves_is_not_for_break_glass(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world:
        row = await ana_is_to_leave(world)
        async with world.app.store.write() as tx:
            await cancel(world.app, tx, row, reason="dismissed for theft", actor="person:noura")
        seen = {who.id: await case(world.app, who, row.id) for who in READERS}
    assert seen["noura"].line.reason == "dismissed for theft"
    assert seen["noura"].line.exit_type == ExitType.UNSTATED
    assert (seen["huda"].line.reason, seen["huda"].line.exit_type) == (None, None)
    assert "theft" not in repr(asdict(seen["huda"]))
    assert "theft" in repr(seen["noura"].timeline)


async def test_hr_never_sees_a_platforms_id(tmp_path: Path) -> None:
    async with settled(tmp_path, sales(), general()) as world:
        row = await ana_is_to_leave(world)
        world.clock.turn(days=7)
        await world.run()
        hr, it = await case(world.app, HR, row.id), await case(world.app, IT, row.id)
    assert hr.steps
    assert "UANA" not in repr(hr)
    assert "C-sales-eu" not in repr(hr)
    assert {step.account_id for step in it.steps} == {"UANA"}
    assert any(step.evidence for step in it.steps)
    assert [step.group for step in hr.steps] == [step.group for step in it.steps]


async def test_a_step_that_was_not_done_says_why_and_what_to_do(tmp_path: Path) -> None:
    async with settled(tmp_path, sales(), general()) as world:
        row = await ana_is_to_leave(world)
        world.clock.turn(days=7)
        await world.run()
        seen = await case(world.app, IT, row.id)
    left = {step.group: step for step in seen.steps}
    assert left["sales-eu"].state is StepState.VERIFIED_ABSENT
    assert left["sales-eu"].success
    assert left["general"].refusal == Refusal.DEFAULT_GROUP
    assert not left["general"].success
    assert (seen.done, len(seen.steps)) == (1, 2)
    assert seen.next.what is Next.UNDONE
    assert Act.RETRY in seen.acts


async def test_what_happens_next_names_who_acts(tmp_path: Path) -> None:
    async with settled(tmp_path, sales(), policy=APPROVED) as world:
        row = await ana_is_to_leave(world)
        waiting = await case(world.app, HR, row.id)
        await world.release_all()
        scheduled = await case(world.app, HR, row.id)
    assert (waiting.next.what, waiting.next.by) == (Next.SIGNATURE, Turn.HR)
    assert waiting.hold is not None
    assert Act.SIGN in waiting.acts
    assert (scheduled.next.what, scheduled.next.by) == (Next.STARTS, Turn.BOT)
    assert scheduled.next.at == row.due
    assert (scheduled.hold, scheduled.released_by) == (None, "Noura Q")


async def test_each_role_may_do_its_own_and_no_more(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world:
        row = await ana_is_to_leave(world)
        acts = {who.id: (await case(world.app, who, row.id)).acts for who in READERS}
        async with world.app.store.write() as tx:
            await cancel(world.app, tx, row, reason="by_hand", actor="person:noura")
        after = {who.id: (await case(world.app, who, row.id)).acts for who in READERS}
    assert acts == {
        "noura": {Act.CANCEL, Act.RESCHEDULE, Act.REVOKE_NOW},
        "omar": {Act.REVOKE_NOW},
        "auditor": frozenset(),
        "huda": {Act.REVOKE_NOW},
    }
    assert set(after.values()) == {frozenset()}


async def test_who_would_lose_what_is_read_with_roles_and_names_nothing_by_id(tmp_path: Path) -> None:
    async with settled(tmp_path, sales(), general(), registry=REGISTRY) as world:
        row = await ana_is_to_leave(world)
        seen = await losses_of(world.app, HR, row.id)
        assert seen is not None
        assert {(one.group, one.verdict, one.role) for one in seen.rows} == {
            ("sales-eu", "act", "member"),
            ("general", "blocked", "member"),
        }
        assert (seen.count, seen.by_hand, seen.complete) == (1, 0, True)
        assert set(seen.seen[row.id]["acme"]) == {"C-sales-eu", "C-general"}
        assert "C-sales-eu" not in repr(seen.platforms)
        assert await world.steps() == [], "a preview writes nothing"


async def _many(world: World, count: int) -> None:
    """Cases of one person beside hers that stands: a minute apart, some without an instant, some ended."""
    like, first = await ana_is_to_leave(world), world.clock.now
    for number in range(count):
        values = {
            "id": new_id("case"),
            "event_key": f"k{number}",
            "due": None if number % 7 == 3 else first + timedelta(days=1, minutes=number // 2),
            "state": CaseState.SCHEDULED if number % 3 else CaseState.CANCELLED,
            "created_at": first + timedelta(minutes=number // 2),
        }
        async with world.app.store.write() as tx:
            await add(tx, CaseRow(**{**like.model_dump(), **values}))


@pytest.mark.parametrize("which", ["open", "all", "ended"])
async def test_pages_join_to_the_whole_list_in_order(tmp_path: Path, which: Which) -> None:
    async with settled(tmp_path, sales()) as world:
        await _many(world, 23)
        whole = await cases(world.app, HR, which=which, limit=100)
        met: list[CaseLine] = []
        mark: str | None = None
        while True:
            page = await cases(world.app, HR, which=which, after=mark, limit=4)
            met += page.lines
            mark = page.next
            if mark is None:
                break
    assert tuple(met) == whole.lines
    assert len(whole.lines) == {"open": 16, "all": 24, "ended": 8}[which]
    if which == "open":
        dues = [one.due for one in whole.lines if one.due]
        assert dues == sorted(dues)
        assert whole.lines[-1].due is None


async def test_a_page_that_was_never_given_is_refused(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world:
        for mark in ("", "~", "x~y", "2026-11-20T09:00:00~case_1"):
            with pytest.raises(ValueError, match=r".+"):
                await cases(world.app, HR, after=mark)


async def test_late_cases_are_found_and_so_are_people(tmp_path: Path) -> None:
    async with settled(tmp_path, sales(), policy=APPROVED) as world:
        row = await ana_is_to_leave(world)
        none = await cases(world.app, HR, which="overdue")
        world.clock.turn(days=30)
        late = await cases(world.app, AUDITOR, which="overdue")
        assert (none.lines, [one.id for one in late.lines]) == ((), [row.id])
        for text, hits in (("ANA@corp.test", 1), ("na q", 1), (row.id[:9], 1), ("%", 0), ("omar", 0)):
            assert len((await cases(world.app, BREAK_GLASS, text=text)).lines) == hits, text


async def test_whoever_came_since_the_approval_is_counted(tmp_path: Path) -> None:
    more = [channel(f"sales-{n}", "sara") for n in range(5)]
    async with settled(tmp_path, sales(), *more, policy=APPROVED) as world:
        row = await ana_is_to_leave(world)
        seen = await losses_of(world.app, HR, row.id)
        assert seen is not None
        (hold,) = await world.holds("approval")
        await release(world.app, hold.digest, actor="person:noura", seen=seen.seen)
        for group in more:
            world.sandbox.workspace.channels[group.id].members.append("UANA")
        world.clock.turn(days=7)
        await world.run()
        view = await case(world.app, HR, row.id)
    # One was approved, and two more fit under the cap; the other three are held back and said.
    assert (view.since_approval, view.beyond_approval) == (2, 3)


async def test_a_mover_is_told_as_one(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world:
        world.drop(*everybody(line("ana", post="Research")))
        await world.run()
        (one,) = (await cases(world.app, HR, which="all")).lines
    assert one.kind == "mover"
