"""Requests to join, over HTTP: answered from HR's record, once, and left to people where it is silent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from connectors.chat.telegram.sandbox import OWNER_ID, Chat, User
from tests.bot.surfaces.hearing_telegram import ANA, BADR, WITH_PHONE, Hearing, hearing, rows

GONE = (*ANA[:3], "terminated", "2026-11-19")


def ask(both: Hearing, chat: Chat, *people: User) -> None:
    """Let people ask to be let in by a link."""
    for person in people:
        link = both.telegram.new_link(chat, OWNER_ID, creates_join_request=True)
        both.telegram.person_joins(chat.id, person.id, link)


async def decisions(both: Hearing) -> Sequence[tuple[str, str, str]]:
    """What the log says of requests: action, outcome, why."""
    found = await both.logged("join.approve", "join.decline", "join.ask")
    return [(entry["action"], entry["outcome"], entry["detail"]["why"]) for entry in found]


async def test_present_people_are_let_in_leavers_turned_away_strangers_left_to_the_admins(
    tmp_path: Path,
) -> None:
    async with hearing(tmp_path) as both:
        chat, ana, badr = both.group("Sales"), both.telegram.add_user("Ana"), both.telegram.add_user("Badr")
        stranger = both.telegram.add_user("Stranger")
        await both.staff(*rows(ANA, BADR))
        await both.enrol("E1", ana)
        await both.enrol("E2", badr)
        both.company.drop(*rows(GONE, BADR), header=WITH_PHONE)
        await both.company.run()
        ask(both, chat, ana, badr, stranger)
        await both.hear()
        assert badr.id in chat.inside()
        assert ana.id not in chat.inside()
        assert set(chat.requests) == {stranger.id}, "only the stranger's still waits"
        assert await decisions(both) == [
            ("join.decline", "done", "departed"),
            ("join.approve", "done", "present"),
            ("join.ask", "left_to_admins", "unknown_account"),
        ]


async def test_whoever_is_leaving_is_neither_let_in_nor_turned_away(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        chat, ana = both.group("Sales"), both.telegram.add_user("Ana")
        await both.staff(*rows(ANA))
        await both.enrol("E1", ana)
        both.company.drop(*rows((*ANA[:4], "2026-12-01")), header=WITH_PHONE)
        await both.company.run()
        ask(both, chat, ana)
        await both.hear()
        assert set(chat.requests) == {ana.id}
        assert await decisions(both) == [("join.ask", "left_to_admins", "leaving")]


async def test_a_request_that_somebody_else_answered_is_fine(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        chat, ana = both.group("Sales"), both.telegram.add_user("Ana")
        await both.staff(*rows(ANA))
        await both.enrol("E1", ana)
        ask(both, chat, ana)
        chat.requests.clear()
        await both.hear()
        assert await decisions(both) == [("join.approve", "already_handled", "present")]


async def test_a_bot_that_may_not_leaves_the_request_and_says_so(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        chat, ana = both.group("Sales"), both.telegram.add_user("Ana")
        await both.staff(*rows(ANA))
        await both.enrol("E1", ana)
        ask(both, chat, ana)
        both.telegram.bot_demoted(chat.id, OWNER_ID)
        await both.hear()
        assert await decisions(both) == [("join.ask", "refused", "present")]
        assert set(chat.requests) == {ana.id}


async def test_whoever_was_moved_out_of_this_very_group_is_asked_about(tmp_path: Path) -> None:
    policy = """\
version: 1
rules:
  - id: mover
    on: mover
    groups: all
    action: remove
    when: now
posts:
  - department: Sales
    groups:
      - name: "Sales*"
  - department: Research
    groups:
      - name: "Research*"
"""
    async with hearing(tmp_path, policy=policy) as both:
        ana = both.telegram.add_user("Ana")
        sales, other = both.group("Sales", ana), both.group("Research")
        for chat in (sales, other):
            both.telegram.say(chat, OWNER_ID, text="hello")
        await both.hear()
        await both.staff(*rows(ANA, BADR))
        await both.enrol("E1", ana)
        moved = [
            row.replace(",Sales,", ",Research,") if row.startswith("E1,") else row for row in rows(ANA, BADR)
        ]
        both.company.drop(*moved, header=WITH_PHONE)
        await both.company.run()
        await both.company.release_all()
        await both.company.run()
        assert ana.id not in sales.inside()
        ask(both, sales, ana)
        ask(both, other, ana)
        await both.hear()
        assert ana.id in other.inside()
        assert [why for _, _, why in await decisions(both)] == ["moved_out", "present"]


async def test_a_group_of_another_post_or_a_sensitive_one_is_left_to_its_admins(tmp_path: Path) -> None:
    policy = """\
version: 1
rules:
  - {id: leaver, on: leaver, groups: all, action: remove}
posts:
  - department: Research
    groups:
      - name: "Research*"
"""
    registry = """\
version: 1
groups:
  - {instance: staff, group: Board, name: Board, owner: E2, sensitivity: sensitive}
"""
    async with hearing(tmp_path, policy=policy, registry=registry) as both:
        ana = both.telegram.add_user("Ana")
        chats = {name: both.group(name) for name in ("Research", "Board", "Lunch")}
        for chat in chats.values():
            both.telegram.say(chat, OWNER_ID, text="hello")
        await both.hear()
        await both.staff(*rows(ANA, BADR))
        await both.enrol("E1", ana)
        for chat in chats.values():
            ask(both, chat, ana)
        await both.hear()
        assert [name for name, chat in chats.items() if ana.id in chat.inside()] == ["Lunch"]
        assert [why for _, _, why in await decisions(both)] == ["other_post", "sensitive_group", "present"]


async def test_while_bawab_only_observes_nobody_is_let_in_or_turned_away(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        chat, ana, badr = both.group("Sales"), both.telegram.add_user("Ana"), both.telegram.add_user("Badr")
        both.company.drop(*rows(GONE, BADR), header=WITH_PHONE)
        await both.company.run()
        await both.enrol("E1", ana)
        await both.enrol("E2", badr)
        ask(both, chat, ana, badr)
        await both.hear()
        assert set(chat.requests) == {ana.id, badr.id}, "nobody has released the first run"
        assert await decisions(both) == [("join.ask", "left_to_admins", "observing")] * 2


async def test_an_account_that_hr_gives_to_somebody_else_is_left_to_the_admins(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        chat, ana = both.group("Sales"), both.telegram.add_user("Ana")
        header = f"{WITH_PHONE},account:staff"
        both.company.drop(*[f"{row}," for row in rows(ANA, BADR)], header=header)
        await both.company.settle_in()
        await both.enrol("E1", ana)
        both.company.drop(f"{rows(GONE)[0]},", f"{rows(BADR)[0]},{ana.id}", header=header)
        await both.company.run()
        ask(both, chat, ana)
        await both.hear()
        assert set(chat.requests) == {ana.id}
        assert await decisions(both) == [("join.ask", "left_to_admins", "doubtful_account")]
