"""`/offboard` and what may follow it: each is told what is theirs alone, in their language."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.store.access_tables import PreferenceRow
from bot.store.query import add
from tests.bot.surfaces.slack.desk import APPROVED, counted, desk


async def test_each_is_told_what_they_may_ask_and_what_waits_for_them(tmp_path: Path) -> None:
    async with desk(tmp_path, policy=APPROVED) as at:
        for_hr, for_admin = await at.asks("UNOURA", "help"), await at.asks("UHUDA", "HELP")
        assert "/offboard approve" in for_hr
        assert ("/offboard cases" in for_admin, "/offboard status" in for_admin) == (False, True)
        form = await at.previewed("UNOURA")
        await at.people.submit("UNOURA", form, counted("2"))
        assert "Ana Q – leaves: waiting for approval" in await at.asks("UNOURA", "cases")
        assert "Ana Q – leaves: waiting for approval" in await at.asks("ULINA", "status ana")
        assert "Nothing waits for your word." in await at.asks("UNOURA", "approve"), (
            "who asked decides nothing"
        )
        assert "Ana Q" in await at.asks("USARA", "approve")
        assert "Open: 1 case" in await at.asks("UOMAR", "status")
        assert "No case is found" in await at.asks("USARA", "status nobody-like-this")
        for asked in ("cases", "status ana", "approve", "status <@UANA>"):
            assert "Your role does not include this" in await at.asks("UHUDA", asked), asked
        assert "Ana" not in await at.asks("UHUDA", "status")


async def test_whoever_leaves_is_told_nothing_and_a_stranger_no_more_than_that(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        workspace = at.world.sandbox.workspace
        told = {await at.asks(user, "status ana") for user in ("UANA", "UEVE")}
        workspace.users["USARA"].is_restricted = True
        told.add(await at.asks("USARA", "status ana"))
        workspace.users["USARA"].is_restricted, workspace.users["USARA"].deleted = False, True
        told.add(await at.asks("USARA", "status ana"))
        workspace.users["USARA"].deleted, workspace.users["USARA"].team_id = False, "T0ELSEWHERE"
        told.add(await at.asks("USARA", "status ana"))
        told.add(await at.asks("UNOURA", "status ana", team_id="T0ELSEWHERE"))
        assert len(told) == 1, "all are told the very same"
        assert "does not know this account" in told.pop()
        refusals = await at.refusals()
        for why in ("nobody_here", "is_guest", "deactivated", "is_external", "other_workspace"):
            assert any(f'"{why}"' in one for one in refusals), why
        assert not [one for one in refusals if "UEVE" in one], "no account is named in the log"
        await at.asks("UEVE", "cases")
        assert len(await at.refusals()) == len(refusals), "the same is said once"


async def test_hr_cannot_open_their_own_departure_nor_see_one(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        form = await at.previewed("UNOURA", "sara")
        await at.people.submit("UNOURA", form, counted("1"))
        assert "Sara" not in await at.asks("USARA", "cases")
        assert "No case is found" in await at.asks("USARA", "status sara")
        assert "Sara Q" in await at.asks("UNOURA", "status sara")


@pytest.mark.parametrize("by", ["http"])
async def test_in_arabic_whoever_wishes_it_and_names_stay_harmless(tmp_path: Path, by: str) -> None:
    async with desk(tmp_path, by=by) as at:
        now = at.world.clock()
        async with at.world.app.store.write() as tx:
            await add(tx, PreferenceRow(person_id="noura", language="ar", updated_at=now))
        helped = await at.asks("UNOURA", "help")
        assert any("\u0600" <= char <= "\u06ff" for char in helped)
        evil = "<!channel> *x* \u202egnp <@UNOURA> & " + "z" * 400
        answer = await at.asks("UNOURA", f"status {evil}")
        assert "<!channel>" not in answer
        assert "\u202e" not in answer
        shown = at.surface.said_to("UNOURA")[-1]
        assert {block["text"]["type"] for block in shown["blocks"]} == {"plain_text"}
        assert shown["response_type"] == "ephemeral"
