"""One person: where they are and by whom they can be taken out, their links, doubts, cases and drift."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.access.actor import NotAllowed
from bot.groups.by_whom import Way
from bot.store.query import add, change, columns
from bot.store.tables import LinkRow
from bot.views.offboarding import NobodyThere
from bot.views.person import STALE, person, places
from connectors.chat.slack.sandbox import BOT_ID, Fault, FaultKind
from policies.model import Certainty, Refusal
from policies.roles import Role
from tests.bot.views.readers import (
    AUDITOR,
    BREAK_GLASS,
    CHAT_ADMIN,
    HR,
    IT,
    NOBODY,
    READERS,
    REGISTRY,
    ana_is_to_leave,
    general,
    reader,
    sales,
    settled,
)
from tests.bot.world import channel


async def test_each_group_is_told_with_the_role_and_by_whom_somebody_is_taken_out(tmp_path: Path) -> None:
    outside = channel("lunch", "ana")
    outside.members.remove(BOT_ID)
    registry = REGISTRY + "  - {instance: acme, group: C-lunch, owner: sara}\n"
    async with settled(tmp_path, sales(), general(), outside, registry=registry) as world:
        (spot,) = await places(world.app, HR, "ana")
    told = {place.group: (place.role, place.exit.way, place.exit.refusal) for place in spot.places}
    assert told["sales-eu"] == ("member", Way.BOT, None)
    assert told["general"] == ("member", Way.NOBODY, Refusal.DEFAULT_GROUP)
    assert told["lunch"] == ("member", Way.PERSON, Refusal.BOT_NOT_IN_GROUP)
    assert next(place.exit.asked for place in spot.places if place.group == "lunch") == "Sara Q"
    assert (spot.title, spot.inside, spot.problem) == ("Slack", 3, None)
    assert [account.certainty for account in spot.accounts] == [Certainty.CERTAIN]


async def test_ids_are_for_technicians_only(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world:
        for who, sees in ((HR, False), (BREAK_GLASS, False), (IT, True), (AUDITOR, True)):
            told = repr(await person(world.app, who, "ana")) + repr(await places(world.app, who, "ana"))
            assert ("UANA" in told) is sees, who.id


async def test_a_platform_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world:
        world.sandbox.faults.append(Fault(FaultKind.HTTP_500, "users.conversations", times=99))
        (hr,) = await places(world.app, HR, "ana")
        (it,) = await places(world.app, IT, "ana")
    assert (hr.problem, hr.places) == ("", ())
    assert it.problem


async def test_whoever_may_not_read_people_reads_nobody_not_even_themselves(tmp_path: Path) -> None:
    async with settled(tmp_path) as world:
        for who in (CHAT_ADMIN, NOBODY):
            for ask in (person(world.app, who, "ana"), places(world.app, who, who.id)):
                with pytest.raises(NotAllowed):
                    await ask
        with pytest.raises(NobodyThere):
            await person(world.app, HR, "nobody")
        with pytest.raises(NobodyThere):
            await places(world.app, HR, "' OR 1=1 --")


async def test_a_persons_own_page_keeps_their_leaving_from_them(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world:
        await ana_is_to_leave(world)
        own = await person(world.app, reader("ana", *Role), "ana")
        other = await person(world.app, HR, "ana")
    assert (own.cases, own.last_day, own.may_offboard) == ((), None, False)
    assert (len(other.cases), str(other.last_day), other.may_offboard) == (1, "2026-11-26", True)


async def test_a_link_nobody_has_confirmed_for_long_is_said(tmp_path: Path) -> None:
    async with settled(tmp_path) as world:
        confirmed = (await person(world.app, HR, "ana")).links[0]
        world.clock.turn(days=STALE.days + 1)
        stale = (await person(world.app, HR, "ana")).links[0]
        links = columns(LinkRow)
        async with world.app.store.write() as tx:
            mine = [links.person_id == "ana"]
            await change(tx, LinkRow, {"confirmed_at": world.clock.now - timedelta(days=1)}, *mine)
        fresh = (await person(world.app, HR, "ana")).links[0]
        assert (confirmed.stale, stale.stale, fresh.stale) == (False, True, False)
        assert (confirmed.evidence, confirmed.released) == ("directory_email", True)


async def test_a_link_that_nobody_has_looked_at_is_no_certainty(tmp_path: Path) -> None:
    async with settled(tmp_path) as world:
        row = LinkRow(
            person_id="ana",
            instance="acme",
            account_id="UXX",
            evidence="directory_email",
            created_at=world.clock.now,
        )
        async with world.app.store.write() as tx:
            await add(tx, row)
        links = (await person(world.app, IT, "ana")).links
    assert {link.account_id: link.released for link in links} == {"UANA": True, "UXX": False}


async def test_whoever_came_back_is_told_as_drift(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world:
        await ana_is_to_leave(world)
        world.clock.turn(days=7)
        await world.run()
        world.sandbox.workspace.channels["C-sales-eu"].members.append("UANA")
        world.clock.turn(hours=2)
        await world.run()
        seen = {who.id: await person(world.app, who, "ana") for who in READERS}
    for view in seen.values():
        assert [(line.group, line.why, line.state) for line in view.drifts] == [
            ("sales-eu", "came_back", "open")
        ]
    assert seen["huda"].cases[0].exit_type is None
