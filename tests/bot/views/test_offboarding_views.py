"""A new offboarding: whom, what they would lose, and when exactly, before anything is opened."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.access.actor import NotAllowed
from bot.views.offboarding import (
    NobodyThere,
    When,
    Wish,
    WrongWhen,
    ZoneFrom,
    candidate,
    find,
    offer,
    when,
)
from connectors.chat.slack.sandbox import Fault, FaultKind
from policies.model import ExitType
from policies.roles import Role
from tests.bot.adversary import everybody, line, office
from tests.bot.views.readers import (
    APPROVED,
    AUDITOR,
    BREAK_GLASS,
    CHAT_ADMIN,
    HR,
    IT,
    NOBODY,
    REGISTRY,
    ana_is_to_leave,
    reader,
    sales,
    settled,
)

THURSDAY = Wish("2026-11-26", "", "Asia/Riyadh")


async def test_people_are_found_by_id_address_and_part_of_a_name(tmp_path: Path) -> None:
    async with settled(tmp_path) as world:
        for text, ids in (
            ("ana", ["ana"]),
            ("ANA@CORP.TEST", ["ana"]),
            (" na q ", ["ana", "lina"]),
            ("", []),
            ("%", []),
            ("' OR 1=1 --", []),
        ):
            assert [one.id for one in (await find(world.app, HR, text)).people] == ids, text


async def test_a_search_that_finds_too_many_says_so_and_an_exact_id_comes_first(tmp_path: Path) -> None:
    async with settled(tmp_path) as world:
        crowd = [f"E{n},Ana {n},e{n}@corp.test,Sales,active,," for n in range(30)]
        world.drop(*everybody(), *crowd, "an,Zoe Z,zoe@corp.test,Sales,active,,")
        await world.run()
        found = await find(world.app, HR, "an")
    assert found.more
    assert len(found.people) == 20
    assert found.people[0].id == "an"


@pytest.mark.parametrize("who", [CHAT_ADMIN, NOBODY])
async def test_whoever_may_not_read_people_finds_nobody(tmp_path: Path, who: object) -> None:
    async with settled(tmp_path) as world:
        with pytest.raises(NotAllowed):
            await find(world.app, who, "ana")  # type: ignore[arg-type]


async def test_only_who_may_end_somebodys_access_looks_at_what_that_would_end(tmp_path: Path) -> None:
    async with settled(tmp_path) as world:
        for who in (AUDITOR, CHAT_ADMIN, NOBODY):
            for ask in (candidate(world.app, who, "ana"), offer(world.app, who, "ana")):
                with pytest.raises(NotAllowed):
                    await ask
            with pytest.raises(NotAllowed):
                await when(world.app, who, "ana", THURSDAY)
        for who in (HR, IT, BREAK_GLASS):
            assert (await candidate(world.app, who, "ana")).name == "Ana Q"


async def test_nobody_offboards_themselves_or_a_stranger(tmp_path: Path) -> None:
    async with settled(tmp_path) as world:
        ana = reader("ana", Role.HR)
        assert (await find(world.app, ana, "ana")).people == ()
        for who, person_id in ((ana, "ana"), (HR, "nobody")):
            with pytest.raises(NobodyThere):
                await candidate(world.app, who, person_id)


async def test_the_zone_is_the_persons_own_or_the_default_or_must_be_chosen(tmp_path: Path) -> None:
    async with settled(tmp_path) as world:
        world.drop(*everybody(line("ana", zone="Europe/Berlin")))
        await world.run()
        own, default = await candidate(world.app, HR, "ana"), await candidate(world.app, HR, "sara")
    assert (own.zone, own.zone_from) == ("Europe/Berlin", ZoneFrom.PERSON)
    assert (default.zone, default.zone_from) == ("Asia/Riyadh", ZoneFrom.DEFAULT)


async def test_a_day_ends_at_six_where_it_was_meant_and_a_time_is_taken_as_typed(tmp_path: Path) -> None:
    async with settled(tmp_path) as world:
        thursday = await when(world.app, HR, "ana", THURSDAY)
        noon = await when(world.app, HR, "ana", Wish("2026-11-26", "12:30", "Europe/Berlin"))
        arabic = await when(world.app, HR, "ana", Wish("٢٠٢٦-١١-٢٦", "١٢:٣٠", "Europe/Berlin"))
        gone = await when(world.app, HR, "ana", Wish("2026-11-01", "", "Asia/Riyadh"))
    assert isinstance(thursday, When)
    assert (thursday.due, thursday.zone) == (datetime(2026, 11, 26, 15, tzinfo=UTC), "Asia/Riyadh")
    assert not thursday.past
    assert noon == arabic
    assert isinstance(noon, When)
    assert noon.due == datetime(2026, 11, 26, 11, 30, tzinfo=UTC)
    assert isinstance(gone, When)
    assert gone.past


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (Wish("", "", "Asia/Riyadh"), WrongWhen("no_day", "last_day")),
        (Wish("Thursday", "", "Asia/Riyadh"), WrongWhen("bad_day", "last_day")),
        (Wish("2026-02-30", "", "Asia/Riyadh"), WrongWhen("bad_day", "last_day")),
        (Wish("2026-11-26", "25:00", "Asia/Riyadh"), WrongWhen("bad_time", "time")),
        (Wish("2026-11-26", "", ""), WrongWhen("no_zone", "zone")),
        (Wish("2026-11-26", "", "Riyadh"), WrongWhen("bad_zone", "zone", "Asia/Riyadh")),
    ],
)
async def test_a_wrong_wish_names_its_field(tmp_path: Path, wish: Wish, why: WrongWhen) -> None:
    async with office(tmp_path, settled=False) as world:
        world.drop(*everybody())
        await world.run()
        assert await when(world.app, HR, "ana", wish) == why
        assert await offer(world.app, HR, "ana", wish) == why


async def test_what_somebody_would_lose_is_read_and_nothing_is_written(tmp_path: Path) -> None:
    async with settled(tmp_path, sales(), policy=APPROVED, registry=REGISTRY) as world:
        before = len(await world.log())
        seen = await offer(world.app, HR, "ana", THURSDAY)
        decided = await when(world.app, HR, "ana", THURSDAY)
        assert not isinstance(seen, WrongWhen)
        assert [(row.group, row.verdict) for row in seen.rows] == [("sales-eu", "act")]
        assert isinstance(decided, When)
        assert decided.approval == "hr"
        assert len(await world.log()) == before
        assert await world.cases() == []


async def test_the_exit_type_may_change_what_is_lost(tmp_path: Path) -> None:
    policy = APPROVED.replace(
        "rules:\n", "rules:\n  - id: thrown-out\n    on: leaver\n    exit_type: dismissal\n"
        "    groups: all\n    action: remove\n    when: now\n", 1
    )  # fmt: skip
    async with settled(tmp_path, sales(), policy=policy) as world:
        found = await when(world.app, HR, "ana", Wish("2026-11-26", "", "Asia/Riyadh", ExitType.DISMISSAL))
    assert isinstance(found, When)
    assert (found.rule, found.due, found.approval) == ("policy/thrown-out", world.clock.now, None)


async def test_a_platform_that_does_not_answer_is_said_without_its_words(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world:
        world.sandbox.faults.append(Fault(FaultKind.HTTP_500, "users.conversations", times=99))
        seen = await offer(world.app, HR, "ana")
    assert not isinstance(seen, WrongWhen)
    assert [(one.title, one.reason, one.detail) for one in seen.unseen] == [("Slack", "unreadable", "")]
    assert not seen.complete


async def test_a_departure_that_stands_is_said(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world:
        row = await ana_is_to_leave(world)
        known = await candidate(world.app, HR, "ana")
    assert [one.id for one in known.standing] == [row.id]
    assert str(known.last_day) == "2026-11-26"
