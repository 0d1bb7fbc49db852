"""The pages of IT in a real browser: both languages, dark, phone, keyboard, and without JavaScript."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.groups.report_reading import read_groups
from bot.store.query import add
from bot.store.tables import LinkQuestionRow
from bot.views.groups import key_of
from policies.roles import Role
from tests.bot.settled import take_over
from tests.bot.surfaces.web.stage import Site, console_of
from tests.bot.views.conftest import departed_firm, settled_firm
from tests.bot.views.firm import STAFF, firm
from tests.browser.stage import browsing, fits, photo, serious

__all__ = ["departed_firm", "settled_firm"]

PAGES = {
    "groups": "/groups",
    "group": f"/groups/{key_of('acme', 'C-lunch')}",
    "tasks": "/tasks",
    "drifts": "/drifts",
    "holds": "/holds",
    "links": "/links",
    "question": "/links/questions/ask_1",
    "feeds": "/feeds",
    "connectors": "/connectors",
    "connector": "/connectors/acme",
    "policies": "/policies",
    "check": "/policies/check",
    "what-if": "/policies/what-if",
    "staff": "/staff",
    "tokens": "/tokens",
}


@pytest.fixture
async def site(tmp_path: Path, departed_firm: Path) -> AsyncIterator[Site]:
    """Ana has left, a file waits in quarantine, a doubt is open, everything was checked and looked into."""
    take_over(departed_firm, tmp_path)
    async with firm(tmp_path) as world, console_of(world) as opened:
        question = LinkQuestionRow(
            id="ask_1",
            instance="acme",
            people=["E4", "E2"],
            accounts=["USTRANGER", "UANA"],
            why="email_of_two_people",
            asked_at=world.clock.now,
        )
        async with world.app.store.write() as tx:
            await add(tx, question)
        await read_groups(world.app)
        world.clock.turn(hours=2)
        world.drop(*STAFF[:1])
        await world.run()
        yield opened


@pytest.mark.parametrize(("language", "phone"), [("en", False), ("ar", True)], ids=["desktop", "phone-dark"])
async def test_every_page_is_whole_accessible_and_fits(site: Site, language: str, *, phone: bool) -> None:
    async with browsing(site, "I1", Role.IT, language=language, phone=phone, dark=phone) as page:
        await page.goto("/connectors")
        await page.click("main form[action='/connectors/check'] button")
        await page.goto("/groups")
        await page.click("main form[action='/groups/look'] button")
        for name, path in PAGES.items():
            answer = await page.goto(path)
            assert answer is not None
            assert answer.status == 200, name
            await photo(page, f"it-{name}-{language}-{'phone' if phone else 'desktop'}")
            assert await serious(page) == [], name
            assert await fits(page), name


async def test_a_supposition_is_worked_out_and_compared_without_javascript(site: Site) -> None:
    async with browsing(site, "I1", Role.IT, javascript=False) as page:
        await page.goto("/policies/what-if")
        await page.fill("#person", "E2")
        await page.check("#live")
        await page.click("main button[type=submit]")
        text = await page.inner_text("main")
        assert "memberships would end" in text
        assert "well" in text
        assert "policy/leaver" in text
        await photo(page, "it-what-if-found")
        await page.goto("/policies/check")
        await page.fill("#policy", "version: 1\nrules:\n  - id: x\n    onn: leaver\n")
        await page.click("main button[type=submit]")
        text = await page.inner_text("main")
        assert ":4:5" in text
        assert "on" in text
        await photo(page, "it-check-found")


async def test_a_chat_admin_does_their_task_by_keyboard_alone(site: Site) -> None:
    async with browsing(site, "E2", language="ar") as page:
        await page.goto("/tasks")
        await photo(page, "it-tasks-own-ar")
        button = page.locator("form[action$='/done'] button").first
        person = await button.inner_text()
        await button.focus()
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".said-done")
        assert person
        assert await serious(page) == []


async def test_a_token_is_shown_once_and_never_again(site: Site) -> None:
    async with browsing(site, "I1", Role.IT) as page:
        await page.goto("/tokens")
        await page.fill("#title", "report")
        await page.check("text=read cases")
        await page.click("text=Make the token")
        token = (await page.inner_text("section pre")).strip()
        assert token.startswith("bwb_")
        await photo(page, "it-token-made")
        assert await serious(page) == []
        await page.goto("/tokens")
        assert token not in await page.content()
        assert "report" in await page.inner_text("main")


async def test_a_stranger_to_html_is_harmless_everywhere_it_is_shown(site: Site) -> None:
    async with browsing(site, "I1", Role.IT) as page:
        await page.goto(f"/groups/{key_of('acme', 'C-well')}")
        await page.fill("#purpose", '<script>document.title="taken"</script>=1+1')
        await page.click("main form:has(#purpose) button")
        await page.wait_for_selector(".said")
        assert "taken" not in await page.title()
        assert '<script>document.title="taken"</script>' in await page.inner_text("aside")
