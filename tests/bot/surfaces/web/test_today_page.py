"""The first page over real HTTP: what needs whom, what is said to nobody else, a task done by one button."""

from __future__ import annotations

from pathlib import Path

from bot.lanes import stumbled
from bot.store.query import where
from bot.store.tables import TaskRow
from connectors.errors import Unavailable
from policies.roles import Role
from tests.bot.adversary import office
from tests.bot.surfaces.web.stage import console_of
from tests.bot.surfaces.web.test_case_pages import text_of
from tests.bot.views.readers import APPROVED, REGISTRY, ana_is_to_leave, general, sales, settled
from tests.bot.world import World, channel


async def test_the_first_page_says_what_is_open_and_what_needs_whom(tmp_path: Path) -> None:
    async with settled(tmp_path, sales(), policy=APPROVED) as world, console_of(world) as site:
        empty = text_of(await (await site.client("noura", Role.HR)).get("/"))
        case = await ana_is_to_leave(world)
        (hold,) = await world.holds()
        pages = {role: await (await site.client(f"x-{role}", role)).get("/") for role in Role}
    assert "Nobody is leaving or moving." in empty
    assert "1 thing needs you. 1 case is open." in text_of(pages[Role.HR])
    for role, page in pages.items():
        assert page.status_code == 200
        assert (case.id in page.text) is (role is not Role.CHAT_ADMIN), role
        assert (hold.digest in page.text) is (role not in (Role.CHAT_ADMIN, Role.BREAK_GLASS)), role
        assert ("Look and decide" in page.text) is (role is Role.HR), role
    assert "Ana" not in pages[Role.CHAT_ADMIN].text


async def test_the_first_run_and_a_platform_that_is_down_are_said_in_plain_words(tmp_path: Path) -> None:
    async with office(tmp_path, sales(), settled=False) as world, console_of(world) as site:
        await stumbled(world.app, "acme", "slack", Unavailable("503 Service Unavailable"))
        hr = await (await site.client("noura", Role.HR)).get("/")
        it = await (await site.client("omar", Role.IT, language="ar")).get("/")
    assert "Bawab is only watching. HR has delivered nothing yet." in text_of(hr)
    assert "Slack has not answered since " in text_of(hr)
    assert "Nobody is lost. What waits goes on by itself once it answers" in text_of(hr)
    assert "503" not in hr.text
    assert "503 Service Unavailable" in it.text
    assert "بوّاب يراقب فقط." in text_of(it)


async def test_a_chat_admin_does_a_task_with_one_button_and_reads_no_reason(tmp_path: Path) -> None:
    registry = REGISTRY + "  - {instance: acme, group: C-lunch, name: lunch, owner: sara}\n"
    away = channel("lunch", "ana")
    away.members.pop(0)
    async with settled(tmp_path, sales(), general(), away, registry=registry) as world:
        await ana_is_to_leave(world)
        world.clock.turn(days=7)
        await world.run()
        (task,) = await _tasks(world)
        async with console_of(world) as site:
            sara, lina = [await site.client(one, Role.CHAT_ADMIN) for one in ("sara", "lina")]
            page = await sara.get("/")
            assert "Please take Ana Q out of lunch." in text_of(page)
            assert not [word for word in ("/cases", "exit", "resign", "UANA") if word in page.text]
            assert task.id not in (await lina.get("/")).text
            await site.post(lina, f"/today/tasks/{task.id}/done")
            assert [row.state for row in await _tasks(world)] == ["open"]
            done = await site.post(sara, f"/today/tasks/{task.id}/done")
            assert "noted as done by you" in text_of(done)
            assert [row.state for row in await _tasks(world)] == ["attested"]


async def _tasks(world: World) -> list[TaskRow]:
    async with world.app.store.read() as tx:
        return await where(tx, TaskRow)


async def test_the_moving_part_comes_alone_and_only_to_the_page(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR)
        part = await client.get("/today/now", headers={"hx-request": "true"})
        assert "<html" not in part.text
        assert 'hx-get="/today/now"' in part.text
        assert (await client.get("/today/now")).url.path == "/"
