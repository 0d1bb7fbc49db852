"""How a bot fetches what it is told: getUpdates, one poller at a time and none beside a webhook."""

from __future__ import annotations

from connectors.chat.telegram.sandbox import shapes
from connectors.chat.telegram.sandbox.call import Call, Refused

LONGEST_POLL = 50
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first"
)


async def get_updates(call: Call) -> list[shapes.Json]:
    """Give what came since the offset, waiting for it up to `timeout` seconds."""
    inbox = call.bot.inbox
    if inbox.webhook:
        raise Refused(WEBHOOK_ACTIVE, 409)
    offset, limit = call.number("offset"), call.number("limit", 100, 1, 100)
    kinds = call.names("allowed_updates")
    if kinds is not None:
        inbox.allow(kinds)
    found = inbox.take(offset, limit)
    seconds = call.number("timeout", 0, 0, LONGEST_POLL)
    if found or not seconds:
        return found
    why = await inbox.wait(seconds)
    if why:
        raise Refused(why, 409)
    return inbox.take(offset, limit)
