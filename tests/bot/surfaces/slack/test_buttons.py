"""Buttons in Slack: one press decides, in the message's place; of two who press, the later one is told."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from bot.store.access_tables import StaffRow
from bot.store.query import change, columns
from policies.roles import Role
from tests.bot.surfaces.slack.desk import APPROVED, Desk, appoint, bare, counted, desk, until


async def held(at: Desk) -> dict[str, Any]:
    """Let Noura ask for Ana's departure; gives the message Sara is shown, with its buttons."""
    form = await at.previewed("UNOURA")
    await at.people.submit("UNOURA", form, counted("2"))
    await at.asks("USARA", "approve")
    return at.surface.said_to("USARA")[-1]


def buttons(message: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Act → button."""
    elements = [one for block in message["blocks"] for one in block.get("elements", ()) if "action_id" in one]
    return {one["action_id"]: one for one in elements}


async def answered(at: Desk, user: str, before: int) -> None:
    """Wait until somebody is told more than before."""
    await until(lambda: len(at.surface.said_to(user)) > before)


@pytest.mark.parametrize("by", ["socket", "http"])
async def test_approving_is_named_asked_back_and_shown_in_place(tmp_path: Path, by: str) -> None:
    async with desk(tmp_path, by=by, policy=APPROVED) as at:
        message = await held(at)
        yes, no = buttons(message)["ok"], buttons(message)["no"]
        assert bare(yes["text"]["text"]).startswith("Approve: Ana Q, Monday, 30 November 2026, 18:00")
        assert "confirm" in no
        assert "confirm" not in yes
        await at.people.press("USARA", message, "ok", yes["value"])
        await until(lambda: not buttons(message))
        assert "Approved and released" in str(message["blocks"])
        assert "Sara Q" in str(message["blocks"])
        assert "20 November 2026" in str(message["blocks"])
        (case,) = await at.world.cases()
        assert (case.state, case.released_by) == ("scheduled", "person:sara")


async def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told_alone(tmp_path: Path) -> None:
    async with desk(tmp_path, policy=APPROVED) as at:
        message = await held(at)
        await appoint(at.world, {"huda": (Role.HR,)})
        await at.asks("UHUDA", "approve")
        other = at.surface.said_to("UHUDA")[-1]
        value, before = buttons(message)["ok"]["value"], await at.actions()
        await asyncio.gather(
            at.people.press("USARA", message, "ok", value), at.people.press("UHUDA", other, "no", value)
        )
        await until(lambda: not buttons(message) and not buttons(other))
        said = [bare(str(one["blocks"])) for one in (message, other)]
        won = [text for text in said if "Approved and released" in text or "Rejected." in text]
        lost = [
            text for text in said if "nothing more is needed" in text or "nothing of it is carried" in text
        ]
        assert (len(won), len(lost)) == (1, 1)
        after = (await at.actions())[len(before) :]
        assert after.count("hold.release") + after.count("hold.reject") == 1


async def test_a_button_of_somebody_without_the_right_or_the_role_does_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path, policy=APPROVED) as at:
        message = await held(at)
        value = buttons(message)["ok"]["value"]
        for user, told in (
            ("UHUDA", "Your role does not"),
            ("ULINA", "Your role does not"),
            ("UEVE", "know this"),
        ):
            before = len(at.surface.said_to(user))
            await at.people.press(user, deepcopy(message), "ok", value, ephemeral=True)
            await answered(at, user, before)
            assert told in at.surface.said_to(user)[-1]["text"]
        before = len(at.surface.said_to("UNOURA"))
        await at.people.press("UNOURA", deepcopy(message), "ok", value, ephemeral=True)
        await answered(at, "UNOURA", before)
        assert "You asked for this yourself" in str(at.surface.said_to("UNOURA")[-1]["text"])
        async with at.world.app.store.write() as tx:
            await change(tx, StaffRow, {"ended_at": at.world.clock()}, columns(StaffRow).id == "sara")
        before = len(at.surface.said_to("USARA"))
        await at.people.press("USARA", message, "ok", value, ephemeral=True)
        await answered(at, "USARA", before)
        (case,) = await at.world.cases()
        assert case.state == "awaiting_approval"


async def test_an_unknown_button_says_so_and_an_ephemeral_list_is_said_anew(tmp_path: Path) -> None:
    async with desk(tmp_path, policy=APPROVED) as at:
        message = await held(at)
        value = buttons(message)["ok"]["value"]
        strange = {"blocks": [{"type": "actions", "elements": [{"action_id": "zap", "value": "1"}]}]}
        await at.people.press("USARA", strange, "zap", "1")
        await until(lambda: "not known any more" in str(strange["blocks"]))
        await at.people.press("USARA", message, "ok", value, ephemeral=True)
        await until(lambda: "Approved and released" in str(message["blocks"]))
        assert "Nothing waits for you here." in bare(str(message["blocks"]))
