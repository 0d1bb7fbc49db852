"""What keeps Bawab from hearing a platform: said once in the log, shown in the status until it is mended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.locale import N_, Translator
from bot.store.query import add, change, columns, one, table, where
from bot.store.tables import MetaRow

_PREFIX, _MISSED = "deaf:", "/missed"
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


async def trouble(app: Bawab, instance: str, key: str, detail: str = "") -> bool:
    """Say that an instance is not heard; True, and one entry in the log, where that is news."""
    slot = _slot(instance, key)
    mine = columns(MetaRow).key == slot
    value = {"key": key, "since": app.now().isoformat(), "detail": detail}
    async with app.store.write() as tx:
        before = await one(tx, MetaRow, mine)
        if before is not None and before.value["key"] == key:
            return False
        if before is None:
            await add(tx, MetaRow(key=slot, value=value))
        else:
            await change(tx, MetaRow, {"value": value}, mine)
        entry = Entry(Action.LISTEN_FAIL, "bawab", key, instance=instance, detail={"detail": detail})
        await app.audit.append(tx, entry)
    return True


async def heard(app: Bawab, instance: str, *keys: str) -> bool:
    """Say that an instance is heard again; only of the troubles named, where some are."""
    mine = columns(MetaRow).key == _slot(instance, keys[0] if keys else "")
    async with app.store.write() as tx:
        before = await one(tx, MetaRow, mine)
        if before is None or (keys and before.value["key"] not in keys):
            return False
        await tx.execute(delete(table(MetaRow)).where(mine))
        detail = {"was": before.value["key"]}
        await app.audit.append(tx, Entry(Action.LISTEN_RESUME, "bawab", instance=instance, detail=detail))
    return True


async def troubles(tx: AsyncConnection) -> list[Trouble]:
    """Give what keeps Bawab from hearing, by instance."""
    found = await where(tx, MetaRow, columns(MetaRow).key.startswith(_PREFIX, autoescape=True))
    return sorted((_trouble(row) for row in found), key=_order)


def _slot(instance: str, key: str) -> str:
    """What was missed stays to be caught up with, whatever becomes of hearing."""
    return f"{_PREFIX}{instance}" + (_MISSED if key == MISSED else "")


def trouble_text(key: str, t: Translator) -> str:
    """Say what is wrong and what to do."""
    return t.text(TROUBLES[key]) if key in TROUBLES else key


def _trouble(row: MetaRow) -> Trouble:
    since = datetime.fromisoformat(row.value["since"])
    return Trouble(
        row.key.removeprefix(_PREFIX).removesuffix(_MISSED), row.value["key"], since, row.value["detail"]
    )


def _order(found: Trouble) -> tuple[str, str]:
    return found.instance, found.key
