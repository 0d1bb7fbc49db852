"""Run guards and step guards at service level: what they hold, why, and that the rest goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import delete

from bot.app import open_bawab
from bot.release import CannotRelease, release
from bot.service import Service
from bot.store.query import change, columns, table
from bot.store.tables import CaseRow, LaneRow, LinkRow
from connectors.chat.slack.sandbox import Fault, FaultKind, UserGroup
from tests.bot.adversary import STAFF, WIDE, actions, case_of, everybody, gaps, kicked, lane, line, office
from tests.bot.world import POLICY, channel

APPROVED = POLICY.replace("    notify: owner", "    notify: owner\n    approve: hr")
PROTECTED = POLICY + "protected: [ana]\n"


async def test_before_the_first_run_is_released_nothing_starts_whatever_else_is_released(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, channel("lunch", *STAFF), settled=False) as world:
        world.drop(*everybody(line("ana", "terminated")))
        await world.run()
        world.drop(*everybody(line("ana", "terminated"), line("omar", "terminated")))
        await world.run()
        for hold in await world.holds():
            if hold.kind != "observe":
                await release(world.app, hold.digest, actor="person:it")
        await world.run()
        assert not kicked(world)
        assert len(await world.holds("observe")) == 2, "one for the baseline, one for whom it would take"
        await world.release_all()
        await world.run()
        await world.release_all()
        await world.run()
        assert sorted(kicked(world)) == ["ana", "omar"]


async def test_a_first_run_with_nobody_in_it_is_held_once_and_released_once(tmp_path: Path) -> None:
    async with office(tmp_path, settled=False) as world:
        for zone in ("", "Asia/Dubai"):
            world.drop(*everybody(line("lina", zone=zone)))
            await world.run()
        (hold,) = await world.holds("observe")
        assert hold.count == 0
        await release(world.app, hold.digest, actor="person:it")
        assert not await world.holds("observe")


async def test_first_seen_as_gone_is_held_only_where_memberships_live_on(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar"), settled=False) as world:
        gone = [line(name, "terminated") for name in ("ana", "huda", "zaid")]
        world.drop(*everybody(*gone))
        await world.run()
        (hold,) = await world.holds("first_seen")
        assert hold.count == 1
        ends = {case.person_id: (case.state, case.reason) for case in await world.cases()}
        assert ends["ana"] == ("awaiting_approval", "first_seen")
        assert ends["huda"] == ("completed", "no_live_membership")
        assert ends["zaid"] == ("completed_with_exceptions", "no_account_linked")
        await world.release_all()
        await world.run()
        assert kicked(world) == ["ana"]


async def test_no_time_zone_holds_and_the_release_works_once_the_setting_is_mended(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar")) as world:
        for zone in (None, "Asia/Riyadh"):
            settings = world.app.settings.model_copy(update={"time_zone": zone})
            async with open_bawab(settings, now=world.clock) as app:
                world.app, world.service = app, Service(app)
                if zone is None:
                    world.drop(*everybody(line("ana", last_day="2026-11-19")))
                    await world.run()
                (hold,) = await world.holds("no_time_zone")
                if zone is None:
                    with pytest.raises(CannotRelease, match="mend the cause first"):
                        await release(app, hold.digest, actor="person:it")
                    continue
                await release(app, hold.digest, actor="person:it")
                await world.run()
                assert kicked(world) == ["ana"]


async def test_no_rule_for_an_event_is_held_and_listed(tmp_path: Path) -> None:
    policy = POLICY.replace("on: [leaver, contractor_end]", "on: contractor_end")
    async with office(tmp_path, channel("lunch", "ana"), policy=policy) as world:
        world.drop(*everybody(line("ana", "terminated")))
        await world.run()
        (hold,) = await world.holds("no_time_zone")
        assert hold.cause["reason"] == "no_rule"
        assert await case_of(world, "ana") == "quarantined"


async def test_a_changed_policy_only_observes_and_what_was_decided_keeps_its_version(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar")) as world:
        world.drop(*everybody(line("ana", last_day="2026-11-21")))
        await world.run()
        (tmp_path / "policy.yaml").write_text(
            POLICY.replace(
                "groups: all\n    action: remove\n    when: end",
                "groups: all\n    action: keep\n    when: end",
            )
        )
        async with open_bawab(world.app.settings, now=world.clock) as app:
            world.app, world.service = app, Service(app)
            world.drop(*everybody(line("ana", last_day="2026-11-21"), line("omar", "terminated")))
            await world.run()
            assert [hold.kind for hold in await world.holds()] == ["policy_change"]
            world.clock.turn(days=2)
            await world.run()
            assert kicked(world) == ["ana"], "decided, and run, under the version that removes"
            assert await case_of(world, "omar") == "awaiting_approval"


async def test_approval_needs_somebody_else_than_the_subject_and_names_its_own_reason(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar"), policy=APPROVED) as world:
        world.drop(*everybody(line("ana", "terminated")))
        await world.run()
        (hold,) = await world.holds("approval")
        assert (hold.role, hold.count) == ("hr", 1)
        with pytest.raises(CannotRelease, match="among the people concerned"):
            await release(world.app, hold.digest, actor="person:ana")
        async with world.app.store.write() as tx:
            await change(
                tx, type(hold), {"requested_by": "person:noura"}, columns(type(hold)).digest == hold.digest
            )
        with pytest.raises(CannotRelease, match="somebody else must"):
            await release(world.app, hold.digest, actor="person:noura")
        assert not kicked(world)
        await release(world.app, hold.digest, actor="person:lina")
        await world.run()
        assert kicked(world) == ["ana"]


async def test_an_approval_covers_a_few_groups_joined_since_and_blocks_what_goes_beyond(
    tmp_path: Path,
) -> None:
    groups = [channel(f"g{n}", "ana", "omar") for n in range(5)]
    async with office(tmp_path, *groups, policy=APPROVED) as world:
        world.drop(*everybody(line("ana", "terminated")))
        await world.run()
        (hold,) = await world.holds("approval")
        (case,) = await world.cases()
        foreign = {"case_of_somebody_else": {"acme": ["C-g4"]}, case.id: {"acme": ["C-g0", "C-g1"]}}
        await release(world.app, hold.digest, actor="person:lina", seen=foreign)
        await world.run()
        states = sorted(step.state for step in await world.steps())
        assert states == ["blocked", *["verified_absent"] * 4], "two approved, two within the margin"
        marked = {step.group["name"]: (step.since_approval, step.refusal) for step in await world.steps()}
        assert marked["g0"] == marked["g1"] == (False, None)
        assert [refusal for since, refusal in marked.values() if since].count("beyond_approved") == 1
        assert await case_of(world, "ana") == "completed_with_exceptions"


async def test_the_day_limit_counts_what_many_small_runs_add_up_to(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", *STAFF), extra={"limits": {"group_count": 50}}) as world:
        for size in (3, 5, 6):
            world.clock.turn(hours=1)
            world.drop(
                *everybody(*(line(name, "terminated") for name in STAFF[:size]), line("x1"), line("x2"))
            )
            await world.run()
            await world.release_all() if (await world.holds("feed")) else None
            await world.run()
        (hold,) = await world.holds("day_threshold")
        assert hold.cause["count"] == 6
        assert len(kicked(world)) == 5


async def test_a_group_that_would_lose_too_many_holds_its_pass_and_is_released_once(tmp_path: Path) -> None:
    limits = {"limits": {"run_count": 50, "day_count": 50, "group_count": 1}}
    async with office(tmp_path, channel("lunch", *STAFF), extra=limits) as world:
        world.drop(*everybody(*(line(name, "terminated") for name in STAFF[:3])))
        await world.run()
        (hold,) = await world.holds("group_threshold")
        assert not kicked(world)
        with pytest.raises(CannotRelease, match="among the people concerned"):
            await release(world.app, hold.digest, actor="person:ana")
        await release(world.app, hold.digest, actor="person:lina")
        await world.run()
        assert len(kicked(world)) == 3


async def test_each_step_guard_blocks_its_own_step_and_the_rest_goes_on(tmp_path: Path) -> None:
    sellers = UserGroup(id="S1", handle="sellers", users=["UANA"])
    async with office(tmp_path, channel("lunch", "ana", "omar"), channel("town", "ana")) as world:
        world.sandbox.workspace.add(sellers)
        world.sandbox.workspace.channels["CGENERAL"].members.append("UANA")
        world.drop(*everybody(line("ana", "terminated")))
        await world.run()
        found = {step.group["name"]: (step.state, step.refusal) for step in await world.steps()}
        assert found["lunch"] == found["town"] == ("verified_absent", None)
        assert found["general"] == ("blocked", "default_group")
        assert found["sellers"] == ("blocked", "last_member")
        assert sellers.users == ["UANA"]


@pytest.mark.parametrize("what", ["protected", "link withdrawn", "claimed by two", "cancelled"])
async def test_what_changes_between_plan_and_call_stops_the_call(tmp_path: Path, what: str) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar")) as world:
        world.sandbox.faults.append(Fault(FaultKind.LIMITED_429, "conversations.kick", times=1, seconds=0))
        world.drop(*everybody(line("ana", "terminated")))
        await world.run()
        assert await world.states() == {"lunch": "pending"}
        links, cases = columns(LinkRow), columns(CaseRow)
        async with world.app.store.write() as tx:
            if what == "link withdrawn":
                await tx.execute(delete(table(LinkRow)).where(links.person_id == "ana"))
            elif what == "claimed by two":
                await change(tx, LinkRow, {"account_id": "UANA"}, links.person_id == "omar")
            elif what == "cancelled":
                await change(tx, CaseRow, {"state": "cancelled"}, cases.person_id == "ana")
        (tmp_path / "policy.yaml").write_text(PROTECTED if what == "protected" else POLICY)
        async with open_bawab(world.app.settings, now=world.clock) as app:
            world.app, world.service = app, Service(app)
            world.clock.turn(minutes=5)
            await world.run()
            assert not kicked(world)
            (step,) = await world.steps()
            why = {"protected": ("blocked", "protected"), "cancelled": ("cancelled", None)}
            assert (step.state, step.refusal) == why.get(what, ("blocked", "ambiguous"))


async def test_an_instance_gone_from_the_settings_is_said_and_its_work_waits(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar"), extra=WIDE) as world:
        world.sandbox.faults.append(Fault(FaultKind.HTTP_500, "users.conversations", times=3))
        world.drop(*everybody(line("ana", "terminated")))
        await world.run()
        gone = world.app.settings.model_copy(update={"slack": {}})
        async with open_bawab(gone, now=world.clock) as app:
            for _ in range(2):
                await Service(app).once(quiet=0.0)
        assert (await lane(world)).state == "paused"
        assert "not configured any more" in ((await lane(world)).reason or "")
        assert (await actions(world)).count("lane.pause") == 1
        assert await case_of(world, "ana") == "executing"
        world.clock.turn(minutes=10)
        await world.run()
        assert kicked(world) == ["ana"]
        assert isinstance(await lane(world), LaneRow)
        assert ("acme", "private_channels_unseen") in await gaps(world)


async def test_a_hold_whose_only_case_is_rescinded_asks_nobody_any_more(tmp_path: Path) -> None:
    async with office(tmp_path, channel("lunch", "ana", "omar"), policy=APPROVED) as world:
        world.drop(*everybody(line("ana", last_day="2026-12-31")))
        await world.run()
        (hold,) = await world.holds("approval")
        world.drop(*everybody())
        await world.run()
        assert not await world.holds()
        assert (await actions(world)).count("hold.withdraw") == 1
        with pytest.raises(CannotRelease, match="no longer applies"):
            await release(world.app, hold.digest, actor="person:lina")
