"""A real HR directory replayed on Slack, Telegram and Microsoft at once, against an independent oracle."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from bot.release import release
from connectors.chat.slack.sandbox import User as SlackUser
from connectors.chat.teams.sandbox import EntraGroup, Tenant, base_tenant, m365_group
from connectors.chat.teams.sandbox import Team as TeamsTeam
from connectors.chat.teams.sandbox import User as EntraUser
from tests.bot.offices import TELEGRAM, Offices, offices, telegram_world
from tests.bot.test_hr1k import DATA, Directory, everybody, inside_now, oracle, policy, slug, snapshots

Pairs = set[tuple[str, str]]

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"the HR snapshots are not at {DATA}; set BAWAB_SHARED to where they are"
)


def telegram_id(person: str) -> int:
    return 7_000_000 + int(person)


def with_telegram_ids(path: Path, folder: Path) -> Path:
    """The same export with one more column, as HR would have it after everybody's enrolment."""
    target = folder / path.name
    with (
        path.open(encoding="utf-8", newline="") as read,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        rows = list(csv.DictReader(read))
        writer = csv.DictWriter(out, [*rows[0], f"account:{TELEGRAM}"])
        writer.writeheader()
        writer.writerows(row | {f"account:{TELEGRAM}": str(telegram_id(row["employee_id"]))} for row in rows)
    return target


def first_departments(replay: Sequence[Directory]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for people in replay:
        for person, row in people.items():
            found.setdefault(person, row["department"])
    return found


def tenant_of(replay: Sequence[Directory]) -> Tenant:
    """A team, a security group for each department, and one group everybody is in."""
    posts = first_departments(replay)
    addresses = {person: row["email"] for people in replay for person, row in people.items()}
    tenant = base_tenant()
    tenant.add(*(EntraUser(entra_id(p), p, mail, mail) for p, mail in addresses.items()))
    by_department: defaultdict[str, list[str]] = defaultdict(list)
    for person, department in posts.items():
        by_department[department].append(entra_id(person))
    keeper = EntraUser("keeper", "Keeper", "keeper@corp.example", "keeper@corp.example")
    tenant.add(keeper)
    for name, members in by_department.items():
        tenant.add(m365_group(f"team-{slug(name)}", f"{slug(name)}-team", [*members, "keeper"], ["keeper"]))
        tenant.add(TeamsTeam(f"team-{slug(name)}"))
        tenant.add(EntraGroup(f"sec-{slug(name)}", f"{slug(name)}-vpn", list(members), ["keeper"]))
    tenant.add(EntraGroup("all", "town-vpn", [entra_id(person) for person in posts], ["keeper"]))
    return tenant


def entra_id(person: str) -> str:
    return f"00000000-0000-4000-8000-{int(person):012d}"


def inside_telegram(world: Offices) -> Pairs:
    return {
        (chat.title, f"{user - 7_000_000:06d}")
        for chat in world.telegram.world.chats.values()
        for user, member in chat.members.items()
        if member.inside and 7_000_000 <= user < 8_000_000
    }


def inside_entra(world: Offices) -> Pairs:
    return {
        (group.display_name, f"{int(member[-12:]):06d}")
        for group in world.tenant.tenant.groups.values()
        for member in {*group.members, *group.owners}
        if member.startswith("00000000-0000-4000-8000-")
    }


def gone(before: Directory, after: Directory, inside: Pairs) -> Pairs:
    """The oracle's answer for groups that are called `<department>-…`."""
    named = {(f"C-{group}", person): (group, person) for group, person in inside}
    return {named[pair] for pair in oracle(before, after, set(named))}


@pytest.mark.timeout(900)  # a thousand people; a slow machine is no failure
async def test_all_three_platforms_lose_exactly_whom_the_oracle_names(tmp_path: Path) -> None:
    replay = snapshots()
    directories = [people for _, _, people in replay]
    departments = sorted({row["department"] for people in directories for row in people.values()})
    posts = first_departments(directories)
    chats: defaultdict[str, list[int]] = defaultdict(list)
    for person, department in posts.items():
        for title in (f"{slug(department)}-chat", "town-chat"):
            chats[title].append(telegram_id(person))
    wide = {"run_count": 50, "day_count": 500, "day_ceiling": 500, "group_count": 500}
    slack = everybody(directories)
    assert any(isinstance(one, SlackUser) for one in slack)
    (tmp_path / "exports").mkdir()
    async with offices(
        tmp_path,
        slack=slack,
        telegram=telegram_world({telegram_id(p): p for p in posts}, chats),
        tenant=tenant_of(directories),
        policy=policy(departments),
        extra={"limits": wide},
    ) as world:
        await world.know_chats()
        _, path, before = replay[0]
        world.drop_file(with_telegram_ids(path, tmp_path / "exports"))
        await world.run()
        for kind in ("observe", "identity_links"):
            for hold in await world.holds(kind):
                await release(world.app, hold.digest, actor="person:noura")
        await world.run()
        for day, path, after in replay[1:4]:
            reads = (inside_now, inside_telegram, inside_entra)
            starts = [read(world) for read in reads]
            world.clock.turn(days=2)
            held = {hold.digest for hold in await world.holds()}
            world.drop_file(with_telegram_ids(path, tmp_path / "exports"))
            await world.run()
            for hold in await world.holds():
                if hold.digest not in held:
                    await release(world.app, hold.digest, actor="person:noura")
            await world.run()
            expected = [oracle(before, after, starts[0]), *(gone(before, after, s) for s in starts[1:])]
            lost = [start - read(world) for start, read in zip(starts, reads, strict=True)]
            assert lost == expected, day
            assert all(lost), day
            assert all(read(world) <= start for start, read in zip(starts, reads, strict=True)), day
            before = after
        assert world.tenant.tenant.users, "nobody was deleted"
        assert len(world.tenant.tenant.users) >= len(posts)
        assert (await world.app.audit.verify()).ok
