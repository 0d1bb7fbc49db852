"""Sign-in and sign-out by a certified provider, as a browser with a content security policy sees them."""

from __future__ import annotations

from pathlib import Path

from tests.bot.surfaces.web.providers import certified, free_port, told
from tests.bot.surfaces.web.stage import console_of
from tests.bot.world import company
from tests.browser.stage import browsing, photo

PEOPLE = {"ana": {"name": "Ana", "email": "ana@corp.test", "email_verified": True, "groups": ["people-team"]}}


async def test_somebody_signs_in_at_the_provider_and_out_again(tmp_path: Path) -> None:
    port = free_port()
    provider = f"http://127.0.0.1:{port}"
    async with company(tmp_path, extra=told(port)) as world, console_of(world) as site:
        world.drop("E1,Ana,ana@corp.test,People,active,,Asia/Riyadh")
        await world.run()
        async with certified(port, site.url, PEOPLE), browsing(site, None, beside=provider) as page:
            await page.goto("/account")
            await photo(page, "sign-in-provider")
            await page.get_by_role("link", name="Sign in", exact=True).click()
            await page.locator("input[name=login]").fill("ana")
            await page.locator("input[name=password]").fill("x")
            await page.locator("button[type=submit]").click()
            await page.locator("button[type=submit]").click()
            await page.wait_for_url("**/account")
            await page.locator("summary", has_text="Ana").click()
            await page.get_by_role("button", name="Sign out", exact=True).click()
            await page.wait_for_url(f"{provider}/session/end**")
            await page.locator("button[value=yes]").click()
            await page.wait_for_url("**/signed-out**")
