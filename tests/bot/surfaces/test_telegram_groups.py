"""Which groups there are, and who walks into them: heard from Telegram, never more than a hint."""

from __future__ import annotations

from pathlib import Path

from bot.checkup import check_up
from bot.locale import translator
from bot.store.group_tables import RosterRow
from bot.store.query import where
from connectors.chat.telegram.sandbox import BOT_ADMIN, BOT_ID, OWNER_ID
from policies.model import GroupKind
from tests.bot.surfaces.hearing_telegram import ANA, BADR, WITH_PHONE, Hearing, hearing, rows


async def test_a_bot_that_is_added_makes_the_group_known_with_its_rights(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        chat = both.group("مبيعات الرياض", bot=False)
        both.telegram.bot_added(chat.id, OWNER_ID)
        await both.hear()
        found = await both.known(chat.id)
        assert found is not None
        group, _ = found
        assert (group.name, group.kind) == ("مبيعات الرياض", GroupKind.SUPERGROUP)
        assert (group.bot_inside, group.bot_may_remove) == (True, False)
        both.telegram.person_promoted(chat.id, BOT_ID, OWNER_ID, BOT_ADMIN)
        await both.hear()
        found = await both.known(chat.id)
        assert found is not None
        assert found[0].bot_may_remove is True
        assert len(await both.logged("group.learn")) == 1, "the group was new once"


async def test_a_bot_that_is_taken_out_says_so_and_forgets_nothing(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        chat = both.group("Sales", bot=False)
        both.telegram.bot_added(chat.id, OWNER_ID, BOT_ADMIN)
        both.telegram.bot_removed(chat.id, OWNER_ID)
        await both.hear()
        found = await both.known(chat.id)
        assert found is not None
        group, row = found
        assert (group.bot_inside, row.gone_at) == (False, None), "its members are still in it"
        assert [entry["outcome"] for entry in await both.logged("group.gone")] == ["kicked"]
        both.telegram.bot_added(chat.id, OWNER_ID, BOT_ADMIN)
        await both.hear()
        found = await both.known(chat.id)
        assert found is not None
        assert found[0].bot_inside


async def test_a_group_that_becomes_a_supergroup_is_followed_and_its_old_id_is_never_used_again(
    tmp_path: Path,
) -> None:
    async with hearing(tmp_path) as both:
        chat = both.group("Lunch", type_="group", bot=False)
        both.telegram.bot_added(chat.id, OWNER_ID, BOT_ADMIN)
        await both.hear()
        new = both.telegram.upgrade_to_supergroup(chat.id)
        await both.hear()
        old, now = await both.known(chat.id), await both.known(new)
        assert old is not None
        assert now is not None
        assert (old[1].moved_to, old[1].gone_why) == (str(new), "moved")
        assert (now[0].kind, now[0].name, now[1].gone_at) == (GroupKind.SUPERGROUP, "Lunch", None)
        assert len(await both.logged("group.move")) == 1


async def test_who_joins_and_leaves_is_noted_as_a_hint(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        chat, ana = both.group("Sales"), both.telegram.add_user("Ana")
        link = both.telegram.new_link(chat, OWNER_ID)
        both.telegram.person_joins(chat.id, ana.id, link)
        await both.hear()
        both.telegram.person_leaves(chat.id, ana.id)
        assert await _roster(both) == [(str(ana.id), "member")]
        await both.hear()
        assert await _roster(both) == [(str(ana.id), "left")]
        assert await both.known(chat.id) is not None, "a group that is heard of is known"


async def _roster(both: Hearing) -> list[tuple[str, str]]:
    async with both.company.app.store.read() as tx:
        return [(row.account_id, row.status) for row in await where(tx, RosterRow)]


async def test_a_leaver_who_comes_back_by_a_link_is_seen_within_a_tick(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        ana = both.telegram.add_user("Ana")
        chat = both.group("Sales", ana, type_="group", bot=False)
        both.telegram.bot_added(chat.id, OWNER_ID, BOT_ADMIN)
        await both.hear()
        await both.staff(*rows(ANA, BADR))
        await both.enrol("E1", ana)
        left = (*ANA[:3], "terminated", "2026-11-19")
        both.company.drop(*rows(left, BADR), header=WITH_PHONE)
        await both.company.run()
        await both.company.release_all()
        await both.company.run()
        both.company.clock.turn(hours=2)
        await both.company.run()
        assert (await both.company.states())["Sales"] == "verified_absent"
        assert ana.id not in chat.inside()
        both.telegram.person_joins(chat.id, ana.id, both.telegram.new_link(chat, OWNER_ID))
        assert await both.logged("check.drift") == []
        await both.hear()
        await both.company.run()
        assert len(await both.logged("check.drift")) == 1
        assert (await both.company.app.audit.verify()).ok


async def test_check_names_the_right_the_bot_lacks_in_a_group_it_was_told_of(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        chat = both.group("Sales", bot=False)
        both.telegram.bot_added(chat.id, OWNER_ID)
        await both.hear()
        checked = await check_up(
            both.company.app.settings, translator("en"), now=both.company.clock, actor="person:noura"
        )
        lacking = [found for found in checked.findings if found.group == str(chat.id)]
        assert [found.code for found in lacking] == ["missing_right"]
