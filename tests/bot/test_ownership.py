"""A channel one person manages alone: handed over before they go, asked about in time, never orphaned."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from bot.app import open_bawab
from bot.case_file import case_file
from bot.preview import cases_for_preview, preview
from bot.retrying import retry
from bot.service import Service
from bot.settings import HrFeed, Settings
from bot.status import status
from connectors.chat.slack import SlackConnector
from connectors.chat.slack.sandbox import (
    ADMIN_TOKEN,
    Fault,
    FaultKind,
    RoleAssignment,
    base_workspace,
    create_sandbox,
    running_sandbox,
)
from tests.bot.world import Clock, World, channel, people, slack_instance

POLICY = """\
version: 1
rules:
  - id: leaver
    on: leaver
    groups: all
    action: remove
    when: end_of_last_day
"""
REGISTRY = """\
version: 1
groups:
  # The company's board room.
  - {instance: acme, group: C-board, name: board, owner: E1, deputy: E3}
"""
NOBODY = "version: 1\ngroups: []\n"
HEADER = "employee_id,name,email,department,status,last_day,time_zone,manager_id"


def staff(*, last_day: str = "", boss: str = "E2", cleo: str = "") -> list[str]:
    """Ana's last day, her manager, and Cleo's own last day."""
    return [
        f"E1,Ana Quispe,ana@corp.test,Sales,active,{last_day},,{boss}",
        "E2,Badr Saleh,badr@corp.test,Sales,active,,,",
        f"E3,Cleo Haddad,cleo@corp.test,Sales,active,{cleo},,E2",
    ]


@asynccontextmanager
async def firm(folder: Path, registry: str = REGISTRY) -> AsyncIterator[World]:
    """An Enterprise workspace in which Ana alone manages #board."""
    rooms = [channel("board", "ana", "badr", "cleo"), channel("lunch", "ana", "badr")]
    sandbox = create_sandbox(base_workspace().add(*people("ana", "badr", "cleo"), *rooms))
    sandbox.workspace.roles.append(RoleAssignment("UANA", "C-board"))
    (folder / "hr").mkdir()
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    (folder / "groups.yaml").write_text(registry, encoding="utf-8")
    async with running_sandbox(sandbox) as url:
        slack = slack_instance(url).model_copy(update={"admin_token": SecretStr(ADMIN_TOKEN)})
        settings = Settings(
            _env_file=None,
            data_dir=folder / "data",
            policies=folder / "policy.yaml",
            registry=folder / "groups.yaml",
            time_zone="Asia/Riyadh",
            it_contact="E2",
            hr={"hr": HrFeed(path=folder / "hr", settle_seconds=0.0)},
            slack={"acme": slack},
        )
        world = World(folder, sandbox, Clock())
        async with open_bawab(settings, now=world.clock) as app:
            usual = app.chat["acme"]
            assert isinstance(usual, SlackConnector)
            # The same, but roles are read again each time: this clock is turned, the connector's own is not.
            app.chat["acme"] = SlackConnector(replace(usual._config, managers_kept_seconds=0.0))
            await usual.aclose()
            world.app, world.service = app, Service(app)
            yield world


async def settle(world: World, *rows: str) -> None:
    world.drop(*rows, header=HEADER)
    for _ in range(3):
        await world.run()
        await world.release_all()
    await world.run()


def managers(world: World) -> set[str]:
    return {one.user for one in world.sandbox.workspace.roles if one.entity == "C-board"}


def effects(world: World) -> list[str]:
    return [entry.method for entry in world.sandbox.journal if entry.effect == "done"]


