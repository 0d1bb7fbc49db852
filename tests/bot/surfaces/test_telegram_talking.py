"""People at work with Bawab in a Telegram chat: each is offered, told and allowed what is theirs alone."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.people.answers import confirm_again
from bot.settings import ManualInstance
from bot.store.access_tables import PreferenceRow, StaffRow
from bot.store.query import add, change, columns, where
from bot.store.tables import CaseRow, LinkRow
from bot.surfaces.telegram.guesses import MOST_WRONG
from connectors.chat.telegram.sandbox import User
from policies.roles import Role
from tests.bot.surfaces.hearing_telegram import ANA, BADR, WITH_PHONE, Hearing, hearing, rows
from tests.bot.world import channel, people

MAHA = ("E9", "Maha Hadi", "+966509999999", "active", "")
ANA_TOO = ("E7", "Ana Silva", "+966507777777", "active", "")
HUDA = ("E5", "Huda Nasser", "+966505555555", "active", "")


async def _office(both: Hearing, *more: tuple[str, ...], language: str = "") -> User:
    """Let HR's Maha work here, with her account tied."""
    both.company.sandbox.workspace.add(*people("badr", "ana"), channel("sales-eu", "badr", "ana"))
    staff = [row + language for row in rows(ANA, BADR, MAHA, *more)]
    await both.staff(*staff)
    return await _signs_up(both, "E9", "Maha", Role.HR)


async def _signs_up(both: Hearing, id_: str, name: str, *roles: Role, vouched: bool = True) -> User:
    user = both.telegram.add_user(name, language_code="en")
    await both.enrol(id_, user)
    if roles:
        now = both.company.clock()
        row = StaffRow(id=id_, name=name, roles=list(roles), source="file", created_at=now, updated_at=now)
        app, links = both.company.app, columns(LinkRow)
        async with app.store.write() as tx:
            await add(tx, row)
            for link in await where(tx, LinkRow, links.account_id == str(user.id)) if vouched else ():
                await confirm_again(app, tx, link, actor="person:E0")
    return user


async def _writes(both: Hearing, user: User, text: str) -> str:
    both.telegram.person_writes(user.id, text)
    await both.hear()
    return both.said_to(user)[-1]


def _buttons(both: Hearing, user: User) -> dict[str, str]:
    """Label → data of the buttons now under the last message somebody got."""
    sent = [one for one in both.telegram.bot().outbox if one.chat == user.id][-1]
    found = json.loads(sent.reply_markup or "{}").get("inline_keyboard", [])
    return {button["text"]: button.get("callback_data", "") for row in found for button in row}


async def _presses(both: Hearing, user: User, label: str) -> str:
    data = next(data for said, data in _buttons(both, user).items() if said.startswith(label))
    number = [one for one in both.telegram.bot().outbox if one.chat == user.id][-1].message_id
    both.telegram.person_presses(user.id, data, number)
    await both.hear()
    return both.said_to(user)[-1]


async def _cases(both: Hearing) -> list[CaseRow]:
    async with both.company.app.store.read() as tx:
        return await where(tx, CaseRow)


