"""Microsoft from the HR record to the proof: locked out first, handed over, taken out, or blocked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bot.store.query import where
from bot.store.tables import LaneRow, StepRow
from connectors.chat.teams.sandbox import Channel, Chat, EntraGroup, Fault, FaultKind, Team, User, base_tenant
from connectors.chat.teams.sandbox import m365_group as unified
from tests.bot.offices import TEAMS, Offices, offices

POLICY = """\
version: 1
rules:
  - id: leaver
    on: leaver
    groups: all
    action: remove_and_bar
    account: [deactivate, end_sessions]
    when: end_of_last_day
  - id: mover
    on: mover
    groups: all
    action: remove
    when: now
posts:
  - department: Sales
    groups:
      - name: "sales*"
"""
REGISTRY = """\
version: 1
groups:
  - {instance: contoso, group: g-board, name: board, owner: E1, deputy: E3}
"""
HEADER = "employee_id,name,email,department,status,last_day,time_zone,manager_id"
EVERYONE = ["u-ana", "u-badr", "u-noora"]


def staff(*, last_day: str = "", department: str = "Sales") -> Sequence[str]:
    return (
        f"E1,Ana Quispe,ana@corp.test,{department},active,{last_day},,E2",
        "E2,Badr Saleh,badr@corp.test,Sales,active,,,",
        "E3,Noora Saad,noora@corp.test,Sales,active,,,E2",
    )


@asynccontextmanager
async def firm(folder: Path) -> AsyncIterator[Offices]:
    """Every kind of group there is, with Ana in each."""
    tenant = base_tenant()
    for name in ("ana", "badr", "noora"):
        tenant.add(User(f"u-{name}", name.title(), f"{name}@corp.test", f"{name}@corp.test"))
    tenant.add(unified("g-sales", "sales", list(EVERYONE), ["u-badr"]), Team("g-sales"))
    tenant.add(
        Channel("19:deals@thread.tacv2", "g-sales", "deals", "private", {"u-ana": "", "u-badr": "owner"})
    )
    tenant.add(unified("g-board", "board", list(EVERYONE), ["u-ana"]))
    tenant.add(EntraGroup("g-vpn", "vpn", list(EVERYONE), ["u-badr"]))
    tenant.add(EntraGroup("g-owned", "printers", ["u-badr"], ["u-ana", "u-badr"]))
    tenant.add(EntraGroup("g-inner", "sales-inner", ["u-ana", "u-badr"], ["u-badr"]))
    tenant.add(EntraGroup("g-outer", "everybody", ["g-inner", "u-badr"], ["u-badr"]))
    tenant.add(EntraGroup("g-rule", "by-rule", list(EVERYONE), ["u-badr"], ["DynamicMembership"]))
    tenant.add(EntraGroup("g-ad", "from-ad", list(EVERYONE), ["u-badr"], synced=True))
    tenant.add(Chat("19:chat@thread.v2", "lunch", "group", {"u-ana": "owner", "u-badr": "owner"}))
    async with offices(folder, tenant=tenant, policy=POLICY, registry=REGISTRY) as made:
        yield made


async def settle(world: Offices, rows: Sequence[str], *, times: int = 3) -> None:
    world.drop(*rows, header=HEADER)
    for _ in range(times):
        await world.run()
        await world.release_all()
    await world.run()


async def come_due(world: Offices) -> None:
    world.clock.turn(days=1)
    await settle(world, staff(last_day="2026-11-20"))


async def announce(world: Offices) -> None:
    await settle(world, staff())
    await settle(world, staff(last_day="2026-11-20"))


async def on_teams(world: Offices) -> list[StepRow]:
    return [step for step in await world.steps() if step.instance == TEAMS]


def group_of(step: StepRow) -> str:
    return str(step.group["name"]) if step.group else ""


async def lane(world: Offices) -> LaneRow:
    async with world.app.store.read() as tx:
        return next(row for row in await where(tx, LaneRow) if row.instance == TEAMS)


async def test_a_leaver_is_locked_out_first_and_out_of_everything_the_api_can_reach(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await announce(world)
        assert world.tenant.tenant.users["u-ana"].account_enabled, "nothing happens before the day"
        await come_due(world)
        assert world.in_entra("u-ana") == {"by-rule", "from-ad"}
        assert world.in_entra("u-badr") >= {"sales", "deals", "vpn", "printers", "everybody", "lunch"}
        assert "u-noora" in world.tenant.tenant.groups["g-board"].owners, "the deputy has the board"
        ana = world.tenant.tenant.users["u-ana"]
        assert not ana.account_enabled
        assert set(world.tenant.tenant.users) >= set(EVERYONE), "nobody was deleted"
        written = [entry.name for entry in world.tenant.journal if entry.write and entry.status < 300]
        assert written[:2] == ["PATCH /users/{user}", "POST /users/{user}/revokeSignInSessions"]
        assert (await world.app.audit.verify()).ok


async def test_what_must_not_be_touched_is_blocked_with_what_to_do_instead(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await announce(world)
        await come_due(world)
        blocked = {group_of(step): step.refusal for step in await on_teams(world) if step.state == "blocked"}
        assert blocked == {"by-rule": "dynamic", "from-ad": "synced", "everybody": "nested"}
        others = {step.state for step in await on_teams(world)} - {"blocked"}
        assert others == {"verified_absent"}


async def test_a_mover_keeps_the_account_and_loses_the_old_posts_groups(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await settle(world, staff())
        await settle(world, staff(department="Finance"))
        assert world.tenant.tenant.users["u-ana"].account_enabled
        inside = world.in_entra("u-ana")
        assert not inside & {"sales", "sales-inner"}
        assert inside >= {"board", "vpn", "printers", "lunch"}


async def test_parts_of_a_batch_that_are_limited_are_done_later_and_once(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await announce(world)
        world.tenant.faults.append(
            Fault(FaultKind.LIMITED_429, "DELETE */members/*", times=2, seconds=1.0, parts_only=True)
        )
        await come_due(world)
        for _ in range(4):
            world.clock.turn(minutes=2)
            await world.run()
        assert world.in_entra("u-ana") == {"by-rule", "from-ad"}


async def test_consent_withdrawn_pauses_the_lane_and_given_back_lets_it_finish(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await announce(world)
        world.tenant.withdraw_consent("GroupMember.ReadWrite.All")
        world.tenant.withdraw_consent("Group.ReadWrite.All")
        await come_due(world)
        assert world.in_entra("u-ana") >= {"vpn"}
        said = {step.refusal for step in await on_teams(world) if group_of(step) == "vpn"}
        paused = (await lane(world)).state == "paused"
        assert paused or said & {"missing_scope", "no_right"}, "nothing is claimed, and somebody is called"
        assert not [s for s in await on_teams(world) if group_of(s) == "vpn" and s.state == "verified_absent"]


async def test_an_app_of_another_tenant_changes_nothing_and_calls_an_operator(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await announce(world)
        world.tenant.tenant.id = "99999999-0000-4000-8000-000000000009"
        await come_due(world)
        assert world.in_entra("u-ana") >= {"vpn", "sales", "board"}
        assert (await lane(world)).state == "paused"


async def test_a_group_deleted_in_mid_case_is_said_and_the_rest_goes_on(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await announce(world)

        def somebody_deletes_it() -> None:
            world.tenant.tenant.groups.pop("g-vpn", None)

        world.tenant.engine.after_call = {"PATCH /users/{user}": somebody_deletes_it}
        await come_due(world)
        assert world.in_entra("u-ana") == {"by-rule", "from-ad"}
        (vpn,) = [step for step in await on_teams(world) if group_of(step) == "vpn"]
        assert (vpn.state, vpn.refusal) == ("failed", "group_gone")


async def test_a_removal_that_shows_only_later_is_not_called_done_before(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await announce(world)
        world.tenant.world.lag_seconds = 3600.0
        await come_due(world)
        vpn = {step.state for step in await on_teams(world) if group_of(step) == "vpn"}
        assert vpn == {"removed_unverified"}
        world.tenant.world.settle()
        world.clock.turn(seconds=90)
        await world.run()
        vpn = {step.state for step in await on_teams(world) if group_of(step) == "vpn"}
        assert vpn == {"verified_absent"}
