"""The database is its owner's alone, and what a terminal is told cannot take it over."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store.db import Store
from bot.store.migrate import migrate
from bot.surfaces.cli.desk import Desk, Options


@pytest.fixture
def lax_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: mode(path) for path in folder.iterdir()}


@pytest.mark.usefixtures("lax_umask")
async def test_the_database_is_made_for_its_owner_alone_whatever_the_folder_allows(tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o755)  # noqa: PTH101, S103 - the folder an administrator made
    store = Store.at(tmp_path / "bawab.db")
    try:
        await migrate(store)
        made = modes(tmp_path)
    finally:
        await store.aclose()
    assert made == dict.fromkeys(("bawab.db", "bawab.db-wal", "bawab.db-shm"), 0o600)


def test_a_database_others_could_read_is_closed_to_them_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "bawab.db"
    path.touch()
    path.chmod(0o664)
    Store.at(path)
    assert mode(path) == 0o600


def test_no_escape_sequence_reaches_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk(Options(lang="en"))
    evil = "sales\x1b]0;owned\x07\x1b[2J\x9b1m"
    desk.print(evil)
    desk.say(evil)
    desk.table(["Group"], [[evil]])
    told = capsys.readouterr()
    assert told.out.count("sales") == 2
    assert told.err.count("sales") == 1
    assert not {"\x1b", "\x07", "\x9b"} & set(told.out + told.err)
