"""What a hold is about: which people, and which operators' platforms its release would change."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.concerns import concerns_of
from bot.notices.channels import EMAIL, kind_and_operator
from bot.settings import Settings
from bot.store.query import columns, where
from bot.store.tables import HoldRow, LinkRow, NoticeRow


async def concerned_by(tx: AsyncConnection, hold: HoldRow) -> frozenset[str]:
    """Give the employee ids of everybody a hold is about.

    A list of accounts to be confirmed is about nobody's departure: whoever is on it may be asked, too.
    """
    return (await concerns_of(tx, [hold]))[hold.digest].people


async def operators_changed(app: Bawab, tx: AsyncConnection, hold: HoldRow) -> frozenset[str]:
    """Give the operators on whose platforms somebody concerned has an account, as far as that is known."""
    ids, link = await concerned_by(tx, hold), columns(LinkRow)
    links = await where(tx, LinkRow, link.person_id.in_(ids) | (link.hold_digest == hold.digest))
    chats = set(app.settings.instance_names)
    return frozenset(operator_of(app.settings, row.instance) for row in links if row.instance in chats)


def operator_of(settings: Settings, name: str) -> str:
    """Say who runs a channel, by its configured name; what is not configured any more is its own operator."""
    platforms = {
        **dict.fromkeys(settings.slack, "slack"),
        **dict.fromkeys(settings.telegram, "telegram"),
        **dict.fromkeys(settings.teams, "teams"),
        **{each: manual.platform for each, manual in settings.manual.items()},
        **dict.fromkeys(settings.cards, "cards"),
        **dict.fromkeys(settings.webhooks, "hook"),
        EMAIL: "mail",
    }
    return kind_and_operator(platforms.get(name, name))[1]


async def lone_approvals(app: Bawab, tx: AsyncConnection) -> list[tuple[HoldRow, str]]:
    """Give the open holds whose approval travels only by what it changes, or reaches nobody, and which.

    The word is `not_independent` or `nobody_reached`. Without staff nobody is asked, and nothing is given.
    """
    open_ones = [columns(HoldRow).released_at.is_(None), columns(HoldRow).withdrawn_at.is_(None)]
    found = []
    for hold in await where(tx, HoldRow, *open_ones):
        copies = await where(tx, NoticeRow, columns(NoticeRow).hold_digest == hold.digest)
        if not copies:
            continue
        alive = {row.instance for row in copies if row.state != "undeliverable"}
        by = {operator_of(app.settings, one) for one in alive}
        changed = await operators_changed(app, tx, hold)
        if not by:
            found.append((hold, "nobody_reached"))
        elif changed and by <= changed:
            found.append((hold, "not_independent"))
    return found
