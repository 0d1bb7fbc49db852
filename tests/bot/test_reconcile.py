"""Everybody who must be out against every group: by the fewest calls, going on where it stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.drift.reconcile import Reconciler, Report
from bot.store.group_tables import ReconcileRow
from bot.store.query import add, where
from bot.store.tables import LinkRow
from connectors.chat.slack import SlackConfig, SlackConnector
from connectors.chat.slack.sandbox import BOT_TOKEN, Fault, FaultKind
from policies.thresholds import Limits
from tests.bot.adversary import WIDE, actions, everybody, kicked, line, office
from tests.bot.returning import REMOVE, ana_leaves, drifts, second_account, told_of
from tests.bot.world import World, channel

LEAVERS = ("ana", "omar", "sara", "noura", "lina")


async def reconcile(world: World, *, fresh: bool = False, limits: Limits | None = None) -> Report:
    """Read until nothing more can be read, as the command does."""
    reconciler = Reconciler(replace(world.app, limits=limits or world.app.limits))
    row = await reconciler.begin(actor="person:noura", fresh=fresh)
    while await reconciler.advance(row, most=1):
        pass
    return await reconciler.conclude(row)


async def most_leave(world: World) -> None:
    """Everybody but Huda is gone and out of everything."""
    world.drop(*everybody(*(line(name, "terminated") for name in LEAVERS)))
    await world.run()
    world.clock.turn(minutes=30)


def since(world: World, calls: int) -> list[str]:
    """The methods asked after so many calls."""
    return [entry.method for entry in world.sandbox.journal[calls:]]


async def test_with_everybody_out_it_finds_nothing_and_says_whom_it_compared(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar")) as world:
        await ana_leaves(world)
        calls = len(world.sandbox.journal)
        report = await reconcile(world)
        assert (report.people, report.found, report.complete) == (1, 0, True)
        assert report.calls == len(world.sandbox.journal) - calls
        assert await actions(world, "reconcile") == ["reconcile.start", "reconcile.finish"]


async def test_nobody_departed_is_nobody_compared_and_nothing_asked(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar")) as world:
        calls = len(world.sandbox.journal)
        assert (await reconcile(world)).people == 0
        assert len(world.sandbox.journal) == calls


async def test_it_finds_whoever_came_back_a_new_group_and_a_second_account(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar"), channel("club", "omar")) as world:
        await ana_leaves(world)
        world.clock.turn(days=30)
        await world.run()
        await second_account(world, "ana", "UANA2")
        world.members("C-lunch").append("UANA")
        world.members("C-club").extend(("UANA", "UANA2"))
        report = await reconcile(world, fresh=True)
        assert sorted(why for why, *_ in await told_of(world)) == ["came_back", "new_group", "second_account"]
        assert (report.found, report.asked, report.removing) == (3, 3, 0)
        again = await reconcile(world, fresh=True)
        assert (again.found, again.known) == (0, 3), "an open drift is found once"
        assert (await actions(world)).count("check.drift") == 3


async def test_a_rule_that_says_remove_is_followed_for_all_that_was_found(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana"), channel("club", "omar"), policy=REMOVE) as world:
        await ana_leaves(world, minutes=5)
        world.members("C-club").append("UANA")
        assert (await reconcile(world)).removing == 1
        assert "UANA" in world.members("C-club"), "the lane does it, not the comparison"
        await world.run()
        assert "UANA" not in world.members("C-club")
        assert await told_of(world) == [("new_group", "reconcile", "removed")]


async def test_beyond_the_run_guard_all_of_it_is_asked_and_said(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", *LEAVERS), policy=REMOVE, extra=WIDE) as world:
        await most_leave(world)
        world.members("C-lunch").extend(f"U{name.upper()}" for name in LEAVERS)
        report = await reconcile(world, limits=Limits(run_count=4, run_percent=0))
        assert (report.found, report.removing, report.asked, report.beyond_guard) == (5, 0, 5, 5)
        await world.run()
        assert len(world.members("C-lunch")) == 1 + len(LEAVERS), "nobody was taken out unasked"
        assert {row.note for row in await drifts(world)} == {"run_threshold"}


async def test_few_groups_are_read_once_rather_than_each_person(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", *LEAVERS), channel("club", "huda"), extra=WIDE) as world:
        await most_leave(world)
        calls = len(world.sandbox.journal)
        report = await reconcile(world)
        asked = since(world, calls)
        assert asked.count("conversations.members") == 2, "one for each group that people are taken out of"
        assert "users.conversations" not in asked
        assert (report.people, report.groups) == (5, 2)
        assert len(asked) <= 8


async def test_many_groups_and_few_people_are_read_by_person(tmp_path: Path) -> None:
    groups = [channel(f"g{n}", "ana", "huda") for n in range(12)]
    async with office(tmp_path, *groups, extra=WIDE) as world:
        await ana_leaves(world, minutes=5)
        calls = len(world.sandbox.journal)
        report = await reconcile(world)
        assert (report.people, report.groups) == (1, 0)
        assert "conversations.members" not in since(world, calls)
        assert len(since(world, calls)) <= 4


async def test_what_an_index_shows_is_read_again_of_the_person_before_it_counts(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", *LEAVERS), extra=WIDE) as world:
        await most_leave(world)
        world.members("C-lunch").append("UANA")
        reconciler = Reconciler(world.app)
        row = await reconciler.begin(actor="person:noura")
        assert await reconciler.advance(row, most=1) == 1  # the group
        world.members("C-lunch").remove("UANA")  # she leaves again before anybody looked at her
        while await reconciler.advance(row, most=1):
            pass
        assert (await reconciler.conclude(row)).found == 0


async def test_a_run_that_was_killed_goes_on_where_it_stopped(tmp_path: Path) -> None:
    groups = (channel("lunch", *LEAVERS), channel("club", "huda"), channel("tea", "huda"))
    async with office(tmp_path, *groups, extra=WIDE) as world:
        await most_leave(world)
        world.members("C-tea").append("UANA")
        first = Reconciler(world.app)
        row = await first.begin(actor="person:noura")
        for _ in range(2):
            assert await first.advance(row, most=1)
        del first  # as a killed process would leave it: only rows remain
        world.clock.turn(hours=2)
        calls = len(world.sandbox.journal)
        report = await reconcile(world)
        assert report.id == row.id
        assert since(world, calls).count("conversations.members") == 1, "two groups were read before"
        assert "conversations.list" not in since(world, calls)
        assert (report.people, report.groups, report.found) == (5, 3, 1)


async def test_a_stale_run_is_ended_as_it_is_and_a_new_one_begun(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", *LEAVERS), extra=WIDE) as world:
        await most_leave(world)
        row = await Reconciler(world.app).begin(actor="person:noura")
        world.clock.turn(days=1)
        assert (await reconcile(world)).id != row.id
        async with world.app.store.read() as tx:
            runs = await where(tx, ReconcileRow)
        assert len(runs) == 2
        assert all(run.ended_at is not None for run in runs)


async def test_a_dead_platform_is_said_and_the_run_waits_for_it(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar")) as world:
        await ana_leaves(world)
        world.members("C-lunch").append("UANA")
        dead = Fault(FaultKind.HTTP_500, "*", times=0)
        world.sandbox.faults.append(dead)
        report = await reconcile(world)
        assert list(report.unread) == ["acme"]
        assert "HTTP 500" in report.unread["acme"]
        assert not report.complete
        world.sandbox.faults.remove(dead)
        world.clock.turn(minutes=10)
        later = await reconcile(world)
        assert (later.id, later.complete, later.found) == (report.id, True, 1)


async def test_a_group_that_cannot_be_read_is_a_gap_and_the_others_are_compared(tmp_path: Path) -> None:
    groups = (channel("lunch", *LEAVERS), channel("tea", "huda"))
    async with office(tmp_path, *groups, extra=WIDE) as world:
        await most_leave(world)
        world.members("C-lunch").append("UANA")
        world.members("C-tea").append("UANA")
        error = Fault(FaultKind.ERROR, "conversations.members", error="fetch_members_failed", times=1)
        world.sandbox.faults.append(error)
        report = await reconcile(world)
        assert report.unreadable == 1
        assert report.found == 2, "who shows up in one group is then read whole"


async def test_who_was_hired_again_or_moved_back_is_no_drift(tmp_path: Path) -> None:
    groups = (channel("sales-team", "omar", "ana"), channel("lunch", "sara", "huda"))
    async with office(tmp_path, *groups) as world:
        world.drop(*everybody(line("ana", post="Research"), line("sara", "terminated")))
        await world.run()
        world.clock.turn(days=2)
        world.drop(*everybody())
        await world.run()
        world.members("C-sales-team").append("UANA")
        world.members("C-lunch").append("USARA")
        assert (await reconcile(world, fresh=True)).found == 0


async def test_a_mover_in_the_old_department_s_group_is_found_by_whichever_way_they_came(
    tmp_path: Path,
) -> None:
    groups = (channel("sales-team", "omar"), channel("research-lab", "sara"), channel("club", "sara"))
    async with office(tmp_path, *groups) as world:
        world.drop(*everybody(line("ana", post="Research")))
        await world.run()
        for name in ("sales-team", "research-lab", "club"):
            world.members(f"C-{name}").append("UANA")
        await reconcile(world)
        assert [(row.group_name, row.why) for row in await drifts(world)] == [("sales-team", "old_post")]


async def test_a_drift_that_is_over_by_itself_is_read_back_before_it_is_called_gone(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana"), channel("club", "omar")) as world:
        await ana_leaves(world, minutes=5)
        world.members("C-club").append("UANA")
        await reconcile(world)
        world.members("C-club").remove("UANA")
        calls = len(world.sandbox.journal)
        assert (await reconcile(world, fresh=True)).gone == 1
        assert since(world, calls).count("users.conversations") >= 2, "seen by the listing, then read back"
        assert await told_of(world) == [("new_group", "reconcile", "gone")]


async def test_the_service_compares_once_a_day_in_small_portions(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", *LEAVERS), channel("club", "huda"), extra=WIDE) as world:
        await most_leave(world)
        assert "reconcile.start" not in await actions(world)
        world.clock.turn(days=1)
        world.members("C-club").append("UANA")
        await world.run()
        assert (await actions(world, "reconcile")) == ["reconcile.start", "reconcile.finish"]
        assert await told_of(world) == [("new_group", "reconcile", "open")]
        await world.run()
        assert (await actions(world)).count("reconcile.start") == 1
        world.clock.turn(days=1)
        await world.run()
        assert (await actions(world)).count("reconcile.start") == 2
        assert kicked(world).count("ana") == 1


async def test_one_dead_platform_keeps_nobody_in_the_groups_of_another(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana"), channel("club", "omar"), policy=REMOVE) as world:
        await ana_leaves(world, minutes=5)
        world.members("C-club").append("UANA")
        nowhere = SlackConfig("beta", BOT_TOKEN, base_url="http://127.0.0.1:9/", backoff_seconds=0.001)
        beta = SlackConnector(nowhere)
        link = LinkRow(person_id="ana", instance="beta", account_id="UB", evidence="admin")
        link.created_at = link.released_at = world.clock.now
        async with world.app.store.write() as tx:
            await add(tx, link)
        reconciler = Reconciler(replace(world.app, chat={**world.app.chat, "beta": beta}))
        row = await reconciler.begin(actor="person:noura")
        while await reconciler.advance(row, most=1):
            pass
        report = await reconciler.conclude(row)
        await beta.aclose()
        assert list(report.unread) == ["beta"]
        assert report.removing == 1
        await world.run()
        assert "UANA" not in world.members("C-club")


async def test_a_run_that_somebody_began_anew_meanwhile_never_claims_to_be_complete(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", *LEAVERS, "huda"), extra=WIDE) as world:
        await most_leave(world)
        ours, theirs = Reconciler(world.app), Reconciler(world.app)
        row = await ours.begin(actor="person:noura")
        assert await theirs.begin(actor="person:huda", fresh=True) != row
        while await ours.advance(row, most=1):
            pass
        report = await ours.conclude(row)
        assert not report.complete, "nobody was compared in it"
        assert (await actions(world, "reconcile.finish")) == ["reconcile.finish"]
