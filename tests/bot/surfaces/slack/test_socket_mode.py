"""Socket Mode: heard again whenever a websocket ends, nothing lost in between, troubles said once."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from bot.hearing import troubles
from connectors.chat.slack.sandbox import APP_TOKEN
from tests.bot.surfaces.slack.desk import Desk, desk, running, until
from tests.bot.world import company


async def said(at: Desk) -> list[str]:
    """What keeps the workspace from being heard."""
    async with at.world.app.store.read() as tx:
        return [found.key for found in await troubles(tx)]


async def test_a_websocket_that_slack_renews_or_drops_is_followed_by_another(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        sockets = at.world.sandbox.sockets
        await sockets.disconnect("warning")
        await until(lambda: sockets.opened == 2)
        assert len(sockets.open) == 2, "what still comes over the old one is heard"
        old = sockets.open.pop()
        assert (await at.people.command("UNOURA", "help")).status == 200
        sockets.open.append(old)
        await sockets.close_all()
        await until(lambda: sockets.opened == 3)
        assert (await at.people.command("UNOURA", "help")).status == 200
        at.world.sandbox.cut_all()
        await until(lambda: sockets.opened == 4)
        assert (await at.people.command("UNOURA", "help")).status == 200
        assert await said(at) == []


async def test_an_envelope_sent_twice_is_done_once_and_acknowledged_twice(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        sockets, surface = at.world.sandbox.sockets, at.surface
        payload = {"command": "/offboard", "text": "help", "user_id": "UNOURA", "team_id": "T0SANDBOX"}
        payload |= {"response_url": surface.hook("UNOURA", "commands"), "trigger_id": "1"}
        envelope = {"envelope_id": "same", "type": "slash_commands", "payload": payload}
        for _ in range(2):
            await sockets.open[-1].send_json(envelope)
        await until(lambda: [one["envelope_id"] for one in sockets.acknowledged].count("same") == 2)
        await until(lambda: len(surface.said_to("UNOURA")) == 1)
        for text in ("no json", "[]", json.dumps({"type": "hello"}), json.dumps({**envelope, "payload": 7})):
            await sockets.open[-1].send_str(text)
        assert (await at.people.command("UNOURA", "help")).status == 200, "junk ends nothing"
        assert len(surface.said_to("UNOURA")) <= 2


async def test_an_event_that_slack_sends_again_is_acknowledged_and_is_one(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        sockets, homes = at.world.sandbox.sockets, at.world.sandbox
        opened = {"type": "app_home_opened", "user": "UNOURA", "tab": "home"}
        body = {"type": "event_callback", "team_id": "T0SANDBOX", "event_id": "Ev1", "event": opened}
        assert await sockets.deliver("events_api", body) is not None
        assert await sockets.deliver("events_api", body, retry_attempt=1, retry_reason="timeout") is not None
        await until(lambda: len(homes.calls("views.publish")) == 1)
        await at.home("UNOURA")
        assert len(homes.calls("views.publish")) == 2


async def test_a_wrong_token_and_a_switched_off_socket_mode_are_said_once_and_forgotten_when_mended(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as at:
        sockets = at.world.sandbox.sockets
        token = at.world.sandbox.workspace.tokens[APP_TOKEN]
        token.revoked = True
        await sockets.disconnect("link_disabled")
        await until_said(at, ["socket_disabled"])
        await until_said(at, ["socket_refused"])
        assert (await at.actions()).count("lane.pause") == 0, "removals need no app-level token"
        token.revoked = False
        await sockets.connected()
        await until_said(at, [])
        assert (await at.actions()).count("listen.fail") == 2


async def until_said(at: Desk, keys: list[str]) -> None:
    """Wait until exactly this is said."""
    for _ in range(3000):
        if await said(at) == keys:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{await said(at)} is said, not {keys}")


_CONNECTS: list[tuple[str, int]] = []
"""Every address this process opens a socket to, whoever opens it."""


def _note_connects(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        _CONNECTS.append((str(arguments[1][0]), int(arguments[1][1])))


async def test_no_socket_opens_but_the_wires(tmp_path: Path) -> None:
    sys.addaudithook(_note_connects)
    async with desk(tmp_path) as at:
        _CONNECTS.clear()
        before = len(at.wire.connections)
        at.world.sandbox.cut_all()
        await until(lambda: at.world.sandbox.sockets.opened == 2)
        await at.previewed("UNOURA")
        await at.home("UNOURA")
        assert await at.asks("UNOURA", "help")
        assert _CONNECTS, "it did connect"
        assert sorted(_CONNECTS) == sorted(at.wire.connections[before:])


async def test_without_an_app_level_token_no_websocket_is_opened(tmp_path: Path) -> None:
    async with company(tmp_path) as world, running(world, "http"):
        assert world.sandbox.sockets.opened == 0
        assert world.sandbox.calls("apps.connections.open") == []


async def test_a_stop_closes_the_websocket_and_finishes_what_is_being_done(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        sockets = at.world.sandbox.sockets
        assert (await at.people.command("UNOURA", "help")).status == 200
    assert sockets.open == []
    assert len(at.surface.said_to("UNOURA")) == 1
