"""A company after its first run, made once and copied: what every test of what comes later begins with."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from tests.bot.world import HEADER, World
from tests.postgres import on_sqlite, take_rows_over

Opening = Callable[[Path], AbstractAsyncContextManager[World]]


def settle(folder: Path, opening: Opening, *staff: str, header: str = HEADER) -> Path:
    """Open the company in a folder, get past its first run, and close it; to be called where no loop runs."""

    async def first_run() -> None:
        async with opening(folder) as world:
            world.drop(*staff, header=header)
            await world.settle_in()

    with on_sqlite():
        asyncio.run(first_run())
    return folder


def take_over(source: Path, folder: Path) -> None:
    """Give another folder what the first has on disk: database, log, keys and exports."""
    copy_files(source, folder)
    take_rows_over(source / "data" / "bawab.db")


def copy_files(source: Path, folder: Path) -> None:
    """Copy database, log, keys and exports, whatever database the test that is running has."""
    for name in ("data", "hr"):
        shutil.copytree(source / name, folder / name)
