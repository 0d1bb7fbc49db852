"""People at work in the sandbox: they type, press buttons and fill in forms, and the app is told by Slack."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

import aiohttp

from connectors.chat.slack.sandbox.app import Sandbox
from connectors.chat.slack.sandbox.surface import OpenView
from connectors.chat.slack.sandbox.views import as_payload

APP_ID = "A0SANDBOX"


@dataclass(frozen=True, slots=True)
class Answered:
    """What the app answered within three seconds: an HTTP status (0: nothing), and the body."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)


class Delivery(Protocol):
    """A way from Slack to the app."""

    async def deliver(self, kind: str, payload: dict[str, Any]) -> Answered:
        """Hand something over: `slash_commands`, `interactive` or `events_api`."""
        ...


@dataclass(slots=True)
class BySocket:
    """Over the app's newest websocket."""

    sandbox: Sandbox

    async def deliver(self, kind: str, payload: dict[str, Any]) -> Answered:
        """Send an envelope and wait for its acknowledgement."""
        answer = await self.sandbox.sockets.deliver(kind, payload, accepts_response_payload=True)
        return Answered(0) if answer is None else Answered(200, answer.get("payload") or {})


@dataclass(slots=True)
class ByHttp:
    """As signed requests to the app's request URL."""

    http: aiohttp.ClientSession
    url: str
    signing_secret: str

    async def deliver(self, kind: str, payload: dict[str, Any]) -> Answered:
        """Post it as Slack does: events as JSON, all else as forms."""
        return await self.post(*self.encoded(kind, payload))

    def encoded(self, kind: str, payload: dict[str, Any]) -> tuple[bytes, str]:
        """Give the body and its content type."""
        if kind == "events_api":
            return json.dumps(payload).encode(), "application/json"
        form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
        return urlencode(form).encode(), "application/x-www-form-urlencoded"

    async def post(self, body: bytes, content_type: str, **instead: str) -> Answered:
        """Post a body signed now; `instead` stands in for the right headers."""
        at = instead.get("X-Slack-Request-Timestamp", str(int(time.time())))
        base = b"v0:" + at.encode() + b":" + body
        digest = hmac.new(self.signing_secret.encode(), base, hashlib.sha256).hexdigest()
        signed = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={digest}"}
        headers = {"Content-Type": content_type, **signed, **instead}
        async with self.http.post(self.url, data=body, headers=headers) as answer:
            said = await answer.read()
            return Answered(answer.status, json.loads(said) if said.startswith(b"{") else {})


@dataclass(slots=True)
class Acting:
    """What people do; each call gives what the app answered at once."""

    sandbox: Sandbox
    way: Delivery

    async def command(self, user: str, text: str = "", **more: Any) -> Answered:
        """Type `/offboard …` in a channel."""
        surface, workspace = self.sandbox.workspace.surface, self.sandbox.workspace
        payload = {
            "command": "/offboard",
            "text": text,
            "user_id": user,
            "team_id": workspace.team_id,
            "channel_id": "CGENERAL",
            "api_app_id": APP_ID,
            "trigger_id": surface.trigger(user),
            "response_url": surface.hook(user, "commands"),
        }
        return await self.way.deliver("slash_commands", payload | more)

    async def press(
        self, user: str, message: dict[str, Any], act: str, value: str, *, ephemeral: bool = False
    ) -> Answered:
        """Press a button of a message; of an ephemeral one Slack does not hand over what it says."""
        _name_blocks(message["blocks"])
        hook = self.sandbox.workspace.surface.hook(user, "actions", message)
        payload: dict[str, Any] = {
            "actions": [_pressed(message["blocks"], act, value)],
            "container": {"type": "message", "is_ephemeral": ephemeral},
            "response_url": hook,
        }
        payload |= {} if ephemeral else {"message": {**message, "blocks": [*message["blocks"]]}}
        return await self._interact("block_actions", user, payload)

    async def press_at_home(self, user: str, act: str, value: str) -> Answered:
        """Press a button of one's Home tab."""
        shown = self.sandbox.workspace.surface.homes[user].view["blocks"]
        _name_blocks(shown)
        payload = {"actions": [_pressed(shown, act, value)], "container": {"type": "view"}}
        return await self._interact("block_actions", user, payload)

    async def choose(self, user: str, view: OpenView, name: str, values: dict[str, Any]) -> Answered:
        """Choose something in a field that tells the app at once."""
        action = {"type": "external_select", "action_id": name, "block_id": name}
        shown = as_payload(self.sandbox.workspace.team_id, view, values)
        payload = {"actions": [action], "container": {"type": "view"}, "view": shown}
        return await self._interact("block_actions", user, payload)

    async def submit(self, user: str, view: OpenView, values: dict[str, Any]) -> Answered:
        """Send a form; what the app answers takes the form's place, as Slack would show it."""
        shown = as_payload(self.sandbox.workspace.team_id, view, values)
        answered = await self._interact("view_submission", user, {"view": shown})
        if answered.body.get("response_action") == "update":
            view.view, view.hash = answered.body["view"], self.sandbox.workspace.surface.stamp()
        return answered

    async def suggest(self, user: str, name: str, typed: str) -> list[dict[str, Any]]:
        """Type into a field that looks things up; gives the choices."""
        payload = {"action_id": name, "block_id": name, "value": typed}
        answered = await self._interact("block_suggestion", user, payload)
        return list(answered.body.get("options", ()))

    async def open_home(self, user: str) -> Answered:
        """Open the app's Home tab."""
        event = {"type": "app_home_opened", "user": user, "tab": "home", "channel": f"D{user}"}
        body = {"type": "event_callback", "event_id": f"Ev{uuid.uuid4().hex[:10]}", "event": event}
        return await self.way.deliver("events_api", body | {"team_id": self.sandbox.workspace.team_id})

    async def _interact(self, kind: str, user: str, payload: dict[str, Any]) -> Answered:
        workspace = self.sandbox.workspace
        known = workspace.users.get(user)
        body = {
            "type": kind,
            "user": {"id": user, "team_id": known.team_id if known else workspace.team_id},
            "team": {"id": workspace.team_id, "domain": "sandbox"},
            "api_app_id": APP_ID,
            "trigger_id": workspace.surface.trigger(user),
        }
        return await self.way.deliver("interactive", body | payload)


def _name_blocks(blocks: list[dict[str, Any]]) -> None:
    """Give each block a name, as Slack does with what it shows."""
    for number, block in enumerate(blocks):
        block.setdefault("block_id", f"b{number}")


def _pressed(blocks: list[dict[str, Any]], act: str, value: str) -> dict[str, Any]:
    """Find the button; raises StopIteration where nobody could press it."""
    block = next(
        one
        for one in blocks
        for element in one.get("elements", ())
        if (element.get("action_id"), element.get("value", "")) == (act, value)
    )
    return {"type": "button", "block_id": block["block_id"], "action_id": act, "value": value}
