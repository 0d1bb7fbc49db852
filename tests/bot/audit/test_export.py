"""An export is logged before it is handed out, safe to open, and proves itself to whoever receives it."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.audit.actions import Action
from bot.audit.export import LABEL, Exported, Format, export
from bot.audit.head import Head
from bot.audit.keys import PUBLIC_NAME, SigningKeys
from bot.audit.query import parse
from tests.bot.audit.conftest import Bench, at_work, removal


async def exported(bench: Bench, kind: Format, typed: str = "", *, reveal: bool = False) -> Exported:
    path, query = bench.directory / f"export.{kind}", parse(typed)
    return await export(bench.log, query, path, kind, actor="person:omar", reveal=reveal, reason="SOC 2")


def verify_export(path: Path) -> int:
    """Verify JSON lines with the standard library alone, as docs/audit-log.md tells a third party."""
    digest, before, count, end = hashlib.sha256(), "0" * 64, 0, None
    for line in path.read_bytes().splitlines(keepends=True):
        row = json.loads(line)
        if "end" in row:
            end = row
            break
        digest.update(line)
        told = b"bawab-audit-1\n"
        for name in sorted(set(row) - {"hash", "revealed"}):
            if row[name] is not None:
                text = str(row[name]).encode()
                told += f"{name}:{len(text)}:".encode() + text + b"\n"
        assert hashlib.sha256(told).hexdigest() == row["hash"], f"entry {row['seq']} was edited"
        assert row["prev_hash"] == before, f"entry {row['seq']} does not follow the one before"
        before, count = row["hash"], count + 1
    assert end is not None, "the export was cut off"
    assert (end["entries"], end["sha256"], end["head"]["hash"]) == (count, digest.hexdigest(), before)
    return count


async def test_a_third_party_verifies_the_chain_from_the_file_alone(ten: Bench) -> None:
    result = await exported(ten, Format.JSONL)
    assert verify_export(result.path) == result.entries == 11
    assert await ten.problems() == []


@pytest.mark.parametrize("line", range(12))
async def test_any_changed_or_missing_line_is_seen_by_the_third_party(ten: Bench, line: int) -> None:
    path = (await exported(ten, Format.JSONL)).path
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:line] + lines[line + 1 :]))
    with pytest.raises(AssertionError):
        verify_export(path)
    changed = lines[line].replace(b'"outcome":"', b'"outcome":"x').replace(b'"entries":11', b'"entries":12')
    path.write_bytes(b"".join([*lines[:line], changed, *lines[line + 1 :]]))
    with pytest.raises(AssertionError):
        verify_export(path)


async def test_the_last_line_is_signed(ten: Bench) -> None:
    result = await exported(ten, Format.JSONL)
    end = json.loads(result.path.read_bytes().splitlines()[-1])
    public = SigningKeys.open_public(ten.directory / PUBLIC_NAME)
    assert end["end"] == LABEL
    assert end["key"] == public.fingerprint
    assert Head(**end["head"]) == result.head
    assert result.head.genuine(public)
    assert not replace(result.head, seq=12).genuine(public)


async def test_each_line_holds_the_exact_stored_columns(ten: Bench) -> None:
    path = (await exported(ten, Format.JSONL)).path
    lines = [json.loads(line) for line in path.read_bytes().splitlines()[:-1]]
    assert lines == ten.rows()


async def test_an_export_is_logged_with_who_what_and_the_digest_and_stands_in_its_own_file(
    ten: Bench,
) -> None:
    path = (await exported(ten, Format.JSONL, "outcome:verified_absent person:E3")).path
    *lines, own, _ = path.read_bytes().splitlines(keepends=True)
    entry = json.loads(own)
    assert entry == ten.rows()[-1]
    assert (entry["action"], entry["actor"], len(lines)) == (Action.AUDIT_EXPORT, "person:omar", 1)
    assert json.loads(entry["detail"]) == {
        "entries": 1,
        "filter": f"outcome:verified_absent person:{ten.rows()[2]['subject']}",
        "format": "jsonl",
        "reason": "SOC 2",
        "revealed": False,
        "sha256": hashlib.sha256(b"".join(lines)).hexdigest(),
    }


async def test_an_export_of_nothing_holds_its_own_entry(bench: Bench) -> None:
    result = await exported(bench, Format.JSONL)
    assert verify_export(result.path) == 1


async def test_personal_fields_are_handed_out_only_when_asked_for_and_the_log_says_so(ten: Bench) -> None:
    plain = (await exported(ten, Format.JSONL)).path.read_text()
    assert "Ana Quispe" not in plain
    revealed = await exported(ten, Format.JSONL, reveal=True)
    first = json.loads(revealed.path.read_text().splitlines()[0])
    assert first["revealed"] == {"name": "Ana Quispe 1", "email": "ana1@example.com"}
    assert verify_export(revealed.path) == 12
    assert json.loads(ten.rows()[-1]["detail"])["revealed"] is True


def table(path: Path) -> list[dict[str, Any]]:
    """Read the CSV as a spreadsheet would, without its last line."""
    lines = path.read_bytes().decode("utf-8-sig").split("\r\n")
    return list(csv.DictReader(io.StringIO("\r\n".join(lines[:-2]), newline="")))


async def test_a_csv_opens_in_a_spreadsheet_with_arabic_and_without_formulas(bench: Bench) -> None:
    await bench.write(replace(removal(1), group_name="=HYPERLINK(1)"), removal(2))
    path = (await exported(bench, Format.CSV)).path
    assert path.read_bytes().startswith(b"\xef\xbb\xbfseq,at,actor,")
    assert path.read_bytes().count(b"\r\n") == path.read_bytes().count(b"\n") == 5
    first, second, own = table(path)
    assert first["group_name"] == "'=HYPERLINK(1)"
    assert second["group_name"] == "المبيعات"
    assert own["action"] == "audit.export"
    assert "sealed" not in first
    assert "personal" not in first


async def test_a_csv_shows_personal_fields_in_a_column_of_their_own_when_asked(bench: Bench) -> None:
    await bench.write(removal(1))
    first, own = table((await exported(bench, Format.CSV, reveal=True)).path)
    assert json.loads(first["personal"]) == {"name": "Ana Quispe 1", "email": "ana1@example.com"}
    assert own["personal"] == ""


async def test_the_last_line_of_a_csv_tells_the_digest_of_all_before(ten: Bench) -> None:
    result = await exported(ten, Format.CSV)
    *lines, last = result.path.read_bytes().splitlines(keepends=True)
    facts = dict(cell.split("=", 1) for cell in last.decode().strip().split(",")[1:])
    assert facts["sha256"] == result.sha256 == hashlib.sha256(b"".join(lines)).hexdigest()
    assert (facts["entries"], facts["head"]) == ("11", ten.rows()[-1]["hash"])


async def test_the_file_is_for_its_owner_only_and_no_half_file_is_left(ten: Bench) -> None:
    result = await exported(ten, Format.CSV)
    assert result.path.stat().st_mode & 0o777 == 0o600
    assert list(ten.directory.glob(".*partial")) == []


async def test_an_export_that_fails_leaves_no_file_and_keeps_the_old_one(ten: Bench) -> None:
    old = ten.directory / "export.csv"
    old.write_text("old")
    refuse = "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
    ten.tamper(f"CREATE TRIGGER full BEFORE INSERT ON audit_entry {refuse}")
    with pytest.raises(Exception, match="disk is full"):
        await exported(ten, Format.CSV)
    assert old.read_text() == "old"
    assert list(ten.directory.glob(".*partial")) == []


async def test_progress_is_told_page_by_page(ten: Bench) -> None:
    told: list[tuple[int, int]] = []
    await export(
        ten.log,
        parse(""),
        ten.directory / "x",
        Format.CSV,
        actor="person:omar",
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(10, 10)]


async def append_from_elsewhere(directory: Path) -> None:
    other = await at_work(directory)
    await other.write(removal(11))
    await other.store.aclose()


async def test_what_another_process_appends_meanwhile_is_in_the_file_too(ten: Bench) -> None:
    def meanwhile(_done: int, _total: int) -> None:
        with ThreadPoolExecutor() as elsewhere:
            elsewhere.submit(asyncio.run, append_from_elsewhere(ten.directory)).result()

    path = ten.directory / "export.jsonl"
    await export(ten.log, parse(""), path, Format.JSONL, actor="person:omar", progress=meanwhile)
    assert verify_export(path) == 12
    assert await ten.problems() == []


async def test_a_row_whose_bytes_are_no_text_is_handed_out_and_does_not_fit_its_hash(ten: Bench) -> None:
    ten.tamper("UPDATE audit_entry SET group_name = CAST(x'ff00fe' AS TEXT) WHERE seq = 4")
    sheet = (await exported(ten, Format.CSV)).path
    assert len(sheet.read_bytes().split(b"\r\n")) == 14
    lines = (await exported(ten, Format.JSONL)).path
    with pytest.raises(AssertionError, match="entry 4 was edited"):
        verify_export(lines)
