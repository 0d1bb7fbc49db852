"""The lesser acts: tasks and buttons, preferences, lanes, groups, links; each says what it did, once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.access.actor import Actor, NotAllowed
from bot.access.actors import actor_by_account
from bot.acts import groups, lanes, links, tasks
from bot.acts.buttons import press
from bot.acts.cases import cancel_case, revoke_person_now
from bot.acts.preferences import prefer
from bot.acts.refusals import SENTENCES, CannotAct
from bot.locale import translator
from bot.settings import ManualInstance
from bot.store.query import add, change, columns, where
from bot.store.tables import LaneRow, LinkQuestionRow, LinkRow, TaskRow
from policies.model import ExitType
from policies.roles import Role
from tests.bot.acts.house import OUTSIDER, actor, ana_leaves, house, logged, the_case
from tests.bot.world import POLICY, World

REGISTRY = """\
version: 1
groups:
  - instance: whatsapp
    group: Couriers
    owner: sara
    deputy: lina
    members: [ana]
    sensitivity: {sensitivity}
  - instance: acme
    group: C-lunch
    owner: sara
"""
MANUAL = {"whatsapp": ManualInstance(title="WhatsApp")}
CHAT_ADMIN = Actor("zaid", "Zaid", frozenset({Role.CHAT_ADMIN}), "telegram")


async def refused(doing: Any) -> str:
    with pytest.raises(CannotAct) as caught:
        await doing
    return caught.value.code


async def asked(world: World) -> TaskRow:
    """Ana leaves, and her group without an interface becomes somebody's task."""
    await ana_leaves(world)
    world.clock.turn(days=1)
    await world.run()
    return await the_task(world)


async def the_task(world: World) -> TaskRow:
    async with world.app.store.read() as tx:
        (task,) = await where(tx, TaskRow)
    return task


def by_hand(folder: Path, sensitivity: str = "normal") -> Any:
    registry = REGISTRY.format(sensitivity=sensitivity)
    return house(folder, policy=POLICY, registry=registry, manual=MANUAL, extra={"it_contact": "omar"})


async def test_whoever_was_asked_says_done_and_nobody_else_but_it(tmp_path: Path) -> None:
    async with by_hand(tmp_path) as world:
        task, app = await asked(world), world.app
        assert task.assignee_id == "sara"
        assert await refused(tasks.done(app, CHAT_ADMIN, task.id)) == "not_yours"
        assert await refused(tasks.done(app, await actor(world, "noura"), task.id)) == "not_yours"
        with pytest.raises(NotAllowed):
            await tasks.waive(
                app, await actor(world, "sara"), task.id, "x", world.clock.now + timedelta(days=1)
            )
        pressed = await press(app, await actor(world, "sara", "slack"), "done", task.id)
        assert pressed.message is not None
        assert pressed.said == pressed.message.text
        assert (await the_task(world)).state == "attested"
        assert await refused(press(app, await actor(world, "sara"), "done", task.id)) == "task_ended"
        assert await refused(press(app, await actor(world, "sara"), "done", "task_none")) == "no_task"


async def test_a_sensitive_group_wants_a_second_person(tmp_path: Path) -> None:
    async with by_hand(tmp_path, "sensitive") as world:
        task, app = await asked(world), world.app
        sara = await actor(world, "sara")
        assert (await tasks.done(app, sara, task.id)).state == "half_attested"
        assert await refused(tasks.done(app, sara, task.id)) == "has_signed"
        second = (await the_task(world)).assignee_id
        assert second == "lina"
        assert (await tasks.done(app, await actor(world, "lina"), task.id)).state == "attested"