async def test_from_a_name_to_a_scheduled_departure_in_four_touches(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        maha = await _office(both)
        assert "which is the last day" in await _writes(both, maha, "/offboard Badr")
        assert len(_buttons(both, maha)) == 8  # seven days, and a way out
        tomorrow = list(_buttons(both, maha))[1]
        assert tomorrow == "Saturday, 21 November 2026"
        assert "why does the person leave" in await _presses(both, maha, tomorrow)
        shown = await _presses(both, maha, "Resignation")
        assert "Badr Saleh" in shown
        assert "access ends Saturday, 21 November 2026" in shown
        assert "Slack: 1 group" in shown.replace("\u2068", "").replace("\u2069", "")
        said = await _presses(both, maha, "Schedule: 1 group")
        assert "scheduled" in said
        (case,) = await _cases(both)
        assert (case.person_id, case.exit_type, case.requested_by) == ("E2", "resignation", "person:E9")


async def test_a_day_written_after_the_name_is_taken_and_a_button_pressed_twice_makes_one_case(
    tmp_path: Path,
) -> None:
    async with hearing(tmp_path) as both:
        maha = await _office(both)
        assert "why does" in await _writes(both, maha, "/offboard E2 2026-12-31")
        await _presses(both, maha, "Not stated")
        schedule = _buttons(both, maha)["Schedule: 1 group"]
        number = both.telegram.bot().outbox[-1].message_id
        for _ in range(2):
            both.telegram.person_presses(maha.id, schedule, number)
        await both.hear()
        (case,) = await _cases(both)
        assert case.effective is not None
        assert case.effective.date().isoformat() == "2026-12-31"
        assert "decided already" in both.said_to(maha)[-1]


async def test_of_two_people_by_one_name_one_is_chosen_never_guessed(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        maha = await _office(both, ANA_TOO)
        assert "Who is meant?" in await _writes(both, maha, "/offboard Ana")
        assert list(_buttons(both, maha)) == ["Ana Quispe · E1", "Ana Silva · E7"]
        assert "Ana Silva" in await _presses(both, maha, "Ana Silva")
        assert await _cases(both) == []


async def test_what_was_begun_can_be_stopped_and_ends_by_itself_after_half_an_hour(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        maha = await _office(both)
        await _writes(both, maha, "/offboard E2")
        first = next(iter(_buttons(both, maha)))
        both.company.clock.turn(minutes=31)
        assert "begin again" in await _presses(both, maha, first)
        await _writes(both, maha, "/offboard E2")
        assert "Nothing was scheduled" in await _presses(both, maha, "Stop")
        assert await _cases(both) == []


async def test_a_stranger_learns_nothing_and_an_endless_row_of_words_gets_few_answers(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        await _office(both)
        eve = both.telegram.add_user("Eve", language_code="en")
        for command in ("/offboard E2", "/status", "/status Badr", "/mygroups", "/help", "/nonsense") * 3:
            both.telegram.person_writes(eve.id, command)
        await both.hear()
        said = both.said_to(eve)
        assert len(set(said)) == 1
        assert said[0].startswith("This account is not tied to anybody who works with Bawab")
        assert len(said) < 10
        refused = await both.logged("access.refuse")
        assert len(refused) == len(said)
        assert {entry["detail"]["why"] for entry in refused} == {"unknown_account"}
        assert "own telephone number" in await _writes(both, eve, "/link")


async def test_old_buttons_that_nobody_of_ours_presses_fill_no_log(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        await _office(both)
        eve = both.telegram.add_user("Eve", language_code="en")
        await _writes(both, eve, "/status")
        number = [one for one in both.telegram.bot().outbox if one.chat == eve.id][-1].message_id
        for _ in range(12):
            both.telegram.person_presses(eve.id, f"ok:{'f' * 16}", number)
        await both.hear()
        assert len(await both.logged("access.refuse")) == MOST_WRONG


@pytest.mark.parametrize("role", [Role.IT, Role.AUDITOR, Role.CHAT_ADMIN])
async def test_who_may_not_open_a_case_is_offered_no_offboarding_and_cannot_write_it(
    role: Role, tmp_path: Path
) -> None:
    async with hearing(tmp_path) as both:
        await _office(both, HUDA)
        huda = await _signs_up(both, "E5", "Huda", role)
        assert "Your role does not include this" in await _writes(both, huda, "/offboard E2")
        assert "/offboard" not in await _writes(both, huda, "/help")
        offered = both.telegram.bot().commands[str(huda.id), ""]
        assert "offboard" not in {command["command"] for command in offered}
        assert [entry["detail"]["why"] for entry in await both.logged("access.refuse")] == ["not_allowed"]


async def test_a_button_of_somebody_elses_conversation_does_nothing(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        maha = await _office(both, HUDA)
        huda = await _signs_up(both, "E5", "Huda", Role.HR)
        await _writes(both, maha, "/offboard E2")
        first = next(iter(_buttons(both, maha).values()))
        await _writes(both, huda, "/help")
        number = both.telegram.bot().outbox[-1].message_id
        both.telegram.person_presses(huda.id, first, number)
        await both.hear()
        assert "begin again" in both.said_to(huda)[-1]


async def test_rights_are_asked_at_every_press_not_only_at_the_first_word(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        maha = await _office(both)
        await _writes(both, maha, "/offboard E2")
        await _presses(both, maha, next(iter(_buttons(both, maha))))
        async with both.company.app.store.write() as tx:
            ended: dict[str, Any] = {"ended_at": both.company.clock() - timedelta(seconds=1)}
            await change(tx, StaffRow, ended, columns(StaffRow).id == "E9")
        before = len(both.said_to(maha))
        both.telegram.person_presses(
            maha.id, _buttons(both, maha)["Resignation"], both.telegram.bot().outbox[-1].message_id
        )
        await both.hear()
        assert len(both.said_to(maha)) == before
        assert await _cases(both) == []


async def test_nobody_offboards_themselves_or_finds_their_own_case(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        maha = await _office(both)
        assert "HR knows nobody by" in await _writes(both, maha, "/offboard E9")
        assert "HR knows nobody by" in await _writes(both, maha, "/offboard Maha")
        assert "No case is found" in await _writes(both, maha, "/status E9")


async def test_in_a_group_nothing_is_said_of_anybody_and_the_hint_is_not_repeated(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        maha = await _office(both)
        chat = both.group("Sales", maha)
        name = both.telegram.users[both.telegram.bot().user].username
        for command in ("/offboard E2", f"/offboard@{name} E2", "/status", "/offboard@another_bot E2"):
            both.telegram.person_writes_in(chat.id, maha.id, command)
        await both.hear()
        said = [sent.text for sent in both.telegram.bot().outbox if sent.chat == chat.id]
        assert said == [f"I answer in private only: https://t.me/{name}"]
        assert await _cases(both) == []


async def test_everybody_is_offered_what_ties_an_account_in_both_languages(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        maha = await _office(both)
        await _writes(both, maha, "/help")
        offered = both.telegram.bot().commands
        assert {key: [row["command"] for row in told] for key, told in offered.items()} == {
            ("all_private_chats", ""): ["link", "help"],
            ("all_private_chats", "ar"): ["link", "help"],
            (str(maha.id), ""): ["offboard", "status", "link", "help"]
            if "mygroups" not in [row["command"] for row in offered[str(maha.id), ""]]
            else ["offboard", "status", "mygroups", "link", "help"],
        }
        arabic = offered["all_private_chats", "ar"][0]["description"]
        assert arabic != offered["all_private_chats", ""][0]["description"]


async def test_status_puts_first_what_needs_the_reader_with_a_button_named_by_the_act(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        both.company.drop(*rows(ANA, BADR, MAHA), header=WITH_PHONE)
        await both.company.run()
        maha = await _signs_up(both, "E9", "Maha", Role.HR)
        said = await _writes(both, maha, "/status")
        assert said.startswith("Waits for your word")
        labels = list(_buttons(both, maha))
        assert "Approve" in labels
        holds = len(await both.company.holds())
        await _presses(both, maha, "Approve")
        assert len(await both.company.holds()) == holds - 1


REGISTRY = """\
version: 1
groups:
  - instance: wa
    group: branch-7
    name: Branch 7
    owner: E5
    members: [E2, E5]
  - instance: wa
    group: drivers
    name: Drivers
    owner: E5
    members: [E2, E5]
"""


async def test_an_admin_has_one_button_for_each_group_and_the_others_stay_when_one_is_pressed(
    tmp_path: Path,
) -> None:
    manual = {"wa": ManualInstance(platform="whatsapp")}
    async with hearing(tmp_path, registry=REGISTRY, manual=manual) as both:
        await _office(both, HUDA)
        huda = await _signs_up(both, "E5", "Huda")
        both.company.drop(*rows(ANA, (*BADR[:3], "terminated", "2026-11-19"), MAHA, HUDA), header=WITH_PHONE)
        await both.company.run()
        await both.company.release_all()
        await both.company.run()
        said = await _writes(both, huda, "/mygroups")
        assert "You look after 2 groups" in said
        assert "resign" not in said
        done = {label for label in _buttons(both, huda) if label.startswith("Done")}
        assert done == {"Done: Branch 7", "Done: Drivers"}
        after = await _presses(both, huda, "Done: Branch 7")
        assert after.endswith("Thank you. It is noted as done.")
        assert [label for label in _buttons(both, huda) if label.startswith("Done")] == ["Done: Drivers"]
        again = await _presses(both, huda, "Done: Drivers")
        assert "noted as done" in again
        assert _buttons(both, huda) == {}


async def test_the_language_is_the_readers_own(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        maha = await _office(both, language="ar")
        assert "آخر يوم" in await _writes(both, maha, "/offboard E2")


async def test_whoever_wants_the_hijri_day_reads_it_here_too(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        maha = await _office(both)
        await _writes(both, maha, "/offboard E2")
        assert "1448" not in "".join(_buttons(both, maha))
        async with both.company.app.store.write() as tx:
            await add(tx, PreferenceRow(person_id="E9", hijri=True, updated_at=both.company.clock()))
        await _writes(both, maha, "/offboard E2")
        assert "1448" in "".join(_buttons(both, maha))


async def test_who_tied_a_colleagues_account_with_a_code_does_not_speak_as_them(
    tmp_path: Path,
) -> None:
    async with hearing(tmp_path) as both:
        await _office(both, HUDA)
        burner = await _signs_up(both, "E5", "Huda", Role.HR, vouched=False)
        assert "a second person" in await _writes(both, burner, "/offboard E2")
        app, links = both.company.app, columns(LinkRow)
        async with app.store.write() as tx:
            (link,) = await where(tx, LinkRow, links.account_id == str(burner.id))
            await confirm_again(app, tx, link, actor="person:noura")  # who made the code
        assert "a second person" in await _writes(both, burner, "/status")
        async with app.store.write() as tx:
            await confirm_again(app, tx, link, actor="person:E9")
        assert "which is the last day" in await _writes(both, burner, "/offboard E2")
