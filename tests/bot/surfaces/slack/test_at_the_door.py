"""At the door of signed HTTP: forged, stale, replayed, huge or strange, nothing gets in."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from bot.surfaces.bodies import MOST_BYTES
from connectors.chat.slack.sandbox.acting import ByHttp
from tests.bot.surfaces.slack.desk import APPROVED, Desk, counted, desk, until, value_of


def press_of(at: Desk, value: str) -> dict[str, Any]:
    """Sara's press on Approve, as Slack writes it."""
    return {
        "type": "block_actions",
        "user": {"id": "USARA", "team_id": "T0SANDBOX"},
        "team": {"id": "T0SANDBOX"},
        "actions": [{"type": "button", "block_id": "b", "action_id": "ok", "value": value}],
        "container": {"type": "message"},
        "trigger_id": at.surface.trigger("USARA"),
        "response_url": at.surface.hook("USARA", "actions"),
    }


async def test_a_forged_stale_or_replayed_approval_approves_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path, by="http", policy=APPROVED) as at:
        form = await at.previewed("UNOURA")
        await at.people.submit("UNOURA", form, counted("2"))
        await at.asks("USARA", "approve")
        value = value_of(at.surface.said_to("USARA")[-1]["blocks"], "ok")
        way = at.people.way
        assert isinstance(way, ByHttp)
        body, kind = way.encoded("interactive", press_of(at, value))
        stale = {"X-Slack-Request-Timestamp": str(int(time.time()) - 301)}
        early = {"X-Slack-Request-Timestamp": str(int(time.time()) + 400)}
        for wrong in ({"X-Slack-Signature": "v0=" + "0" * 64}, {"X-Slack-Signature": ""}, stale, early):
            assert (await way.post(body, kind, **wrong)).status == 401, wrong
        other = ByHttp(way.http, way.url, "another secret")
        assert (await other.post(body, kind)).status == 401
        assert (await way.post(b"payload=" + b"x" * MOST_BYTES, kind)).status == 413
        (case,) = await at.world.cases()
        assert case.state == "awaiting_approval"
        now = {"X-Slack-Request-Timestamp": str(int(time.time()))}
        assert [(await way.post(body, kind, **now)).status for _ in range(2)] == [200, 401]
        await until(lambda: "Approved and released" in str(at.surface.said_to("USARA")[-1]))
        assert [one for one in await at.refusals() if "forged" in one or "replayed" in one][1:]


async def test_what_nobody_could_have_sent_ends_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path, by="http") as at:
        way = at.people.way
        assert isinstance(way, ByHttp)
        form = "application/x-www-form-urlencoded"
        user, team = {"id": "UNOURA", "team_id": "T0SANDBOX"}, {"id": "T0SANDBOX"}
        strange: list[dict[str, Any]] = [
            {
                "type": "view_submission",
                "user": user,
                "team": team,
                "view": {"type": "modal", "callback_id": "who_knows"},
            },
            {
                "type": "view_submission",
                "user": user,
                "team": team,
                "view": {"type": "modal", "callback_id": "offboard_confirm"},
            },
            {
                "type": "view_submission",
                "user": user,
                "team": team,
                "view": {"type": "modal", "callback_id": "offboard_ask"},
            },
            {"type": "block_actions", "user": user, "team": team, "actions": []},
            {"type": "block_actions", "user": user, "team": None, "actions": [{"action_id": "ok"}]},
            {"type": "shortcut", "callback_id": "x", "user": user, "team": team},
            {"type": "something_new"},
            {"type": "view_submission", "user": user, "team": team, "view": {}},
        ]
        for payload in strange:
            assert (await way.deliver("interactive", payload)).status in (200, 400, 404, 500), payload
        for body in (b"", b"payload=", b"payload={", b"payload=[]", b"\xff", b"a" * 1000):
            assert (await way.post(body, form)).status in (200, 400, 401, 404, 500), body
        elsewhere = await way.deliver("slash_commands", {"command": "/other", "user_id": "UNOURA"})
        assert elsewhere.status == 404
        assert "/offboard help" in await at.asks("UNOURA", "help"), "the door still works"
        assert await at.world.cases() == []
