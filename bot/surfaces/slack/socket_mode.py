"""Socket Mode: Slack heard over websockets of ours, a new one opened before and whenever one ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson
import structlog
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.app import Bawab
from bot.hearing import heard, trouble
from bot.lanes import backoff
from bot.surfaces.slack.later import Later
from bot.surfaces.slack.seen import Seen
from connectors.chat.slack import SlackConnector
from connectors.chat.slack.client import SlackRefused
from connectors.errors import BadCredentials
from connectors.storable import storable

QUIET_FAILURES = 3
"""Failures of the network in a row before they are said: Slack ends every websocket now and then."""
LAST_WORDS_SECONDS = 30.0
"""How long a websocket that Slack is about to close is heard beside the one that follows it."""
HELLO_SECONDS = 10.0
SHORTEST_SECONDS = 1.0
"""Between two openings: a server that ends each websocket at once is not stormed."""
REFUSED, DISABLED, UNREACHABLE = "socket_refused", "socket_disabled", "unreachable"

logger = structlog.get_logger(__name__)


class Line(AsyncBaseSocketModeClient):
    """One websocket, as Bolt's adapter wants to acknowledge over it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.logger = logging.getLogger("bawab.slack.events")

    async def send_message(self, message: str) -> None:
        """Send an acknowledgement; over a closed websocket it is lost, and Slack sends the envelope again."""
        if not self.socket.closed:
            await self.socket.send_str(message)


class SocketMode:
    """One workspace's ear: a websocket at a time, for a moment two, so that nothing falls in between."""

    def __init__(self, app: Bawab, connector: SlackConnector, bolt: AsyncApp, later: Later) -> None:
        self._app = app
        self._connector = connector
        self._bolt = bolt
        self._later = later
        self._seen = Seen()
        self._failures = 0

    async def forever(self) -> None:
        """Listen until cancelled; whatever goes wrong is said, waited for and tried again."""
        try:
            while True:
                pause = asyncio.create_task(asyncio.sleep(SHORTEST_SECONDS))
                wrong = await self._one()
                if wrong:
                    await self._failed(wrong)
                    await asyncio.sleep(backoff(self._failures))
                await pause
        finally:
            await self._later.drain()

    async def _one(self) -> str:
        """Open a websocket and hear it; gives what is wrong, empty where the next one may follow at once."""
        try:
            line = Line(await self._connector.app_side.open_socket())
        except (BadCredentials, SlackRefused):
            return REFUSED
        except Exception as error:  # noqa: BLE001 - whatever it is, it is said and tried again
            self._say("slack_socket_unopened", error)
            return UNREACHABLE
        ending = ""
        try:
            ending = await self._greeted(line) or await self._hear(line)
        finally:
            if ending == "warning":
                self._later.do(self._last_words(line))
            else:
                await line.socket.close()
        return {"warning": "", "link_disabled": DISABLED, "silent": UNREACHABLE}.get(ending, "")

    async def _greeted(self, line: Line) -> str:
        """Wait for Slack's greeting, from which on it is heard; `silent` where none comes."""
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                received = await line.socket.receive()
        except TimeoutError:
            return "silent"
        if _read(received).get("type") != "hello":
            return "silent"
        await self._well()
        return ""

    async def _hear(self, line: Line) -> str:
        """Take envelopes until the websocket ends, or Slack says that it will; gives how it ends."""
        while True:
            received = await line.socket.receive()
            if received.type is not aiohttp.WSMsgType.TEXT:
                return "closed"
            message = _read(received)
            if message.get("type") == "disconnect":
                # `warning` and `refresh_requested`: it stays open for some seconds yet.
                return "link_disabled" if message.get("reason") == "link_disabled" else "warning"
            self._later.do(self._take(line, message))

    async def _last_words(self, line: Line) -> None:
        try:
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                while await self._hear(line) == "warning":
                    pass
        except TimeoutError:
            pass
        finally:
            await line.socket.close()

    async def _take(self, line: Line, message: Mapping[str, Any]) -> None:
        """Hand one envelope to Bolt, and acknowledge it as Bolt says; of one that came before only this."""
        payload = message.get("payload")
        if not isinstance(payload, dict) or not isinstance(message.get("envelope_id"), str):
            return
        request = SocketModeRequest.from_dict(dict(message))
        if request is None:
            return
        if not self._seen.first(request.envelope_id):
            await line.send_socket_mode_response({"envelope_id": request.envelope_id})
            return
        try:
            answer = await run_async_bolt_app(self._bolt, request)
        except Exception as error:  # noqa: BLE001 - unanswered, it comes again
            self._say("slack_envelope_failed", error)
            self._seen.forget(request.envelope_id)
            return
        if answer.status != 200:
            self._seen.forget(request.envelope_id)
        await send_async_response(line, request, answer, 0.0)

    async def _failed(self, key: str) -> None:
        self._failures += 1
        if key != UNREACHABLE or self._failures >= QUIET_FAILURES:
            try:
                await trouble(self._app, self._connector.instance, key)
            except Exception as error:  # noqa: BLE001 - not even that can be stored now; the listening goes on
                self._say("slack_trouble_unsaid", error)

    async def _well(self) -> None:
        self._failures = 0
        try:
            await heard(self._app, self._connector.instance)
        except Exception as error:  # noqa: BLE001 - it is heard all the same
            self._say("slack_trouble_unsaid", error)

    def _say(self, what: str, error: Exception) -> None:
        # By its kind alone: the words may quote an address with its ticket.
        logger.warning(what, instance=self._connector.instance, error=type(error).__name__)


def _read(received: aiohttp.WSMessage) -> dict[str, Any]:
    """Read one message; what is no JSON object is an empty one."""
    if received.type is not aiohttp.WSMsgType.TEXT:
        return {}
    try:
        message = orjson.loads(storable(received.data.encode()))
    except orjson.JSONDecodeError:
        return {}
    return message if isinstance(message, dict) else {}
