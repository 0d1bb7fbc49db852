"""Polling: nothing is lost and nothing doubled by a crash, a second poller, a webhook or an outage."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import text

from bot.hearing import troubles
from bot.store.query import columns, one
from bot.store.tables import MetaRow
from bot.surfaces.telegram.meanings import ALLOWED_UPDATES
from bot.surfaces.telegram.polling import MOST_PAGES
from connectors.chat.telegram.sandbox import BOT_ADMIN, OWNER_ID, Fault, FaultKind
from tests.bot.surfaces.hearing_telegram import ANA, Hearing, hearing, rows


async def _offset(both: Hearing) -> int | None:
    async with both.company.app.store.read() as tx:
        row = await one(tx, MetaRow, columns(MetaRow).key == "telegram_offset:staff")
    return int(row.value["next"]) if row is not None else None


async def _troubles(both: Hearing) -> list[str]:
    async with both.company.app.store.read() as tx:
        return [trouble.key for trouble in await troubles(tx)]


async def test_exactly_these_kinds_of_updates_are_asked_for(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        assert both.telegram.bot().inbox.allowed == set(ALLOWED_UPDATES)
        groups = {"my_chat_member", "chat_member", "chat_join_request"}
        assert set(ALLOWED_UPDATES) == {*groups, "message", "callback_query"}


async def test_an_update_is_confirmed_only_after_its_effect_is_stored(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        chat = both.group("Sales", bot=False)
        both.telegram.bot_added(chat.id, OWNER_ID, BOT_ADMIN)
        waiting = both.telegram.bot().inbox.updates
        last = waiting[-1]["update_id"]
        page = await both.poller._page(0)
        await both.poller._updates.take(page[0])
        assert await both.known(chat.id) is not None
        assert await _offset(both) is None, "killed here, it would come again"
        both.restart()
        await both.hear()
        assert await _offset(both) == last + 1
        assert not waiting
        assert len(await both.logged("group.learn")) == 1


async def test_a_crash_between_effect_and_offset_doubles_nothing(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        await both.staff(*rows(ANA))
        ana, chat = both.telegram.add_user("Ana"), both.group("Sales")
        both.telegram.person_writes(ana.id, f"/start {await both.code('E1')}")
        both.telegram.person_writes(ana.id, "/start no-such-code")
        link = both.telegram.new_link(chat, OWNER_ID, creates_join_request=True)
        both.telegram.person_joins(chat.id, ana.id, link)
        both.telegram.upgrade_to_supergroup(both.group("Lunch", type_="group").id)
        page = await both.poller._page(0)
        assert len(page) >= 4
        for update in page:
            await both.poller._updates.take(update)
            both.restart()
            before = len(await both.company.log())
            await both.poller._updates.take(update)
            assert len(await both.company.log()) == before
        assert await both.links() == [("E1", str(ana.id), "self_link", True)]
        assert [entry["outcome"] for entry in await both.logged("join.approve")] == ["done"]
        assert len(await both.logged("link.refuse")) == 1


async def test_another_poller_is_said_once_and_waited_for(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        ours = asyncio.create_task(both.poller._fetch(30))
        await both.waited_for()
        theirs = asyncio.create_task(both.connector.bot.get_updates(timeout=1))
        assert await ours is None, "the other one took over"
        assert await _troubles(both) == ["two_pollers"]
        assert await both.poller._fetch(0) == 0
        theirs.cancel()
        assert await _troubles(both) == ["two_pollers"], "two that take turns are no peace"
        both.company.clock.turn(minutes=2)
        await both.hear()
        assert await _troubles(both) == []
        assert [entry["action"] for entry in await both.logged("listen.fail", "listen.resume")] == [
            "listen.fail",
            "listen.resume",
        ]


async def test_a_webhook_that_is_still_set_is_said_with_its_remedy(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        await both.connector.bot.set_webhook("https://elsewhere.test/hook")
        for _ in range(3):
            assert await both.hear() == 0
        assert await _troubles(both) == ["webhook_active"]
        assert len(await both.logged("listen.fail")) == 1
        await both.connector.bot.set_webhook("")
        both.company.clock.turn(minutes=2)
        await both.hear()
        assert await _troubles(both) == []


async def test_an_outage_is_waited_for_and_then_everything_is_taken(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        chat = both.group("Sales", bot=False)
        both.telegram.bot_added(chat.id, OWNER_ID, BOT_ADMIN)
        both.sandbox.faults.append(Fault(FaultKind.DROP, "getUpdates", times=2))
        assert await both.hear() == 0
        assert await _troubles(both) == ["unreachable"]
        assert await both.hear() == 0
        assert await both.hear() > 0
        assert await both.known(chat.id) is not None


async def test_a_join_request_met_by_an_outage_comes_again_and_is_answered_once(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        await both.staff(*rows(ANA))
        ana, chat = both.telegram.add_user("Ana"), both.group("Sales")
        await both.enrol("E1", ana)
        link = both.telegram.new_link(chat, OWNER_ID, creates_join_request=True)
        both.telegram.person_joins(chat.id, ana.id, link)
        drop = Fault(FaultKind.DROP, "approveChatJoinRequest", after_effect=True)
        both.sandbox.faults.append(drop)
        await both.hear()
        assert await both.logged("join.approve") == [], "its answer was lost"
        assert ana.id in chat.inside()
        await both.hear()
        assert [entry["outcome"] for entry in await both.logged("join.approve")] == ["already_handled"]


async def test_an_update_that_breaks_us_does_not_silence_the_others(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        broken, chat = both.group("broken"), both.group("Sales", bot=False)
        both.telegram.say(broken, OWNER_ID, migrate_to_chat_id=broken.id)
        async with both.company.app.store.write() as tx:
            await tx.execute(
                text(
                    "CREATE TRIGGER broken BEFORE INSERT ON known_group WHEN NEW.group_id = "
                    f"'{broken.id}' BEGIN SELECT RAISE(ABORT, 'a fault of ours'); END"
                )
            )
        both.telegram.say(broken, OWNER_ID, new_chat_title="broken")
        both.telegram.bot_added(chat.id, OWNER_ID, BOT_ADMIN)
        for _ in range(4):
            await both.hear()
        assert await both.known(chat.id) is not None
        assert await both.known(broken.id) is None


async def test_an_update_the_sdk_cannot_read_does_not_silence_the_others(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        chat, inbox = both.group("Sales", bot=False), both.telegram.bot().inbox
        inbox.push("message", {"message_id": 1})
        both.telegram.bot_added(chat.id, OWNER_ID, BOT_ADMIN)
        assert await both.hear() == 3
        assert await both.known(chat.id) is not None
        assert not inbox.updates


async def test_what_people_write_is_neither_stored_nor_logged(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        ana, chat = both.telegram.add_user("Ana"), both.group("Sales")
        both.telegram.person_writes(ana.id, "my secret is marmalade")
        both.telegram.say(chat, OWNER_ID, text="marmalade for everybody")
        await both.hear()
        assert "marmalade" not in str(await both.company.log())
        data = both.company.folder / "data"
        assert not any(b"marmalade" in path.read_bytes() for path in data.rglob("*") if path.is_file())


async def test_a_flood_is_taken_page_by_page(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        ana = both.telegram.add_user("Ana")
        for _ in range(101):
            both.telegram.person_writes(ana.id, "hello")
        assert await both.hear() == 101
        assert MOST_PAGES * 100 > 101


async def test_a_store_that_fails_at_the_wrong_moment_does_not_end_the_polling(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        chat = both.group("Sales", bot=False)
        both.telegram.bot_added(chat.id, OWNER_ID, BOT_ADMIN)
        async with both.company.app.store.write() as tx:
            await tx.execute(
                text(
                    "CREATE TRIGGER full BEFORE INSERT ON meta WHEN NEW.key LIKE 'deaf:%' "
                    "BEGIN SELECT RAISE(ABORT, 'no room'); END"
                )
            )
        both.sandbox.faults.append(Fault(FaultKind.DROP, "getUpdates"))
        assert await both.hear() == 0, "an exception here would end the polling, and nobody would begin again"
        assert await both.hear() > 0
        assert await both.known(chat.id) is not None


async def test_a_request_to_join_a_group_that_moved_away_does_not_silence_the_others(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        await both.staff(*rows(ANA))
        ana, other = both.telegram.add_user("Ana"), both.group("Sales", bot=False)
        chat = both.group("Lunch", type_="group")
        await both.enrol("E1", ana)
        link = both.telegram.new_link(chat, OWNER_ID, creates_join_request=True)
        both.telegram.person_joins(chat.id, ana.id, link)
        both.telegram.upgrade_to_supergroup(chat.id)
        both.telegram.bot_added(other.id, OWNER_ID, BOT_ADMIN)
        for _ in range(4):
            await both.hear()
        assert await both.known(other.id) is not None
        assert [entry["outcome"] for entry in await both.logged("join.ask")] == ["refused"]
