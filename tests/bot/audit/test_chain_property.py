"""For any entries: the chain verifies, and no single bit of any stored column can change unseen."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.audit.actions import Action
from bot.audit.chain import HASHED, entry_hash
from bot.audit.log import Entry
from bot.states import StepState
from bot.store.audit_tables import COLUMNS
from tests.bot.audit.conftest import Bench, at_work

texts = st.text(max_size=12)
values = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | texts, st.lists, max_leaves=4)
objects = st.dictionaries(texts, values, max_size=3)
optional = st.none() | texts


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    action = draw(st.sampled_from(Action))
    step = action.startswith("step.")
    person_id = draw(optional)
    return Entry(
        action,
        draw(texts),
        outcome=draw(st.sampled_from(StepState)) if step else draw(texts),
        person_id=person_id,
        case_id=draw(optional),
        group_id=draw(optional),
        group_name=draw(optional),
        rule=draw(optional),
        before=draw(st.none() | objects),
        detail=draw(objects),
        personal=None if person_id is None else draw(st.none() | objects),
    )


async def filled(template: Path, directory: Path, batches: list[list[Entry]]) -> Bench:
    bench = await at_work(shutil.copytree(template, directory / "log"))
    for batch in batches:
        await bench.write(*batch)
    return bench


@pytest.mark.sqlite_only("each example begins with an empty file of its own")
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(batches=st.lists(st.lists(entries(), min_size=1, max_size=3), min_size=1, max_size=3), data=st.data())
async def test_any_entries_verify_and_any_flipped_bit_is_found(
    empty_directory: Path, batches: list[list[Entry]], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        bench = await filled(empty_directory, Path(directory), batches)
        try:
            assert await bench.problems() == []
            rows = bench.rows()
            row = data.draw(st.sampled_from(rows))
            full = [name for name in COLUMNS if row[name] not in (None, "") and name != "seq"]
            column = data.draw(st.sampled_from(full))
            stored = bytearray(str(row[column]).encode())
            bit = data.draw(st.integers(0, 8 * len(stored) - 1))
            stored[bit // 8] ^= 1 << bit % 8
            statement = f"UPDATE audit_entry SET {column} = CAST(? AS TEXT) WHERE seq = ?"  # noqa: S608 - a column of ours
            bench.tamper((statement, (bytes(stored), row["seq"])))
            assert row["seq"] in [seq for _, seq in await bench.problems()]
        finally:
            await bench.store.aclose()


cells = st.none() | texts
stored_rows = st.fixed_dictionaries(dict.fromkeys(HASHED, cells))


@given(one=stored_rows, other=stored_rows)
def test_two_rows_hash_alike_only_if_every_column_is_alike(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert (entry_hash(one) == entry_hash(other)) is (one == other)


@given(row=stored_rows, columns=st.permutations(HASHED))
def test_text_cannot_wander_from_one_column_to_the_next(row: dict[str, Any], columns: list[str]) -> None:
    first, second = columns[:2]
    moved = {**row, first: (row[first] or "") + "x", second: row[second]}
    joined = {**row, first: row[first], second: (row[second] or "") + "x"}
    assert entry_hash(moved) != entry_hash(joined)
