"""What Slack may do wrong, over real sockets: nobody wrongly removed, nothing lost, the right state shown."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.app import open_bawab
from bot.service import Service
from bot.settings import Settings
from connectors.chat.slack.sandbox import (
    BOT_TOKEN,
    Fault,
    FaultKind,
    base_workspace,
    create_sandbox,
    running_sandbox,
)
from tests.bot.adversary import STAFF, WIDE, actions, case_of, everybody, kicked, lane, line, office
from tests.bot.world import World, channel, people, slack_instance

KICK = "conversations.kick"
CHANNELS = ("a", "b", "c")
QUICK = {"timeout_seconds": 1.0, "pace_scale": 0.0}

PASSING: dict[str, list[Fault]] = {
    "429 once": [Fault(FaultKind.LIMITED_429, KICK, seconds=0)],
    "429 in a 200": [Fault(FaultKind.LIMITED_200, KICK)],
    "500 after the effect": [Fault(FaultKind.HTTP_500, KICK, after_effect=True)],
    "dropped before the effect": [Fault(FaultKind.DROP, KICK)],
    "dropped after the effect": [Fault(FaultKind.DROP, KICK, after_effect=True)],
    "malformed JSON after the effect": [Fault(FaultKind.MALFORMED_JSON, KICK, after_effect=True)],
    "three lost in a row": [Fault(FaultKind.DROP, KICK, times=3)],
    "the listing fails once": [Fault(FaultKind.HTTP_500, "users.conversations")],
    "a read-back lies by a missing page": [Fault(FaultKind.PAGE_MISSING, "users.conversations", nth=3)],
    "everything fails for a while": [Fault(FaultKind.HTTP_500, times=5)],
}


def three(*more: Any) -> list[Any]:
    return [*(channel(name, *STAFF) for name in CHANNELS), *more]


async def leave(world: World, *names: str, hours: float = 1.0, step: float = 0.05) -> None:
    """HR says they are gone; then time passes and the service keeps looking."""
    world.drop(*everybody(*(line(name, "terminated") for name in names)))
    passed = 0.0
    while passed < hours:
        await world.run()
        world.clock.turn(hours=step)
        passed, step = passed + step, min(step * 2, 1.5)


async def nothing_wrong(world: World, *gone: str) -> None:
    """Exactly these are out of all three, each once, proven and logged."""
    for name in CHANNELS:
        inside = {member.removeprefix("U").lower() for member in world.members(f"C-{name}")}
        assert inside & set(STAFF) == set(STAFF) - set(gone), name
    pairs = world.sandbox.effective_removals()
    assert len(pairs) == len(set(pairs)), "nobody is taken out twice"
    assert {case.state for case in await world.cases()} == {"completed"}
    assert {step.state for step in await world.steps()} <= {"verified_absent", "already_absent"}
    assert (await world.app.audit.verify()).ok


@pytest.mark.parametrize("name", list(PASSING))
async def test_whatever_passes_is_outlived_and_everybody_is_out_once(tmp_path: Path, name: str) -> None:
    async with office(tmp_path, *three(), extra=WIDE) as world:
        world.sandbox.page_cap = 2
        world.sandbox.faults += [Fault(**fault_fields(fault)) for fault in PASSING[name]]
        await leave(world, "ana")
        await nothing_wrong(world, "ana")


def fault_fields(fault: Fault) -> dict[str, Any]:
    names = ("kind", "method", "nth", "times", "after_effect", "seconds", "error")
    return {key: getattr(fault, key) for key in names}


async def test_a_token_revoked_mid_run_pauses_the_lane_and_it_goes_on_when_the_token_is_mended(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, *three(), extra=WIDE) as world:
        world.sandbox.faults.append(Fault(FaultKind.TOKEN_REVOKED, KICK, nth=2))
        await leave(world, "ana", "omar", hours=0.1)
        circuit = await lane(world)
        assert circuit.state == "paused"
        assert "bot token" in (circuit.reason or "")
        assert (await actions(world)).count("lane.pause") == 1
        calls = len(world.sandbox.journal)
        for _ in range(3):
            await world.run()
        assert len(world.sandbox.journal) - calls <= 1, "a paused lane asks once in five minutes"
        assert await case_of(world, "ana") == "executing"
        world.sandbox.workspace.tokens[BOT_TOKEN].revoked = False
        for _ in range(4):
            world.clock.turn(minutes=6)
            await world.run()
        await nothing_wrong(world, "ana", "omar")
        assert (await lane(world)).state == "open"
        assert (await actions(world)).count("lane.open") == 1


async def test_a_wrong_token_from_the_start_is_said_and_links_nobody(tmp_path: Path) -> None:
    async with office(tmp_path, *three(), settled=False) as world:
        world.sandbox.workspace.tokens.pop(BOT_TOKEN)
        world.drop(*everybody(line("ana", "terminated")))
        for _ in range(3):
            await world.run()
        assert (await lane(world)).state == "paused"
        assert len(world.sandbox.calls("users.list")) + len(world.sandbox.calls("auth.test")) <= 2
        assert [case.state for case in await world.cases()] == ["planned"], "nothing is settled blindly"


async def test_a_missing_scope_fails_its_own_steps_with_the_remedy_and_no_others(tmp_path: Path) -> None:
    async with office(tmp_path, *three(channel("secret", *STAFF, is_private=True)), extra=WIDE) as world:
        world.sandbox.workspace.tokens[BOT_TOKEN].scopes.remove("groups:write")
        await leave(world, "ana", hours=0.5)
        states = await world.states()
        assert [states[name] for name in CHANNELS] == ["verified_absent"] * 3
        (step,) = [step for step in await world.steps() if step.group["name"] == "secret"]
        assert (step.state, step.refusal) == ("failed", "missing_scope")
        assert "groups:write" in step.remedy + step.detail
        assert await case_of(world, "ana") == "completed_with_exceptions"


async def test_answered_ok_but_kept_is_never_completed_and_shown_as_still_present(tmp_path: Path) -> None:
    async with office(tmp_path, *three(), extra=WIDE) as world:
        world.sandbox.faults.append(Fault(FaultKind.OK_BUT_KEPT, KICK, times=0))
        await leave(world, "ana", hours=24, step=0.4)
        assert set((await world.states()).values()) == {"still_present"}
        assert await case_of(world, "ana") == "completed_with_exceptions"
        assert 2 <= len(world.sandbox.calls(KICK)) <= 18, "retried, and not for ever"


async def test_an_effect_that_shows_late_is_waited_for_inside_the_settle_window(tmp_path: Path) -> None:
    async with office(tmp_path, *three(), extra=WIDE) as world:
        world.sandbox.faults.append(Fault(FaultKind.DELAYED_EFFECT, KICK, times=3, seconds=0.2))
        world.drop(*everybody(line("ana", "terminated")))
        await world.run()
        assert set((await world.states()).values()) <= {"removed_unverified", "verified_absent"}
        assert await case_of(world, "ana") in ("verifying", "completed")
        world.sandbox.pending.settle()
        await asyncio.sleep(0.2)
        world.clock.turn(minutes=1)
        await world.run()
        await nothing_wrong(world, "ana")


async def test_a_platform_down_for_hours_is_asked_rarely_and_everything_is_done_afterwards(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, *three(), extra=WIDE) as world:
        world.sandbox.faults.append(Fault(FaultKind.HTTP_500, times=0))
        world.drop(*everybody(*(line(name, "terminated") for name in ("ana", "omar", "sara"))))
        for _ in range(3):
            await world.run()
            world.clock.turn(minutes=90)
        assert (await lane(world)).state == "waiting"
        assert len(world.sandbox.journal) < 3 * 8, "a few calls for each probe, not for each step"
        assert not kicked(world)
        assert (await actions(world)).count("lane.wait") == 1
        world.sandbox.faults.clear()
        for _ in range(4):
            await world.run()
            world.clock.turn(minutes=6)
        await nothing_wrong(world, "ana", "omar", "sara")


async def test_one_failing_group_never_stops_the_others(tmp_path: Path) -> None:
    async with office(tmp_path, *three(), extra=WIDE) as world:
        world.sandbox.faults.append(Fault(FaultKind.ERROR, KICK, error="restricted_action", times=1))
        await leave(world, "ana", hours=0.5)
        assert sorted((await world.states()).values()) == ["delegated", "verified_absent", "verified_absent"]
        assert await case_of(world, "ana") == "awaiting_manual"
        assert (await actions(world)).count("task.open") == 1


async def test_one_instance_down_never_stops_another(tmp_path: Path) -> None:
    second = create_sandbox(base_workspace().add(*people(*STAFF), channel("z", *STAFF)))
    async with running_sandbox(second) as url, office(tmp_path, *three(), settled=False, extra=WIDE) as world:
        both = {**world.app.settings.slack, "beta": slack_instance(url)}
        settings: Settings = world.app.settings.model_copy(update={"slack": both})
        async with open_bawab(settings, now=world.clock) as app:
            world.app, world.service = app, Service(app)
            world.drop(*everybody())
            await world.settle_in()
            world.sandbox.faults.append(Fault(FaultKind.DROP, times=0))
            world.drop(*everybody(*(line(name, "terminated") for name in STAFF[:4])))
            await world.run()
            gone = {f"U{name.upper()}" for name in STAFF[:4]}
            assert not gone & set(second.workspace.channels["C-z"].members)
            assert {(await lane(world, name)).state for name in ("acme", "beta")} == {"waiting", "open"}
            world.sandbox.faults.clear()
            for _ in range(3):
                world.clock.turn(minutes=6)
                await world.run()
            await nothing_wrong(world, *STAFF[:4])


async def test_silence_is_waited_out_and_then_read_back(tmp_path: Path) -> None:
    async with office(tmp_path, *three(), settled=False, extra=WIDE) as world:
        quick = {name: one.model_copy(update=QUICK) for name, one in world.app.settings.slack.items()}
        settings = world.app.settings.model_copy(update={"slack": quick})
        async with open_bawab(settings, now=world.clock) as app:
            world.app, world.service = app, Service(app)
            world.drop(*everybody())
            await world.settle_in()
            world.sandbox.faults.append(Fault(FaultKind.SILENCE, KICK, after_effect=True))
            await leave(world, "ana", hours=0.3)
            await nothing_wrong(world, "ana")
            assert "outcome_unknown" in [entry["outcome"] for entry in await world.log()]


async def test_no_token_name_or_address_stands_in_any_plain_column_and_every_act_is_logged_once(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, *three(), extra=WIDE) as world:
        assert isinstance(world.app.settings.slack["acme"].bot_token, SecretStr)
        world.sandbox.faults += [
            Fault(FaultKind.DROP, KICK, after_effect=True),
            Fault(FaultKind.HTTP_500, KICK, nth=3),
        ]
        await leave(world, "ana", "omar", hours=1)
        log = await world.log()
        plain = "\n".join(str(value) for entry in log for name, value in entry.items() if name != "sealed")
        for secret in (BOT_TOKEN, "@corp.test", *(f"{name.title()} Q" for name in STAFF)):
            assert secret not in plain, secret
        steps = await world.steps()
        for action in ("step.plan", "step.read_back"):
            ids = [entry["step_id"] for entry in log if entry["action"] == action]
            if action == "step.plan":
                assert sorted(ids) == sorted(step.id for step in steps)
            else:
                assert {step.id for step in steps} == set(ids)
        verified = [e["step_id"] for e in log if e["outcome"] == "verified_absent"]
        assert sorted(verified) == sorted(step.id for step in steps)
        intents = [entry for entry in log if entry["action"] == "step.intend"]
        assert len(intents) == len(world.sandbox.calls(KICK)), "every call has its intention, stored before"
