"""Whoever is going to leave learns it from no act: not by a refusal, not by trying, not by a second self."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Literal

import pytest

from bot.access.actor import Actor
from bot.acts import groups
from bot.acts.approvals import sign
from bot.acts.cases import cancel_case, confirm_emergency, open_case, reschedule_case, retry_case, revoke_now
from bot.acts.refusals import CannotAct
from bot.groups.report import Standing
from bot.signers import Signer, signer_of
from bot.store.access_tables import StaffRow
from bot.store.query import change, columns
from bot.views.audit import audit
from bot.views.feeds import feeds
from bot.views.groups import GroupGap
from bot.views.groups import groups as groups_view
from policies.roles import Role
from tests.bot.acts.house import OUTSIDER, actor, ana_leaves, house, the_case
from tests.bot.world import World

REGISTRY = """\
version: 1
groups:
  - {instance: acme, group: C-lunch, name: lunch, owner: ana, deputy: omar, reviewed: 2026-10-01}
"""
SOON = "2026-11-30"
ANA = Actor("ana", "Ana Q", frozenset({Role.CHAT_ADMIN}), "web")
OMAR = Actor("omar", "Omar Q", frozenset({Role.CHAT_ADMIN}), "web")


async def refusal(act: Awaitable[object]) -> str:
    with pytest.raises(CannotAct) as caught:
        await act
    return str(caught.value)


async def test_a_group_is_reviewed_by_whoever_leaves_soon_as_by_anybody(ready: Path) -> None:
    async with house(ready, registry=REGISTRY) as world:
        await ana_leaves(world, SOON)
        assert (await groups.review(world.app, ANA, "C-lunch", "acme")).saved
        as_it = replace(ANA, roles=frozenset({Role.IT}))
        await groups.set_fields(world.app, as_it, "C-lunch", "acme", {"owner": "ana", "purpose": "x"})
        (row,) = world.app.registry
        assert (row.owner_id, row.reviewed_by) == ("ana", "ana")


async def test_a_chat_admin_cannot_find_out_who_will_leave_by_naming_them(ready: Path) -> None:
    async with house(ready, registry=REGISTRY) as world:
        await ana_leaves(world, SOON)
        it = replace(OMAR, roles=frozenset({Role.IT}))
        for name in ("sara", "ana"):  # one stays, one leaves: both are taken alike
            assert (await groups.set_fields(world.app, OMAR, "C-lunch", "acme", {"deputy": name})).saved
            await groups.set_fields(world.app, it, "C-lunch", "acme", {"deputy": "omar"})
        told = await refusal(groups.set_fields(world.app, it, "C-lunch", "acme", {"deputy": "ana"}))
        assert "leaves soon" in told, "IT is told, and names somebody who stays"


async def test_a_chat_admin_is_shown_no_list_of_colleagues(ready: Path) -> None:
    async with house(ready, registry=REGISTRY) as world:
        told = await refusal(groups.set_fields(world.app, OMAR, "C-lunch", "acme", {"deputy": "a"}))
        assert "Noura" not in told
        assert "noura" not in told


@pytest.mark.parametrize("role", [Role.HR, Role.IT, Role.AUDITOR, Role.CHAT_ADMIN])
async def test_no_reader_finds_their_own_day_among_the_groups(role: Role, ready: Path) -> None:
    async with house(ready, registry=REGISTRY) as world:
        await ana_leaves(world, SOON)
        own = await groups_view(world.app, replace(ANA, roles=frozenset({role})))
        (line,) = [line for line in own.lines if line.registered]
        assert line.owner is not None
        assert (line.owner.standing, line.owner.last_day) == (Standing.PRESENT, None)
        assert GroupGap.OWNER_LEAVES not in own.coverage.gaps
        hr = await groups_view(world.app, Actor("noura", "Noura", frozenset({Role.HR}), "web"))
        assert hr.coverage.gaps[GroupGap.OWNER_LEAVES] == 1


async def test_to_its_subject_a_case_is_as_one_that_does_not_exist(ready: Path) -> None:
    async with house(ready) as world:
        await ana_leaves(world, SOON)
        case, app = await the_case(world), world.app
        own = replace(ANA, roles=frozenset({Role.HR, Role.IT}))
        assert case.hold_digest is not None
        for id_ in (case.id, case.id[:8]):
            nothing = f"No case is called \u2068{id_}\u2069. Open the list again."
            assert await refusal(cancel_case(app, own, id_, "x", expected="x")) == nothing
            assert await refusal(reschedule_case(app, own, id_, date(2027, 1, 1))) == nothing
            assert await refusal(retry_case(app, own, id_)) == nothing
            assert await refusal(revoke_now(app, own, id_, "x")) == nothing
            assert await refusal(confirm_emergency(app, own, id_, "confirmed")) == nothing
        words: tuple[Literal["approve", "reject"], ...] = ("approve", "reject")
        for verdict in words:
            said = await refusal(sign(app, own, case.hold_digest, verdict))
            of_none = await refusal(sign(app, own, "0" * 64, verdict))
            assert said.replace(case.hold_digest, "") == of_none.replace("0" * 64, "")


async def test_the_log_tells_nobody_of_a_run_that_is_about_them_alone(ready: Path) -> None:
    async with house(ready) as world:
        before, app = len(await world.log()), world.app
        noura = await actor(world, "noura")
        for day, is_approved in ((date(2026, 12, 24), True), (date(2026, 12, 31), False)):
            case = (await open_case(app, noura, person_id="omar", last_day=day)).case
            assert case.hold_digest is not None
            if is_approved:
                await sign(app, await actor(world, "sara"), case.hold_digest, "approve")
            await cancel_case(app, await actor(world, "sara"), case.id, "x")
        told = {entry["action"] for entry in (await world.log())[before:]}
        assert {"run.start", "hold.raise", "hold.release", "hold.withdraw", "run.finish"} <= told
        omar, huda = await actor(world, "omar"), await actor(world, "huda")
        assert [line.seq for line in (await audit(app, omar, "")).lines if line.seq > before] == []
        assert len([line for line in (await audit(app, huda, "")).lines if line.seq > before]) >= len(told)


async def test_the_last_file_from_hr_counts_nobodys_own_leaving(ready: Path) -> None:
    async with house(ready) as world:
        before = len(await world.log())
        await ana_leaves(world, SOON)
        own, noura = replace(ANA, roles=frozenset({Role.HR, Role.IT})), await actor(world, "noura")
        assert [dict(source.changes) for source in (await feeds(world.app, own)).sources] == [{}]
        assert [dict(source.changes) for source in (await feeds(world.app, noura)).sources] == [{"leaver": 1}]
        seen = [line for line in (await audit(world.app, own, "")).lines if line.seq > before]
        assert not [line for line in seen if "leaver" in str(line.row["detail"])]


async def test_an_outsider_whom_hr_names_by_now_is_that_person_to_every_act(ready: Path) -> None:
    async with house(ready) as world:
        await ana_leaves(world, SOON)
        case, outsider = await the_case(world), await second_self(world)
        assert (await signer_of_now(world, outsider)).ids == {OUTSIDER, "ana"}
        told = await refusal(cancel_case(world.app, outsider, case.id, "I stay"))
        assert told.startswith("No case is called")


async def second_self(world: World) -> Actor:
    """The outside auditor turns out to have Ana's address, and HR's rights."""
    async with world.app.store.write() as tx:
        values = {"email": "Ana@corp.test", "roles": [Role.HR]}
        await change(tx, StaffRow, values, columns(StaffRow).id == OUTSIDER)
    return await actor(world, OUTSIDER)


async def signer_of_now(world: World, who: Actor) -> Signer:
    async with world.app.store.read() as tx:
        return await signer_of(tx, who)
