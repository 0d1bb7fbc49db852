"""A real HR directory replayed, snapshot after snapshot: the preview beside what happened at the sandbox."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from bot.drafting import Draft, Drafter
from bot.release import release
from bot.states import CASE_NOT_STARTED
from connectors.chat.slack.sandbox import BOT_ID, Channel, User
from policies.model import Verdict
from tests.bot.world import World, company

DATA = Path(os.environ.get("BAWAB_SHARED", "../shared")) / "data" / "hr1k"
LEAVERS = {"1998-07-01": 10, "1999-01-01": 9, "1999-07-01": 9, "2000-01-01": 10, "2000-07-01": 10}
LEAVERS["2001-01-01"] = 11
# Two more both move and leave in 1999-01-01: leaving wins, so they are not counted as movers.
MOVERS = {"1998-07-01": 3, "1999-01-01": 2, "1999-07-01": 6, "2000-01-01": 2, "2000-07-01": 3}
MOVERS["2001-01-01"] = 7

Directory = Mapping[str, Mapping[str, str]]
Memberships = set[tuple[str, str]]

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"the HR snapshots are not at {DATA}; set BAWAB_SHARED to where they are"
)


def snapshots() -> list[tuple[str, Path, Directory]]:
    found: list[tuple[str, Path, Directory]] = []
    for path in sorted(DATA.glob("hr-*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            people: Directory = {row["employee_id"]: row for row in csv.DictReader(file)}
        found.append((path.stem.removeprefix("hr-"), path, people))
    return found


def policy(departments: Sequence[str]) -> str:
    posts = "\n".join(
        f'  - department: "{name}"\n    groups:\n      - name: "{slug(name)}-*"' for name in departments
    )
    return (
        "version: 1\nrules:\n"
        "  - {id: leaver, on: leaver, groups: all, action: remove, when: now}\n"
        "  - {id: mover, on: mover, changed: department, groups: all, action: remove, when: now}\n"
        f"posts:\n{posts}\n"
    )


def slug(department: str) -> str:
    return department.lower().replace(" ", "-")


def everybody(all_people: Sequence[Directory]) -> list[User | Channel]:
    """Everyone who ever appears, in a channel of their first department and in one for all."""
    users: dict[str, User] = {}
    inside: dict[str, list[str]] = defaultdict(lambda: [BOT_ID])
    for people in all_people:
        for person_id, row in people.items():
            if person_id not in users:
                users[person_id] = User(id=f"U{person_id}", name=row["first_name"], email=row["email"])
                for name in (f"{slug(row['department'])}-news", "town"):
                    inside[name].append(f"U{person_id}")
    channels = [Channel(id=f"C-{name}", name=name, members=who) for name, who in inside.items()]
    return [*users.values(), *channels]


def oracle(before: Directory, after: Directory, inside: Memberships) -> Memberships:
    """Independently of Bawab: which (channel, person) pairs must be gone after this snapshot."""
    gone: Memberships = set()
    for person_id, row in after.items():
        was = before.get(person_id)
        if row["status"] == "terminated" and (was is None or was["status"] != "terminated"):
            gone |= {pair for pair in inside if pair[1] == person_id}
        elif was is not None and row["status"] == "active" and was["department"] != row["department"]:
            old = f"C-{slug(was['department'])}-"
            gone |= {pair for pair in inside if pair[1] == person_id and pair[0].startswith(old)}
    return gone


def inside_now(world: World) -> Memberships:
    return {
        (channel.id, member.removeprefix("U"))
        for channel in world.sandbox.workspace.channels.values()
        for member in channel.members
        if member.startswith("U") and member[1:].isdigit()
    }


async def preview(world: World) -> Memberships:
    """What Bawab says beforehand: person × group, for every case that has not started."""
    drafter, found = Drafter(world.app), set()
    for case in await world.cases():
        if case.state in CASE_NOT_STARTED and case.person_id:
            for draft in await drafter.everywhere(case):
                assert isinstance(draft, Draft)
                found |= {
                    (step.group.id, case.person_id)
                    for step in draft.plan.steps
                    if step.verdict is Verdict.ACT and step.group
                }
    return found


async def feed_in(world: World, path: Path) -> None:
    world.drop_file(path)
    await world.run()


@pytest.mark.timeout(900)  # a thousand people; a slow machine is no failure
async def test_every_snapshot_removes_exactly_whom_an_independent_oracle_names(tmp_path: Path) -> None:
    replay = snapshots()
    departments = sorted({row["department"] for _, _, people in replay for row in people.values()})
    wide = {"run_count": 50, "day_count": 500, "day_ceiling": 500, "group_count": 50}
    things = everybody([people for _, _, people in replay])
    async with company(tmp_path, *things, policy=policy(departments), extra={"limits": wide}) as world:
        _, path, before = replay[0]
        await feed_in(world, path)
        gone_before = {person for person, row in before.items() if row["status"] == "terminated"}
        assert len(gone_before) == 103
        assert {case.person_id for case in await world.cases()} == gone_before, "cases only of those gone"
        for kind in ("observe", "identity_links"):
            for hold in await world.holds(kind):
                await release(world.app, hold.digest, actor="person:noura")
        await world.run()
        assert not world.sandbox.effective_removals(), "who was gone before waits for HR"

        for day, path, after in replay[1:]:
            start = inside_now(world)
            expected = oracle(before, after, start)
            world.clock.turn(days=2)
            known = {case.id for case in await world.cases()}
            held = {hold.digest for hold in await world.holds()}
            await feed_in(world, path)
            opened = [case for case in await world.cases() if case.id not in known]
            leavers = [case for case in opened if case.kind == "leaver" and not case.event["first_seen"]]
            movers = [case for case in opened if case.kind == "mover"]
            assert len(leavers) == LEAVERS[day], day
            assert len(movers) == MOVERS[day], day
            for hold in await world.holds():
                if hold.digest not in held:
                    await release(world.app, hold.digest, actor="person:noura")
            await world.run()
            assert start - inside_now(world) == expected, day
            assert inside_now(world) <= start, "nobody is ever added"
            before = after
        acted = [case for case in await world.cases() if case.person_id not in gone_before]
        assert {case.state for case in acted} == {"completed"}
        assert (await world.app.audit.verify()).ok


@pytest.mark.timeout(900)  # a thousand people; a slow machine is no failure
async def test_what_the_preview_names_is_what_is_gone_afterwards_and_nothing_else(tmp_path: Path) -> None:
    """Of the 103 people already gone in the first file, still in the channel of their department."""
    replay = snapshots()[:1]
    departments = sorted({row["department"] for _, _, people in replay for row in people.values()})
    things = [one for one in everybody([people for _, _, people in replay]) if one.name != "town"]
    async with company(tmp_path, *things, policy=policy(departments)) as world:
        await feed_in(world, replay[0][1])
        for hold in await world.holds("identity_links"):
            await release(world.app, hold.digest, actor="person:noura")
        shown = await preview(world)
        start = inside_now(world)
        await world.release_all()
        await world.run()
        assert start - inside_now(world) == shown
        assert len(shown) == 103
