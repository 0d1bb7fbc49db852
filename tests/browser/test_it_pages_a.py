"""The log, runs and pictures in a real browser: both languages, dark, a phone, a keyboard, no JavaScript."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from policies.roles import Role
from tests.bot.surfaces.web.departed_site import Firm, firm
from tests.bot.views.departed import made_departed
from tests.browser.stage import browsing, fits, photo, serious


@pytest.fixture(scope="module")
def made() -> Path:
    return made_departed()


@pytest.fixture
async def there(made: Path, tmp_path: Path) -> AsyncIterator[Firm]:
    async with firm(made, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(("language", "phone"), [("en", False), ("ar", True)], ids=["desktop", "phone-dark"])
async def test_every_page_is_right_for_eyes_and_screen_readers(
    there: Firm, language: str, phone: bool
) -> None:
    pages = {
        "audit": "/audit?q=person%3Aana",
        "wrong": "/audit?q=person%3Aana+outcom%3Afailed",
        "entry": "/audit/44",
        "proof": f"/audit/proof?case={await there.case_of('ana')}",
        "reviews": "/reviews?every=1",
        "run": f"/runs/{await there.run_of('lina')}",
        "figures": "/figures",
    }
    async with browsing(there.site, "omar", Role.IT, language=language, dark=phone, phone=phone) as page:
        for name, path in pages.items():
            await page.goto(path)
            for closed in await page.locator("main details").all():
                await closed.evaluate("one => one.open = true")
            await photo(page, f"it-a-{name}-{language}-{'phone' if phone else 'desktop'}")
            assert await serious(page) == [], name
            assert await fits(page), name
            assert await page.get_attribute("html", "dir") == ("rtl" if language == "ar" else "ltr")


async def test_without_javascript_and_by_keyboard_alone_from_a_search_to_the_proof(there: Firm) -> None:
    """IT from "prove that she was out" to a file."""
    async with browsing(there.site, "omar", Role.IT, javascript=False) as page:
        await page.goto("/audit")
        await page.focus("#q")
        await page.keyboard.type('person:"Lina Q" outcome:verified_absent')
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/audit?q=*")
        summary = page.locator("details.columns summary").first
        await summary.focus()
        await page.keyboard.press("Enter")
        await page.get_by_role("link", name="Export the proof").first.focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/audit/proof?*")
        button = page.get_by_role("button", name="Export the proof")
        await button.focus()
        async with page.expect_download() as download:
            await page.keyboard.press("Enter")
        file = await download.value
        assert file.suggested_filename.startswith("bawab-proof-case_")


async def test_a_run_is_signed_off_without_javascript(there: Firm) -> None:
    async with browsing(there.site, "omar", Role.IT, javascript=False, language="ar") as page:
        await page.goto("/reviews")
        await page.get_by_role("link", name="export-003.csv").click()
        await page.get_by_role("textbox").fill("راجعتُ الاستثناء")
        await page.get_by_role("button", name="التوقيع على هذا التشغيل").click()
        await page.wait_for_url("**/reviews")
        assert "تم التوقيع" in await page.inner_text("main")
