"""The Home tab: what waits for its reader, by role; for whoever is nobody here, nothing."""

from __future__ import annotations

from pathlib import Path

from tests.bot.surfaces.slack.desk import APPROVED, counted, desk, text_of, until, value_of


async def test_each_role_sees_what_is_theirs_and_a_stranger_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path, policy=APPROVED) as at:
        form = await at.previewed("UNOURA")
        await at.people.submit("UNOURA", form, counted("2"))
        assert "Approve: Ana Q" in await at.home("USARA")
        for_hr = await at.home("UNOURA")
        assert "Nothing waits for you here." in for_hr
        assert "Ana Q – leaves: waiting for approval" in for_hr
        assert "Type /offboard" in for_hr
        for_it, for_auditor = await at.home("UOMAR"), await at.home("ULINA")
        assert "Open: 1 case" in for_it
        assert "Ana Q" in for_auditor
        assert "Approve" not in for_auditor
        for_admin = await at.home("UHUDA")
        assert "1 registered group is yours." in for_admin
        assert "Ana" not in for_admin
        for user in ("UANA", "UEVE"):
            stranger = await at.home(user)
            assert "does not know this account" in stranger
            assert "Ana Q" not in stranger


async def test_a_press_at_home_is_told_and_the_tab_is_fresh(tmp_path: Path) -> None:
    async with desk(tmp_path, policy=APPROVED) as at:
        form = await at.previewed("UNOURA")
        await at.people.submit("UNOURA", form, counted("2"))
        await at.home("USARA")
        home = at.surface.homes["USARA"]
        await at.people.press_at_home("USARA", "ok", value_of(home.view["blocks"], "ok"))
        await until(lambda: at.surface.homes["USARA"] is not home)
        assert "Approve: Ana Q" not in text_of(at.surface.homes["USARA"].view)
        assert "Approved and released" in text_of(at.form("USARA").view)


async def test_a_chat_admin_says_done_from_home_and_never_learns_why(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.world.sandbox.workspace.prefs.everyone_may_kick = False
        form = await at.previewed("UNOURA")
        await at.people.submit("UNOURA", form, counted("2"))
        at.world.clock.turn(days=12)
        await at.world.run()
        shown = await at.home("UHUDA")
        assert "Take Ana Q out of sales (Slack)" in shown
        assert "Resignation" not in shown
        home = at.surface.homes["UHUDA"]
        await at.people.press_at_home("UHUDA", "done", value_of(home.view["blocks"], "done"))
        await until(lambda: at.surface.homes["UHUDA"] is not home)
        assert "Take Ana Q" not in text_of(at.surface.homes["UHUDA"].view)
        assert "task.attest" in await at.actions()
