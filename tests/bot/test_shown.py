"""What a question about one departure shows is what whoever presses its button approves, and no more."""

from __future__ import annotations

from pathlib import Path

from bot.acts.buttons import press
from bot.shown import look_before_asking, shown_of
from bot.store.query import columns, one
from bot.store.tables import HoldRow
from connectors.chat.slack.sandbox import Fault, FaultKind
from tests.bot.acts.house import actor, ana_leaves, house
from tests.bot.world import World, channel


async def _question(world: World) -> HoldRow:
    (hold,) = await world.holds("approval")
    async with world.app.store.read() as tx:
        row = await one(tx, HoldRow, columns(HoldRow).digest == hold.digest)
    assert row is not None
    return row


async def test_a_question_names_the_groups_it_would_end_before_anybody_is_asked(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        await ana_leaves(world)
        shown = shown_of(await _question(world))
        assert shown is not None
        assert (shown.groups, shown.platforms, shown.whole) == (2, (("Slack", 2),), True)
        assert await look_before_asking(world.app) == 0, "read once"


async def test_whoever_presses_the_button_approves_what_it_showed_and_no_more(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        await ana_leaves(world)
        hold = await _question(world)
        later = [channel(f"later-{number}", "ana") for number in range(20)]
        world.sandbox.workspace.add(*later)
        noura = await actor(world, "noura", "slack")
        await press(world.app, noura, "ok", hold.digest[:16])
        world.clock.turn(days=1)
        await world.run()
        assert "UANA" not in world.members("C-sales")
        assert "UANA" not in world.members("C-lunch")
        states = await world.states()
        kept = [one.name for one in later if "UANA" in world.members(one.id)]
        assert kept, "what was never shown was taken, too"
        assert {states[name] for name in kept} == {"blocked"}


async def test_a_platform_that_does_not_answer_is_said_to_be_unread_and_is_not_bound(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        world.sandbox.faults.append(Fault(FaultKind.HTTP_500, "users.conversations", times=0))
        await ana_leaves(world)
        shown = shown_of(await _question(world))
        assert shown is not None
        assert (shown.groups, shown.whole) == (0, False)
