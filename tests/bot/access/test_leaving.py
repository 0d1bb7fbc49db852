"""A leaver's own roles, sessions, tokens and seats go first, in the case's transaction, once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.access import sessions, tokens
from bot.access.actors import actor_of
from bot.access.leaving import take_leave
from bot.access.registry_seats import open_seats
from bot.app import open_bawab
from bot.planning import Planner
from bot.settings import ManualInstance
from bot.store.access_tables import SignInCodeRow
from bot.store.query import add, change, columns, where
from bot.store.tables import CaseRow, TaskRow
from policies.registry import load_registry
from policies.roles import Permission
from tests.bot.acts.house import actor, house, logged, the_case
from tests.bot.adversary import STAFF, line
from tests.bot.world import POLICY, World

REGISTRY = """\
version: 1
groups:
  - instance: acme   # the whole house eats here
    group: C-lunch
    owner: noura
    deputy: sara
  - instance: acme
    group: C-sales
    owner: noura
  - instance: whatsapp
    group: Couriers
    owner: noura
    deputy: omar
    members: [ana]
"""


async def leaves(world: World, name: str, last_day: str = "2026-11-20") -> None:
    """HR announces it, and the day is over."""
    world.drop(line(name, last_day=last_day), *[line(one) for one in STAFF if one != name])
    await world.run()
    world.clock.turn(days=1)


def said_by(world: World) -> str:
    return (world.folder / "groups.yaml").read_text()


def says(world: World, text: str) -> None:
    (world.folder / "groups.yaml").write_text(text)


def rows(world: World) -> dict[str, tuple[str | None, str | None]]:
    """Group → (owner, deputy), as the file says it now."""
    found = load_registry(said_by(world), "groups.yaml")
    return {row.group: (row.owner_id, row.deputy_id) for row in found}


async def test_it_ends_before_the_first_platform_is_asked_and_survives_a_crash(tmp_path: Path) -> None:
    async with house(tmp_path, policy=POLICY) as world:
        app = world.app
        cookie = await sessions.begin(app, "noura")
        made = await tokens.make_token(
            app,
            await actor(world, "noura"),
            title="t",
            scopes={Permission.CASE_READ},
            lasts=app.settings.console.session_time * 9,
        )
        await leaves(world, "noura")
        planner = Planner(app)
        assert await planner.start_due() == 1
        # Killed here: nothing was planned yet, and all of it is on the disk.
        async with open_bawab(app.settings, now=world.clock, connect=False) as after:
            assert await sessions.find(after, cookie) is None
            assert await tokens.find(after, made.text) is None
            async with after.store.write() as tx:
                assert await actor_of(after, tx, "noura", "web") is None
                before = len(await world.log())
                (case,) = [one for one in await where(tx, CaseRow) if one.person_id == "noura"]
                await take_leave(after, tx, case)
        assert len(await world.log()) == before, "a second time there is nothing left to end"
        (entry,) = await logged(world, "access.end")
        assert entry["case_id"] == case.id
        assert '"tokens":1' in entry["detail"]


async def test_whoever_only_changes_departments_keeps_everything_of_theirs_here(tmp_path: Path) -> None:
    async with house(tmp_path, policy=POLICY) as world:
        cookie = await sessions.begin(world.app, "sara")
        world.drop(line("sara", post="Research"), *[line(one) for one in STAFF if one != "sara"])
        await world.run()
        assert (await the_case(world, "sara")).started_at is not None
        assert await sessions.find(world.app, cookie) is not None
        assert await logged(world, "access.end") == []


async def test_a_sign_in_link_that_was_made_for_them_is_over_too(tmp_path: Path) -> None:
    async with house(tmp_path, policy=POLICY) as world:
        now = world.clock.now
        later = now + timedelta(days=30)
        link = SignInCodeRow(code_hash="c", staff_id="noura", created_at=now, expires_at=later)
        async with world.app.store.write() as tx:
            await add(tx, link)
        await leaves(world, "noura")
        await world.run()
        async with world.app.store.read() as tx:
            (kept,) = await where(tx, SignInCodeRow)
        assert kept.expires_at <= world.clock.now


async def test_where_the_case_does_not_start_nothing_ends_either(tmp_path: Path) -> None:
    async with house(tmp_path, policy=POLICY) as world:
        await leaves(world, "noura", last_day="2026-12-31")
        await world.run()
        assert (await the_case(world, "noura")).state == "scheduled"
        assert (await actor(world, "noura")).may(Permission.CASE_OPEN)


async def test_open_tasks_go_to_the_next_in_line(tmp_path: Path) -> None:
    manual = {"whatsapp": ManualInstance(title="WhatsApp")}
    extra = {"it_contact": "huda"}
    async with house(tmp_path, policy=POLICY, registry=REGISTRY, manual=manual, extra=extra) as world:
        await leaves(world, "ana")
        await world.run()
        async with world.app.store.read() as tx:
            (task,) = await where(tx, TaskRow)
        assert (task.assignee_id, task.escalation) == ("noura", 0)
        gone = [line("noura", "terminated"), line("ana", last_day="2026-11-20")]
        world.drop(*gone, *[line(one) for one in STAFF if one not in ("noura", "ana")])
        await world.run()
        async with world.app.store.read() as tx:
            (task,) = await where(tx, TaskRow, columns(TaskRow).id == task.id)
        assert (task.assignee_id, task.escalation, task.state) == ("omar", 1, "open")
        (handed,) = [e for e in await logged(world, "seat.hand_over") if '"tasks":1' in (e["detail"] or "")]
        assert '"tasks_for_nobody":0' in handed["detail"]


async def test_deputies_become_owners_in_the_file_and_what_has_nobody_is_listed(tmp_path: Path) -> None:
    manual = {"whatsapp": ManualInstance(title="WhatsApp")}
    async with house(tmp_path, registry=REGISTRY, manual=manual, policy=POLICY) as world:
        await leaves(world, "noura")
        await world.run()
        assert rows(world) == {
            "C-lunch": ("sara", None),
            "C-sales": ("noura", None),
            "Couriers": ("noura", "omar"),
        }, "without an interface the row is all that says she is in the group: it waits"
        assert "# the whole house eats here" in said_by(world)
        async with world.app.store.read() as tx:
            assert await open_seats(tx) == ("acme: C-sales",)
            tasks = await where(tx, TaskRow)
        assert [task.assignee_id for task in tasks] == ["omar"], "her own removal is asked of the deputy"
        said = len(await logged(world, "seat.hand_over"))
        await world.run()
        await world.run()
        assert len(await logged(world, "seat.hand_over")) == said, "once"
        async with world.app.store.write() as tx:
            await change(tx, CaseRow, {"state": "completed"}, columns(CaseRow).person_id == "noura")
        await world.run()
        assert rows(world)["Couriers"] == ("omar", None)


async def test_a_registry_that_cannot_be_written_is_a_finding_and_stops_nobodys_removal(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, registry=REGISTRY, policy=POLICY) as world:
        await leaves(world, "noura")
        says(world, REGISTRY.replace("owner: noura\n    deputy: sara", "ownr: noura"))
        await world.run()
        await world.run()
        assert "UNOURA" not in world.members("C-lunch")
        async with world.app.store.read() as tx:
            assert "acme: C-lunch" in await open_seats(tx)
            assert await actor_of(world.app, tx, "noura", "web") is None
        failed = [entry for entry in await logged(world, "seat.hand_over") if entry["outcome"] == "open"]
        assert {entry["group_id"] for entry in failed} >= {"C-lunch", "C-sales"}
        assert len(failed) == len({entry["group_id"] for entry in failed}), "each once"
        says(world, REGISTRY)
        for _ in range(3):
            await world.run()
        assert rows(world)["C-lunch"] == ("sara", None), "mended, and handed over"
