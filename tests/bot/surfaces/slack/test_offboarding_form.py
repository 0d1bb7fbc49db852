"""HR offboards somebody from Slack: person, day, what is lost, the count; one case, never a wrong one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.store.access_tables import StaffRow
from bot.store.query import change, columns
from tests.bot.surfaces.slack.desk import counted, desk, filled, text_of


@pytest.mark.parametrize("by", ["socket", "http"])
async def test_from_a_name_to_one_scheduled_case(tmp_path: Path, by: str) -> None:
    async with desk(tmp_path, by=by) as at:
        assert await at.asks("UNOURA") == ""
        form = at.form("UNOURA")
        choices = await at.people.suggest("UNOURA", "person", "ana")
        assert [choice["value"] for choice in choices] == ["ana"]
        await at.people.choose("UNOURA", form, "person", filled())
        await at.shown("UNOURA", "Asia/Riyadh")  # the person's zone is preset
        await at.people.submit("UNOURA", form, filled(exit_type="resignation"))
        said = await at.shown("UNOURA", "To confirm")
        assert "Ana Q loses access on Monday, 30 November 2026, 18:00 (Riyadh time)." in said
        assert "To confirm, type the number of groups: 2" in said
        assert "2 groups in all" in said
        assert "Bawab takes them out of 2 groups: lunch and sales" in said
        second = form.view
        await at.people.submit("UNOURA", form, counted("٢"))
        await at.shown("UNOURA", "Ana Q: scheduled.")  # at once, or after two seconds in its place
        (case,) = await at.world.cases()
        assert (case.person_id, case.requested_by, case.exit_type) == ("ana", "person:noura", "resignation")
        form.view = second
        again = await at.people.submit("UNOURA", form, counted("2"))
        assert "too old" in str(again.body["errors"])
        assert len(await at.world.cases()) == 1


async def test_platforms_that_are_slow_to_read_are_waited_for_in_the_form(tmp_path: Path) -> None:
    async with desk(tmp_path, by="http", patience=0.01) as at:
        await at.asks("UNOURA", "ana")
        answer = await at.people.submit("UNOURA", at.form("UNOURA"), filled())
        assert "Reading every platform" in text_of(answer.body["view"])
        await at.shown("UNOURA", "To confirm, type the number of groups: 2")
        await at.people.submit("UNOURA", at.form("UNOURA"), counted("2"))
        await at.shown("UNOURA", "Ana Q: scheduled.")
        assert len(await at.world.cases()) == 1


async def test_two_submissions_at_once_make_one_case_and_both_are_told_so(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        form = await at.previewed("UNOURA")
        both = await asyncio.gather(*(at.people.submit("UNOURA", form, counted("2")) for _ in range(2)))
        await at.shown("UNOURA", "scheduled")
        texts = [
            text_of(answer.body["view"]) if "view" in answer.body else str(answer.body["errors"])
            for answer in both
        ]
        # Where one had its whole answer before the other came, that other one is told so instead.
        late = [said for said in texts if "too old" in said]
        assert len(late) <= 1
        assert all("scheduled" in said or "takes longer" in said for said in texts if said not in late), texts
        assert len(await at.world.cases()) == 1


async def test_what_is_wrong_is_said_at_its_field(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.asks("UNOURA", "ana")
        form = at.form("UNOURA")
        wrong = {
            "last_day": filled(day=""),
            "zone:ana": filled(zone="Mars/Base"),
            "person": filled(person="nobody"),
            "time": filled(time="25:61"),
        }
        for place, values in wrong.items():
            answer = await at.people.submit("UNOURA", form, values)
            assert list(answer.body.get("errors", {})) == [place], place
        await at.people.submit("UNOURA", form, filled())
        await at.shown("UNOURA", "To confirm")
        for typed in ("3", "two", "", "-2", "2.0"):
            answer = await at.people.submit("UNOURA", form, counted(typed))
            assert list(answer.body.get("errors", {})) == ["count"], typed
        assert await at.world.cases() == []


async def test_of_several_who_may_be_meant_one_is_chosen_never_guessed(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        assert await at.asks("UNOURA", "Q") == "", "everybody's name holds it"
        element = at.form("UNOURA").view["blocks"][0]["element"]
        assert element["type"] == "static_select"
        assert "noura" not in [option["value"] for option in element["options"]], "never oneself"
        assert "HR knows nobody" in await at.asks("UNOURA", "Zzz")
        await at.asks("UNOURA", "<@UANA|ana>")
        (person,) = [block for block in at.form("UNOURA").view["blocks"] if block.get("block_id") == "person"]
        assert person["element"]["initial_option"]["value"] == "ana"
        answer = await at.people.submit("UNOURA", at.form("UNOURA"), filled(person="noura"))
        assert list(answer.body["errors"]) == ["person"], "nor by forging the form"


async def test_a_role_that_ended_while_the_form_was_open_opens_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        form = await at.previewed("UNOURA")
        async with at.world.app.store.write() as tx:
            await change(tx, StaffRow, {"ended_at": at.world.clock()}, columns(StaffRow).id == "noura")
        answer = await at.people.submit("UNOURA", form, counted("2"))
        assert "does not know this account" in text_of(answer.body["view"])
        assert await at.people.suggest("UNOURA", "person", "an") == []
        assert await at.world.cases() == []


async def test_another_persons_form_an_old_one_and_an_unknown_one_open_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        form = await at.previewed("UNOURA")
        answer = await at.people.submit("USARA", form, counted("2"))
        assert "too old" in str(answer.body["errors"]), "what one person saw, another cannot confirm"
        at.world.clock.turn(minutes=31)
        answer = await at.people.submit("UNOURA", form, counted("2"))
        assert "too old" in str(answer.body["errors"])
        assert await at.world.cases() == []


async def test_whoever_may_not_offboard_is_shown_no_form_and_it_is_logged(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        for user in ("UOMAR", "ULINA", "UHUDA"):
            assert "Your role does not include this" in await at.asks(user, "ana"), user
            assert await at.people.suggest(user, "person", "an") == []
        assert not at.surface.views
        assert "case.open" in (await at.refusals())[-1]
