"""Who may work beside whom: on SQLite one `bawab run` alone, on PostgreSQL any number, but `--once` alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from filelock import FileLock, Timeout

from bot.app import Bawab
from bot.settings import SettingsProblem

ALONE: Final = "whole"
"""The lock that processes on one PostgreSQL share, and that one which must be alone takes."""


class AlreadyRunning(Exception):
    """Another process works where this one must be alone."""


@asynccontextmanager
async def only_one(app: Bawab, *, alone: bool = True) -> AsyncIterator[None]:
    """Hold the data folder, or the database where it is PostgreSQL; raises AlreadyRunning.

    On PostgreSQL a process may say that it need not be `alone`: its lanes and its clock are then divided.
    Raises KeyProblem there, where this host would sign the log with a key of its own.
    """
    if app.store.dialect == "postgresql":
        async with _among_others(app, alone=alone):
            yield
        return
    lock = FileLock(app.settings.data_dir / "bawab.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise AlreadyRunning(
            f"another `bawab run` works on {app.settings.data_dir}; stop it first, or set BAWAB_DATA_DIR"
        ) from None
    except OSError as error:
        raise SettingsProblem(f"{app.settings.data_dir} cannot be written ({error.strerror})") from None
    try:
        yield
    finally:
        lock.release()


@asynccontextmanager
async def _among_others(app: Bawab, *, alone: bool) -> AsyncIterator[None]:
    """Share or hold the database for as long as one connection of it lasts."""
    from bot.dispatch_alone import turn  # noqa: PLC0415 - most installs never need its driver
    from bot.dispatch_shared import same_key  # noqa: PLC0415 - as above

    async with turn(app.store.url, ALONE, shared=not alone) as held:
        if held is None:
            raise AlreadyRunning(_AMONG if alone else _ALONE)
        await same_key(app)
        yield


_AMONG = (
    "other processes work on this database, and `bawab run --once` must be alone: stop them first, or leave "
    "the work to them"
)
_ALONE = "`bawab run --once` works on this database, alone; wait for its end, then start this again"
