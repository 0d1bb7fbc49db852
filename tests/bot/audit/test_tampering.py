"""Whatever is done to the log by hand, verification finds it, names the entry, and says it in words."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace

import pytest

from bot.audit.chain import entry_hash
from bot.audit.head import Head, read_head, witnessed
from bot.audit.keys import SigningKeys
from bot.store.audit_tables import COLUMNS
from tests.bot.audit.conftest import Bench, removal


async def test_an_untouched_log_verifies(ten: Bench) -> None:
    found = await ten.verify()
    assert (found.ok, found.entries, found.findings) == (True, 10, ())
    assert found.head is not None
    assert (found.head.seq, found.checkpoints) == (10, 5)  # the head, two witnessed, the same two stored


async def test_an_empty_log_verifies(bench: Bench) -> None:
    assert (await bench.verify()).ok


@pytest.mark.parametrize("column", [name for name in COLUMNS if name != "seq"])
async def test_an_edit_of_any_column_is_found_and_the_entry_named(ten: Bench, column: str) -> None:
    ten.tamper(f"UPDATE audit_entry SET {column} = {column} || 'x' WHERE seq = 4")  # noqa: S608 - a column of ours
    found = await ten.verify()
    assert [problem.seq for problem in found.findings] == [4]
    assert "entry 4 (2026-11-21T15:00:0" in found.findings[0].message


@pytest.mark.parametrize("column", [name for name in COLUMNS if name not in {"seq", "hash"}])
async def test_emptying_a_column_is_found(ten: Bench, column: str) -> None:
    ten.tamper(f"UPDATE audit_entry SET {column} = '' WHERE seq = 4")  # noqa: S608 - a column of ours
    assert [seq for _, seq in await ten.problems()] == [4]


async def test_an_empty_text_made_null_is_found(bench: Bench) -> None:
    await bench.write(replace(removal(1), rule=""), removal(2))
    bench.tamper("UPDATE audit_entry SET rule = NULL WHERE seq = 1")
    assert await bench.problems() == [("edited", 1)]


async def test_bytes_that_are_no_text_are_found_and_do_not_stop_the_verification(ten: Bench) -> None:
    ten.tamper("UPDATE audit_entry SET group_name = CAST(x'ff00fe' AS TEXT) WHERE seq = 4")
    assert await ten.problems() == [("edited", 4)]


async def test_text_turned_into_bytes_is_found(ten: Bench) -> None:
    ten.tamper("UPDATE audit_entry SET platform = CAST(platform AS BLOB) WHERE seq = 4")
    assert await ten.problems() == [("edited", 4)]


async def test_a_changed_number_is_found(ten: Bench) -> None:
    ten.tamper("UPDATE audit_entry SET seq = 14 WHERE seq = 4")
    codes = await ten.problems()
    assert ("missing", 4) in codes
    assert ("missing", 11) in codes


async def test_a_number_before_the_first_is_found(ten: Bench) -> None:
    ten.tamper("UPDATE audit_entry SET seq = -4 WHERE seq = 4")
    assert await ten.problems() == [("displaced", -4), ("missing", 4)]


async def test_a_deletion_in_the_middle_is_found_and_placed(ten: Bench) -> None:
    ten.tamper("DELETE FROM audit_entry WHERE seq IN (3, 4)")
    found = await ten.verify()
    assert [(problem.code, problem.seq) for problem in found.findings] == [("missing", 3)]
    assert "entries 3 to 4 are missing: deleted after entry 2 (" in found.findings[0].message


async def test_a_deletion_closed_up_by_renumbering_is_found(ten: Bench) -> None:
    ten.tamper("DELETE FROM audit_entry WHERE seq = 3", "UPDATE audit_entry SET seq = seq - 1 WHERE seq > 3")
    codes = await ten.problems()
    assert codes[0] == ("displaced", 3)
    assert codes[-1] == ("cut_tail", 10)


async def test_two_swapped_entries_are_found_and_both_named(ten: Bench) -> None:
    ten.tamper(
        "UPDATE audit_entry SET seq = -1 WHERE seq = 3",
        "UPDATE audit_entry SET seq = 3 WHERE seq = 7",
        "UPDATE audit_entry SET seq = 7 WHERE seq = -1",
    )
    codes = await ten.problems()
    assert ("displaced", 3) in codes
    assert ("displaced", 7) in codes


async def test_an_edit_with_its_own_hash_recomputed_is_found(ten: Bench) -> None:
    ten.tamper("UPDATE audit_entry SET outcome = 'failed' WHERE seq = 4")
    (row,) = (row for row in ten.rows() if row["seq"] == 4)
    ten.tamper(("UPDATE audit_entry SET hash = ? WHERE seq = 4", (entry_hash(row),)))
    assert await ten.problems() == [("rewritten", 4)]


async def test_a_first_entry_that_follows_something_is_found(ten: Bench) -> None:
    row = {**ten.rows()[0], "prev_hash": "1" * 64}
    values = (row["prev_hash"], entry_hash(row))
    ten.tamper(("UPDATE audit_entry SET prev_hash = ?, hash = ? WHERE seq = 1", values))
    found = await ten.verify()
    assert [(problem.code, problem.seq) for problem in found.findings] == [("rewritten", 1), ("rewritten", 1)]
    assert "does not begin the chain" in found.findings[0].message


async def test_a_whole_chain_recomputed_is_caught_by_every_signed_head(ten: Bench) -> None:
    ten.tamper("UPDATE audit_entry SET outcome = 'failed' WHERE seq = 4")
    ten.rechain(4)
    found = await ten.verify()
    assert [(problem.code, problem.seq) for problem in found.findings] == [
        ("rewritten", 10),  # by the head file
        ("rewritten", 5),  # by the witness file
        ("rewritten", 5),  # by the checkpoints in the database
    ]


async def test_a_cut_tail_is_found(ten: Bench) -> None:
    ten.tamper("DELETE FROM audit_entry WHERE seq > 8", "DELETE FROM audit_head WHERE seq > 8")
    found = await ten.verify()
    assert [(problem.code, problem.seq) for problem in found.findings] == [("cut_tail", 9)]
    assert "entries 9 to 10 are missing at the end" in found.findings[0].message


async def test_an_emptied_log_is_found(ten: Bench) -> None:
    ten.tamper("DELETE FROM audit_entry", "DELETE FROM audit_head")
    assert await ten.problems() == [("cut_tail", 1)]


async def test_a_cut_tail_with_an_older_head_put_back_is_found_by_the_witness(bench: Bench) -> None:
    for number in range(1, 9):
        await bench.write(removal(number))
    shutil.copy(bench.log.head_path, bench.directory / "older-head")
    await bench.write(removal(9), removal(10))
    await bench.log.checkpoint("run")
    bench.tamper("DELETE FROM audit_entry WHERE seq > 8", "DELETE FROM audit_head")
    shutil.copy(bench.directory / "older-head", bench.log.head_path)
    found = await bench.verify()
    assert [(problem.code, problem.seq) for problem in found.findings] == [("cut_tail", 9)]
    assert "the witness file" in found.findings[0].message


async def test_an_older_database_put_back_is_found_even_when_bawab_went_on_from_it(ten: Bench) -> None:
    with_ten = ten.database.with_name("backup.db")
    ten.tamper("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(ten.database, with_ten)
    await ten.write(removal(11), removal(12))
    await ten.store.aclose()
    shutil.copy(with_ten, ten.database)
    assert await ten.problems() == [("cut_tail", 11)]
    for number in (21, 22, 23):
        await ten.write(removal(number))
    assert await ten.problems() == [("rewritten", 12)]


async def test_a_cut_witness_file_is_found(ten: Bench) -> None:
    lines = ten.log.witness_path.read_text().splitlines(keepends=True)
    ten.log.witness_path.write_text(lines[0])
    assert await ten.problems() == [("witness_missing", 10)]
    ten.log.witness_path.unlink()
    assert await ten.problems() == [("witness_missing", 5), ("witness_missing", 10)]


async def test_swapped_and_damaged_witness_lines_are_found(ten: Bench) -> None:
    lines = ten.log.witness_path.read_text().splitlines(keepends=True)
    ten.log.witness_path.write_text("".join(reversed(lines)))
    assert ("witness_disordered", 5) in await ten.problems()
    ten.log.witness_path.write_text(lines[0] + "{}\n" + lines[1])
    assert await ten.problems() == [("witness_unreadable", None)]


@pytest.mark.parametrize(
    "line", ["{}\n", "[]\n", '{"seq":"7","hash":"","at":"","reason":"","signature":""}\n', "\n"]
)
async def test_a_line_that_is_no_checkpoint_is_found_at_the_end_too(ten: Bench, line: str) -> None:
    with ten.log.witness_path.open("a") as witness:
        witness.write(line)
    assert await ten.problems() == [("witness_unreadable", None)]


async def test_what_is_witnessed_while_the_log_is_verified_is_left_to_the_next_time(ten: Bench) -> None:
    size = ten.log.witness_path.stat().st_size
    await ten.write(removal(11))
    await ten.log.checkpoint("run 11")
    seen = [head.seq for head in witnessed(ten.log.witness_path, size=size) if isinstance(head, Head)]
    assert seen == [5, 10]


async def test_checkpoints_deleted_from_the_database_are_found(ten: Bench) -> None:
    ten.tamper("DELETE FROM audit_head WHERE seq = 5")
    assert await ten.problems() == [("checkpoint_missing", 5)]


async def test_an_edited_checkpoint_in_the_database_is_found(ten: Bench) -> None:
    ten.tamper("UPDATE audit_head SET reason = 'another' WHERE seq = 5")
    assert await ten.problems() == [("forged_head", 5)]


async def test_a_missing_head_file_is_found_when_entries_exist(ten: Bench) -> None:
    ten.log.head_path.unlink()
    assert await ten.problems() == [("head_missing", None)]


async def test_a_damaged_head_file_is_found_and_not_overwritten_by_the_next_entry(ten: Bench) -> None:
    ten.log.head_path.write_text("{")
    await ten.write(removal(11))
    assert await ten.problems() == [("head_unreadable", None)]


async def test_a_forged_head_is_found(ten: Bench) -> None:
    ten.tamper("DELETE FROM audit_entry WHERE seq > 8", "DELETE FROM audit_head WHERE seq > 8")
    other = SigningKeys.open(ten.directory / "other", entries=0)
    last = ten.rows()[-1]
    forged = Head.signed(other, seq=8, hash=last["hash"], at=last["at"], reason="head")
    ten.log.head_path.write_bytes(forged.line())
    assert await ten.problems() == [("forged_head", 8), ("cut_tail", 9)]


@pytest.mark.parametrize("name", ["seq", "hash", "at", "reason", "signature"])
async def test_every_field_of_a_head_is_under_its_signature(ten: Bench, name: str) -> None:
    head = read_head(ten.log.head_path)
    assert head is not None
    fields = asdict(head)
    fields[name] = fields[name] - 1 if name == "seq" else "0" + fields[name][1:] + "0"
    ten.log.head_path.write_text(json.dumps(fields))
    assert [code for code, _ in await ten.problems()] == ["forged_head"]


async def test_a_quick_look_at_start_finds_a_cut_tail_without_reading_the_chain(ten: Bench) -> None:
    ten.tamper("DELETE FROM audit_entry WHERE seq > 8", "DELETE FROM audit_head WHERE seq > 8")
    found = await ten.log.verify(heads_only=True)
    assert [problem.code for problem in found.findings] == ["cut_tail"]
    assert found.entries == 0


async def test_only_the_first_hundred_of_many_findings_are_kept_but_all_are_counted(bench: Bench) -> None:
    await bench.write(*(removal(number) for number in range(1, 151)))
    bench.tamper("UPDATE audit_entry SET actor = 'nobody'")
    found = await bench.verify()
    assert (len(found.findings), found.problems) == (100, 150)
