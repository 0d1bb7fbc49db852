"""The console's house in a real browser: both languages, dark, a phone, and without JavaScript."""

from __future__ import annotations

from pathlib import Path

from policies.roles import Role
from tests.bot.surfaces.web.stage import console_of
from tests.bot.world import company
from tests.browser.stage import browsing, fits, photo, serious


async def test_a_page_looks_right_in_both_languages_and_lights_and_sizes(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        for language in ("en", "ar"):
            for phone in (False, True):
                dark = phone
                async with browsing(
                    site, "noura", Role.HR, language=language, dark=dark, phone=phone
                ) as page:
                    await page.goto("/account")
                    await photo(page, f"account-{language}-{'phone' if phone else 'desktop'}")
                    assert await serious(page) == []
                    assert await fits(page)
                    assert await page.get_attribute("html", "dir") == ("rtl" if language == "ar" else "ltr")
