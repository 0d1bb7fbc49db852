"""A night on a platform that takes several requests in one call: everybody is read, and each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.drift.reconcile import Reconciler
from connectors.chat.teams.sandbox import EntraGroup, Fault, FaultKind, User, base_tenant
from tests.bot.offices import Offices, offices
from tests.bot.world import POLICY

HEADER = "employee_id,name,email,department,status,last_day,time_zone"
GONE = range(8)
ROOM = {
    "limits": {
        "run_count": 50,
        "run_percent": 100,
        "day_count": 50,
        "day_ceiling": 500,
        "group_count": 50,
        "group_percent": 100,
    },
    "recheck_after": [],
}


@asynccontextmanager
async def gone(folder: Path, groups: int) -> AsyncIterator[Offices]:
    """Eight people who left, and were taken out of the same groups; half an hour later."""
    tenant = base_tenant().add(User("u-boss", "Boss", "boss@corp.test", "boss@corp.test"))
    tenant.add(*(User(f"u-{n}", f"P{n}", f"p{n}@corp.test", f"p{n}@corp.test") for n in GONE))
    everybody = ["u-boss", *(f"u-{n}" for n in GONE)]
    tenant.add(*(EntraGroup(f"g-{n}", f"g{n}", list(everybody), ["u-boss"]) for n in range(groups)))
    async with offices(folder, tenant=tenant, policy=POLICY, extra=ROOM) as world:
        for status in ("active", "terminated"):
            staff = [f"E{n},P{n},p{n}@corp.test,Sales,{status},," for n in GONE]
            world.drop("B,Boss,boss@corp.test,Sales,active,,", *staff, header=HEADER)
            for _ in range(3):
                await world.run()
                await world.release_all()
        await world.run()
        assert {group.id for group in tenant.groups.values() if len(group.members) > 1} == set()
        world.clock.turn(minutes=30)
        yield world


def asked(world: Offices, since: int, name: str) -> Counter[str]:
    """Give how often each address of one kind was asked for."""
    return Counter(entry.path for entry in world.tenant.journal[since:] if entry.name == name)


async def test_few_groups_are_read_once_each_and_whoever_came_back_is_found(tmp_path: Path) -> None:
    async with gone(tmp_path, groups=3) as world:
        world.tenant.tenant.groups["g-1"].members.append("u-5")
        since = len(world.tenant.journal)
        reconciler = Reconciler(world.app)
        row = await reconciler.begin(actor="person:noura")
        while await reconciler.advance(row, most=1):
            pass
        report = await reconciler.conclude(row)
        listed = asked(world, since, "GET /groups/{group}/members")
    assert (report.people, report.groups, report.found, report.complete) == (8, 3, 1, True)
    assert sorted(listed.values()) == [1, 1, 1]


async def test_a_platform_that_fails_is_asked_about_one_and_all_are_read_afterwards(tmp_path: Path) -> None:
    async with gone(tmp_path, groups=20) as world:
        since = len(world.tenant.journal)
        down = Fault(FaultKind.HTTP_503, "GET /users/*/memberOf", times=0)
        world.tenant.faults.append(down)
        reconciler = Reconciler(world.app)
        row = await reconciler.begin(actor="person:noura")
        assert await reconciler.advance(row, most=1) == 0
        assert len(asked(world, since, "GET /users/{user}/memberOf")) == 1
        world.tenant.faults.remove(down)
        world.clock.turn(hours=1)
        while await reconciler.advance(row, most=1):
            pass
        report = await reconciler.conclude(row)
    assert (report.people, report.groups, report.found, report.complete) == (8, 0, 0, True)
