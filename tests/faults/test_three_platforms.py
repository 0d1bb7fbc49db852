"""Bad days on three platforms at once: one's trouble is nobody else's, and what is urgent goes first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_bawab
from bot.hurry import revoke_now
from bot.only_one import AlreadyRunning, only_one
from bot.service import Service
from bot.store.db import StoreProblem
from connectors.chat.slack.sandbox import Fault as SlackFault
from connectors.chat.slack.sandbox import FaultKind as SlackKind
from connectors.chat.teams.sandbox import EntraGroup, User, base_tenant, m365_group
from connectors.chat.teams.sandbox import Fault as GraphFault
from connectors.chat.teams.sandbox import FaultKind as GraphKind
from connectors.chat.telegram.sandbox import Fault as TelegramFault
from connectors.chat.telegram.sandbox import FaultKind as TelegramKind
from tests.bot.adversary import STAFF, WIDE
from tests.bot.offices import SLACK, TEAMS, TELEGRAM, Offices, offices, telegram_world
from tests.bot.world import channel, people
from tests.faults.test_the_machine import no_more_than
from tests.faults.truth import Truth, honest, lane_of, pass_time, truth, without

CROWD = (*STAFF, *(f"p{number}" for number in range(6)))
NUMBER = {name: 7_000_000 + place for place, name in enumerate(CROWD)}
NAMES = ("sales", "lunch", "town")
EVERYWHERE = (SLACK, TELEGRAM, TEAMS)
PAST, AHEAD = "2026-11-19", "2026-11-25"
HEADER = f"employee_id,name,email,department,status,last_day,time_zone,account:{TELEGRAM}"
POLICY = """\
version: 1
rules:
  - id: leaver
    on: leaver
    groups: all
    action: remove_and_bar
    when: end_of_last_day
"""
DOWN: dict[str, Any] = {
    SLACK: SlackFault(SlackKind.HTTP_500, times=0),
    TELEGRAM: TelegramFault(TelegramKind.HTTP_500, times=0),
    TEAMS: GraphFault(GraphKind.HTTP_503, times=0),
}


def ids(name: str) -> tuple[str, str, str]:
    """One person's three accounts."""
    return f"U{name.upper()}", str(NUMBER[name]), f"u-{name}"


def line(name: str, last_day: str = "") -> str:
    return f"{name},{name.title()} Q,{name}@corp.test,Sales,active,{last_day},,{NUMBER[name]}"


@asynccontextmanager
async def office(folder: Path, staff: Sequence[str] = STAFF) -> AsyncIterator[Offices]:
    """A company past its first run: everybody in three groups on each of three platforms."""
    tenant, everyone = base_tenant(), [f"u-{name}" for name in staff]
    tenant.add(*(User(f"u-{name}", name.title(), f"{name}@corp.test", f"{name}@corp.test") for name in staff))
    tenant.add(m365_group("g-sales", "sales", list(everyone), ["u-huda"]))
    tenant.add(*(EntraGroup(f"g-{name}", name, list(everyone), ["u-huda"]) for name in NAMES[1:]))
    numbers = {NUMBER[name]: name for name in staff}
    async with offices(
        folder,
        slack=[*people(*staff), *(channel(name, *staff) for name in NAMES)],
        telegram=telegram_world(numbers, dict.fromkeys(NAMES, numbers)),
        tenant=tenant,
        policy=POLICY,
        extra=WIDE | {"it_contact": "huda"},
    ) as world:
        await world.know_chats()
        say(world, {}, staff)
        await world.settle_in()
        yield world


def say(world: Offices, last_days: Mapping[str, str], staff: Sequence[str] = STAFF) -> None:
    """HR says when these people's last day is; of all others, nothing."""
    world.drop(*(line(name, last_days.get(name, "")) for name in staff), header=HEADER)


def gone(before: Truth, *names: str) -> Truth:
    return without(before, *(id_ for name in names for id_ in ids(name)))


def only(instance: str, now: Truth) -> Truth:
    return {group: inside for group, inside in now.items() if group[0] == instance}


def faults(world: Offices, instance: str) -> list[Any]:
    by_name: dict[str, list[Any]] = {
        SLACK: world.sandbox.faults,
        TELEGRAM: world.telegram.faults,
        TEAMS: world.tenant.faults,
    }
    return by_name[instance]


async def all_done(world: Offices, before: Truth, *names: str) -> None:
    """These people are out of everything, proven, and nobody else is."""
    assert truth(world) == gone(before, *names)
    states = {(s.instance, s.action, s.state, s.refusal) for s in await world.steps()}
    assert {state for _, _, state, _ in states} <= {"verified_absent", "already_absent"}, states
    assert {case.state for case in await world.cases()} == {"completed"}
    await honest(world)


@pytest.mark.parametrize("down", EVERYWHERE)
async def test_one_platform_down_for_hours_leaves_the_other_two_alone(tmp_path: Path, down: str) -> None:
    async with office(tmp_path) as world:
        before = truth(world)
        faults(world, down).append(DOWN[down])
        say(world, dict.fromkeys(("ana", "omar"), PAST))
        await world.run()
        now = truth(world)
        assert only(down, now) == only(down, before)
        for other in set(EVERYWHERE) - {down}:
            assert only(other, now) == only(other, gone(before, "ana", "omar")), other
            assert (await lane_of(world, other)).state == "open"
        assert (await lane_of(world, down)).state == "waiting"
        await pass_time(world, hours=6, step=2)
        faults(world, down).clear()
        await pass_time(world, hours=0.5, step=0.1)
        await all_done(world, before, "ana", "omar")


