"""What keeps a platform from being heard, in words: what is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from bot.locale import N_, Translator

PREFIX, _MISSED = "deaf:", "/missed"
"""How the store names a trouble: one before the instance, one behind it where events were lost."""
MISSED = "events_missed"

TROUBLES: Mapping[str, str] = MappingProxyType(
    {
        "two_pollers": N_(
            "another program reads this bot's updates too, and Telegram lets only one: stop the other one"
        ),
        "webhook_active": N_(
            "a webhook is set for this bot, so its updates cannot be fetched: set UPDATES=webhook, or "
            "take the webhook away with Telegram's deleteWebhook"
        ),
        "webhook_refused": N_(
            "Telegram does not take the webhook: see that WEBHOOK_URL is https and reachable"
        ),
        "bad_token": N_("Telegram does not accept the bot's token"),
        "unreachable": N_("the platform cannot be reached"),
        "socket_refused": N_(
            "Slack does not accept the app-level token: make one with the scope connections:write (Slack app "
            "> Basic Information > App-Level Tokens), set APP_TOKEN, and start again"
        ),
        "socket_disabled": N_(
            "Socket Mode is switched off for this Slack app: switch it on (Slack app > Socket Mode), or take "
            "APP_TOKEN out and let Slack reach BAWAB_LISTEN"
        ),
        "subscription_refused": N_(
            "Microsoft does not take the subscription: see that NOTIFICATION_URL is https and reachable, and "
            "run `bawab check`"
        ),
        MISSED: N_("Microsoft lost notifications: run `bawab reconcile` to look at everybody"),
    }
)
"""By key: what is wrong, and what to do."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What keeps an instance from being heard, since when."""

    instance: str
    key: str
    since: datetime
    detail: str = ""


def trouble_text(key: str, t: Translator) -> str:
    """Say what is wrong and what to do."""
    return t.text(TROUBLES[key]) if key in TROUBLES else key


def slot_of(instance: str, key: str) -> str:
    """Name what the store remembers; what was missed stays to be caught up with, whatever is heard since."""
    return f"{PREFIX}{instance}" + (_MISSED if key == MISSED else "")


def trouble_of(slot: str, value: Mapping[str, Any]) -> Trouble:
    """Read what the store remembers under `slot`."""
    instance = slot.removeprefix(PREFIX).removesuffix(_MISSED)
    return Trouble(instance, value["key"], datetime.fromisoformat(value["since"]), value["detail"])


def by_instance(found: Trouble) -> tuple[str, str]:
    """Order troubles by instance, for `sorted`."""
    return found.instance, found.key
