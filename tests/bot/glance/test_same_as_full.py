"""A look gives what the full reading gives: every field, in every world; what it cannot judge it leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean
from sqlmodel import SQLModel

from bot.access import registry_seats
from bot.app import Bawab, open_bawab
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.glance import reading
from bot.glance.look import asking
from bot.glance.reading import Unusual, situation
from bot.glance.rows import CASES, SHAPES, STAFF, TASKS, Shape, Stored, stored
from bot.groups import succession
from bot.notices import stopping
from bot.settings import Settings
from bot.situation import Status
from bot.status import status
from bot.store import tasks
from bot.store.access_tables import StaffRow
from bot.store.query import add, table
from bot.store.tables import CaseRow, NoticeRow
from bot.store.types import Json, UtcInstant, instant_text
from tests.bot.glance.ledger import rows
from tests.bot.world import POLICY, START, Clock, channel, company, people
from tests.postgres import on_sqlite


@asynccontextmanager
async def installed(folder: Path, *tables: Iterable[SQLModel]) -> AsyncIterator[Bawab]:
    """Open an installation of its own whose tables hold these rows."""
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    with on_sqlite():
        settings = Settings(_env_file=None, data_dir=folder / "data", policies=folder / "policy.yaml")
        async with open_bawab(settings, now=Clock(), connect=False) as app:
            for some in tables:
                async with app.store.write() as tx:
                    await add(tx, *some)
            yield app


def looked(app: Bawab) -> Status:
    with asking(app.settings.data_dir / "bawab.db") as ask:
        return situation(ask, app.now())


def plain(value: Any, seen: Any) -> Any:
    """Put the full reading's rows beside those of a look: as far as a look reads of them."""
    if isinstance(seen, tuple) and isinstance(value, tuple):
        return tuple(plain(*pair) for pair in zip(value, seen, strict=True))
    if isinstance(seen, Stored):
        return {name: getattr(value, name) for name in vars(seen)}
    return value


def bare(seen: Any) -> Any:
    if isinstance(seen, tuple):
        return tuple(map(bare, seen))
    return vars(seen) if isinstance(seen, Stored) else seen


def differences(full: Status, seen: Status) -> dict[str, Any]:
    found = {}
    for field in fields(Status):
        ours, theirs = getattr(seen, field.name), getattr(full, field.name)
        if isinstance(ours, tuple) and len(ours) != len(theirs):
            found[field.name] = (len(theirs), len(ours))
        elif plain(theirs, ours) != bare(ours):
            found[field.name] = (plain(theirs, ours), bare(ours))
    return found


async def test_a_new_installation_looks_the_same(tmp_path: Path) -> None:
    async with installed(tmp_path) as app:
        assert differences(await status(app), looked(app)) == {}


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
async def test_every_field_of_a_working_installation_looks_the_same(tmp_path: Path, seed: int) -> None:
    async with installed(tmp_path, *rows(seed, START)) as app:
        async with app.store.write() as tx:
            await app.audit.append(tx, Entry(Action.LANE_PAUSE, "bawab", "paused", instance="beta"))
            await app.audit.append(tx, Entry(Action.AUDIT_VERIFY, "bawab", "broken"))
        full = await status(app)
        untouched = {f.name for f in fields(Status) if not getattr(full, f.name)}
        # Staff is not named here, so none of its roles is vacant; nobody was asked for an approval.
        assert untouched <= {"vacant", "lone", "drained", "ticking"}
        assert full.unreviewed.waiting >= full.unreviewed.overdue
        assert differences(full, looked(app)) == {}


async def test_a_company_at_work_looks_the_same_held_and_let_go(tmp_path: Path) -> None:
    with on_sqlite():
        async with company(tmp_path, *people("ana"), channel("sales-x", "ana")) as world:
            world.drop("E1,Ana,ana@corp.test,Sales,active,,")
            await world.run()
            assert (await status(world.app)).holds
            assert differences(await status(world.app), looked(world.app)) == {}
            await world.release_all()
            world.drop("E1,Ana,ana@corp.test,Sales,terminated,2026-11-19,")
            await world.run()
            full = await status(world.app)
            assert full.unreviewed.waiting
            assert differences(full, looked(world.app)) == {}


def staff(name: str, *roles: str, **more: Any) -> StaffRow:
    return StaffRow(
        id=name, name=name, roles=list(roles), source="file", created_at=START, updated_at=START, **more
    )


async def test_staff_that_is_surely_there_is_seen_and_any_doubt_is_left_to_the_full_reading(
    tmp_path: Path,
) -> None:
    here = [staff("E1", "hr"), staff("E2", "it", known_to_hr=False), staff("E3", "it", ended_at=START)]
    async with installed(tmp_path, here) as app:
        assert differences(await status(app), looked(app)) == {}
        async with app.store.write() as tx:
            await add(tx, leaving("E2"))
        with pytest.raises(Unusual):
            looked(app)
        assert (await status(app)).vacant == ("it",)


def leaving(person_id: str) -> CaseRow:
    return CaseRow(
        id="case_1",
        event_key="leaver/1",
        person_id=person_id,
        kind="leaver",
        exit_type="unstated",
        event={"person": {"name": "X"}},
        state="executing",
        created_at=START,
        updated_at=START,
    )


async def test_a_hold_that_somebody_was_asked_about_is_left_to_the_full_reading(tmp_path: Path) -> None:
    async with installed(tmp_path, *rows(1, START)) as app:
        digest = (await status(app)).holds[0].digest
        asked = NoticeRow(
            id="n1",
            case_id="",
            kind="approval",
            recipient_id="E9",
            instance="acme",
            account_id="U9",
            language="en",
            state="undeliverable",
            created_at=START,
            hold_digest=digest,
        )
        async with app.store.write() as tx:
            await add(tx, asked)
        with pytest.raises(Unusual):
            looked(app)
        assert [why for _, why in (await status(app)).lone] == ["nobody_reached"]


KINDS = {UtcInstant: "at", Json: "json", Boolean: "yes"}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.table)
def test_a_look_knows_the_columns_as_the_tables_have_them(shape: Shape) -> None:
    columns = SQLModel.metadata.tables[shape.table].c
    kinds = {column.name: KINDS.get(type(column.type), "") for column in columns}
    assert dict(zip(shape.names, shape.kinds, strict=True)).items() <= kinds.items()
    if shape not in (CASES, TASKS, STAFF):  # of the others the whole row is shown as data
        assert shape.names == tuple(columns.keys())


def test_a_look_goes_by_the_same_words_as_the_full_reading() -> None:
    assert reading.STOPPED == stopping.STOPPED
    assert reading.SEATS == registry_seats.KEY
    assert reading.OPEN_TASKS == tasks.OPEN_TASKS
    assert set(reading.WAITING) == succession.WAITING
    for moment in (START, START + timedelta(microseconds=1234567)):
        assert stored(moment) == instant_text(moment)
    assert table(CaseRow).name == CASES.table
