"""What Microsoft Graph may do wrong, over real sockets: nobody else touched, nothing lost or claimed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.store.group_tables import DriftRow
from bot.store.query import where
from connectors.chat.teams.sandbox import (
    CLIENT_SECRET,
    TENANT_ID,
    Channel,
    Chat,
    EntraGroup,
    Fault,
    FaultKind,
    Team,
    User,
    base_tenant,
    m365_group,
)
from tests.bot.adversary import STAFF, WIDE
from tests.bot.offices import TEAMS, Offices, offices
from tests.faults.truth import Truth, all_proven, ends, honest, lane_of, pass_time, revokes, truth, without

ANA = "u-ana"
EVERYONE = [f"u-{name}" for name in STAFF]
GROUPS = ("sales", "sales / deals", "vpn", "crm", "wiki", "lunch")
HEADER = "employee_id,name,email,department,status,last_day,time_zone"
POLICY = """\
version: 1
rules:
  - id: leaver
    on: leaver
    groups: all
    action: remove_and_bar
    account: [deactivate, end_sessions]
    when: now
"""
REMOVE = "DELETE /groups/{group}/members/{id}/$ref"
OWNER = "DELETE /groups/{group}/owners/{id}/$ref"
DISABLE = "PATCH /users/{user}"


def line(name: str, status: str = "active") -> str:
    return f"{name},{name.title()} Q,{name}@corp.test,Sales,{status},,"


@asynccontextmanager
async def office(folder: Path) -> AsyncIterator[Offices]:
    """A company past its first run: a team with a channel, three groups (Ana owns one too), a chat."""
    tenant = base_tenant()
    tenant.add(*(User(f"u-{name}", name.title(), f"{name}@corp.test", f"{name}@corp.test") for name in STAFF))
    tenant.add(m365_group("g-sales", "sales", list(EVERYONE), ["u-noura"]), Team("g-sales"))
    tenant.add(Channel("19:deals@t", "g-sales", "deals", "private", {ANA: "", "u-noura": "owner"}))
    tenant.add(EntraGroup("g-vpn", "vpn", list(EVERYONE), ["u-noura"]))
    tenant.add(EntraGroup("g-crm", "crm", list(EVERYONE), ["u-noura", ANA]))
    tenant.add(m365_group("g-wiki", "wiki", list(EVERYONE), ["u-noura"]))
    tenant.add(Chat("19:lunch@t", "lunch", "group", {ANA: "owner", "u-omar": "owner"}))
    extra = WIDE | {"it_contact": "noura"}
    async with offices(folder, tenant=tenant, policy=POLICY, extra=extra) as made:
        made.drop(*map(line, STAFF), header=HEADER)
        await made.settle_in()
        yield made


def ana_goes(world: Offices) -> None:
    world.drop(*(line(name, "terminated" if name == "ana" else "active") for name in STAFF), header=HEADER)


async def leave(world: Offices, *, hours: float = 1.0) -> None:
    """HR says that Ana is gone; then time passes."""
    ana_goes(world)
    await pass_time(world, hours=hours)


def after(world: Offices, operation: str, act: Callable[[], object]) -> None:
    """Let somebody act right after the first request of its kind, once."""
    done: list[object] = []

    def race() -> None:
        if not done:
            done.append(True)
            act()

    world.tenant.engine.after_call = {operation: race}


def once_each(world: Offices) -> None:
    """No write had its effect twice."""
    done = [(e.name, e.path) for e in world.tenant.journal if e.write and e.effect == "done"]
    assert len(done) == len(set(done)), "nobody is taken out twice"


async def all_well(world: Offices, before: Truth) -> None:
    """Ana is out of everything and locked out; nobody else is; the case says so, and the log."""
    assert truth(world) == without(before, ANA)
    users = world.tenant.tenant.users
    assert {name for name, user in users.items() if not user.account_enabled} == {ANA}
    assert not users[ANA].signed_in
    await all_proven(world, TEAMS, GROUPS)
    assert {case.state for case in await world.cases()} == {"completed"}, [
        (step.action, step.state, step.refusal, step.detail) for step in await world.steps()
    ]
    await honest(world)


def lost(kind: FaultKind, on: str, *, parts_only: bool = False) -> Fault:
    """An answer that does not come, though what was asked was done."""
    return Fault(kind, on, after_effect=True, parts_only=parts_only)


PASSING: dict[str, list[Fault]] = {
    "429 of the whole batch": [Fault(FaultKind.LIMITED_429, "POST /$batch", seconds=0.1, times=2)],
    "429 of one part": [Fault(FaultKind.LIMITED_429, REMOVE, seconds=0.1, parts_only=True)],
    "429 of every part": [Fault(FaultKind.LIMITED_429, "DELETE *", seconds=0.1, times=6, parts_only=True)],
    "500 inside a batch, after the effect": [lost(FaultKind.HTTP_500, REMOVE, parts_only=True)],
    "503 for a while": [Fault(FaultKind.HTTP_503, times=6)],
    "dropped before the effect": [Fault(FaultKind.DROP, REMOVE)],
    "dropped after the effect": [lost(FaultKind.DROP, REMOVE)],
    "the lock-out's answer lost": [lost(FaultKind.DROP, DISABLE)],
    "malformed JSON after the effect": [lost(FaultKind.MALFORMED_JSON, REMOVE)],
    "the owner's part left out": [Fault(FaultKind.PART_MISSING, OWNER)],
    "a page missing while planning": [Fault(FaultKind.PAGE_LOOP, "GET /users/*/memberOf*")],
    "a token at its end": [Fault(FaultKind.TOKEN_EXPIRED, DISABLE), Fault(FaultKind.TOKEN_EXPIRED, REMOVE)],
}


@pytest.mark.parametrize("name", list(PASSING))
async def test_whatever_passes_is_outlived_and_ana_is_out_once(tmp_path: Path, name: str) -> None:
    async with office(tmp_path) as world:
        before = truth(world)
        world.tenant.page_cap = world.tenant.engine.page_cap = 2
        world.tenant.faults += [replace(fault) for fault in PASSING[name]]
        await leave(world)
        assert all(fault.seen >= fault.nth for fault in world.tenant.faults), "the fault never struck"
        await all_well(world, before)
        once_each(world)


async def test_a_secret_revoked_in_mid_run_pauses_the_lane_until_it_is_mended(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        before = truth(world)
        world.tenant.faults.append(Fault(FaultKind.TOKEN_REVOKED, REMOVE))
        await leave(world, hours=0.1)
        circuit = await lane_of(world, TEAMS)
        assert circuit.state == "paused"
        assert "Certificates & secrets" in (circuit.reason or ""), "who can mend it, and where"
        calls = len(world.tenant.journal)
        for _ in range(3):
            await world.run()
        assert len(world.tenant.journal) - calls <= 1, "a paused lane asks once in five minutes"
        await honest(world)
        world.tenant.tenant.app().secrets.append(CLIENT_SECRET)
        await pass_time(world, hours=0.5, step=0.1)
        await all_well(world, before)
        assert (await lane_of(world, TEAMS)).state == "open"


async def test_an_app_of_another_tenant_changes_nothing_until_it_is_put_right(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        before = truth(world)
        after(world, DISABLE, lambda: setattr(world.tenant.tenant, "id", TENANT_ID.replace("1", "9")))
        world.tenant.tokens.revoke_all()
        await leave(world, hours=0.3)
        assert truth(world) == before
        assert (await lane_of(world, TEAMS)).state == "paused"
        await honest(world)
        world.tenant.tenant.id = TENANT_ID
        await pass_time(world, hours=0.5, step=0.1)
        await all_well(world, before)


async def test_consent_to_all_withdrawn_and_given_back_lets_the_lane_go_on_by_itself(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        before, app = truth(world), world.tenant.tenant.app()
        granted = list(app.granted)
        world.tenant.engine.at_once = True
        app.granted.clear()
        await leave(world, hours=0.3)
        assert truth(world) == before
        circuit = await lane_of(world, TEAMS)
        assert circuit.state == "paused"
        assert "admin consent" in (circuit.reason or "")
        app.granted[:] = granted
        await pass_time(world, hours=0.5, step=0.1)
        await all_well(world, before)


@pytest.mark.parametrize(
    ("hours", "kind"),
    [(1 / 60, FaultKind.HTTP_503), (6.0, FaultKind.HTTP_500)],
    ids=["503 for a minute", "500 for six hours"],
)
async def test_an_outage_costs_few_requests_and_everything_is_done_after_it(
    tmp_path: Path, hours: float, kind: FaultKind
) -> None:
    async with office(tmp_path) as world:
        before = truth(world)
        world.tenant.faults.append(Fault(kind, times=0))
        calls = len(world.tenant.journal)
        ana_goes(world)
        await pass_time(world, hours=hours, step=hours / 60)
        probes = 8 + hours * 12
        assert len(world.tenant.journal) - calls <= 8 * probes
        assert truth(world) == before
        assert [entry["action"] for entry in await world.log()].count("lane.wait") == 1
        world.tenant.faults.clear()
        await pass_time(world, hours=0.5, step=0.1)
        await all_well(world, before)


async def test_writes_that_fail_for_six_hours_are_done_afterwards_and_once(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        before = truth(world)
        world.tenant.faults.append(Fault(FaultKind.HTTP_503, "DELETE *", nth=2, times=0))
        await leave(world, hours=6.0)
        assert not any(case.state == "completed" for case in await world.cases())
        await honest(world)
        world.tenant.faults.clear()
        await pass_time(world, hours=2.5, step=0.3)
        await all_well(world, before)
        once_each(world)


# What a 404 means, and what people do meanwhile


async def test_a_404_that_is_not_so_is_read_and_acted_on_again(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        before = truth(world)
        world.tenant.faults.append(Fault(FaultKind.NOT_FOUND, REMOVE, within="g-vpn"))
        await leave(world)
        await all_well(world, before)


async def test_a_group_deleted_in_mid_case_is_said_and_the_rest_goes_on(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        before = truth(world)
        after(world, DISABLE, lambda: world.tenant.world.delete("g-vpn"))
        await leave(world)
        gone = {key: inside for key, inside in before.items() if key != (TEAMS, "vpn")}
        assert truth(world) == without(gone, ANA)
        found = ends(await revokes(world, TEAMS))
        assert found.pop("vpn") == ("failed", "group_gone")
        assert {state for state, _ in found.values()} == {"verified_absent"}
        assert [case.state for case in await world.cases()] == ["completed_with_exceptions"]


async def test_an_account_deleted_in_mid_case_is_never_called_our_doing(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as world:
        before = truth(world)
        after(world, DISABLE, lambda: world.tenant.world.delete(ANA))
        await leave(world)
        assert "verified_absent" not in {step.state for step in await world.steps()}, "nobody saw it"
        world.clock.turn(days=7)
        await world.run()
        assert truth(world) == without(before, ANA)
        found = [(step.action, step.state, step.refusal) for step in await world.steps()]
        assert {state for _, state, _ in found} <= {"failed", "already_absent"}, found
        assert [case.state for case in await world.cases()] == ["completed_with_exceptions"]
        await honest(world)


async def test_who_leaves_by_themselves_in_between_was_not_removed_by_us(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        before = truth(world)
        after(world, DISABLE, lambda: world.tenant.world.remove_member("g-vpn", ANA))
        await leave(world)
        await all_well(world, before)
        assert ends(await revokes(world, TEAMS))["vpn"][0] == "already_absent"


async def test_who_is_added_again_by_a_colleague_is_found_and_said(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        await leave(world, hours=0.2)
        world.tenant.world.add_member("g-wiki", ANA)
        world.tenant.world.add_owner("g-vpn", ANA)
        await pass_time(world, hours=1.2, step=0.6)
        async with world.app.store.read() as tx:
            drifts = await where(tx, DriftRow)
        assert {(row.group_id, row.why, row.state) for row in drifts} == {
            ("g-wiki", "came_back", "open"),
            ("g-vpn", "came_back", "open"),
        }
        await honest(world)


async def test_who_becomes_the_last_owner_in_mid_case_is_left_and_it_is_said(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        before = truth(world)
        after(world, DISABLE, lambda: world.tenant.world.remove_owner("g-crm", "u-noura"))
        await leave(world)
        assert truth(world) == without(before, ANA) | {(TEAMS, "crm"): before[TEAMS, "crm"]}
        assert world.tenant.tenant.groups["g-crm"].owners == [ANA]
        assert ends(await revokes(world, TEAMS))["crm"] == ("blocked", "last_owner")
        await honest(world)


async def test_answered_well_but_kept_is_never_called_done(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        world.tenant.faults.append(Fault(FaultKind.OK_BUT_KEPT, REMOVE, within="g-vpn", times=0))
        await leave(world, hours=24)
        assert ends(await revokes(world, TEAMS))["vpn"] == ("still_present", None)
        assert [case.state for case in await world.cases()] == ["completed_with_exceptions"]
        await honest(world)


async def test_consent_to_write_withdrawn_fails_those_steps_with_the_permission_named(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        before, app = truth(world), world.tenant.tenant.app()
        after(world, DISABLE, lambda: app.granted.remove("ChannelMember.ReadWrite.All"))
        app.granted.append("ChannelMember.Read.All")
        world.tenant.tenant.channels["19:deals@t"].membership_type = "shared"
        await leave(world)
        (deals,) = [step for step in (await revokes(world, TEAMS)).values() if step.refusal]
        assert (deals.state, deals.refusal) == ("failed", "missing_scope")
        assert "ChannelMember.ReadWrite.All" in deals.remedy + deals.detail
        assert truth(world) == without(before, ANA) | {
            (TEAMS, "sales / deals"): before[TEAMS, "sales / deals"]
        }
        await honest(world)