async def test_the_deputy_is_made_manager_and_seen_before_the_last_one_goes(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await settle(world, *staff())
        await settle(world, *staff(last_day="2026-11-20"))
        world.clock.turn(days=1)
        await settle(world, *staff(last_day="2026-11-20"))
        assert managers(world) == {"UCLEO"}
        assert "UANA" not in world.members("C-board")
        done = effects(world)
        assert done.index("admin.roles.addAssignments") < done.index("admin.roles.removeAssignments")
        steps = {(step.action, step.group_id): step for step in await world.steps()}
        handed = steps["hand_over", "C-board"]
        assert (handed.state, handed.successor_id, handed.person_id) == ("verified_absent", "E3", "E1")
        assert [case.state for case in await world.cases()] == ["completed"]
        assert (await world.app.audit.verify()).ok


async def test_the_preview_names_the_successor_beforehand(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await settle(world, *staff())
        await settle(world, *staff(last_day="2026-11-29"))
        seen = await preview(world.app, await cases_for_preview(world.app))
        (row,) = [row for row in seen.rows if row.action == "hand_over"]
        assert (row.group, row.successor, row.why) == ("board", "Cleo Haddad", "successor_deputy")
        assert "acme" in seen.residual


async def test_a_deputy_who_is_leaving_too_is_passed_over_for_the_manager(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await settle(world, *staff())
        await settle(world, *staff(last_day="2026-11-20", cleo="2026-12-31"))
        world.clock.turn(days=1)
        await settle(world, *staff(last_day="2026-11-20", cleo="2026-12-31"))
        assert managers(world) == {"UBADR"}


async def test_with_nobody_to_take_over_it_is_asked_weeks_before_and_blocked_on_the_day(
    tmp_path: Path,
) -> None:
    async with firm(tmp_path, NOBODY) as world:
        await settle(world, *staff(boss=""))
        await settle(world, *staff(last_day="2026-12-11", boss=""))
        (asked,) = (await status(world.app)).orphans
        assert (asked.group_name, asked.why) == ("board", "nobody_registered")
        world.clock.turn(days=1)
        await world.run()
        log = await world.log()
        assert [entry["action"] for entry in log].count("succession.ask") == 1, "asked once, not daily"
        told = [m["text"] for c in world.sandbox.workspace.channels.values() if c.is_im for m in c.messages]
        assert len(told) == 1
        assert "board" in told[0]
        assert "Ana Quispe" in told[0]

        world.clock.turn(days=21)
        await world.run()
        await world.release_all()
        await world.run()
        assert managers(world) == {"UANA"}
        assert "UANA" in world.members("C-board")
        assert "UANA" not in world.members("C-lunch"), "the rest goes on"
        (blocked,) = [step for step in await world.steps() if step.group_id == "C-board"]
        assert (blocked.state, blocked.refusal) == ("blocked", "last_owner")


async def test_a_second_manager_named_in_time_settles_the_question(tmp_path: Path) -> None:
    async with firm(tmp_path, NOBODY) as world:
        await settle(world, *staff(boss=""))
        await settle(world, *staff(last_day="2026-12-11", boss=""))
        assert (await status(world.app)).orphans
        world.sandbox.workspace.roles.append(RoleAssignment("UCLEO", "C-board"))
        world.clock.turn(days=1)
        await world.run()
        assert not (await status(world.app)).orphans
        assert [entry["action"] for entry in await world.log()].count("succession.settle") == 1


async def test_a_guest_is_never_made_manager(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await settle(world, *staff())
        cleo = world.sandbox.workspace.users["UCLEO"]
        world.sandbox.workspace.users["UCLEO"] = replace(cleo, is_restricted=True)
        await settle(world, *staff(last_day="2026-11-20"))
        world.clock.turn(days=1)
        await settle(world, *staff(last_day="2026-11-20"))
        assert managers(world) == {"UBADR"}


async def test_where_the_role_is_not_seen_afterwards_the_last_manager_stays(tmp_path: Path) -> None:
    async with firm(tmp_path) as world:
        await settle(world, *staff())
        world.sandbox.faults.append(Fault(FaultKind.OK_BUT_KEPT, "admin.roles.addAssignments", times=0))
        await settle(world, *staff(last_day="2026-11-20"))
        world.clock.turn(days=1)
        for _ in range(40):
            await world.run()
            await world.release_all()
            world.clock.turn(minutes=16)
        assert managers(world) == {"UANA"}
        assert "UANA" in world.members("C-board")
        board = [step for step in await world.steps() if step.group_id == "C-board"]
        states = {step.action: (step.state, step.refusal) for step in board}
        assert states == {"hand_over": ("still_present", None), "revoke": ("blocked", "last_owner")}
        assert [case.state for case in await world.cases()] == ["completed_with_exceptions"]


async def test_a_group_handed_over_for_a_departure_that_hr_takes_back_is_said_to_stay_so(
    tmp_path: Path,
) -> None:
    async with firm(tmp_path) as world:
        await settle(world, *staff())
        slow = Fault(FaultKind.LIMITED_429, "admin.roles.removeAssignments", times=0, seconds=600)
        world.sandbox.faults.append(slow)
        await settle(world, *staff(last_day="2026-11-20"))
        world.clock.turn(days=1)
        await world.run()
        assert managers(world) == {"UANA", "UCLEO"}, "killed between the two"
        await settle(world, *staff())
        (case,) = await world.cases()
        assert case.state == "cancelled"
        file = await case_file(world.app, case.id)
        assert [(step.group_id, step.successor_id) for step in file.stays] == [("C-board", "E3")]
        (said,) = [entry for entry in await world.log() if entry["action"] == "case.rescind"]
        assert '"handed_over":["C-board"]' in said["detail"].replace(" ", "")
        assert "UANA" in world.members("C-board")


async def test_a_second_manager_named_too_late_lets_it_try_again_what_was_blocked(tmp_path: Path) -> None:
    async with firm(tmp_path, NOBODY) as world:
        await settle(world, *staff(boss=""))
        await settle(world, *staff(last_day="2026-11-20", boss=""))
        world.clock.turn(days=1)
        await settle(world, *staff(last_day="2026-11-20", boss=""))
        (case,) = await world.cases()
        assert case.state == "completed_with_exceptions"
        assert await retry(world.app, case, actor="person:badr") == 1
        await world.run()
        assert managers(world) == {"UANA"}, "nothing is mended, so the guard blocks again"
        world.sandbox.workspace.roles.append(RoleAssignment("UCLEO", "C-board"))
        assert await retry(world.app, case, actor="person:badr") == 1
        await world.run()
        assert managers(world) == {"UCLEO"}
        assert "UANA" not in world.members("C-board")
        assert [case.state for case in await world.cases()] == ["completed"]
        assert await retry(world.app, case, actor="person:badr") == 0, "nothing is left undone"
        asked = [entry["actor"] for entry in await world.log() if entry["action"] == "case.retry"]
        assert asked == ["person:badr"] * 2
        assert (await world.app.audit.verify()).ok
