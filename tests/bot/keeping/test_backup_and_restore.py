"""Backups are whole or not there; restored, they say what they cannot know, and nothing is done twice."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from filelock import FileLock

from bot.outcomes import StepView, after_sight
from bot.states import StepState
from connectors.contract import Evidence, Presence, Quality, Sight
from policies.model import StepAction
from tests.bot.cli.shop import Answer, Shop
from tests.bot.keeping.conftest import LEAVER, STAFF

ROOT = Path(__file__).parents[3]
BAWAB = (sys.executable, "-m", "bot.surfaces.cli.main")


def backed_up(shop: Shop, *more: str) -> Path:
    made = shop.bawab("backup", str(shop.folder / "kept"), "--json", *more)
    assert made.code == 0, made.err
    return Path(made.data["path"])


def rows(shop: Shop, query: str) -> list[Any]:
    with closing(sqlite3.connect(shop.folder / "data" / "bawab.db")) as connection:
        return connection.execute(query).fetchall()


def change(shop: Shop, statement: str) -> None:
    with closing(sqlite3.connect(shop.folder / "data" / "bawab.db")) as connection, connection:
        connection.execute(statement)


def lose(shop: Shop) -> None:
    """A new machine: nothing of the installation is left but its settings and policies."""
    shutil.rmtree(shop.folder / "data")


def ok(answer: Answer) -> Any:
    assert answer.code == 0, (answer.out, answer.err)
    return answer


def test_a_backup_holds_everything_is_its_owners_alone_and_is_logged(shop: Shop) -> None:
    (shop.folder / "data" / "quarantine").mkdir(exist_ok=True)
    (shop.folder / "data" / "quarantine" / "feed_1.csv").write_text("a", encoding="utf-8")
    kept = backed_up(shop, "--keep-days", "30")
    manifest = orjson.loads((kept / "manifest.json").read_bytes())
    names = {one["path"] for one in manifest["files"]}
    assert names == {
        "bawab.db",
        "audit-head.json",
        "audit-signing.key",
        "audit-signing.pub",
        "files/policies/policy.yaml",
        "quarantine/feed_1.csv",
    } | ({"audit-witness.jsonl"} & names)
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in [kept, *kept.rglob("*")]} == {0}
    assert manifest["entries"] == rows(shop, "SELECT max(seq) FROM audit_entry")[0][0] - 1
    logged = shop.bawab("audit", "search", "action:backup.make", "--json").data["entries"][0]
    assert (logged["outcome"], logged["detail"]["hash"]) == ("ok", manifest["hash"])
    assert manifest["expires_at"][:10] > manifest["made_at"][:10]


def test_restored_on_a_new_machine_it_works_on_and_its_log_verifies(shop: Shop) -> None:
    kept = backed_up(shop)
    lose(shop)
    done = ok(shop.bawab("restore", str(kept), "--json")).data
    assert (done["found"]["ok"], done["whole"], done["lost_entries"]) == (True, True, 0)
    assert done["earlier_was_read"] is False
    assert ok(shop.bawab("audit", "verify", "--json")).data["ok"]
    assert shop.run_once().code in (0, 3)
    assert ok(shop.bawab("audit", "verify", "--json")).data["ok"]
    assert stat.S_IMODE((shop.folder / "data" / "audit-signing.key").stat().st_mode) == 0o600


def test_an_older_log_than_the_head_says_so_in_an_entry_and_verifies(shop: Shop) -> None:
    kept = backed_up(shop)
    ok(shop.bawab("notices", "stop"))
    ok(shop.bawab("notices", "start"))
    signed = orjson.loads((shop.folder / "data" / "audit-head.json").read_bytes().split(b"\n")[0])
    done = ok(shop.bawab("restore", str(kept), "--replace", "--json")).data
    assert done["lost_entries"] >= 2
    entry = ok(shop.bawab("audit", "search", "action:backup.restore", "--json")).data["entries"][0]
    assert entry["detail"]["entries"] < entry["detail"]["head_before"]["seq"]
    assert entry["detail"]["head_before"]["genuine"] is True
    assert entry["detail"]["head_before"]["seq"] >= signed["seq"]
    assert ok(shop.bawab("audit", "verify", "--json")).data["ok"]
    aside = Path(done["aside"])
    assert (aside / "audit-head.json").exists()  # what proves how far the log went is kept
    assert (aside / "bawab.db").exists()


def test_a_witness_on_another_disk_is_kept_and_a_new_one_goes_on(shop: Shop) -> None:
    witness = shop.folder / "elsewhere" / "witness.jsonl"
    witness.parent.mkdir()
    shop.write_settings(WITNESS=str(witness))
    ok(shop.bawab("notices", "stop"))
    kept = backed_up(shop)
    ok(shop.bawab("notices", "start"))
    ok(shop.bawab("restore", str(kept), "--replace"))
    assert ok(shop.bawab("audit", "verify", "--json")).data["ok"]
    assert witness.exists()


def test_an_installation_is_never_written_over(shop: Shop) -> None:
    kept = backed_up(shop)
    before = rows(shop, "SELECT max(seq) FROM audit_entry")
    answer = shop.bawab("restore", str(kept))
    assert (answer.code, "--replace" in answer.err) == (5, True)
    with FileLock(shop.folder / "data" / "bawab.lock"):
        assert shop.bawab("restore", str(kept), "--replace").code == 5
    assert rows(shop, "SELECT max(seq) FROM audit_entry") == before


def test_it_is_restored_beside_a_running_one_with_to(shop: Shop) -> None:
    kept, trial = backed_up(shop), shop.folder / "trial"
    ok(shop.bawab("restore", str(kept), "--to", str(trial)))
    shop.write_settings(DATA_DIR=str(trial))
    assert ok(shop.bawab("audit", "verify", "--json")).data["ok"]


@pytest.mark.parametrize("damage", ["changed", "missing", "added", "no manifest"])
def test_a_damaged_backup_is_refused_and_nothing_is_changed(shop: Shop, damage: str) -> None:
    kept = backed_up(shop)
    if damage == "changed":
        with (kept / "bawab.db").open("r+b") as file:
            file.seek(5000)
            file.write(b"x")
    elif damage == "missing":
        (kept / "audit-signing.pub").unlink()
    elif damage == "added":
        (kept / "audit-witness.jsonl.1").touch()
    else:
        (kept / "manifest.json").unlink()
    lose(shop)
    assert shop.bawab("restore", str(kept)).code == 5
    assert not (shop.folder / "data").exists()


def test_without_the_signing_key_the_key_is_asked_for(shop: Shop) -> None:
    kept = backed_up(shop, "--no-signing-key")
    assert not (kept / "audit-signing.key").exists()
    key = shop.folder / "key-from-the-safe"
    shutil.copy2(shop.folder / "data" / "audit-signing.key", key)
    lose(shop)
    refused = shop.bawab("restore", str(kept))
    assert (refused.code, "--signing-key" in refused.err) == (5, True)
    ok(shop.bawab("restore", str(kept), "--signing-key", str(key)))
    assert ok(shop.bawab("audit", "verify", "--json")).data["ok"]


def test_what_was_removed_after_the_backup_is_not_removed_again_nor_lost(shop: Shop) -> None:
    change(
        shop,
        "UPDATE step SET state = 'pending', acted = 'no', attempts = 0, verified_at = NULL, "
        "next_attempt_at = '2026-11-01T00:00:00.000000Z'",
    )
    change(shop, "UPDATE lifecycle_case SET state = 'executing', finished_at = NULL")
    waiting = rows(shop, "SELECT count(*) FROM step")[0][0]
    kept = backed_up(shop)
    shop.sandbox.workspace.channels["C-lunch"].members.remove("UANA")  # done after the backup
    lose(shop)
    done = ok(shop.bawab("restore", str(kept), "--json")).data
    assert done["to_look_at"] == waiting > 1
    change(shop, "UPDATE step SET next_attempt_at = '2026-11-01T00:00:00.000000Z'")  # two minutes later
    assert shop.run_once().code in (0, 3)
    states = dict(rows(shop, "SELECT json_extract(\"group\", '$.name'), state FROM step"))
    assert states["lunch"] == "already_absent"
    assert states["sales-riyadh"] == "verified_absent"
    kicks = [one for one in shop.sandbox.journal if one.method == "conversations.kick"]
    assert [one.params["channel"] for one in kicks] == ["C-sales-riyadh"]
    assert "UANA" not in shop.members("C-sales-riyadh")


def test_a_call_under_way_at_the_backup_is_not_made_again_before_hrs_files_are_read(shop: Shop) -> None:
    change(
        shop,
        "UPDATE step SET state = 'requested', acted = 'maybe', attempts = 1, verified_at = NULL, "
        "next_attempt_at = NULL WHERE json_extract(\"group\", '$.name') = 'lunch'",
    )
    change(shop, "UPDATE lifecycle_case SET state = 'executing', finished_at = NULL")
    kept = backed_up(shop)
    lose(shop)
    assert ok(shop.bawab("restore", str(kept), "--json")).data["to_look_at"] == 1
    shop.drop(*STAFF)  # HR took it back after the backup
    assert shop.run_once().code in (0, 3)
    change(shop, "UPDATE step SET next_attempt_at = '2026-11-01T00:00:00.000000Z' WHERE state != 'cancelled'")
    assert shop.run_once().code in (0, 3)
    assert not [one for one in shop.sandbox.journal if one.method == "conversations.kick"]
    assert "UANA" in shop.members("C-lunch")


def test_whoever_was_erased_since_is_erased_again(shop: Shop) -> None:
    kept = backed_up(shop)
    pseudonym = rows(shop, "SELECT pseudonym FROM subject WHERE person_id = 'E1'")[0][0]
    change(
        shop,
        "UPDATE subject SET person_id = NULL, key = NULL, destroyed_at = '2026-11-21T00:00:00Z' "
        "WHERE person_id = 'E1'",
    )
    done = ok(shop.bawab("restore", str(kept), "--replace", "--json")).data
    assert (done["erased_again"], done["earlier_was_read"]) == (1, True)
    found = rows(shop, f"SELECT person_id, key FROM subject WHERE pseudonym = '{pseudonym}'")  # noqa: S608
    assert found == [(None, None)]


def test_a_file_in_quarantine_is_released_from_where_it_is_now(shop: Shop) -> None:
    shop.drop()  # nobody in it: not healthy
    shop.run_once()
    kept_copies = rows(shop, "SELECT kept_copy FROM feed WHERE state = 'quarantined'")
    assert kept_copies
    kept, trial = backed_up(shop), shop.folder / "trial"
    lose(shop)
    ok(shop.bawab("restore", str(kept), "--to", str(trial)))
    with closing(sqlite3.connect(trial / "bawab.db")) as connection:
        query = "SELECT kept_copy FROM feed WHERE state = 'quarantined'"
        paths = [Path(row[0]) for row in connection.execute(query)]
    assert paths
    assert all(path.exists() and path.is_relative_to(trial) for path in paths)


def test_a_policy_that_differs_is_kept_beside_and_one_that_is_gone_is_put_back(shop: Shop) -> None:
    policy = shop.folder / "policy.yaml"
    kept, before = backed_up(shop), policy.read_bytes()
    policy.write_bytes(before + b"# newer\n")
    lose(shop)
    beside = ok(shop.bawab("restore", str(kept), "--json")).data["files_beside"]
    assert Path(beside[0]).read_bytes() == before
    assert policy.read_bytes() == before + b"# newer\n"
    lose(shop)
    policy.unlink()
    ok(shop.bawab("restore", str(kept)))
    assert policy.read_bytes() == before


def test_a_full_disk_is_said_and_leaves_nothing_half(shop: Shop) -> None:
    """A limit on the size of files makes the copy fail as a full disk does, in a process of its own."""
    small = f"ulimit -f 64; exec {' '.join(BAWAB)} --env-file {shop.env_file} backup {shop.folder / 'kept'}"
    done = subprocess.run(
        ["bash", "-c", small],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 5, done.stderr
    assert "left" in done.stderr
    assert not (shop.folder / "kept").exists()
    assert not list(shop.folder.glob(".*partial"))


def test_a_postgresql_is_backed_up_and_restored_into_another(
    shop: Shop, new_database: Callable[[], str]
) -> None:
    ok(shop.bawab("migrate-database", "--to", (url := new_database())))
    shop.write_settings(DATABASE_URL=url)
    kept = backed_up(shop)
    lose(shop)
    shop.write_settings(DATABASE_URL=new_database())
    done = ok(shop.bawab("restore", str(kept), "--json")).data
    assert done["found"]["ok"]
    assert not (shop.folder / "data" / "bawab.db").exists()
    assert ok(shop.bawab("audit", "verify", "--json")).data["ok"]
    assert shop.bawab("restore", str(kept), "--replace").code == 5  # not empty any more
    assert shop.run_once().code in (0, 3)


def test_a_backup_made_while_a_service_writes_is_of_one_moment(shop: Shop) -> None:
    shop.drop(LEAVER, *STAFF[1:], "E4,Sara,sara@corp.test,Sales,active,,")
    (shop.folder / "kept").mkdir()
    made = set()
    with subprocess.Popen(
        [*BAWAB, "--env-file", str(shop.env_file), "run", "--once"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as child:
        while child.poll() is None:
            made.add(backed_up(shop))
    assert made
    restored = shop.bawab("restore", str(max(made)), "--to", str(shop.folder / "trial"), "--json")
    assert ok(restored).data["whole"]


def test_what_cannot_be_looked_at_after_a_restore_is_done_as_planned() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    blind = Presence("s1", Sight.UNREADABLE, Evidence(Quality.UNKNOWN, now, "conversations.members"))
    never = StepView(StepAction.REVOKE, "no", 0, 1, now + timedelta(minutes=15))
    assert after_sight(never, blind, now).state is StepState.PENDING
    tried = StepView(StepAction.REVOKE, "maybe", 0, 1, now + timedelta(minutes=15))
    assert after_sight(tried, blind, now).state is StepState.OUTCOME_UNKNOWN