async def test_whoever_cannot_hands_it_on_until_nobody_is_left(tmp_path: Path) -> None:
    async with by_hand(tmp_path) as world:
        task, app = await asked(world), world.app
        for name, heir in (("sara", "lina"), ("lina", "omar")):
            await press(app, await actor(world, name, "telegram"), "cant", task.id)
            assert (await the_task(world)).assignee_id == heir
        escalated = await logged(world, "task.escalate")
        assert [entry["actor"] for entry in escalated] == ["person:sara", "person:lina"]
        assert await refused(press(app, await actor(world, "sara"), "cant", task.id)) == "not_yours"


async def test_it_waives_for_a_reason_until_a_day(tmp_path: Path) -> None:
    async with by_hand(tmp_path) as world:
        task, app, omar = await asked(world), world.app, await actor(world, "omar")
        until = world.clock.now + timedelta(days=3)
        assert await refused(tasks.waive(app, omar, task.id, " ", until)) == "reason_missing"
        assert await refused(tasks.waive(app, omar, task.id, "archive", world.clock.now)) == "until_missing"
        assert (await tasks.waive(app, omar, task.id, "archive", until)).state == "waived"


async def test_buttons_approve_reject_and_confirm_and_bind_what_their_message_showed(ready: Path) -> None:
    async with house(ready) as world:
        await ana_leaves(world)
        (hold,) = await world.holds("approval")
        shown = {"acme": ["C-lunch", "C-sales"]}
        noura = await actor(world, "noura", "slack")
        assert await refused(press(world.app, noura, "ok", hold.digest[:8])) == "no_hold"
        assert await refused(press(world.app, noura, "dance", hold.digest[:16])) == "no_button"
        await press(world.app, noura, "ok", hold.digest[:16])
        assert (await the_case(world)).approved == shown
        assert await refused(press(world.app, noura, "no", hold.digest[:16])) == "released"
        done = await revoke_person_now(world.app, noura, "sara", ExitType.UNSTATED, "x")
        assert await refused(press(world.app, noura, "conf", done.case.id)) == "is_requester"
        await press(world.app, await actor(world, "omar", "telegram"), "disp", done.case.id)
        assert (await the_case(world, "sara")).reason == "disputed"


async def test_hr_cancels_for_a_reason_and_nobody_their_own_departure(ready: Path) -> None:
    async with house(ready) as world:
        await ana_leaves(world)
        case, noura = await the_case(world), await actor(world, "noura")
        assert await refused(cancel_case(world.app, noura, case.id, "")) == "reason_missing"
        own = Actor("ana", "Ana Q", frozenset({Role.HR}), "web")
        assert await refused(cancel_case(world.app, own, case.id, "I stay")) == "no_case"
        assert (await cancel_case(world.app, noura, case.id, "stays")).state == "cancelled"
        assert await refused(cancel_case(world.app, noura, case.id, "again")) == "has_ended"
        assert await refused(cancel_case(world.app, noura, "case_", "x")) == "no_case"


async def test_wishes_are_kept_once_and_what_is_no_wish_is_refused(ready: Path) -> None:
    async with house(ready) as world:
        app, noura = world.app, await actor(world, "noura")
        await prefer(app, noura, language="ar", zone="Asia/Dubai", channels=["telegram", "email", "telegram"])
        row = await prefer(app, noura, language="ar")
        assert (row.language, row.channels) == ("ar", ["telegram", "email"])
        assert len(await logged(world, "preference.set")) == 1
        after = await actor(world, "noura")
        assert (after.language, after.zone) == ("ar", "Asia/Dubai")
        assert await refused(prefer(app, noura, language="xx")) == "no_language"
        assert await refused(prefer(app, noura, zone="../etc/passwd")) == "no_zone"
        assert await refused(prefer(app, noura, channels=["pigeon"])) == "no_channel"


