"""A running service takes over a changed group registry, and writes down once that it changed or broke."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.groups.registry_shelf import RegistryShelf
from bot.notices.outbox import Outbox
from bot.store.query import add, change, columns, one
from bot.store.tables import LaneRow, MetaRow
from connectors.chat.manual import ManualConnector

KEY = "registry"
"""Under which the store remembers the registry that was last worked with."""


async def registry_news(app: Bawab, outbox: Outbox) -> None:
    """Look at the file; tell those who hold rows of it, and log what became of it. To be called each tick."""
    shelf = app.registered
    shelf.look()
    now = (shelf.digest, shelf.problem)
    if shelf.path is None or now == shelf.noted:
        return
    _tell(app, outbox)
    async with app.store.write() as tx:
        await _note(app, tx)
    shelf.noted = now


def _tell(app: Bawab, outbox: Outbox) -> None:
    outbox.take(app.registry)
    for connector in app.chat.values():
        if isinstance(connector, ManualConnector):
            connector.take(app.registry)


async def _note(app: Bawab, tx: AsyncConnection) -> None:
    shelf, meta = app.registered, columns(MetaRow)
    mended = shelf.noted is not None and shelf.noted[1] != "" and not shelf.problem
    if shelf.problem:
        await app.audit.append(tx, _entry(shelf, "refused"))
    known = await one(tx, MetaRow, meta.key == KEY)
    if known is None:
        await add(tx, MetaRow(key=KEY, value=shelf.digest))
    elif known.value != shelf.digest:
        await change(tx, MetaRow, {"value": shelf.digest}, meta.key == KEY)
        await _match_anew(app, tx)
        await app.audit.append(tx, _entry(shelf, "ok"))
    elif mended:
        await app.audit.append(tx, _entry(shelf, "ok"))


async def _match_anew(app: Bawab, tx: AsyncConnection) -> None:
    """Where only the registry knows who is in a group, whoever it now names must be tied to their record."""
    by_hand = [name for name, connector in app.chat.items() if not connector.capabilities.revokes]
    await change(tx, LaneRow, {"linked_feed": None}, columns(LaneRow).instance.in_(by_hand))


def _entry(shelf: RegistryShelf, outcome: str) -> Entry:
    # What is wrong with a row may quote it, and a row names people: the log says only which file it is.
    file = shelf.path.name if shelf.path else ""
    detail = {"file": file, "groups": len(shelf.rows), "digest": shelf.digest[:16]}
    return Entry(Action.REGISTRY_LOAD, "bawab", outcome=outcome, detail=detail)
