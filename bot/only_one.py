"""One `bawab run` on one data folder: a second one is refused, wherever it was started from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from filelock import FileLock, Timeout

from bot.app import Bawab
from bot.settings import SettingsProblem


class AlreadyRunning(Exception):
    """Another `bawab run` holds this data folder."""


@asynccontextmanager
async def only_one(app: Bawab) -> AsyncIterator[None]:
    """Hold the data folder; a second `bawab run` on it is refused with AlreadyRunning."""
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
