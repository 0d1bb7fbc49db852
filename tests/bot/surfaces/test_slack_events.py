"""Events from Slack: each makes Bawab look or wait, once, and none is believed further than that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.drift.look_now import HINTED
from bot.store.query import columns, one, where
from bot.store.tables import LaneRow, RecheckRow
from bot.surfaces.slack.seen import Seen
from tests.bot.surfaces.telling import ana_has_left, hints, joined, told
from tests.bot.world import World


async def lane(world: World) -> LaneRow:
    async with world.app.store.read() as tx:
        found = await one(tx, LaneRow, columns(LaneRow).instance == "acme")
    assert found is not None
    return found


async def planned_looks(world: World) -> list[tuple[str, str]]:
    """The looks still to come, but for those that were hinted at."""
    rows = columns(RecheckRow)
    async with world.app.store.read() as tx:
        left = await where(tx, RecheckRow, rows.done_at.is_(None), rows.kind != HINTED)
    return sorted((row.step_id, row.kind) for row in left)


async def actions(world: World) -> list[str]:
    return [entry["action"] for entry in await world.log()]


async def test_whoever_comes_back_is_found_at_the_next_tick_not_an_hour_later(tmp_path: Path) -> None:
    async with ana_has_left(tmp_path) as world, told(world) as slack:
        world.members("C-lunch").append("UANA")
        await world.run()
        assert "check.drift" not in await actions(world), "nothing is due, so nobody looked"
        assert await slack.tell(joined()) == 200
        await world.run()
        assert await world.states() == {"lunch": "still_present", "sales-riyadh": "verified_absent"}
        assert (await actions(world)).count("check.drift") == 1
        assert "UANA" in world.members("C-lunch"), "drift is shown to IT, never removed again unasked"
        assert (await world.app.audit.verify()).ok


async def test_an_event_is_only_a_hint_and_reading_decides(tmp_path: Path) -> None:
    async with ana_has_left(tmp_path) as world, told(world) as slack:
        assert await slack.tell(joined()) == 200  # but she is not there
        await world.run()
        assert (await world.states())["lunch"] == "verified_absent"
        assert "check.drift" not in await actions(world)


async def test_the_looks_after_an_hour_a_day_and_a_week_stay(tmp_path: Path) -> None:
    async with ana_has_left(tmp_path) as world, told(world) as slack:
        before = await planned_looks(world)
        await slack.tell(joined())
        await world.run()
        assert len(before) == 6
        assert await planned_looks(world) == before


async def test_the_same_news_twice_is_one_look_and_one_entry(tmp_path: Path) -> None:
    async with ana_has_left(tmp_path) as world, told(world) as slack:
        for event_id, retry in (("Ev1", {}), ("Ev1", {"X-Slack-Retry-Num": "1"}), ("Ev2", {})):
            assert await slack.tell(joined(), event_id, **retry) == 200
        assert await hints(world) == 1


async def test_an_event_sent_again_after_a_restart_does_no_harm(tmp_path: Path) -> None:
    async with ana_has_left(tmp_path) as world:
        for _ in range(2):
            async with told(world) as slack:
                assert await slack.tell(joined(), "Ev1") == 200
            await world.run()
        assert (await world.states())["lunch"] == "verified_absent"


async def test_what_concerns_no_removal_is_taken_and_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    events: tuple[dict[str, Any], ...] = (
        joined(user="UBADR"),
        joined(user="UBOT"),
        joined(group="C-unknown"),
        {"type": "member_joined_channel"},
        {"type": "channel_rename", "channel": {"id": "C-lunch", "name": "supper"}},
        {"type": "channel_id_changed", "old_channel_id": "C-lunch", "new_channel_id": "G-lunch"},
        {"type": "tokens_revoked", "tokens": {"oauth": ["UBADR"], "bot": []}},
        {"type": "tokens_revoked"},
        {"type": "message", "text": "good morning", "channel": "C-lunch", "user": "UANA"},
    )
    async with ana_has_left(tmp_path) as world, told(world) as slack:
        before = len(await world.log())
        for n, event in enumerate(events):
            assert await slack.tell(event, f"Ev{n}") == 200
        assert len(await world.log()) == before
        assert (await lane(world)).state == "open", "somebody else's token is their own business"
    assert "good morning" not in caplog.text


async def test_somebody_hired_again_may_come_back_once_the_last_look_is_over(tmp_path: Path) -> None:
    async with ana_has_left(tmp_path) as world, told(world) as slack:
        world.drop("E1,Ana Quispe,ana@corp.test,Sales,active,,", "E2,Badr,badr@corp.test,Research,active,,")
        await world.run()
        world.clock.turn(days=30)
        await world.run()  # the week's look is over
        before = await hints(world)
        assert await slack.tell(joined()) == 200
        assert await hints(world) == before


async def test_our_revoked_token_pauses_the_lane_with_the_reason_once(tmp_path: Path) -> None:
    async with ana_has_left(tmp_path) as world, told(world) as slack:
        event = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["UBOT"]}}
        for event_id in ("Ev1", "Ev2"):
            assert await slack.tell(event, event_id) == 200
        paused = await lane(world)
        assert (await actions(world)).count("lane.pause") == 1
    assert paused.state == "paused"
    assert "revoked" in (paused.reason or "")
    assert paused.next_probe is not None


async def test_an_app_taken_out_pauses_the_lane_until_the_token_works_again(tmp_path: Path) -> None:
    async with ana_has_left(tmp_path) as world, told(world) as slack:
        assert await slack.tell({"type": "app_uninstalled"}) == 200
        assert (await lane(world)).state == "paused"
        world.clock.turn(hours=2)  # the first look is due, and the token works after all
        await world.run()
        assert (await lane(world)).state == "open"


async def test_an_event_that_cannot_be_stored_in_time_is_refused_and_taken_when_it_comes_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with ana_has_left(tmp_path) as world, told(world, patience=0.1) as slack:
        async with world.app.store.write():
            assert await slack.tell(joined()) == 500
        # Slack sends again what was not taken, for an hour.
        while await slack.tell(joined()) != 200:
            continue
        assert await hints(world) == 1
    assert "UANA" not in caplog.text


def test_what_was_seen_is_bounded_and_a_failed_event_may_come_again() -> None:
    seen = Seen(most=2)
    assert [seen.first(key) for key in ("a", "a", "b", "c", "a")] == [True, False, True, True, True]
    seen.forget("a")
    assert seen.first("a")
    assert seen.first("")
    assert seen.first("")
