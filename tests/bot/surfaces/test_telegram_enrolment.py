"""People tie their accounts to their records in a chat with the bot; nobody else's account is ever moved."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.people.enrolment import CannotLink, hash_of, unlink
from bot.people.who import the_person
from bot.store.group_tables import EnrolmentRow
from bot.store.query import columns, where
from bot.store.tables import LinkQuestionRow
from bot.surfaces.telegram.guesses import MOST_WRONG
from connectors.chat.telegram.sandbox import BOT_ADMIN, OWNER_ID, Fault, FaultKind
from tests.bot.surfaces.hearing_telegram import ANA, BADR, WITH_PHONE, Hearing, hearing, rows


async def _questions(both: Hearing) -> list[tuple[str, list[str], list[str]]]:
    mine = columns(LinkQuestionRow).instance == "staff"
    async with both.company.app.store.read() as tx:
        return [(row.why, row.people, row.accounts) for row in await where(tx, LinkQuestionRow, mine)]


async def _refusals(both: Hearing) -> list[str]:
    return [entry["detail"]["why"] for entry in await both.logged("link.refuse")]


async def test_a_code_ties_the_account_of_whoever_sends_it_and_is_stored_nowhere(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        await both.staff(*rows(ANA))
        ana, code = both.telegram.add_user("Ana"), await both.code("E1")
        both.telegram.person_writes(ana.id, f"/start {code}")
        await both.hear()
        assert await both.links() == [("E1", str(ana.id), "self_link", True)]
        assert "Thank you" in both.said_to(ana)[-1]
        assert [e["action"] for e in await both.logged("link.code", "link.create")][-2:] == [
            "link.code",
            "link.create",
        ]
        data = both.company.folder / "data"
        assert not any(code.encode() in path.read_bytes() for path in data.rglob("*") if path.is_file())
        async with both.company.app.store.read() as tx:
            assert [row.code_hash for row in await where(tx, EnrolmentRow)] == [hash_of(code)]


async def test_a_code_works_once_in_time_and_only_the_last_one(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        await both.staff(*rows(ANA, BADR))
        ana, badr = both.telegram.add_user("Ana"), both.telegram.add_user("Badr")
        used, replaced = await both.code("E1"), await both.code("E2")
        late = await both.code("E2", valid=timedelta(hours=1))
        both.telegram.person_writes(ana.id, f"/start {used}")
        both.telegram.person_writes(badr.id, f"/start {used}")
        both.telegram.person_writes(badr.id, f"/start {replaced}")
        both.telegram.person_writes(badr.id, "/start nobody-made-this")
        await both.hear()
        both.company.clock.turn(hours=1)
        both.telegram.person_writes(badr.id, f"/start {late}")
        both.telegram.person_writes(ana.id, f"/start {used}")
        await both.hear()
        assert await _refusals(both) == ["used_code", "expired_code", "wrong_code", "expired_code"]
        assert await both.links() == [("E1", str(ana.id), "self_link", True)]
        assert "already" in both.said_to(ana)[-1]


async def test_whoever_guesses_is_stopped_and_told_so_once(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        await both.staff(*rows(ANA))
        eve, code = both.telegram.add_user("Eve"), await both.code("E1")
        for guess in range(MOST_WRONG + 4):
            both.telegram.person_writes(eve.id, f"/start guess-{guess}")
        both.telegram.person_writes(eve.id, f"/start {code}")
        await both.hear()
        assert await both.links() == []
        assert await _refusals(both) == ["wrong_code"] * MOST_WRONG + ["too_many_tries"]
        assert len(both.said_to(eve)) == MOST_WRONG + 1
        both.company.clock.turn(minutes=16)
        both.telegram.person_writes(eve.id, f"/start {code}")
        await both.hear()
        assert len(await both.links()) == 1


async def test_an_account_that_is_somebody_elses_is_refused_and_asked_about(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        await both.staff(*rows(ANA, BADR))
        ana = both.telegram.add_user("Ana")
        await both.enrol("E1", ana)
        await both.enrol("E2", ana)
        assert await both.links() == [("E1", str(ana.id), "self_link", True)]
        assert await _questions(both) == [("code_for_linked_account", ["E1", "E2"], [str(ana.id)])]
        assert "another staff record" in both.said_to(ana)[-1]
        both.company.drop(*rows(ANA, BADR, ("E3", "Noura", "", "active", "")), header=WITH_PHONE)
        await both.company.run()
        assert len(await _questions(both)) == 1, "a new feed answers no question of this kind"
        async with both.company.app.store.read() as tx:
            first = await the_person(tx, "E1")
        await unlink(
            both.company.app,
            first,
            instance="staff",
            account_id=None,
            actor="person:noura",
            reason="a mistake",
        )
        assert await _questions(both) == []


async def test_an_id_that_hr_states_for_somebody_else_is_not_taken_by_a_code(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        ana = both.telegram.add_user("Ana")
        header = "employee_id,name,email,status,account:staff"
        both.company.drop(
            "E1,Ana Quispe,ana@corp.test,active,",
            f"E2,Badr Saleh,badr@corp.test,active,{ana.id}",
            header=header,
        )
        await both.company.settle_in()
        stated = [("E2", str(ana.id), "hr_record", True)]
        assert await both.links() == stated, "an id that HR states counts without any listing"
        await both.enrol("E1", ana)
        assert await both.links() == stated
        assert await _questions(both) == [("code_for_linked_account", ["E1", "E2"], [str(ana.id)])]


async def test_one_id_stated_for_two_people_is_nobodys(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        both.company.drop(
            "E1,Ana Quispe,active,77",
            "E2,Badr Saleh,active,77",
            header="employee_id,name,status,account:staff",
        )
        await both.company.settle_in()
        assert await both.links() == []
        assert await _questions(both) == [("stated_for_two_people", ["E1", "E2"], ["77"])]


async def test_ones_own_contact_is_held_for_hr_and_then_counts(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        await both.staff(*rows(ANA, BADR))
        ana = both.telegram.add_user("Ana", phone="966501234567")
        both.telegram.person_shares_contact(ana.id)
        await both.hear()
        assert await both.links() == [("E1", str(ana.id), "shared_contact", False)]
        (hold,) = await both.company.holds("identity_links")
        assert hold.count == 1
        await both.company.release_all()
        assert await both.links() == [("E1", str(ana.id), "shared_contact", True)]


async def test_a_code_takes_the_place_of_a_contact_that_waits_and_nothing_is_left_to_release(
    tmp_path: Path,
) -> None:
    async with hearing(tmp_path) as both:
        await both.staff(*rows(ANA, BADR))
        ana = both.telegram.add_user("Ana", phone="966501234567")
        both.telegram.person_shares_contact(ana.id)
        await both.enrol("E1", ana)
        assert await both.links() == [("E1", str(ana.id), "self_link", True)]
        assert await both.company.holds("identity_links") == []


async def test_another_persons_contact_ties_nothing(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        await both.staff(*rows(ANA, BADR))
        ana = both.telegram.add_user("Ana", phone="966501234567")
        eve = both.telegram.add_user("Eve", phone="15550001111")
        both.telegram.person_shares_contact(eve.id, of=ana.id)
        both.telegram.person_shares_contact(eve.id)
        await both.hear()
        assert await both.links() == []
        assert await _refusals(both) == ["contact_of_another"]
        assert await _questions(both) == [("contact_unknown", [], [str(eve.id)])]


async def test_start_alone_says_how_with_the_button_and_in_the_readers_language(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        noura = both.telegram.add_user("نورة", language_code="ar")
        both.telegram.person_writes(noura.id, "/start")
        await both.hear()
        sent = both.telegram.bot().outbox[-1]
        assert "مرحبًا" in sent.text
        assert '"request_contact": true' in sent.reply_markup.replace("\\", "") or (
            '"request_contact":true' in sent.reply_markup
        )


async def test_a_person_is_answered_in_the_language_of_their_record(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        (row,) = rows(ANA)
        await both.staff(f"{row}ar")
        ana = both.telegram.add_user("Ana", language_code="en")
        await both.enrol("E1", ana)
        assert "شكرًا" in both.said_to(ana)[-1]


async def test_an_answer_that_cannot_be_sent_changes_nothing_of_the_tie(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        await both.staff(*rows(ANA))
        ana = both.telegram.add_user("Ana")
        both.sandbox.faults.append(Fault(FaultKind.DROP, "sendMessage"))
        await both.enrol("E1", ana)
        assert await both.links() == [("E1", str(ana.id), "self_link", True)]


async def test_a_leaver_who_links_late_is_taken_out_then(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        ana = both.telegram.add_user("Ana")
        chat = both.group("Sales", ana, bot=False)
        both.telegram.bot_added(chat.id, OWNER_ID, BOT_ADMIN)
        await both.staff(*rows(ANA, BADR))
        gone = (*ANA[:3], "terminated", "2026-11-19")
        both.company.drop(*rows(gone, BADR), header=WITH_PHONE)
        await both.company.run()
        assert ana.id in chat.inside(), "whose account it is was not known"
        await both.enrol("E1", ana)
        await both.company.run()
        both.company.clock.turn(hours=2)
        await both.company.run()
        assert ana.id not in chat.inside()


async def test_nobody_makes_a_code_for_themselves_or_unties_themselves(tmp_path: Path) -> None:
    async with hearing(tmp_path) as both:
        await both.staff(*rows(("E9", "Noura", "", "active", "")))
        with pytest.raises(CannotLink, match="themselves"):
            await both.code("E9")
        async with both.company.app.store.read() as tx:
            noura = await the_person(tx, "E9")
        with pytest.raises(CannotLink, match="their own"):
            await unlink(
                both.company.app, noura, instance="staff", account_id=None, actor="person:noura", reason=""
            )
