"""Feeds that must change nothing, said once, and what lets one in after all: exactly the judged bytes."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_bawab
from bot.release import CannotRelease, release
from bot.service import Service
from bot.settings import HrFeed
from bot.store.query import where
from bot.store.tables import PersonRow
from tests.bot.adversary import STAFF, WIDE, actions, case_of, everybody, feeds, kicked, line, office
from tests.bot.world import HEADER, World, channel

GONE = [line(who, "terminated") for who in STAFF]
BAD: dict[str, tuple[bytes, str]] = {
    "nothing at all": (b"", "feed.refuse"),
    "a header and nobody": (f"{HEADER}\n".encode(), "feed.quarantine"),
    "half the people": ("\n".join([HEADER, line("ana"), ""]).encode(), "feed.quarantine"),
    "everybody terminated": ("\n".join([HEADER, *GONE, ""]).encode(), "feed.quarantine"),
    "cut off inside the last row": ("\n".join([HEADER, *everybody()]).encode()[:-9], "feed.refuse"),
    "cut off after the last row": ("\n".join([HEADER, *everybody()]).encode(), "feed.quarantine"),
    "a page instead of a file": (b"<!doctype html><html><body>Sign in</body></html>", "feed.refuse"),
    "an id twice": ("\n".join([HEADER, *everybody(), line("ana", "terminated"), ""]).encode(), "feed.refuse"),
    "another header": (
        "\n".join([f"{HEADER},badge", *(f"{row},1" for row in everybody()), ""]).encode(),
        "feed.quarantine",
    ),
}


@asynccontextmanager
async def crowded(folder: Path, **more: Any) -> AsyncIterator[World]:
    """Everybody in one channel, the first run over, all limits wide: only the feed gate stands between."""
    async with office(folder, channel("lunch", *STAFF), extra=WIDE, **more) as world:
        yield world


async def test_no_bad_export_removes_anybody_and_each_is_said_once_over_many_ticks(tmp_path: Path) -> None:
    async with crowded(tmp_path) as world:
        for name, (content, expected) in BAD.items():
            before = len(await feeds(world)), await actions(world, "feed.")
            path = world.hr / f"{name.replace(' ', '-')}.csv"
            path.write_bytes(content)
            for _ in range(3):
                await world.service.tick()
            assert len(await feeds(world)) == before[0] + 1, name
            assert await actions(world, "feed.") == [*before[1], expected], name
            world.clock.turn(minutes=1)
        assert not await world.cases()
        assert not kicked(world)
        assert len(await world.holds("feed")) == sum(what == "feed.quarantine" for _, what in BAD.values())


async def test_an_older_export_is_held_and_a_newer_good_one_supersedes_whatever_is_held(
    tmp_path: Path,
) -> None:
    async with crowded(tmp_path) as world:
        old = world.drop(*everybody(line("ana", "terminated")))
        os.utime(old, (1_600_000_000, 1_600_000_000))
        await world.run()
        (hold,) = await world.holds("feed")
        assert [finding["code"] for finding in hold.cause["findings"]] == ["older_than_last"]
        world.clock.turn(hours=1)
        world.drop(*everybody(line("omar", "terminated")))
        await world.run()
        assert [feed.state for feed in await feeds(world)] == ["accepted", "superseded", "accepted"]
        with pytest.raises(CannotRelease, match="no longer applies"):
            await release(world.app, hold.digest, actor="person:it")
        assert kicked(world) == ["omar"]


async def test_a_release_lets_in_exactly_the_judged_bytes_and_only_once(tmp_path: Path) -> None:
    async with crowded(tmp_path) as world:
        leaving = line("ana", "terminated")
        path = world.drop(leaving, line("omar"))
        await world.run()
        (hold,) = await world.holds("feed")
        path.write_text("\n".join([HEADER, *GONE, ""]))  # replaced by something far worse
        await release(world.app, hold.digest, actor="person:it")
        with pytest.raises(CannotRelease, match="released before"):
            await release(world.app, hold.digest, actor="person:it")
        await world.run()
        assert kicked(world) == ["ana"]
        assert [feed.state for feed in await feeds(world)].count("accepted") == 2
        assert not list((world.app.settings.data_dir / "quarantine").glob(f"*{hold.cause['feed']}*"))


async def test_releasing_an_older_feed_does_not_hide_a_newer_one_that_is_held_too(tmp_path: Path) -> None:
    async with crowded(tmp_path) as world:
        for who in ("ana", "omar"):
            world.drop(line(who, "terminated"))
            await world.run()
            world.clock.turn(minutes=1)
        first, second = await world.holds("feed")
        await release(world.app, first.digest, actor="person:it")
        await world.run()
        assert [hold.digest for hold in await world.holds("feed")] == [second.digest]


async def test_a_kept_copy_that_is_gone_refuses_the_release_and_later_feeds_still_come_in(
    tmp_path: Path,
) -> None:
    async with crowded(tmp_path) as world:
        world.drop(line("ana", "terminated"))
        await world.run()
        (hold,) = await world.holds("feed")
        await release(world.app, hold.digest, actor="person:it")
        for kept in (world.app.settings.data_dir / "quarantine").iterdir():
            kept.unlink()
        world.drop(*everybody(line("omar", "terminated")))
        await world.run()
        assert [feed.state for feed in await feeds(world)] == ["accepted", "refused", "accepted"]
        assert kicked(world) == ["omar"]


async def test_the_same_export_again_does_nothing_again_and_a_b_a_is_three_pieces_of_news(
    tmp_path: Path,
) -> None:
    async with crowded(tmp_path) as world:
        a, b = everybody(), everybody(line("ana", last_day="2026-12-31"))
        world.drop(*a)
        await world.run()
        for rows, state in ((b, "scheduled"), (b, "scheduled"), (a, "cancelled"), (b, "cancelled scheduled")):
            world.clock.turn(minutes=5)
            world.drop(*rows)
            await world.run()
            assert await case_of(world, "ana") == state
        said = [feed.state for feed in await feeds(world)]
        assert said == ["accepted", "unchanged", "accepted", "unchanged", "accepted", "accepted"]
        logged = await actions(world, "feed.")
        assert logged.count("feed.repeat") == 2
        assert logged.count("feed.receive") == 4


async def test_two_exports_that_wait_together_are_read_oldest_first_and_the_last_word_counts(
    tmp_path: Path,
) -> None:
    async with crowded(tmp_path) as world:
        world.drop(*everybody(line("ana", "terminated")), name="hr-2026-11-20T0100.csv")
        world.drop(*everybody(), name="hr-2026-11-20T0200.csv")
        await world.run()
        assert not kicked(world), "the newer file says that she stays"
        assert await case_of(world, "ana") == "cancelled"


async def test_whoever_vanishes_is_logged_once_and_never_a_case_and_may_come_back(tmp_path: Path) -> None:
    async with crowded(tmp_path) as world:
        for zone in ("", "Asia/Dubai", "Asia/Aden"):
            world.clock.turn(minutes=5)
            news = line("lina", zone=zone)
            rows = [row for row in everybody(news) if not row.startswith("ana")]
            world.drop(*rows)
            await world.run()
        assert (await actions(world)).count("person.vanish") == 1
        world.drop(*everybody())
        await world.run()
        assert not await world.cases()
        async with world.app.store.read() as tx:
            assert {row.missing_reads for row in await where(tx, PersonRow)} == {0}


async def test_a_person_in_two_sources_refuses_the_second_and_it_is_not_taken_for_accepted(
    tmp_path: Path,
) -> None:
    async with crowded(tmp_path) as world:
        other = tmp_path / "other"
        other.mkdir()
        (other / "b.csv").write_text(f"{HEADER}\n{line('zaid')}\n{line('ana', 'terminated')}\n")
        sources = {**world.app.settings.hr, "b": HrFeed(path=other, settle_seconds=0.0)}
        settings = world.app.settings.model_copy(update={"hr": sources})
        async with open_bawab(settings, now=world.clock) as app:
            (outcome,) = await Service(app).once(quiet=0.0)
            assert outcome.state == "refused"
            assert "already belongs to the source 'hr'" in outcome.problems[0]
        assert not await world.cases()
        assert [(feed.source, feed.state) for feed in await feeds(world)][-1] == ("b", "refused")
        async with world.app.store.read() as tx:
            assert {row.id for row in await where(tx, PersonRow)} == set(STAFF), "not even half of it"
        assert (await world.app.audit.verify()).ok


async def test_a_folder_that_cannot_be_read_is_said_once_and_is_no_empty_feed(tmp_path: Path) -> None:
    async with crowded(tmp_path) as world:
        away = world.hr.rename(tmp_path / "unmounted")
        for _ in range(3):
            await world.service.tick()
        assert (await actions(world)).count("feed.unreachable") == 1
        away.rename(world.hr)
        world.drop(*everybody(line("ana", "terminated")))
        await world.run()
        assert kicked(world) == ["ana"]
