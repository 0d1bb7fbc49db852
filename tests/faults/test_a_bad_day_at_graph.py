"""What Microsoft Graph may do wrong, over real sockets: nobody else touched, nothing lost or claimed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

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
from tests.faults.truth import Truth, all_proven, honest, lane_of, pass_time, truth, without

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


LOST = {"after_effect": True}
PASSING: dict[str, list[Fault]] = {
    "429 of the whole batch": [Fault(FaultKind.LIMITED_429, "POST /$batch", seconds=0.1, times=2)],
    "429 of one part": [Fault(FaultKind.LIMITED_429, REMOVE, seconds=0.1, parts_only=True)],
    "429 of every part": [Fault(FaultKind.LIMITED_429, "DELETE *", seconds=0.1, times=6, parts_only=True)],
    "500 inside a batch, after the effect": [Fault(FaultKind.HTTP_500, REMOVE, parts_only=True, **LOST)],
    "503 for a while": [Fault(FaultKind.HTTP_503, times=9)],
    "dropped before the effect": [Fault(FaultKind.DROP, REMOVE)],
    "dropped after the effect": [Fault(FaultKind.DROP, REMOVE, **LOST)],
    "the lock-out's answer lost": [Fault(FaultKind.DROP, DISABLE, **LOST)],
    "malformed JSON after the effect": [Fault(FaultKind.MALFORMED_JSON, REMOVE, **LOST)],
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
