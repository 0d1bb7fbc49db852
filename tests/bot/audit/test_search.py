"""A search finds exactly the entries it describes, newest first, page after page."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.audit.actions import Action
from bot.audit.chain import RAW
from bot.audit.filter import TooManyPeople, prepare
from bot.audit.log import Entry
from bot.audit.query import parse
from bot.audit.search import Page, search
from bot.audit.walk import Walk
from tests.bot.audit.conftest import Bench, at_work

NAMES = {"E1": "Ana Quispe", "E2": "آنا القحطاني", "E3": "Ana Rossi"}


async def by_name(_: AsyncConnection, text: str) -> Sequence[str]:
    """Stands for the people's table."""
    return [person_id for person_id, name in NAMES.items() if text.lower() in name.lower()]


@pytest.fixture(scope="module")
def mixed_directory(empty_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight entries that differ in everything one may ask for, each a second later or more."""
    directory = shutil.copytree(empty_directory, tmp_path_factory.mktemp("mixed") / "log")
    asyncio.run(_write_eight(directory))
    return directory


@pytest.fixture
async def mixed(mixed_directory: Path, tmp_path: Path) -> AsyncIterator[Bench]:
    directory = shutil.copytree(mixed_directory, tmp_path / "log")
    if os.environ.get("BAWAB_DATABASE_URL"):  # a server's database is empty still
        for name in ("audit-head.json", "audit-witness.jsonl"):
            (directory / name).unlink(missing_ok=True)
        await _write_eight(directory)
    made = await at_work(directory)
    yield made
    await made.store.aclose()


async def _write_eight(directory: Path) -> None:
    bench = await at_work(directory)
    await bench.write(Entry(Action.FEED_RECEIVE, "system:cron", detail={"rows": 40, "file": "100%_done.csv"}))
    for person_id, outcome, group_id, name in (
        ("E1", "verified_absent", "C001", "sales-emea"),
        ("E1", "blocked", "C002", "all staff"),
        ("E2", "failed", "C001", "sales-emea"),
        ("E3", "already_absent", "c001", "المبيعات"),
    ):
        entry = Entry(
            Action.STEP_RECORD,
            "bawab",
            outcome,
            person_id,
            case_id=f"case-{person_id}",
            platform="slack",
            instance="slack-main",
            group_id=group_id,
            group_name=name,
            rule="leavers.yaml:3",
            request_id="req_1",
        )
        await bench.write(entry)
    await bench.write(Entry(Action.CASE_DECIDE, "person:omar", person_id="E2", case_id="case-E2"))
    await bench.write(Entry(Action.HOLD_RELEASE, "person:omar", "refused", detail={"digest": "reqX1"}))
    await bench.write(Entry(Action.RUN_FINISH, "bawab", "done_with_exceptions", run_id="run-1"))
    await bench.store.aclose()


async def found(bench: Bench, typed: str) -> list[int]:
    page = await search(bench.store, parse(typed), resolve=by_name)
    return [row["seq"] for row in page.rows]


@pytest.mark.parametrize(
    ("typed", "seqs"),
    [
        ("", [8, 7, 6, 5, 4, 3, 2, 1]),
        ("actor:bawab", [8, 5, 4, 3, 2]),
        ("actor:person:omar", [7, 6]),
        ("actor:omar", [7, 6]),
        ("actor:cron", [1]),
        ("actor:person:*", [7, 6]),
        ("-actor:bawab", [7, 6, 1]),
        ("action:step.record", [5, 4, 3, 2]),
        ("action:step", [5, 4, 3, 2]),
        ("action:CASE", [6]),
        ("action:*.release", [7]),
        ("action:nothing", []),
        ("outcome:failed", [4]),
        ("outcome:failed outcome:blocked", [4, 3]),
        ("outcome:failed -outcome:failed", []),
        ("-outcome:ok", [8, 7, 5, 4, 3, 2]),
        ("platform:Slack", [5, 4, 3, 2]),
        ("-platform:slack", [8, 7, 6, 1]),
        ("instance:slack-main case:case-E1", [3, 2]),
        ("case:case-*", [6, 5, 4, 3, 2]),
        ("case:case_*", []),
        ("case:%", []),
        ("run:run-1", [8]),
        ("rule:leavers.yaml:3", [5, 4, 3, 2]),
        ("request:req_1", [5, 4, 3, 2]),
        ("group:C001", [4, 2]),
        ("group:sales", [4, 2]),
        ("group:#SALES-emea", [4, 2]),
        ('group:"all staff"', [3]),
        ("group:المبيعات", [5]),
        ("-group:sales", [8, 7, 6, 5, 3, 1]),
        ("person:E1", [3, 2]),
        ('person:"Ana Quispe"', [3, 2]),
        ("person:ana", [5, 3, 2]),
        ("person:القحطاني", [6, 4]),
        ("person:ana -person:rossi", [3, 2]),
        ("-person:E1", [8, 7, 6, 5, 4, 1]),
        ("person:nobody", []),
        ("person:p_0000000000000000", []),
        ("rossi", [5]),
        ("-ana", [8, 7, 6, 4, 1]),
        ("SALES", [4, 2]),
        ("exceptions", [8]),
        ("100%_done", [1]),
        ("0%d", []),
        ("req_1", [5, 4, 3, 2]),
        ("omar refused", [7]),
        ("created:2026-11-21", [8, 7, 6, 5, 4, 3, 2, 1]),
        ("created:2026-11-20", []),
        ("-created:2026-11-21", []),
        ("platform:slack actor:bawab outcome:blocked person:E1 group:C002", [3]),
    ],
)
async def test_what_is_typed_finds(mixed: Bench, typed: str, seqs: list[int]) -> None:
    assert await found(mixed, typed) == seqs


async def test_created_finds_to_the_second(mixed: Bench) -> None:
    third = mixed.rows()[2]["at"][:19] + "Z"
    assert await found(mixed, f"created:{third}") == [3]
    assert await found(mixed, f"created:<{third}") == [2, 1]
    assert await found(mixed, f"created:>{third} platform:slack") == [5, 4]


async def test_a_pseudonym_finds_its_person(mixed: Bench) -> None:
    pseudonym = mixed.rows()[1]["subject"]
    assert await found(mixed, f"person:{pseudonym}") == [3, 2]
    assert await found(mixed, pseudonym) == [3, 2]


async def test_rows_come_as_values(mixed: Bench) -> None:
    page = await search(mixed.store, parse("action:feed"))
    assert page.rows[0]["detail"] == {"file": "100%_done.csv", "rows": 40}
    assert isinstance(page.rows[0]["at"], datetime)
    assert page.rows[0]["at"].tzinfo is UTC


async def test_a_row_edited_by_hand_is_still_shown(mixed: Bench) -> None:
    mixed.tamper("UPDATE audit_entry SET detail = '{' WHERE seq = 1")
    assert (await search(mixed.store, parse("action:feed"))).rows[0]["detail"] == "{"


async def test_pages_follow_one_another_without_gap_or_repeat_while_entries_arrive(mixed: Bench) -> None:
    seen: list[list[int]] = []
    page = Page((), before=None)
    while not seen or page.before is not None:
        page = await search(mixed.store, parse("-outcome:blocked"), before=page.before, limit=3)
        seen.append([row["seq"] for row in page.rows])
        await mixed.write(Entry(Action.CHECK_RUN, "bawab"))
    assert seen == [[8, 7, 6], [5, 4, 2], [1]]


async def test_a_full_last_page_is_the_last(mixed: Bench) -> None:
    page = await search(mixed.store, parse("platform:slack"), limit=4)
    assert (len(page.rows), page.before) == (4, None)


async def test_a_name_of_too_many_people_is_refused_with_their_number(mixed: Bench) -> None:
    async def everybody(_: AsyncConnection, __: str) -> Sequence[str]:
        return [f"E{number}" for number in range(5000)]

    with pytest.raises(TooManyPeople, match="`a` may mean 5001 people"):
        await search(mixed.store, parse("a"), resolve=everybody)


async def test_without_names_at_hand_an_employee_id_still_finds(mixed: Bench) -> None:
    page = await search(mixed.store, parse("person:E3"))
    assert [row["seq"] for row in page.rows] == [5]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ('outcome:failed -"all staff"', 'outcome:failed -"all staff"'),
        ("person:E1", "person:{E1}"),
        ("-person:القحطاني", "-person:{E2}"),
        ("person:nobody", "person:[0 people]"),
        ("rossi", "person:{E3}"),
    ],
)
async def test_a_filter_is_told_without_naming_anybody(mixed: Bench, typed: str, shown: str) -> None:
    subjects = {"E1": mixed.rows()[1], "E2": mixed.rows()[3], "E3": mixed.rows()[4]}
    expected = shown.format(**{person_id: row["subject"] for person_id, row in subjects.items()})
    async with mixed.store.read() as connection:
        assert (await prepare(connection, parse(typed), by_name)).shown == expected


@pytest.mark.parametrize(
    "typed", ["case:x", "person:E1", "group:C001", "actor:bawab", "action:step", "outcome:failed"]
)
async def test_the_usual_questions_use_an_index(mixed: Bench, typed: str) -> None:
    async with mixed.store.read() as connection:
        conditions = (await prepare(connection, parse(typed), None)).conditions
    statement = sa.select(RAW.c.seq).where(*conditions).order_by(RAW.c.seq.desc()).limit(50)
    sql = str(statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    with sqlite3.connect(mixed.database) as raw:
        plan = " ".join(row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}"))
    raw.close()
    assert "INDEX ix_audit_entry_" in plan


@pytest.mark.parametrize(
    ("typed", "shown"),
    [('actor:"Ana Rossi"', "actor:E3"), ("-actor:E3", "-actor:E3"), ("actor:x*", "actor:x*")],
)
async def test_whoever_acted_is_found_by_name_and_logged_by_id(mixed: Bench, typed: str, shown: str) -> None:
    await mixed.write(Entry(Action.HOLD_RELEASE, "person:E3"))
    assert (9 in await found(mixed, typed)) is (typed == 'actor:"Ana Rossi"')
    async with mixed.store.read() as connection:
        assert (await prepare(connection, parse(typed), by_name)).shown == shown


async def test_without_patience_a_search_says_what_it_left_unread_and_goes_on_there(mixed: Bench) -> None:
    query = parse("outcome:nothing_of_the_kind")
    hasty = await search(mixed.store, query, patience=0.0)
    assert (hasty.rows, hasty.before, hasty.unread) == ((), 9, 8)
    patient = await search(mixed.store, query, before=hasty.before, patience=5.0)
    assert (patient.before, patient.unread) == (None, 0)


async def test_a_clock_that_was_set_back_hides_no_entry_from_a_search_by_date(ten: Bench) -> None:
    ten.tamper("UPDATE audit_entry SET at = '2026-11-01T00:00:00.000000Z' WHERE seq IN (3, 9)")
    assert await found(ten, "created:2026-11-01") == [9, 3]
    assert await found(ten, "created:<=2026-11-02") == [9, 3]
    assert await found(ten, "created:>2026-11-02 -created:2026-11-21") == []


async def test_windows_of_any_width_read_each_entry_once() -> None:
    walk, seen = Walk.over((3, 95_000), None, 60.0), []
    while walk.goes_on:
        with walk.step() as (first, below):
            seen.append((first, below))
    assert seen[0][1] == 95_001
    assert seen[-1][0] == 3
    assert all(one[0] == after[1] for one, after in pairwise(seen))
    assert len(seen) > 1
    assert walk.unread == 0


@pytest.mark.parametrize(
    "typed", ["person:E1 outcome:ok", "case:x action:step", "run:x actor:bawab", "group:C001 outcome:failed"]
)
async def test_the_narrowest_question_chooses_the_index(mixed: Bench, typed: str) -> None:
    async with mixed.store.read() as connection:
        conditions = (await prepare(connection, parse(typed), None)).conditions
    statement = sa.select(RAW.c.seq).where(*conditions).order_by(RAW.c.seq.desc()).limit(50)
    sql = str(statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    with sqlite3.connect(mixed.database) as raw:
        plan = " ".join(row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}"))
    raw.close()
    narrow = {"person": "subject", "case": "case_id", "run": "run_id", "group": "group_id"}
    assert f"INDEX ix_audit_entry_{narrow[typed.partition(':')[0]]}" in plan


async def test_a_text_is_never_found_across_two_columns(mixed: Bench) -> None:
    assert await found(mixed, "slacksales") == []
