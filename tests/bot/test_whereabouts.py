"""Where somebody is now: every account with its tie, every group, and by whom each can be ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.groups.by_whom import As, Way
from bot.groups.whereabouts import Spot, Whereabouts, whereabouts
from bot.people.who import NotOnePerson
from bot.settings import ManualInstance
from bot.store.query import where
from bot.store.tables import TaskRow
from connectors.chat.slack.sandbox import BOT_ID, Channel, User, UserGroup
from policies.model import Certainty, Refusal, Role
from tests.bot.settled import settle, take_over
from tests.bot.world import POLICY, World, channel, company, people

REGISTRY = """\
version: 1
groups:
  - {instance: acme, group: C-far, owner: E1, deputy: E9}
  - {instance: acme, group: C-off, owner: E2}
  - {instance: phones, group: العائلة, owner: E2, members: [E1]}
  - {instance: phones, group: mine, owner: E1, members: [E2]}
  - {instance: phones, group: old, owner: E9, deputy: E9, members: [E3]}
"""
HEADER = "employee_id,name,email,department,status,last_day,time_zone,manager_id"
STAFF = (
    "E1,Ana Quispe,ana@corp.test,Sales,active,,,E3",
    "E2,نورة القحطاني,noura@corp.test,Research,active,,,",
    "E3,Omar Haddad,omar@corp.test,Research,active,,,",
    "E9,Gone Person,gone@corp.test,Sales,terminated,2025-01-31,,",
)


@asynccontextmanager
async def firm(folder: Path) -> AsyncIterator[World]:
    """Ana in groups of every sort."""
    far, off = channel("far", "ana", "omar"), channel("off", "ana")
    for one in (far, off):
        one.members.remove(BOT_ID)
    things: list[User | Channel] = [
        *people("ana", "noura", "omar", "gone"),
        channel("lunch", "ana", "noura"),
        far,
        off,
    ]
    phones = {"phones": ManualInstance(platform="whatsapp")}
    async with company(folder, *things, registry=REGISTRY, manual=phones) as opened:
        opened.sandbox.workspace.add(UserGroup("S-alone", handle="alone", users=["UANA"]))
        yield opened


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return settle(tmp_path_factory.mktemp("whereabouts"), firm, *STAFF, header=HEADER)


@pytest.fixture
async def world(tmp_path: Path, settled: Path) -> AsyncIterator[World]:
    """The firm after its first run: the links are released."""
    take_over(settled, tmp_path)
    async with firm(tmp_path) as opened:
        opened._feeds = 1
        yield opened


def spots(found: Whereabouts) -> dict[str, Spot]:
    return {spot.instance: spot for spot in found.spots}


def ways(spot: Spot) -> dict[str, tuple[object, ...]]:
    return {
        place.membership.group.name: (place.exit.way, place.exit.refusal, place.exit.asked_id)
        for place in spot.places
    }


async def test_every_group_with_by_whom_the_person_can_be_taken_out(world: World) -> None:
    found = spots(await whereabouts(world.app, "ana@corp.test"))
    assert ways(found["acme"]) == {
        "lunch": (Way.BOT, None, ""),
        "far": (Way.PERSON, Refusal.BOT_NOT_IN_GROUP, "E3"),
        "off": (Way.PERSON, Refusal.BOT_NOT_IN_GROUP, "E2"),
        "alone": (Way.NOBODY, Refusal.LAST_MEMBER, ""),
    }
    assert ways(found["phones"]) == {
        "العائلة": (Way.PERSON, Refusal.NO_API, "E2"),
        "mine": (Way.NOBODY, Refusal.LAST_OWNER, ""),
    }
    roles = {place.membership.group.name: place.membership.role for place in found["phones"].places}
    assert roles == {"العائلة": Role.MEMBER, "mine": Role.OWNER}


async def test_never_the_person_themselves_nor_who_has_left_is_asked(world: World) -> None:
    (far,) = [
        place
        for place in spots(await whereabouts(world.app, "E1"))["acme"].places
        if place.membership.group.name == "far"
    ]
    assert (far.exit.asked, far.exit.asked_as) == ("Omar Haddad", As.MANAGER), (
        "Ana owns it, and its deputy has left"
    )


async def test_with_nobody_left_to_name_it_is_by_hand(world: World) -> None:
    omar = spots(await whereabouts(world.app, "E3"))
    assert ways(omar["acme"])["far"] == (Way.PERSON, Refusal.BOT_NOT_IN_GROUP, "E1")
    assert ways(omar["phones"]) == {"old": (Way.BY_HAND, Refusal.NO_API, "")}


async def test_each_account_stands_with_its_evidence_and_since_when(world: World) -> None:
    found = spots(await whereabouts(world.app, "E1"))
    (tie,) = found["acme"].ties
    assert (tie.account_id, tie.evidence, tie.certainty) == ("UANA", "directory_email", Certainty.CERTAIN)
    assert tie.since == world.clock()
    (tie,) = found["phones"].ties
    assert (tie.account_id, tie.evidence) == ("manual:E1", "hr_record")


async def test_an_account_in_doubt_is_shown_and_nobody_is_to_act_on_it(tmp_path: Path) -> None:
    async with company(tmp_path, *people("ana"), channel("lunch", "ana")) as world:
        world.drop(*STAFF[:1], header=HEADER)
        await world.run()
        (spot,) = (await whereabouts(world.app, "E1")).spots
        assert spot.ties[0].certainty is Certainty.AMBIGUOUS
        assert spot.ties[0].why == "link_not_released"
        assert ways(spot) == {"lunch": (Way.NOBODY, Refusal.AMBIGUOUS, "")}


async def test_a_protected_person_is_not_taken_out_of_anything(tmp_path: Path) -> None:
    protecting = POLICY + "protected: [E1]\n"
    async with company(tmp_path, *people("ana"), channel("lunch", "ana"), policy=protecting) as world:
        world.drop(*STAFF[:1], header=HEADER)
        await world.settle_in()
        (spot,) = (await whereabouts(world.app, "E1")).spots
        assert ways(spot) == {"lunch": (Way.NOBODY, Refusal.PROTECTED, "")}


async def test_whoever_has_no_account_and_an_account_that_is_gone_are_said(world: World) -> None:
    del world.sandbox.workspace.users["UGONE"]
    gone = spots(await whereabouts(world.app, "E9"))["acme"]
    assert [gap.reason for gap in gone.gaps] == ["account_gone"]
    assert gone.ties[0].account is None
    del world.sandbox.workspace.users["UOMAR"]
    world.drop(*STAFF, "E5,Idris,idris@corp.test,Sales,active,,,", header=HEADER)
    await world.run()
    idris = spots(await whereabouts(world.app, "E5"))["acme"]
    assert [gap.reason for gap in idris.gaps] == ["no_account_linked"]
    assert idris.places == ()


async def test_a_platform_that_cannot_be_read_is_said_and_the_others_are_told(world: World) -> None:
    world.sandbox.workspace.tokens.clear()
    found = spots(await whereabouts(world.app, "E1"))
    assert found["acme"].error is not None
    assert [tie.account_id for tie in found["acme"].ties] == ["UANA"], "what was written down is still known"
    assert set(ways(found["phones"])) == {"العائلة", "mine"}


async def test_open_cases_of_the_person_stand_below(world: World) -> None:
    assert (await whereabouts(world.app, "E1")).cases == ()
    leaving = STAFF[0].replace("active,", "active,2026-12-20")
    world.drop(leaving, *STAFF[1:], header=HEADER)
    await world.run()
    assert [case.kind for case in (await whereabouts(world.app, "E1")).cases] == ["leaver"]


async def test_nothing_is_changed_anywhere(world: World) -> None:
    calls, entries = len(world.sandbox.journal), len(await world.log())
    await whereabouts(world.app, "E1")
    asked = {entry.method for entry in world.sandbox.journal[calls:]}
    assert asked
    assert not {method for method in asked if "kick" in method or "update" in method or "join" in method}
    assert len(await world.log()) == entries


async def test_a_name_that_may_mean_two_is_asked_back(world: World) -> None:
    with pytest.raises(NotOnePerson):
        await whereabouts(world.app, "a")


async def test_what_a_person_confirmed_having_done_by_hand_is_said_beside_the_list(world: World) -> None:
    gone = STAFF[0].replace("active,,", "terminated,2026-11-19,")
    world.drop(gone, *STAFF[1:], header=HEADER)
    await world.run()
    await world.release_all()
    await world.run()
    async with world.app.store.read() as tx:
        tasks = [task for task in await where(tx, TaskRow) if task.instance == "phones"]
    for task in tasks:
        await world.service.messages.tasks.attest(task.id, "E2")
    found = await whereabouts(world.app, "E1")
    places = next(spot for spot in found.spots if spot.instance == "phones").places
    confirmed = {place.membership.group.name: place.confirmed_at for place in places}
    assert confirmed["العائلة"] == world.clock.now
    elsewhere = [place for spot in found.spots if spot.instance != "phones" for place in spot.places]
    assert all(place.confirmed_at is None for place in elsewhere), "what can be read is read"
