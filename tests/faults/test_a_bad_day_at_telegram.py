"""What Telegram may do wrong, over real sockets: nobody else touched, nothing lost, the right state shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.groups.memory import moved
from bot.store.group_tables import DriftRow
from bot.store.query import change, columns, where
from bot.store.tables import GapRow, StepRow, TaskRow
from connectors.chat.telegram.sandbox import BOT_ADMIN, BOT_ID, BOT_TOKEN, OWNER_ID, Fault, FaultKind
from tests.bot.adversary import STAFF, WIDE
from tests.bot.offices import TELEGRAM, Offices, offices, telegram_world
from tests.faults.truth import Truth, all_proven, ends, honest, lane_of, pass_time, revokes, truth, without

NUMBER = {name: 7_000_000 + place for place, name in enumerate(STAFF)}
ANA = str(NUMBER["ana"])
CHATS = ("sales", "lunch", "town")
BASIC = "old"
EVERYWHERE = (*CHATS, BASIC)
HEADER = f"employee_id,name,email,department,status,last_day,time_zone,account:{TELEGRAM}"
POLICY = """\
version: 1
rules:
  - id: leaver
    on: leaver
    groups: all
    action: remove_and_bar
    when: now
"""
REGISTRY = "version: 1\ngroups:\n" + "".join(
    f"  - {{instance: {TELEGRAM}, group: {name}, name: {name}, owner: noura}}\n" for name in EVERYWHERE
)
BAN, SEE = "banChatMember", "getChatMember"


def line(name: str, status: str = "active") -> str:
    return f"{name},{name.title()} Q,{name}@corp.test,Sales,{status},,,{NUMBER[name]}"


@asynccontextmanager
async def office(folder: Path, *, policy: str = POLICY) -> AsyncIterator[Offices]:
    """A company past its first run, all of it in three supergroups and one basic group."""
    world = telegram_world({id_: name for name, id_ in NUMBER.items()}, dict.fromkeys(CHATS, NUMBER.values()))
    world.add_chat("group", BASIC, OWNER_ID, members=NUMBER.values(), bots={BOT_ID: BOT_ADMIN})
    extra = WIDE | {"it_contact": "noura"}
    async with offices(folder, telegram=world, policy=policy, registry=REGISTRY, extra=extra) as made:
        await made.know_chats()
        made.drop(*map(line, STAFF), header=HEADER)
        await made.settle_in()
        yield made


def chat(world: Offices, title: str) -> int:
    chats = world.telegram.world.chats.values()
    return next(one.id for one in chats if one.title == title and one.migrated_to is None)


def ana_goes(world: Offices) -> None:
    world.drop(*(line(name, "terminated" if name == "ana" else "active") for name in STAFF), header=HEADER)


async def leave(world: Offices, *, hours: float = 1.0) -> None:
    """HR says that Ana is gone; then time passes."""
    ana_goes(world)
    await pass_time(world, hours=hours)


def after(world: Offices, method: str, title: str, act: Callable[[], object], *, nth: int = 1) -> None:
    """Let somebody act right after the n-th call of a method about one chat, once."""
    wanted, seen = chat(world, title), 0

    def race() -> None:
        nonlocal seen
        if world.telegram.journal[-1].chat == wanted:
            seen += 1
            if seen == nth:
                act()

    world.telegram.after_call = {method: race}


async def all_well(world: Offices, before: Truth) -> None:
    """Ana is out of everything, once; nobody else is; the case says so, and the log."""
    assert truth(world) == without(before, ANA)
    pairs = world.telegram.effective_removals()
    assert len(pairs) == len(set(pairs)), "nobody is taken out twice"
    await all_proven(world, TELEGRAM, EVERYWHERE)
    assert {case.state for case in await world.cases()} == {"completed"}, [
        (step.action, step.state, step.refusal, step.detail) for step in await world.steps()
    ]
    await honest(world)


PASSING: dict[str, list[Fault]] = {
    "429 with both waits": [Fault(FaultKind.LIMITED_429, BAN, seconds=0.1)],
    "429 without a wait": [Fault(FaultKind.ERROR, BAN, code=429, description="Too Many Requests: later")],
    "429 while reading": [Fault(FaultKind.ERROR, SEE, code=429, description="Too Many Requests", nth=3)],
    "500 after the effect": [Fault(FaultKind.HTTP_500, BAN, after_effect=True)],
    "dropped after the effect": [Fault(FaultKind.DROP, BAN, after_effect=True)],
    "empty after the effect": [Fault(FaultKind.EMPTY_BODY, BAN, after_effect=True)],
    "malformed JSON after the effect": [Fault(FaultKind.MALFORMED_JSON, BAN, after_effect=True)],
    "every answer lost": [Fault(FaultKind.DROP, BAN, times=4, after_effect=True)],
    "the plan's reading fails": [Fault(FaultKind.MALFORMED_JSON, SEE, times=3)],
    "the read-back fails": [Fault(FaultKind.HTTP_500, SEE, nth=6, times=4)],
    "everything fails for a while": [Fault(FaultKind.HTTP_500, times=9)],
}


@pytest.mark.parametrize("name", list(PASSING))
async def test_whatever_passes_is_outlived_and_ana_is_out_once(tmp_path: Path, name: str) -> None:
    async with office(tmp_path) as world:
        before = truth(world)
        world.telegram.faults += [replace(fault) for fault in PASSING[name]]
        await leave(world)
        await all_well(world, before)
        assert all(fault.seen >= fault.nth for fault in world.telegram.faults), "the fault never struck"


async def test_silence_is_waited_out_and_then_read_back(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        before = truth(world)
        world.telegram.faults.append(Fault(FaultKind.SILENCE, BAN, after_effect=True))
        await leave(world, hours=0.5)
        await all_well(world, before)
        assert "outcome_unknown" in [entry["outcome"] for entry in await world.log()]


async def test_a_token_revoked_in_mid_run_pauses_the_lane_until_it_is_mended(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        before = truth(world)
        world.telegram.faults.append(Fault(FaultKind.TOKEN_REVOKED, BAN, nth=2))
        await leave(world, hours=0.1)
        circuit = await lane_of(world, TELEGRAM)
        assert circuit.state == "paused"
        assert "@BotFather" in (circuit.reason or ""), "who can mend it, and where"
        calls = len(world.telegram.journal)
        for _ in range(3):
            await world.run()
        assert len(world.telegram.journal) - calls <= 1, "a paused lane asks once in five minutes"
        await honest(world)
        world.telegram.world.bots[BOT_TOKEN].revoked = False
        await pass_time(world, hours=0.5, step=0.1)
        await all_well(world, before)
        assert (await lane_of(world, TELEGRAM)).state == "open"


async def test_a_wrong_token_changes_nothing_and_plans_nothing_blindly(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        before = truth(world)
        bot = world.telegram.world.bots.pop(BOT_TOKEN)
        await leave(world, hours=0.2)
        assert truth(world) == before
        assert (await lane_of(world, TELEGRAM)).state == "paused"
        assert not await revokes(world, TELEGRAM)
        world.telegram.world.bots[BOT_TOKEN] = bot
        await pass_time(world, hours=0.5, step=0.1)
        await all_well(world, before)


@pytest.mark.parametrize("hours", [1 / 60, 6.0], ids=["a minute", "six hours"])
async def test_an_outage_costs_few_requests_and_everything_is_done_after_it(
    tmp_path: Path, hours: float
) -> None:
    async with office(tmp_path) as world:
        before = truth(world)
        world.telegram.faults.append(Fault(FaultKind.HTTP_500, times=0))
        calls = len(world.telegram.journal)
        ana_goes(world)
        await pass_time(world, hours=hours, step=hours / 60)
        probes = 8 + hours * 12
        assert len(world.telegram.journal) - calls <= 3 * probes, (
            "three tries a probe, and a probe in five minutes"
        )
        assert truth(world) == before
        logged = [entry["action"] for entry in await world.log()]
        assert logged.count("lane.wait") == 1
        world.telegram.faults.clear()
        await pass_time(world, hours=0.5, step=0.1)
        await all_well(world, before)


async def test_an_outage_in_mid_case_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        before = truth(world)
        world.telegram.faults.append(Fault(FaultKind.DROP, BAN, nth=2, times=0))
        await leave(world, hours=6.0)
        assert len(world.telegram.effective_removals()) == 1
        assert not any(case.state == "completed" for case in await world.cases())
        await honest(world)
        world.telegram.faults.clear()
        await pass_time(world, hours=2.0, step=0.1)
        settled = await revokes(world, TELEGRAM)
        assert {step.state for step in settled.values()} <= {"verified_absent", "already_absent"}, ends(
            settled
        )
        await all_well(world, before)


# Rights and places


async def gaps(world: Offices) -> set[tuple[str, str]]:
    """What could not be read, as (why, group)."""
    async with world.app.store.read() as tx:
        return {(row.reason, row.group_id) for row in await where(tx, GapRow)}


async def drifts(world: Offices) -> list[DriftRow]:
    async with world.app.store.read() as tx:
        return await where(tx, DriftRow)


async def tasks(world: Offices) -> list[TaskRow]:
    async with world.app.store.read() as tx:
        return await where(tx, TaskRow)


async def test_a_bot_demoted_in_mid_case_asks_the_owner_and_the_rest_goes_on(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        before, town = truth(world), chat(world, "town")
        telegram = world.telegram.world
        after(world, SEE, "town", lambda: telegram.bot_demoted(town, OWNER_ID))
        await leave(world, hours=0.5)
        assert truth(world) == without(before, ANA) | {(TELEGRAM, "town"): before[TELEGRAM, "town"]}
        assert ends(await revokes(world, TELEGRAM))["town"] == ("delegated", "no_right")
        assert [case.state for case in await world.cases()] == ["awaiting_manual"]
        assert [task.assignee_id for task in await tasks(world)] == ["noura"]
        await honest(world)


async def test_a_task_confirmed_though_not_done_is_looked_at_as_soon_as_the_bot_may_look(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as world:
        before, town, telegram = truth(world), chat(world, "town"), world.telegram.world
        after(world, SEE, "town", lambda: telegram.bot_demoted(town, OWNER_ID))
        await leave(world, hours=0.5)
        telegram.bot_demoted(town, OWNER_ID, BOT_ADMIN)  # all its rights again
        (task,) = await tasks(world)
        await world.service.messages.tasks.attest(task.id, by="noura")
        await world.run()
        assert ends(await revokes(world, TELEGRAM))["town"][0] == "still_present"
        assert [row.state for row in await drifts(world)] == ["open"]
        assert [case.state for case in await world.cases()] == ["completed_with_exceptions"]
        telegram.person_removed(town, int(ANA), OWNER_ID)
        await pass_time(world, hours=26, step=8)
        assert [row.state for row in await drifts(world)] == ["gone"]
        assert truth(world) == without(before, ANA)
        assert ends(await revokes(world, TELEGRAM))["town"][0] == "verified_absent"
        await honest(world)


async def test_a_bot_kicked_in_mid_case_asks_the_owner_and_the_rest_goes_on(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        before, town = truth(world), chat(world, "town")
        after(world, SEE, "town", lambda: world.telegram.world.bot_removed(town, OWNER_ID))
        await leave(world, hours=0.5)
        assert truth(world) == without(before, ANA) | {(TELEGRAM, "town"): before[TELEGRAM, "town"]}
        assert ends(await revokes(world, TELEGRAM))["town"] == ("delegated", "bot_not_in_group")
        await honest(world)


@pytest.mark.parametrize("effect", [True, False], ids=["out", "still in"])
async def test_a_bot_kicked_between_act_and_read_back_claims_nothing(tmp_path: Path, effect: bool) -> None:
    async with office(tmp_path) as world:
        before, town = truth(world), chat(world, "town")
        kind = FaultKind.DROP if effect else FaultKind.OK_BUT_KEPT
        world.telegram.faults.append(Fault(kind, BAN, chat=town, after_effect=effect))
        after(world, BAN, "town", lambda: world.telegram.world.bot_removed(town, OWNER_ID))
        await leave(world, hours=3)
        state, _ = ends(await revokes(world, TELEGRAM))["town"]
        assert state == ("outcome_unknown" if effect else "removed_unverified")
        assert [case.state for case in await world.cases()] == ["executing" if effect else "verifying"]
        await honest(world)
        world.telegram.world.bot_added(town, OWNER_ID, BOT_ADMIN)
        await pass_time(world, hours=3, step=0.5)
        assert truth(world) == without(before, ANA)
        await all_proven(world, TELEGRAM, EVERYWHERE)
        await honest(world)


async def test_a_group_deleted_in_mid_case_is_said_and_the_rest_goes_on(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        before, town = truth(world), chat(world, "town")
        after(world, SEE, "town", lambda: world.telegram.world.delete_chat(town))
        await leave(world, hours=0.5)
        gone = {key: inside for key, inside in before.items() if key != (TELEGRAM, "town")}
        assert truth(world) == without(gone, ANA)
        assert ends(await revokes(world, TELEGRAM))["town"] == ("failed", "group_gone")
        assert [case.state for case in await world.cases()] == ["completed_with_exceptions"]
        await honest(world)


# A basic group that becomes a supergroup


async def test_a_group_upgraded_between_plan_and_act_is_followed(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        before, old = truth(world), chat(world, BASIC)
        after(world, SEE, BASIC, lambda: world.telegram.world.upgrade_to_supergroup(old))
        await leave(world)
        await all_well(world, before)
        here = [step for step in await world.steps() if step.group_id == str(chat(world, BASIC))]
        assert {step.action for step in here} == {"revoke", "close_way_back"}
        assert world.telegram.world.chats[chat(world, BASIC)].member(int(ANA)).status == "kicked", (
            "and barred"
        )


async def test_a_group_upgraded_before_its_plan_is_stored_is_followed_all_the_same(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        before, old = truth(world), chat(world, BASIC)
        new: list[int] = []
        after(world, SEE, BASIC, lambda: new.append(world.telegram.world.upgrade_to_supergroup(old)))
        ana_goes(world)
        await world.service.tick()
        async with world.app.store.write() as tx:
            await moved(world.app, tx, TELEGRAM, str(old), str(new[0]))
            here = [columns(StepRow).group_id == str(new[0])]
            await change(tx, StepRow, {"group_id": str(old)}, *here)  # as a plan drawn before the news has it
        await pass_time(world, hours=1)
        await all_well(world, before)


async def test_a_group_upgraded_between_act_and_read_back_is_read_where_it_is_now(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        before, old = truth(world), chat(world, BASIC)
        after(world, BAN, BASIC, lambda: world.telegram.world.upgrade_to_supergroup(old))
        await leave(world)
        await all_well(world, before)


async def test_a_group_upgraded_after_the_read_back_is_looked_at_where_it_is_now(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        before, old = truth(world), chat(world, BASIC)
        await leave(world, hours=0.5)
        world.telegram.world.upgrade_to_supergroup(old)
        world.telegram.world.person_added(chat(world, BASIC), int(ANA), OWNER_ID)
        await pass_time(world, hours=1, step=0.6)
        (drift,) = await drifts(world)
        assert (drift.why, drift.found_by, drift.state) == ("came_back", "recheck", "open")
        world.telegram.world.person_removed(chat(world, BASIC), int(ANA), OWNER_ID)
        await pass_time(world, hours=25, step=8)
        assert [row.state for row in await drifts(world)] == ["gone"]
        await all_well(world, before)


# What people do meanwhile


async def test_who_leaves_by_themselves_in_between_is_barred_all_the_same(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as world:
        before, town = truth(world), chat(world, "town")
        after(world, SEE, "town", lambda: world.telegram.world.person_leaves(town, int(ANA)))
        await leave(world)
        await all_well(world, before)
        assert world.telegram.world.chats[town].member(int(ANA)).status == "kicked"


async def test_who_is_added_again_by_a_colleague_is_found_and_said(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        await leave(world, hours=0.2)
        town = chat(world, "town")
        world.telegram.world.person_added(town, int(ANA), OWNER_ID)
        await pass_time(world, hours=1.2, step=0.6)
        (drift,) = await drifts(world)
        assert (drift.group_id, drift.why, drift.state) == (str(town), "came_back", "open")
        assert ends(await revokes(world, TELEGRAM))["town"][0] == "still_present"
        await honest(world)


REFUSALS = {
    "the group": ("Bad Request: chat not found", ("failed", "group_gone")),
    "the account": ("Bad Request: member not found", ("failed", "account_unknown")),
    "the right": (
        "Bad Request: not enough rights",
        ("delegated", "no_right"),
    ),
    "words nobody foresaw": ("Bad Request: SOMETHING_NEW", ("failed", "unexpected")),
}


@pytest.mark.parametrize("what", list(REFUSALS))
async def test_each_refusal_is_told_apart_and_stops_nothing_else(tmp_path: Path, what: str) -> None:
    said, expected = REFUSALS[what]
    async with office(tmp_path) as world:
        before, town = truth(world), chat(world, "town")
        world.telegram.faults.append(Fault(FaultKind.ERROR, BAN, times=0, chat=town, description=said))
        await leave(world, hours=0.5)
        assert truth(world) == without(before, ANA) | {(TELEGRAM, "town"): before[TELEGRAM, "town"]}
        assert ends(await revokes(world, TELEGRAM))["town"] == expected
        await honest(world)


async def test_an_absence_that_is_only_said_is_read_and_acted_on_again(tmp_path: Path) -> None:
    async with office(tmp_path) as world:
        before, town = truth(world), chat(world, "town")
        lie = Fault(FaultKind.ERROR, BAN, chat=town, description="Bad Request: USER_NOT_PARTICIPANT")
        world.telegram.faults.append(lie)
        await leave(world)
        await all_well(world, before)
