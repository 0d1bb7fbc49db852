"""The staff file at work: roles given and taken as it changes, and kept while it is broken."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.access import sessions, tokens
from bot.access.actor import Actor
from bot.access.actors import actor_of
from bot.access.roster import active_staff, vacant_roles
from bot.access.staff_news import staff_news
from bot.app import open_bawab
from bot.settings import SettingsProblem
from policies.roles import Permission, Role
from tests.bot.acts.house import ana_leaves, house, logged
from tests.bot.world import World

HEAD = "version: 1\nstaff:\n"
HUDA = "  - person: huda@corp.test\n    roles: [hr, it]\n"
EVA = "  - email: eva@audit.example\n    name: Eva\n    roles: [auditor]\n"


@asynccontextmanager
async def by_file(folder: Path, *rows: str) -> AsyncIterator[World]:
    (folder / "staff.yaml").write_text(HEAD + "".join(rows))
    async with house(folder, extra={"staff": folder / "staff.yaml"}) as world:
        await staff_news(world.app)
        yield world


async def says(world: World, *rows: str, text: str | None = None) -> None:
    """Save the file; it is read once it holds still."""
    path = world.folder / "staff.yaml"
    path.write_text(HEAD + "".join(rows) if text is None else text)
    await staff_news(world.app)
    await staff_news(world.app)


async def somebody(world: World, id_: str) -> Actor | None:
    async with world.app.store.read() as tx:
        return await actor_of(world.app, tx, id_, "web")


async def from_file(world: World) -> dict[str, list[str]]:
    async with world.app.store.read() as tx:
        return {row.name: row.roles for row in await active_staff(tx) if row.source == "file"}


async def test_an_address_hr_knows_is_that_person_and_another_is_an_outsider(ready: Path) -> None:
    async with by_file(ready, HUDA, EVA) as world:
        assert await from_file(world) == {"Huda Q": ["hr", "it"], "Eva": ["auditor"]}
        who = await somebody(world, "huda")
        assert who is not None
        assert who.roles == {Role.HR, Role.IT}
        assert who.known_to_hr
        before = len(await world.log())
        await staff_news(world.app)
        assert len(await world.log()) == before, "what says the same is not said again"


async def test_whoever_is_taken_out_of_the_file_loses_sessions_and_tokens_at_once(ready: Path) -> None:
    async with by_file(ready, HUDA, EVA) as world:
        app, who = world.app, await somebody(world, "huda")
        assert who is not None
        cookie = await sessions.begin(app, "huda", "en")
        made = await tokens.make_token(
            app, who, title="t", scopes={Permission.CASE_READ}, lasts=app.settings.console.session_time
        )
        assert await sessions.find(app, cookie) is not None
        await says(world, EVA)
        assert await sessions.find(app, cookie) is None
        assert await tokens.find(app, made.text) is None
        assert await somebody(world, "huda") is None
        (ended,) = await logged(world, "access.end")
        assert '"sessions":1' in ended["detail"]
        assert '"tokens":1' in ended["detail"]
        await says(world, HUDA, EVA)
        assert await somebody(world, "huda") is not None
        assert await sessions.find(app, cookie) is None, "a session that ended stays ended"


async def test_a_broken_file_keeps_the_roles_and_is_said_once_without_its_words(ready: Path) -> None:
    async with by_file(ready, HUDA) as world:
        await says(world, text=HEAD + "  - person: huda\n    roles: [queen]\n")
        await staff_news(world.app)
        assert await somebody(world, "huda") is not None
        (entry,) = await logged(world, "staff.load")
        assert entry["outcome"] == "refused"
        assert "queen" not in entry["detail"]
        assert "staff.yaml:4:13" in world.app.staffed.problem
        await says(world, HUDA)
        assert [one["outcome"] for one in await logged(world, "staff.load")] == ["refused", "ok"]


async def test_a_file_broken_at_the_start_is_an_operators_matter(ready: Path) -> None:
    async with by_file(ready, HUDA) as world:
        (ready / "staff.yaml").write_text(HEAD + "  - persn: huda\n    roles: [hr]\n")
        with pytest.raises(SettingsProblem, match=r"staff\.yaml:3:5: unknown key 'persn'; did you mean"):
            async with open_bawab(world.app.settings, now=world.clock):
                pass


async def test_the_file_gives_nothing_to_whoever_left_and_says_that_a_role_is_empty(ready: Path) -> None:
    rows = ["  - person: ana\n    roles: [hr]\n", "  - person: omar\n    roles: [it]\n"]
    async with by_file(ready, *rows) as world:
        async with world.app.store.write() as tx:
            from bot.access.granting import end_roles

            for row in await active_staff(tx):
                if row.source == "oidc":
                    await end_roles(world.app, tx, row, why="test", actor="bawab")
        await ana_leaves(world)
        world.clock.turn(days=1)
        await world.run()
        assert await somebody(world, "ana") is None
        async with world.app.store.read() as tx:
            assert await vacant_roles(world.app, tx) == (Role.HR,)
