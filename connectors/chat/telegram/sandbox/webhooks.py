"""How a bot is sent what it is told: setWebhook, and a courier that tries until it is answered 2xx."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
from yarl import URL

from connectors.chat.telegram.sandbox import shapes
from connectors.chat.telegram.sandbox.call import Call, Refused
from connectors.chat.telegram.sandbox.inbox import DEFAULT_KINDS, Inbox

PORTS = frozenset({443, 80, 88, 8443})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
FIRST_RETRY = 0.02
"""Seconds before the first retry here; the real server waits longer, and longer each time."""


@dataclass(slots=True)
class Courier:
    """Delivers one bot's updates to one address, in order, each until it is taken."""

    inbox: Inbox
    secret: str
    now: Callable[[], float]
    attempts: int = 0
    last_error: str = ""
    last_error_date: int = 0
    task: asyncio.Task[None] | None = None

    async def deliver(self) -> None:
        """Deliver for ever; whoever takes the webhook away cancels this."""
        async with aiohttp.ClientSession(trust_env=False) as session:
            while True:
                self.inbox.arrived.clear()
                if not self.inbox.updates:
                    await self.inbox.arrived.wait()
                    continue
                await self._try(session)

    async def _try(self, session: aiohttp.ClientSession) -> None:
        update = self.inbox.updates[0]
        headers = {SECRET_HEADER: self.secret} if self.secret else {}
        self.attempts += 1
        try:
            async with session.post(self.inbox.webhook, json=update, headers=headers) as answer:
                problem = "" if 200 <= answer.status < 300 else f"{answer.status} {answer.reason}"
        except aiohttp.ClientError:
            problem = "Connection refused"
        if not problem:
            self.attempts = 0
            self.inbox.take(update["update_id"] + 1, 1)
            return
        self.last_error, self.last_error_date = f"Wrong response from the webhook: {problem}", int(self.now())
        await asyncio.sleep(min(1.0, FIRST_RETRY * 2 ** min(self.attempts, 6)))

    def stop(self) -> None:
        """Deliver nothing more."""
        if self.task is not None:
            self.task.cancel()


def set_webhook(call: Call) -> bool:
    """Send updates to an address from now on, fetching no longer; an empty one takes the webhook away."""
    url, secret = call.text("url"), call.text("secret_token")
    if not url:
        return delete_webhook(call)
    _check(url, secret)
    kinds = call.names("allowed_updates")
    inbox = call.bot.inbox
    if kinds is not None:
        inbox.allow(kinds)
    if call.flag("drop_pending_updates"):
        inbox.updates.clear()
    call.bring_about(lambda: _start(call, url, secret))
    return True


def delete_webhook(call: Call) -> bool:
    """Go back to fetching."""
    if call.flag("drop_pending_updates"):
        call.bot.inbox.updates.clear()
    call.bring_about(lambda: _stop(call))
    return True


def get_webhook_info(call: Call) -> shapes.Json:
    """Give where updates go, how many wait, and what went wrong last."""
    inbox, courier = call.bot.inbox, call.bot.courier
    info: shapes.Json = {"url": inbox.webhook, "has_custom_certificate": False}
    info["pending_update_count"] = len(inbox.updates)
    if inbox.webhook:
        info |= {"max_connections": 40, "ip_address": "127.0.0.1"}
    if courier is not None and courier.last_error:
        info |= {"last_error_date": courier.last_error_date, "last_error_message": courier.last_error}
    if inbox.allowed != DEFAULT_KINDS:
        info["allowed_updates"] = sorted(inbox.allowed)
    return info


def _start(call: Call, url: str, secret: str) -> None:
    _stop(call)
    inbox = call.bot.inbox
    inbox.webhook = url
    inbox.interrupt("Conflict: terminated by setWebhook request")
    courier = call.bot.courier = Courier(inbox, secret, call.world.now)
    courier.task = asyncio.get_running_loop().create_task(courier.deliver())


def _stop(call: Call) -> None:
    if call.bot.courier is not None:
        call.bot.courier.stop()
        call.bot.courier = None
    call.bot.inbox.webhook = ""


def _check(url: str, secret: str) -> None:
    try:
        parsed = URL(url)
    except ValueError:
        raise Refused("Bad Request: invalid webhook URL specified") from None
    if not parsed.host:
        raise Refused("Bad Request: invalid webhook URL specified")
    if len(secret) > 256:
        raise Refused("Bad Request: secret token is too long")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
        raise Refused("Bad Request: secret token contains unallowed characters")
    if parsed.host in LOOPBACK:
        return  # Nobody listens on the real ports here, and nobody else can hear.
    if parsed.scheme != "https":
        raise Refused("Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    if parsed.port not in PORTS:
        raise Refused("Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
