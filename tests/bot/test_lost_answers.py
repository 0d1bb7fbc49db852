"""The whole of Bawab on a Slack that loses every third answer: all out, each once, and the log says how."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from connectors.chat.slack.sandbox import BOT_TOKEN, base_workspace, create_sandbox, running_sandbox
from tests.bot.slack_at import opened
from tests.bot.world import World, channel, people
from tests.connectors.slack.emulator import CHANNELS, PEOPLE, TOKEN, WHERE_INSTALLED, emulator
from tests.connectors.slack.proxy import KICK, Proxy, standing_before

STEPS = len(PEOPLE) * len(CHANNELS)


def rows(domain: str, last_day: str = "") -> list[str]:
    return [
        f"E{n},{name},{name}@{domain},Support,active,{last_day},Asia/Riyadh" for n, name in enumerate(PEOPLE)
    ]


async def all_leave(world: World, domain: str) -> None:
    """Let everybody's last day come and go, releasing what the guards hold, until nothing is left to do."""
    world.drop(*rows(domain))
    await world.settle_in()
    world.drop(*rows(domain, "2026-11-20"))
    for _ in range(40):
        await world.run()
        await world.release_all()
        if {case.state for case in await world.cases()} == {"completed"}:
            return
        world.clock.turn(minutes=30)
    raise AssertionError(f"not done: {Counter(step.state for step in await world.steps())}")


async def proven(world: World, proxy: Proxy) -> None:
    """Hold what the log says against what the Slack behind the proxy really did."""
    kicks = proxy.effective_kicks()
    assert len(kicks) == len(set(kicks)) == STEPS, "each was effective once"
    assert proxy.lost[KICK] > 0, "or nothing was tried here"
    assert proxy.violations == []
    steps = [step for step in await world.steps() if step.group and step.group["name"] in CHANNELS]
    assert {step.state for step in steps} == {"verified_absent"}
    log = await world.log()
    told = Counter((entry["action"], entry["outcome"]) for entry in log if entry["step_id"])
    assert told["step.intend", "requested"] >= STEPS
    assert told["step.record", "outcome_unknown"] >= proxy.lost[KICK]
    assert told["step.read_back", "verified_absent"] == STEPS, "each is said to be out once"
    assert (await world.app.audit.verify()).ok


async def test_ten_people_leave_five_channels_and_each_answer_that_was_lost_is_read_back(
    tmp_path: Path,
) -> None:
    teams = [channel(name, *PEOPLE) for name in CHANNELS]
    sandbox = create_sandbox(base_workspace().add(*people(*PEOPLE), *teams))
    async with (
        running_sandbox(sandbox) as url,
        standing_before(f"{url}/api/", lose_every=3) as (proxy, api),
        opened(tmp_path, sandbox, api, BOT_TOKEN) as world,
    ):
        await all_leave(world, "corp.test")
        await proven(world, proxy)
        assert all(world.members(f"C-{name}") == ["UBOT"] for name in CHANNELS)
        assert sorted(sandbox.effective_removals()) == sorted(proxy.effective_kicks())


@WHERE_INSTALLED
async def test_the_same_on_a_slack_that_somebody_else_wrote(tmp_path: Path) -> None:
    async with (
        emulator(tmp_path) as direct,
        standing_before(direct, lose_every=3) as (proxy, api),
        opened(tmp_path, create_sandbox(), api, TOKEN) as world,
    ):
        await all_leave(world, "emulate.dev")
        await proven(world, proxy)
