"""What every host must have alike: found out at the start, before anything is written."""

from __future__ import annotations

from typing import Final

from bot.app import Bawab
from bot.audit.keys import KeyProblem
from bot.store.query import add, columns, one
from bot.store.tables import MetaRow

KEY: Final = "audit_key"


async def same_key(app: Bawab) -> None:
    """Make sure that this host signs the audit log with the key all others sign it with.

    The first host's key is the one. Raises KeyProblem.
    """
    mine = app.audit.keys.fingerprint
    async with app.store.read() as tx:
        known = await one(tx, MetaRow, columns(MetaRow).key == KEY)
    if known is None:
        async with app.store.write() as tx:
            known = await one(tx, MetaRow, columns(MetaRow).key == KEY)
            if known is None:
                await add(tx, MetaRow(key=KEY, value=mine))
                return
    if known.value != mine:
        raise KeyProblem(
            f"this host would sign the audit log with the key {mine}, and the log in this database is "
            f"signed with {known.value}: copy audit-signing.key and audit-signing.pub from the data folder "
            f"of a host that works to {app.settings.data_dir}, mode 600, and start again"
        )
