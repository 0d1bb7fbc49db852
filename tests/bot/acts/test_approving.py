"""Approving and rejecting: by whom, once, both at the same second, and what is bound by what was seen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path

import pytest

from bot.access.actor import NotAllowed
from bot.acts.approvals import Signed, sign
from bot.acts.cases import cancel_case, open_case
from bot.acts.refusals import CannotAct
from bot.app import open_bawab
from bot.locale import translator
from bot.release import CannotRelease, release
from bot.store.query import change, columns
from bot.store.tables import HoldRow
from tests.bot.acts.house import BY_BOTH, OUTSIDER, actor, ana_leaves, house, logged, signatures, the_case
from tests.bot.world import World


async def waiting(world: World) -> HoldRow:
    (hold,) = await world.holds("approval")
    return hold


async def refused(world: World, name: str, digest: str, verdict: str = "approve") -> str:
    with pytest.raises(CannotAct) as caught:
        await sign(world.app, await actor(world, name), digest, verdict)  # type: ignore[arg-type]
    return caught.value.code


async def test_hr_approves_once_and_what_was_seen_binds(ready: Path) -> None:
    async with house(ready) as world:
        await ana_leaves(world)
        hold, case = await waiting(world), await the_case(world)
        seen = {case.id: {"acme": ["C-lunch"]}}
        signed = await sign(world.app, await actor(world, "noura"), hold.digest[:16], "approve", "ok", seen)
        assert (signed.released, signed.missing, signed.count) == (True, (), 1)
        after = await the_case(world)
        assert (after.state, after.released_by, after.approved) == (
            "scheduled",
            "person:noura",
            seen[case.id],
        )
        assert await signatures(world, hold.digest) == [("noura", "hr", "approve")]
        assert await refused(world, "sara", hold.digest) == "released"
        assert len(await logged(world, "hold.sign")) - len(await logged(world, "hold.release")) == 0


async def test_it_cannot_give_hrs_word_and_nobody_their_own(ready: Path) -> None:
    async with house(ready) as world:
        await ana_leaves(world)
        hold = await waiting(world)
        assert await refused(world, "omar", hold.digest) == "wrong_role"
        for name in ("lina", OUTSIDER):
            with pytest.raises(NotAllowed):
                await sign(world.app, await actor(world, name), hold.digest, "approve")
        assert await signatures(world, hold.digest) == []
        assert (await the_case(world)).state == "awaiting_approval"


async def test_whoever_opened_it_does_not_approve_it_by_any_name(ready: Path) -> None:
    async with house(ready) as world:
        noura = await actor(world, "noura")
        await open_case(world.app, noura, person_id="ana", last_day=None)
        hold = await waiting(world)
        assert await refused(world, "noura", hold.digest) == "is_requester"
        for name in ("Noura Q", "noura@corp.test", "NOURA"):
            with pytest.raises(CannotRelease, match="somebody else must"):
                await release(world.app, hold.digest, actor=f"person:{name}")
        async with world.app.store.write() as tx:  # asked for at the machine, under the mailbox' name
            holds = columns(HoldRow)
            await change(tx, HoldRow, {"requested_by": "person:sara@corp.test"}, holds.digest == hold.digest)
        assert await refused(world, "sara", hold.digest) == "is_requester"
        assert (await the_case(world)).state == "awaiting_approval"


async def test_the_subject_never_approves(ready: Path) -> None:
    async with house(ready) as world:
        await open_case(world.app, await actor(world, "noura"), person_id="sara", last_day=None)
        hold = await waiting(world)
        assert await refused(world, "sara", hold.digest) == "no_hold"
        with pytest.raises(CannotRelease, match="among the people concerned"):
            await release(world.app, hold.digest, actor="person:Sara Q")


async def test_where_both_must_sign_two_people_do_whatever_roles_one_has(tmp_path: Path) -> None:
    async with house(tmp_path, policy=BY_BOTH) as world:
        await ana_leaves(world)
        hold = await waiting(world)
        first = await sign(world.app, await actor(world, "huda"), hold.digest, "approve")
        assert not first.released
        assert [sorted(roles) for roles in first.missing] == [["it"]]
        assert (await the_case(world)).state == "awaiting_approval"
        assert await refused(world, "huda", hold.digest) == "has_signed"
        with pytest.raises(CannotRelease, match="a second, different person"):
            await release(world.app, hold.digest, actor="person:Huda Q")
        assert await refused(world, "noura", hold.digest) == "wrong_role"
        second = await sign(world.app, await actor(world, "omar"), hold.digest, "approve")
        assert second.released
        assert await signatures(world, hold.digest) == [("huda", "hr", "approve"), ("omar", "it", "approve")]
        assert (await the_case(world)).state == "scheduled"


async def test_what_only_one_of_two_signers_was_shown_is_not_bound(tmp_path: Path) -> None:
    async with house(tmp_path, policy=BY_BOTH) as world:
        await ana_leaves(world)
        hold, case = await waiting(world), await the_case(world)
        for name, group in (("noura", "C-lunch"), ("omar", "C-sales")):
            seen = {case.id: {"acme": [group]}}
            await sign(world.app, await actor(world, name), hold.digest, "approve", seen=seen)
        assert (await the_case(world)).approved == {"acme": []}


async def test_at_the_machine_two_names_fill_two_places_and_one_name_does_not(tmp_path: Path) -> None:
    async with house(tmp_path, policy=BY_BOTH) as world:
        await ana_leaves(world)
        hold = await waiting(world)
        first = await release(world.app, hold.digest, actor="person:root")
        assert (first.count, len(first.missing)) == (0, 1)
        with pytest.raises(CannotRelease, match="a second, different person"):
            await release(world.app, hold.digest, actor="person:ROOT")
        second = await release(world.app, hold.digest, actor="person:omar")
        assert (second.count, second.missing) == (1, ())


async def test_a_rejection_cancels_its_cases_once_and_says_who(ready: Path) -> None:
    async with house(ready) as world:
        await ana_leaves(world)
        hold = await waiting(world)
        done = await sign(world.app, await actor(world, "noura"), hold.digest, "reject", "stays after all")
        assert (done.released, done.count) == (False, 1)
        case = await the_case(world)
        assert (case.state, case.reason) == ("cancelled", "rejected")
        assert await refused(world, "sara", hold.digest) == "rejected"
        assert not await world.holds()
        assert [entry["actor"] for entry in await logged(world, "hold.reject")] == ["person:noura"]
        assert not await logged(world, "hold.withdraw"), "one act, one entry"
        world.clock.turn(days=2)
        await world.run()
        assert "UANA" in world.members("C-lunch")


async def test_too_short_a_beginning_and_a_stranger_to_all_holds_name_nothing(ready: Path) -> None:
    async with house(ready) as world:
        await ana_leaves(world)
        hold = await waiting(world)
        assert await refused(world, "noura", hold.digest[:4]) == "no_hold"
        assert await refused(world, "noura", "f" * 64) == "no_hold"


async def at_once(*acts: Awaitable[object]) -> list[object]:
    """Two people, two connections to one database, the same second."""
    return await asyncio.gather(*acts, return_exceptions=True)


async def test_approve_and_reject_in_the_same_second_one_wins_and_the_other_is_told(ready: Path) -> None:
    async with house(ready) as world, open_bawab(world.app.settings, now=world.clock) as other:
        await ana_leaves(world)
        hold = await waiting(world)
        noura, sara = await actor(world, "noura"), await actor(world, "sara")
        done = await at_once(
            sign(world.app, noura, hold.digest, "approve"),
            sign(other, sara, hold.digest, "reject"),
        )
        won = [one for one in done if isinstance(one, Signed)]
        (lost,) = [one for one in done if isinstance(one, CannotAct)]
        assert len(won) == 1
        winner = "Noura Q" if won[0].released else "Sara Q"
        assert lost.code == ("released" if won[0].released else "rejected")
        assert winner in lost.said(translator("en"))
        assert winner in lost.said(translator("ar"))
        assert len(await signatures(world, hold.digest)) == 1
        assert (await the_case(world)).state == ("scheduled" if won[0].released else "cancelled")


async def test_approve_and_rescind_in_the_same_second_one_wins_and_the_other_is_told(ready: Path) -> None:
    async with house(ready) as world, open_bawab(world.app.settings, now=world.clock) as other:
        await ana_leaves(world)
        hold, case = await waiting(world), await the_case(world)
        noura, sara = await actor(world, "noura"), await actor(world, "sara")
        done = await at_once(
            sign(world.app, noura, hold.digest, "approve"),
            cancel_case(other, sara, case.id, "stays", expected="awaiting_approval"),
        )
        (lost,) = [one for one in done if isinstance(one, CannotAct)]
        approved = isinstance(done[0], Signed)
        assert lost.code == ("changed_meanwhile" if approved else "withdrawn_by")
        assert ("Noura Q" if approved else "Sara Q") in str(lost)
        assert (await the_case(world)).state == ("scheduled" if approved else "cancelled")


async def test_whoever_rescinds_what_was_approved_a_moment_ago_is_told_by_whom(ready: Path) -> None:
    async with house(ready) as world:
        await ana_leaves(world)
        hold, case = await waiting(world), await the_case(world)
        sara = await actor(world, "sara")
        await sign(world.app, await actor(world, "noura"), hold.digest, "approve")
        with pytest.raises(CannotAct, match="Noura Q") as lost:
            await cancel_case(world.app, sara, case.id, "stays", expected="awaiting_approval")
        assert lost.value.code == "changed_meanwhile"
        assert (await the_case(world)).state == "scheduled"


async def test_two_people_approve_in_the_same_second_and_it_is_released_once(ready: Path) -> None:
    async with house(ready) as world, open_bawab(world.app.settings, now=world.clock) as other:
        await ana_leaves(world)
        hold = await waiting(world)
        before = len(await logged(world, "hold.release"))
        names = [await actor(world, "noura"), await actor(world, "sara")]
        done = await at_once(
            sign(world.app, names[0], hold.digest, "approve"),
            sign(other, names[1], hold.digest, "approve"),
        )
        assert sorted(type(one).__name__ for one in done) == ["CannotAct", "Signed"]
        assert len(await logged(world, "hold.release")) == before + 1
