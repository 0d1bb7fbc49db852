"""The pages of HR in a real browser: both languages, dark, a phone, the keyboard, and without JavaScript."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page

from bot.states import CaseState
from bot.store.tables import CaseRow
from policies.roles import Role
from tests.bot.surfaces.web.stage import console_of
from tests.bot.views.readers import APPROVED, REGISTRY, ana_is_to_leave, general, sales, settled
from tests.bot.world import World, channel
from tests.browser.stage import browsing, fits, photo, serious

LOOKS = ({"language": "en"}, {"language": "ar", "dark": True, "phone": True})

_NO_FENCES = {0x2068: None, 0x2069: None}


def paths(case: CaseRow, digest: str) -> dict[str, str]:
    """Every page of HR, by the name of its picture."""
    return {
        "today": "/",
        "cases": "/cases?which=all",
        "case": f"/cases/{case.id}",
        "record": f"/cases/{case.id}/record",
        "hold": f"/holds/{digest}",
        "search": "/offboarding?q=n",
        "offboard": "/offboarding/sara",
        "confirm": "/offboarding/sara/confirm?last_day=2026-11-26&zone=Asia/Riyadh",
        "emergency": "/offboarding/sara/now",
        "person": "/people/ana",
    }


async def test_every_page_is_sound_in_both_languages_lights_and_sizes(tmp_path: Path) -> None:
    lunch = channel("lunch", "ana", "sara")
    lunch.members.pop(0)
    things = (sales(), general(), lunch)
    opening = settled(tmp_path, *things, policy=APPROVED, registry=REGISTRY)
    async with opening as world, console_of(world) as site:
        case = await ana_is_to_leave(world)
        (hold,) = await world.holds()
        for look in LOOKS:
            async with browsing(site, "noura", Role.HR, **look) as page:
                for name, path in paths(case, hold.digest).items():
                    await page.goto(path)
                    await page.wait_for_load_state("networkidle")
                    await photo(page, f"hr-{name}-{look['language']}")
                    assert await serious(page) == [], name
                    assert await fits(page), (name, look)


async def _count(page: Page) -> str:
    return (await page.locator("#counted-hint").inner_text()).split()[1]


async def test_she_leaves_on_thursday_by_keyboard_on_one_page(tmp_path: Path) -> None:
    async with settled(tmp_path, sales(), general()) as world, console_of(world) as site:
        async with browsing(site, "noura", Role.HR) as page:
            await page.goto("/offboarding")
            await page.keyboard.type("ana@corp.test")
            await page.keyboard.press("Enter")
            await page.wait_for_url("**/offboarding/ana")
            await page.get_by_text("removed by Bawab").wait_for()
            await page.fill("#last_day", "2026-11-26")
            await page.keyboard.press("Tab")
            await page.get_by_text("Access ends Thursday, 26 November 2026, 18:00 (Riyadh time).").wait_for()
            await page.get_by_role("button", name="Continue").press("Enter")
            await page.get_by_role("heading", name="Is this right?").wait_for()
            assert page.url.endswith("/offboarding/ana")
            await page.fill("#counted", await _count(page))
            await page.keyboard.press("Enter")
            await page.wait_for_url("**/cases/case_*")
            said = (await page.get_by_role("heading", level=1).inner_text()).translate(_NO_FENCES)
            assert said == "Ana Q leaves Thursday, 26 November 2026, 18:00 (Riyadh time)"
        assert await _states(world) == [CaseState.SCHEDULED]


async def _states(world: World) -> list[str]:
    return [case.state for case in await world.cases()]


async def test_everything_works_without_javascript(tmp_path: Path) -> None:
    async with settled(tmp_path, sales(), policy=APPROVED) as world, console_of(world) as site:
        async with browsing(site, "noura", Role.HR, javascript=False) as page:
            await page.goto("/offboarding?q=ana@corp.test")
            await page.get_by_role("link", name="Show every group").click()
            assert await page.get_by_text("removed by Bawab").count()
            await page.get_by_role("link", name="Continue").click()
            await page.fill("#last_day", "2026-11-26")
            await page.get_by_role("button", name="Continue").click()
            await page.fill("#counted", "1")
            await page.get_by_role("button", name="Schedule it").click()
            await page.get_by_role("link", name="Show it").click()
            assert await page.get_by_text("1 group ends").count()
        async with browsing(site, "huda", Role.HR, javascript=False) as page:
            await page.goto("/")
            await page.get_by_role("link", name="Look and decide").click()
            await page.get_by_role("link", name="Show it, and decide").click()
            await page.fill("#counted", "1")
            await page.get_by_role("button", name="Approve").click()
            assert await page.get_by_text("Approved: it goes on by itself.").count()
        assert await _states(world) == [CaseState.SCHEDULED]