async def test_it_lets_a_paused_lane_try_again(ready: Path) -> None:
    async with house(ready) as world:
        app, omar, rows = world.app, await actor(world, "omar"), columns(LaneRow)
        assert await refused(lanes.resume(app, omar, "acme")) == "lane_open"
        async with app.store.write() as tx:
            later = world.clock.now + timedelta(hours=1)
            await change(tx, LaneRow, {"state": "paused", "next_probe": later}, rows.instance == "acme")
        assert (await lanes.resume(app, omar, "acme")).next_probe == world.clock.now
        assert await refused(lanes.resume(app, omar, "nowhere")) == "no_lane"
        assert len(await logged(world, "lane.resume")) == 1


async def test_owners_speak_of_their_own_groups_only_and_it_of_all(ready: Path) -> None:
    async with house(ready, registry=REGISTRY.format(sensitivity="normal"), manual=MANUAL) as world:
        app, sara, omar = world.app, await actor(world, "sara"), await actor(world, "omar")
        await groups.set_fields(app, sara, "C-lunch", "acme", {"purpose": "food"})
        for who, field in ((sara, "owner"), (sara, "sensitivity"), (CHAT_ADMIN, "purpose")):
            with pytest.raises(NotAllowed):
                await groups.set_fields(app, who, "C-lunch", "acme", {field: "normal"})
        await groups.set_fields(app, omar, "C-lunch", "acme", {"owner": "lina"})
        assert (
            await refused(groups.set_fields(app, omar, "C-none", "acme", {"owner": "lina"}))
            == "group_refused"
        )
        outside = Actor(OUTSIDER, "Eva", frozenset({Role.IT}), "web", known_to_hr=False)
        assert await refused(groups.review(app, outside, "C-lunch", "acme")) == "not_known_to_hr"
        text = (world.folder / "groups.yaml").read_text()
        assert "purpose: food" in text
        assert "owner: lina" in text


async def test_an_account_stands_for_somebody_only_where_that_is_certain(ready: Path) -> None:
    async with house(ready) as world:
        app, rows = world.app, columns(LinkRow)

        async def who() -> str | None:
            async with app.store.read() as tx:
                found = await actor_by_account(app, tx, "acme", "UNOURA", "slack")
            return found.id if found else None

        assert await who() == "noura"
        async with app.store.write() as tx:
            mine = [rows.account_id == "UNOURA", rows.instance == "acme"]
            await change(tx, LinkRow, {"released_at": None}, *mine)
        assert await who() is None, "an e-mail match nobody has looked at"
        async with app.store.write() as tx:
            await change(tx, LinkRow, {"released_at": world.clock.now}, *mine)
            doubt = LinkQuestionRow(
                id="ask_1",
                instance="acme",
                people=["noura", "sara"],
                accounts=["UNOURA"],
                why="code_for_linked_account",
                asked_at=world.clock.now,
            )
            await add(tx, doubt)
        assert await who() is None, "somebody else says it is theirs"


async def test_links_are_decided_for_others_for_a_reason(ready: Path) -> None:
    async with house(ready) as world:
        app, noura = world.app, await actor(world, "noura")
        assert await refused(links.untie(app, noura, "noura", instance="acme", reason="x")) == "own_case"
        assert await refused(links.untie(app, noura, "ana", instance="acme", reason="")) == "reason_missing"
        gone = await links.untie(app, noura, "ana", instance="acme", reason="a shared account")
        assert [link.account_id for link in gone] == ["UANA"]
        assert await refused(links.code_for(app, noura, "ana", "nowhere")) == "no_lane"
        assert (await links.code_for(app, noura, "ana", "acme")).person_id == "ana"


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_every_refusal_is_said_whole_in_both_languages(code: str) -> None:
    import string

    places = {name for _, name, _, _ in string.Formatter().parse(SENTENCES[code]) if name}
    facts: dict[str, Any] = dict.fromkeys(places, "Ana\u202e Quispe")
    english, arabic = (CannotAct(code, **facts).said(translator(language)) for language in ("en", "ar"))
    assert english != arabic
    assert "\u202e" not in english + arabic, "a name turns no sentence round"
    assert english.endswith((".", "Quispe\u2069")), "the service's own words may end it"