async def test_all_three_down_at_once_and_back_one_after_the_other(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        before = truth(world)
        for instance in EVERYWHERE:
            faults(world, instance).append(DOWN[instance])
        say(world, dict.fromkeys(("ana", "omar"), PAST))
        await world.run()
        assert truth(world) == before
        for instance in EVERYWHERE:
            faults(world, instance).clear()
            await pass_time(world, hours=0.3, step=0.1)
            assert only(instance, truth(world)) == only(instance, gone(before, "ana", "omar"))
        await all_done(world, before, "ana", "omar")


WRITES = {
    SLACK: "conversations.kick",
    TELEGRAM: "banChatMember",
    TEAMS: "DELETE /groups/{group}/members/{id}/$ref",
}


def order(world: Offices, instance: str) -> list[str]:
    """Who was taken out, one name per removal, in the order of the platform's own journal."""
    if instance == SLACK:
        return [user.removeprefix("U").lower() for _, user in world.sandbox.effective_removals()]
    if instance == TELEGRAM:
        names = {number: name for name, number in NUMBER.items()}
        return [names[user] for _, user in world.telegram.effective_removals()]
    calls = [entry for entry in world.tenant.calls(WRITES[TEAMS]) if entry.effect == "done"]
    return [entry.path.split("/")[4].removeprefix("u-") for entry in calls]


def once(act: Callable[[], Coroutine[Any, Any, None]], begun: list[asyncio.Task[None]]) -> Callable[[], None]:
    """Begin an act beside everything else, at the first call only; whoever awaits it finds it in `begun`."""

    def at_the_first() -> None:
        if not begun:
            begun.append(asyncio.get_running_loop().create_task(act()))

    return at_the_first


async def test_an_urgent_dismissal_in_the_middle_of_a_bulk_run_overtakes_it(tmp_path: Path) -> None:
    async with office(tmp_path, CROWD) as world:
        before, leavers = truth(world), [name for name in CROWD if name not in ("lina", "huda")]
        say(world, {"lina": AHEAD}, CROWD)
        await world.run()
        (lina,) = await world.cases()
        world.sandbox.faults.append(SlackFault(SlackKind.LIMITED_429, WRITES[SLACK], nth=6, seconds=0.3))
        world.telegram.faults.append(
            TelegramFault(TelegramKind.LIMITED_429, WRITES[TELEGRAM], nth=6, seconds=0.3)
        )
        say(world, {**dict.fromkeys(leavers, PAST), "lina": AHEAD}, CROWD)
        await world.run()
        assert await revoke_now(world.app, lina, actor="person:huda")
        await pass_time(world, hours=0.5, step=0.05)
        await all_done(world, before, *leavers, "lina")
        for instance in (SLACK, TELEGRAM):  # at Microsoft twenty leave with one request: all had left by then
            found = order(world, instance)
            first = found.index("lina")
            assert 0 < first < len(found) / 2, f"{instance}: in the middle of the bulk: {found}"
            assert found[first : first + len(NAMES)] == ["lina"] * len(NAMES), f"{instance}: {found}"


async def test_a_second_run_on_the_same_folder_is_refused_while_three_lanes_work(tmp_path: Path) -> None:
    async with office(tmp_path) as world, only_one(world.app):
        before = truth(world)
        refused: list[str] = []

        async def second() -> None:
            async with open_bawab(world.app.settings, now=world.clock) as app:
                with pytest.raises(AlreadyRunning) as problem:
                    async with only_one(app):
                        raise AssertionError("two of them at work")
                refused.append(str(problem.value))

        others: list[asyncio.Task[None]] = []
        world.telegram.after_call = {WRITES[TELEGRAM]: once(second, others)}
        say(world, {"ana": PAST})
        await world.run()
        await asyncio.gather(*others)
        assert len(refused) == 1
        await all_done(world, before, "ana")


SPARE = 22
"""Pages: room for the plans and a few removals."""


@pytest.mark.sqlite_only("it limits the pages of the file")
async def test_a_full_disk_in_mid_case_stops_with_words_and_the_next_run_finishes_on_all_three(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as world:
        before = truth(world)
        say(world, dict.fromkeys(("ana", "omar", "sara"), PAST))
        async with open_bawab(world.app.settings, now=world.clock) as app:
            await no_more_than(app.store, app.settings.data_dir / "bawab.db", SPARE)
            with pytest.raises(StoreProblem, match="free space, then start Bawab again"):
                await Service(app).once(quiet=0.0)
        assert 0 < sum(len(order(world, instance)) for instance in EVERYWHERE) < 27, "not in mid-case"
        async with open_bawab(world.app.settings, now=world.clock) as app:
            world.service = Service(app)
            await pass_time(world, hours=0.3, step=0.05)
            await all_done(world, before, "ana", "omar", "sara")
        for instance in EVERYWHERE:
            assert sorted(order(world, instance)) == sorted(("ana", "omar", "sara") * len(NAMES)), instance
