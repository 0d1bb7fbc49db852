"""A look stands on what was found well and has not changed since; on anything else the full reading does."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.glance.ground import MEMORY, given_variables
from bot.glance.look import look
from bot.settings import Settings
from bot.surfaces.cli.exit_codes import ExitCode
from tests.bot.cli.shop import Shop, open_shop
from tests.postgres import on_sqlite

HR = (
    "E1,Ana Quispe,ana@corp.test,Sales,terminated,2026-01-05,",
    "E2,نورة القحطاني,noura@corp.test,Research,active,,",
)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A company whose first run is held, after one full reading of its status."""
    folder = tmp_path_factory.mktemp("known")
    with on_sqlite(), open_shop(folder) as opened:
        opened.drop(*HR)
        opened.run_once()
        assert opened.bawab("status").code == 0
    return opened


@pytest.fixture
def shop(known: Shop) -> Shop:
    """The same, whatever a test before did to its settings; its status was read in full and found well."""
    (known.folder / "policy.yaml").chmod(0o644)
    known.write_settings()
    with on_sqlite():
        assert known.bawab("status").code == 0
    assert look(known.env_file) is not None
    return known


@pytest.mark.parametrize("words", [(), ("--json",), ("--lang", "ar"), ("--lang", "ar", "--json")])
def test_a_look_says_what_the_full_reading_says_in_either_language(
    shop: Shop, words: tuple[str, ...]
) -> None:
    seen = shop.bawab("status", *words)
    (shop.folder / "data" / MEMORY).unlink()
    full = shop.bawab("status", *words)
    assert "E1" not in seen.out or "--json" in words
    assert len(full.out.splitlines()) > 2
    assert (seen.code, seen.out, seen.err) == (full.code, full.out, full.err)


def broken_settings(shop: Shop) -> None:
    shop.write_settings(LANGUAGE="fr")


def other_settings(shop: Shop) -> None:
    shop.write_settings(TIME_ZONE="Africa/Cairo")


def registry_named(shop: Shop) -> None:
    shop.write_settings(REGISTRY=str(shop.folder / "none.yaml"))


def wide_open(shop: Shop) -> None:
    (shop.folder / "data" / "bawab.db").chmod(0o644)


def moved(shop: Shop) -> None:
    (shop.folder / "data" / "database-moved.json").write_text("{}")


def older_tables(shop: Shop) -> None:
    memory = shop.folder / "data" / MEMORY
    kept = json.loads(memory.read_bytes())
    kept["ground"]["schema"] = "0003"
    memory.write_text(json.dumps(kept))


def damaged_memory(shop: Shop) -> None:
    (shop.folder / "data" / MEMORY).write_text('{"mark": ')


@pytest.mark.parametrize(
    "change",
    [broken_settings, other_settings, registry_named, wide_open, moved, older_tables, damaged_memory],
)
def test_whatever_has_changed_is_judged_in_full(shop: Shop, change: Callable[[Shop], None]) -> None:
    try:
        change(shop)
        assert look(shop.env_file) is None
    finally:
        (shop.folder / "data" / "database-moved.json").unlink(missing_ok=True)
        (shop.folder / "data" / "bawab.db").chmod(0o600)


def test_a_policy_that_breaks_is_said_by_the_next_status(shop: Shop) -> None:
    policy = shop.folder / "policy.yaml"
    text = policy.read_text(encoding="utf-8")
    policy.write_text(text.replace("action: remove", "action: remvoe"), encoding="utf-8")
    try:
        assert look(shop.env_file) is None
        assert shop.bawab("status").code != ExitCode.DONE
        assert look(shop.env_file) is None  # what was not found well is not remembered as such
    finally:
        policy.write_text(text, encoding="utf-8")


def test_a_registry_that_cannot_be_read_is_said_again_and_again(shop: Shop) -> None:
    registry = shop.folder / "groups.yaml"
    registry.write_text("groups: [", encoding="utf-8")
    shop.write_settings(REGISTRY=str(registry))
    for _ in range(2):
        assert "The group registry cannot be read" in shop.bawab("status").out
        assert look(shop.env_file) is None


def test_a_damaged_database_is_left_to_the_full_reading(shop: Shop) -> None:
    file = shop.folder / "data" / "bawab.db"
    whole = file.read_bytes()
    try:
        file.write_bytes(b"no database" * 1000)
        assert look(shop.env_file) is None
    finally:
        file.write_bytes(whole)


def test_a_look_writes_nothing_and_waits_for_no_writer(shop: Shop) -> None:
    writer = sqlite3.connect(shop.folder / "data" / "bawab.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM feed")
    before = look(shop.env_file)
    writer.execute("ROLLBACK")
    writer.close()
    assert before is not None
    assert before.status.feeds


def test_settings_are_found_where_the_settings_themselves_find_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / ".env"
    file.write_text('bawab_data_dir="one two" # here\nexport BAWAB_TIME_ZONE=Asia/Riyadh\nBAWAB_STAFF=\n')
    monkeypatch.setenv("Bawab_Registry", "groups.yaml")
    monkeypatch.setenv("BAWAB_TIME_ZONE", "")
    settings, given = Settings(), given_variables(None)
    assert given["BAWAB_DATA_DIR"] == str(settings.data_dir) == "one two"
    assert given["BAWAB_TIME_ZONE"] == settings.time_zone == "Asia/Riyadh"
    assert given["BAWAB_REGISTRY"] == str(settings.registry)
    assert "BAWAB_STAFF" not in given
    assert settings.staff is None
