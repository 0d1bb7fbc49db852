"""Views, answers and websockets of the Slack app: through the wire, and only where Slack's own hosts are."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from connectors.chat.slack import SlackConfig
from connectors.chat.slack.client import SlackRefused
from connectors.chat.slack.routes import ROUTES
from connectors.chat.slack.sandbox import APP_TOKEN, BOT_TOKEN
from connectors.errors import BadCredentials, Forbidden, Unavailable
from connectors.redaction import Redactor
from connectors.wire import Wire, WireSettings
from tests.connectors.slack.stage import Stage, staged

TITLE = {"type": "plain_text", "text": "Offboarding"}
MODAL: dict[str, Any] = {"type": "modal", "title": TITLE, "blocks": []}


def hearing() -> Any:
    """A stage whose connector also has the app-level token."""
    return staged(app_token=APP_TOKEN)


async def test_a_view_is_opened_once_within_three_seconds_of_what_somebody_did() -> None:
    async with hearing() as stage:
        surface, app = stage.sandbox.workspace.surface, stage.slack.app_side
        trigger = surface.trigger("U2")
        shown = await app.open_view(trigger, MODAL)
        assert surface.views[shown.id].user == "U2"
        with pytest.raises(SlackRefused, match="exchanged_trigger_id"):
            await app.open_view(trigger, MODAL)
        late = surface.trigger("U2")
        began = surface.now()
        surface.now = lambda: began + 3.5
        with pytest.raises(SlackRefused, match="expired_trigger_id"):
            await app.open_view(late, MODAL)


async def test_an_update_of_a_view_that_changed_meanwhile_is_refused() -> None:
    async with hearing() as stage:
        app = stage.slack.app_side
        shown = await app.open_view(stage.sandbox.workspace.surface.trigger("U2"), MODAL)
        newer = await app.update_view(shown.id, MODAL, hash=shown.hash)
        with pytest.raises(SlackRefused, match="hash_conflict"):
            await app.update_view(shown.id, MODAL, hash=shown.hash)
        await app.update_view(shown.id, MODAL, hash=newer.hash)


async def test_a_view_slack_would_not_show_is_refused_by_the_sandbox_too() -> None:
    async with hearing() as stage:
        long = {**MODAL, "title": {"type": "plain_text", "text": "x" * 25}}
        with pytest.raises(SlackRefused, match="invalid_arguments"):
            await stage.slack.app_side.open_view(stage.sandbox.workspace.surface.trigger("U2"), long)


async def test_an_answer_goes_where_slack_said_five_times_and_nowhere_else() -> None:
    async with hearing() as stage:
        surface, app = stage.sandbox.workspace.surface, stage.slack.app_side
        await app.account("U2")  # the sandbox learns its own address
        url = surface.hook("U2", "commands")
        for n in range(5):
            await app.answer(url, {"text": str(n)})
        with pytest.raises(SlackRefused):
            await app.answer(url, {"text": "six"})
        assert [said["text"] for said in surface.said_to("U2")] == ["0", "1", "2", "3", "4"]
        for elsewhere in ("http://127.0.0.1:9/commands/T/1/x", f"{surface.origin}/api/chat.postMessage"):
            before = stage.slack.wire.requests_sent
            with pytest.raises(Forbidden):
                await app.answer(elsewhere, {"text": "secret"})
            assert stage.slack.wire.requests_sent == before


async def test_half_an_hour_later_nothing_is_answered_any_more() -> None:
    async with hearing() as stage:
        surface = stage.sandbox.workspace.surface
        await stage.slack.app_side.account("U2")
        url, began = surface.hook("U2", "actions"), surface.now()
        surface.now = lambda: began + 1801
        with pytest.raises(SlackRefused):
            await stage.slack.app_side.answer(url, {"text": "late"})


async def test_a_websocket_goes_through_the_wire_and_its_ticket_is_good_once() -> None:
    async with hearing() as stage:
        socket = await stage.slack.app_side.open_socket()
        assert (await socket.receive()).json()["type"] == "hello"
        sent = asyncio.create_task(stage.sandbox.sockets.deliver("slash_commands", {}))
        envelope = (await socket.receive()).json()
        await socket.send_json({"envelope_id": envelope["envelope_id"]})
        assert await sent == {"envelope_id": envelope["envelope_id"]}
        assert {f"http://{host}:{port}" for host, port in stage.slack.wire.connections} == {stage.url}
        with pytest.raises(Unavailable, match="401"):
            await ws(stage, f"{stage.url}/link/?ticket=spent")
        await socket.close()


async def ws(stage: Stage, url: str) -> aiohttp.ClientWebSocketResponse:
    return await stage.slack.wire.session.ws_connect(url.replace("http", "ws", 1))


async def test_a_websocket_to_another_host_is_not_opened() -> None:
    async with hearing() as stage:
        stage.sandbox.workspace.surface.origin = "http://127.0.0.1:9"
        for url in ("http://127.0.0.1:9/link/", f"{stage.url}/other/"):
            with pytest.raises(Forbidden):
                await ws(stage, url)
        assert stage.slack.wire.requests_sent == 0


@pytest.mark.parametrize("token", [None, BOT_TOKEN, "xapp-wrong"])
async def test_a_wrong_app_token_opens_nothing_and_is_not_quoted(token: str | None) -> None:
    async with staged(app_token=token) as stage:
        with pytest.raises((BadCredentials, SlackRefused)) as raised:
            await stage.slack.app_side.open_socket()
        assert token is None or token not in str(raised.value)
        assert not stage.sandbox.sockets.opened


@pytest.mark.parametrize(
    ("base", "hooks", "sockets"),
    [
        ("https://slack.com/api/", "https://hooks.slack.com/", "wss://*.slack.com/"),
        ("https://slack-gov.com/api/", "https://hooks.slack-gov.com/", "wss://*.slack-gov.com/"),
        ("http://127.0.0.1:8123/api/", "http://127.0.0.1:8123/", "ws://127.0.0.1:8123/"),
    ],
)
def test_the_hosts_follow_from_where_slack_is(base: str, hooks: str, sockets: str) -> None:
    config = SlackConfig("hq", BOT_TOKEN, base_url=base)
    assert (config.hooks_base, config.sockets_base) == (hooks, sockets)


@pytest.mark.parametrize(
    ("url", "leaves"),
    [
        ("wss://wss-primary.slack.com/link/?ticket=1", True),
        ("wss://slack.com/link/", False),
        ("wss://evilslack.com/link/", False),
        ("wss://wss.slack.com.evil.example/link/", False),
        ("ws://wss-primary.slack.com/link/", False),
        ("wss://wss-primary.slack.com:444/link/", False),
        ("wss://wss-primary.slack.com/api/chat.postMessage", False),
    ],
)
async def test_only_hosts_below_slacks_own_are_let_out(url: str, leaves: bool) -> None:
    settings = WireSettings(
        bases={"sockets": "wss://*.slack.com/"},
        routes=[route for route in ROUTES if route.upgrade],
        limits=(),
        read_signal=lambda *_: pytest.fail("nothing was answered"),
        connect_timeout=0.001,
    )
    wire = Wire(settings, Redactor(()))
    try:
        # What may leave fails at its rate limit, which is not in this list; all else is refused before.
        with pytest.raises(KeyError if leaves else Forbidden):
            await wire.session.ws_connect(url)
    finally:
        await wire.aclose()
    assert not wire.connections


async def test_an_app_level_token_opens_websockets_and_nothing_else() -> None:
    async with staged(app_token=APP_TOKEN) as stage:
        headers = {"Authorization": f"Bearer {APP_TOKEN}"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.post(f"{stage.url}/api/users.list") as said,
        ):
            assert (await said.json())["error"] == "not_allowed_token_type"
