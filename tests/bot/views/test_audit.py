"""The audit log to its readers: names for who may, nobody's own leaving, nothing for chat admins or HR."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.access.actor import Actor, NotAllowed
from bot.audit.actions import Action
from bot.audit.entry import Entry
from bot.audit.query import QueryProblem
from bot.views.audit import NoSuchEntry, audit, entry
from policies.roles import Permission, Role
from tests.bot.views.departed import departed, made_departed
from tests.bot.views.readers import AUDITOR, BREAK_GLASS, CHAT_ADMIN, HR, IT, NOBODY, reader
from tests.bot.world import World


@pytest.fixture(scope="module")
def made() -> Path:
    return made_departed()


@pytest.fixture
async def world(made: Path, tmp_path: Path) -> AsyncIterator[World]:
    async with departed(made, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("who", [IT, AUDITOR], ids=["IT", "auditor"])
async def test_it_and_auditors_find_a_person_by_name_and_read_it(world: World, who: Actor) -> None:
    found = await audit(world.app, who, 'person:"Ana Q" action:step.read_back')
    assert {(line.person, line.person_id) for line in found.lines} == {("Ana Q", "ana")}
    assert {line.group for line in found.lines} == {"sales-eu", "المبيعات"}
    assert [line.seq for line in found.lines] == sorted((line.seq for line in found.lines), reverse=True)


@pytest.mark.parametrize("who", [HR, CHAT_ADMIN, BREAK_GLASS, NOBODY], ids=lambda who: who.id)
async def test_the_log_is_closed_to_everybody_else(world: World, who: Actor) -> None:
    with pytest.raises(NotAllowed):
        await audit(world.app, who, "")
    with pytest.raises(NotAllowed):
        await entry(world.app, who, 1)


async def test_a_token_without_the_right_to_read_people_gets_pseudonyms_and_finds_nobody_by_name(
    world: World,
) -> None:
    token = replace(IT, scopes=frozenset({Permission.AUDIT_READ}))
    assert (await audit(world.app, token, 'person:"Ana Q"')).lines == ()
    shown = (await audit(world.app, token, "person:ana")).lines
    assert shown
    assert {(line.person, line.person_id) for line in shown} == {("", None)}
    assert all("Ana" not in str(dict(line.row)) for line in shown)


async def test_what_is_sealed_is_in_no_line(world: World) -> None:
    found = await audit(world.app, IT, "person:ana")
    assert all("sealed" not in line.row for line in found.lines)


async def test_nobody_reads_of_their_own_leaving(world: World) -> None:
    leaver = reader("ana", Role.IT)
    everything = await audit(world.app, leaver, "", limit=1000)
    others = await audit(world.app, IT, "", limit=1000)
    hidden = {line.seq for line in others.lines} - {line.seq for line in everything.lines}
    cases = await world.cases()
    mine = {case.id for case in cases if case.person_id == "ana"}
    alone = {case.run_id for case in cases if case.id in mine} - {
        case.run_id for case in cases if case.id not in mine
    }
    about = {
        line.seq
        for line in others.lines
        if line.person_id == "ana" or line.row["case_id"] in mine or line.row["run_id"] in alone
    }
    assert hidden == about
    assert mine
    assert (await audit(world.app, leaver, "person:ana")).lines == ()
    with pytest.raises(NoSuchEntry):
        await entry(world.app, leaver, max(hidden))


async def test_whoever_acted_is_named_whether_hr_knows_them_or_not(world: World) -> None:
    async with world.app.store.write() as tx:
        await world.app.audit.append(
            tx, Entry(Action.CHECK_RUN, "person:st_1"), Entry(Action.CHECK_RUN, "person:omar")
        )
    found = await audit(world.app, IT, "action:check.run")
    assert [line.actor for line in found.lines[:2]] == ["Omar Q", "Frau Prüferin"]
    by_name = await audit(world.app, IT, "actor:Prüferin")
    assert [line.actor for line in by_name.lines] == ["Frau Prüferin"]


async def test_one_entry_is_found_by_its_number(world: World) -> None:
    assert (await entry(world.app, AUDITOR, 3)).seq == 3
    with pytest.raises(NoSuchEntry):
        await entry(world.app, AUDITOR, 10**6)


async def test_pages_go_on_where_the_last_one_ended(world: World) -> None:
    first = await audit(world.app, IT, "", limit=5)
    second = await audit(world.app, IT, "", before=first.before, limit=5)
    assert second.lines[0].seq == first.lines[-1].seq - 1


async def test_a_query_that_cannot_be_read_says_where(world: World) -> None:
    with pytest.raises(QueryProblem) as told:
        await audit(world.app, IT, "person:ana outcom:failed")
    assert told.value.column == 12


async def test_a_day_is_the_installations_own_day_for_everybody(world: World) -> None:
    """17:00 in UTC is 20:00 in Riyadh; 21:00 and later is the next day there."""
    world.clock.now = world.clock.now.replace(hour=21, minute=30)
    async with world.app.store.write() as tx:
        await world.app.audit.append(tx, Entry(Action.CHECK_RUN, "bawab"))
    for zone in ("UTC", "Asia/Riyadh"):
        who = replace(IT, zone=zone)
        assert len((await audit(world.app, who, "action:check created:2026-11-21")).lines) == 1
