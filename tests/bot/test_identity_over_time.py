"""Who is who changes: HR corrects an id, an address goes to a newcomer, a question is answered late."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.release import CannotRelease, release
from bot.settings import ManualInstance
from bot.store.query import where
from bot.store.tables import TaskRow
from connectors.chat.slack.sandbox import Channel, Fault, FaultKind, User
from tests.bot.world import HEADER, World, channel, company, people

ANA = "E1,Ana Quispe,ana@corp.test,Sales,active,,"
NOURA = "E2,Noura,noura@corp.test,Research,active,,"
GONE = ANA.replace("active,,", "terminated,2026-11-19,")
TWO_ANAS = [User(id=user, name=user, email="ana@corp.test") for user in ("UANA", "UANA2")]


async def release_kind(world: World, kind: str) -> None:
    for hold in await world.holds(kind):
        await release(world.app, hold.digest, actor="person:noura")


async def ended(world: World) -> list[tuple[str, str | None]]:
    return [(case.state, case.reason) for case in await world.cases()]


async def test_an_account_id_that_hr_corrected_is_never_acted_upon_again(tmp_path: Path) -> None:
    header = HEADER + ",account:acme"
    stays = "E2,Noura,,Research,active,,,UNOURA"
    sales = channel("sales-x", "ana", "omar")
    async with company(tmp_path, *people("ana", "noura", "omar"), sales) as world:
        world.drop("E1,Ana,,Sales,active,,,UOMAR", stays, header=header)
        await world.settle_in()
        world.drop("E1,Ana,,Sales,active,,,UANA", stays, header=header)
        await world.run()
        world.drop("E1,Ana,,Sales,terminated,2026-11-19,,UANA", stays, header=header)
        await world.run()
        assert "UOMAR" in world.members("C-sales-x"), "Omar was never Ana"
        assert "UANA" not in world.members("C-sales-x")
        assert "link.remove" in [entry["action"] for entry in await world.log()]


async def test_an_unconfirmed_match_falls_with_the_address_it_stood_on(tmp_path: Path) -> None:
    async with company(tmp_path, *people("ana", "noura"), channel("sales-x", "ana")) as world:
        world.drop(ANA, NOURA)
        await world.run()
        await release_kind(world, "observe")
        renamed, newcomer = ANA.replace("ana@", "ana.q@"), "E9,Ana Other,ana@corp.test,Sales,active,,"
        world.drop(renamed, NOURA, newcomer)
        await world.run()
        await world.release_all()
        world.drop(renamed.replace("active,,", "terminated,2026-11-19,"), NOURA, newcomer)
        await world.run()
        await world.release_all()
        await world.run()
        assert "UANA" in world.members("C-sales-x"), "the mailbox is the newcomer's now"


async def test_a_removal_that_waited_for_an_account_goes_on_once_somebody_confirmed_it(
    tmp_path: Path,
) -> None:
    async with company(tmp_path, *people("ana", "noura"), channel("sales-x", "ana", "noura")) as world:
        world.drop(ANA, NOURA)
        await world.run()
        await release_kind(world, "observe")
        world.drop(GONE, NOURA)
        await world.run()
        assert await world.states() == {"sales-x": "blocked"}
        await release_kind(world, "identity_links")
        await world.run()
        assert await world.states() == {"sales-x": "verified_absent"}
        assert [state for state, _ in await ended(world)] == ["completed"]


async def test_an_open_question_about_an_account_keeps_a_case_from_being_called_completed(
    tmp_path: Path,
) -> None:
    registry = "version: 1\ngroups:\n  - {instance: phones, group: Sales, owner: E2, members: [E1, E2]}\n"
    manual = {"phones": ManualInstance()}
    sales = channel("sales-x", "ana")
    async with company(
        tmp_path, *TWO_ANAS, *people("noura"), sales, registry=registry, manual=manual
    ) as world:
        world.drop(ANA, NOURA)
        await world.settle_in()
        world.drop(GONE, NOURA)
        await world.run()
        async with world.app.store.read() as tx:
            tasks = await where(tx, TaskRow)
        for task in tasks:
            await world.service.messages.tasks.attest(task.id, by="E2")
        await world.run()
        assert await ended(world) == [("completed_with_exceptions", "identity_question")]
        assert "UANA" in world.members("C-sales-x")


async def test_nobody_releases_what_concerns_or_was_asked_by_themselves_under_any_of_their_names(
    tmp_path: Path,
) -> None:
    async with company(tmp_path, *people("ana", "noura"), channel("sales-x", "ana")) as world:
        world.drop(ANA, NOURA)
        await world.run()
        world.drop(ANA.replace("active,,", "active,2026-11-25,"), NOURA)
        await world.run()
        (hold,) = [hold for hold in await world.holds("observe") if hold.count]
        for name in ("E1", "e1", "Ana Quispe", "ana@corp.test", "ANA"):
            with pytest.raises(CannotRelease):
                await release(world.app, hold.digest, actor=f"person:{name}")


async def test_a_group_message_named_after_its_people_brings_no_name_into_the_log(tmp_path: Path) -> None:
    members = ["UBOT", "UANA", "UNOURA"]
    chat = Channel(id="G-1", name="mpdm-ana.quispe--noura-1", members=members, is_mpim=True, is_private=True)
    async with company(tmp_path, *people("ana", "noura"), chat) as world:
        world.drop(ANA, NOURA)
        await world.settle_in()
        world.drop(GONE, NOURA)
        await world.run()
        assert not [entry for entry in await world.log() if "quispe" in (entry["group_name"] or "")]


async def test_a_clock_set_back_does_not_hide_what_hr_took_back(tmp_path: Path) -> None:
    async with company(tmp_path, *people("ana", "noura"), channel("sales-x", "ana")) as world:
        world.drop(ANA, NOURA)
        await world.settle_in()
        world.clock.turn(hours=-1)
        world.drop(ANA.replace("active,,", "active,2026-11-20,"), NOURA)
        await world.run()
        world.clock.turn(minutes=10)
        world.drop(ANA, NOURA)  # the very bytes of the baseline
        await world.run()
        world.clock.turn(days=3)
        await world.run()
        assert "UANA" in world.members("C-sales-x")


async def test_a_broken_export_with_a_name_as_long_as_a_disk_allows_blocks_nobody(tmp_path: Path) -> None:
    async with company(tmp_path, *people("ana", "noura")) as world:
        world.drop("nonsense", header="x", name="م" * 120 + ".csv")
        await world.run()
        world.drop(ANA, NOURA, name="zzz.csv")
        await world.run()
        assert [e["action"] for e in await world.log() if e["action"] == "feed.receive"] == ["feed.receive"]


async def test_an_account_that_hr_gives_to_somebody_else_is_not_the_leavers_alone(tmp_path: Path) -> None:
    header = HEADER + ",account:acme"
    async with company(tmp_path, *people("ana", "noura"), channel("sales-x", "ana", "noura")) as world:
        world.drop(f"{ANA},", f"{NOURA},", header=header)
        await world.settle_in()
        assert await world.holds() == []
        world.drop(f"{ANA},", f"{NOURA},UANA", header=header)
        await world.run()
        world.drop(f"{GONE},", f"{NOURA},UANA", header=header)
        await world.run()
        await world.release_all()
        await world.run()
        assert "UANA" in world.members("C-sales-x"), "HR says that it is Noura's"
        assert await world.states() == {"sales-x": "blocked"}
        world.drop(f"{GONE},", f"{NOURA},", header=header)
        await world.run()
        assert "UANA" not in world.members("C-sales-x"), "HR took it back, so the removal goes on"


async def test_an_account_claimed_by_hr_for_somebody_else_after_the_plan_stops_the_call(
    tmp_path: Path,
) -> None:
    header = HEADER + ",account:acme"
    async with company(tmp_path, *people("ana", "noura"), channel("sales-x", "ana", "noura")) as world:
        world.drop(f"{ANA},", f"{NOURA},", header=header)
        await world.settle_in()
        world.sandbox.faults.append(Fault(FaultKind.LIMITED_429, "conversations.kick", seconds=1800))
        world.drop(f"{GONE},", f"{NOURA},", header=header)
        await world.run()
        assert await world.states() == {"sales-x": "pending"}
        world.drop(f"{GONE},", f"{NOURA},UANA", header=header)
        await world.run()
        world.clock.turn(hours=1)
        await world.run()
        assert "UANA" in world.members("C-sales-x")
        assert await world.states() == {"sales-x": "blocked"}
