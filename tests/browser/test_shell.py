"""The console's house in a real browser: both languages, dark, a phone, by keyboard, without JavaScript."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from jinja2 import ChoiceLoader, FileSystemLoader
from playwright.async_api import Page
from starlette.responses import Response

from bot.access.first_day import make_admin
from bot.states import StepState
from bot.surfaces.web import render
from bot.surfaces.web.render import page as rendered
from bot.surfaces.web.signing_in import cookie_name
from bot.surfaces.web.visitor import Signed
from policies.roles import Role
from tests.bot.surfaces.web.stage import Site, console_of
from tests.bot.world import company
from tests.browser.stage import browsing, fits, photo, serious

LOOKS = [("en", False, False), ("ar", False, True), ("ar", True, False), ("en", True, True)]
"""Language, phone, dark."""


@asynccontextmanager
async def site_at(folder: Path) -> AsyncIterator[Site]:
    async with company(folder) as world, console_of(world) as site:
        yield site


@pytest.fixture
def _gallery() -> None:
    """Let the console find the templates of this folder, too."""
    environment = render._environment()
    assert environment.loader is not None
    environment.loader = ChoiceLoader([environment.loader, FileSystemLoader(Path(__file__).parent)])


async def _is_sound(page: Page, name: str) -> None:
    await photo(page, name)
    assert await serious(page) == []
    assert await fits(page), "nobody scrolls sideways"


def _named(what: str, language: str, *, phone: bool, dark: bool) -> str:
    return f"{what}-{language}-{'phone' if phone else 'desktop'}{'-dark' if dark else ''}"


@pytest.mark.parametrize(("language", "phone", "dark"), LOOKS)
async def test_ones_own_page_and_a_fault_look_right(
    tmp_path: Path, language: str, phone: bool, dark: bool
) -> None:
    async with (
        site_at(tmp_path) as site,
        browsing(site, "noura", Role.HR, language=language, dark=dark, phone=phone) as page,
    ):
        for path, what in (("/account", "account"), ("/nothing-here", "fault")):
            await page.goto(path)
            await _is_sound(page, _named(what, language, phone=phone, dark=dark))
            assert await page.get_attribute("html", "dir") == ("rtl" if language == "ar" else "ltr")


@pytest.mark.parametrize(("language", "phone", "dark"), LOOKS)
@pytest.mark.usefixtures("_gallery")
async def test_every_part_looks_right(tmp_path: Path, language: str, phone: bool, dark: bool) -> None:
    async with site_at(tmp_path) as site:
        await _with_gallery(site)
        async with browsing(site, "noura", Role.IT, language=language, dark=dark, phone=phone) as page:
            await page.goto("/parts")
            await page.get_by_text("3 of 3").wait_for()
            await _is_sound(page, _named("parts", language, phone=phone, dark=dark))


async def _with_gallery(site: Site) -> None:
    count = itertools.count(1)

    @site.console.get("/parts")
    async def parts(v: Signed) -> Response:
        return rendered(
            v,
            "gallery.html",
            errors={"who": "Two people are called so. Write the employee id."},
            states=list(StepState),
            long="Wolfeschlegelsteinhausenbergerdorff" * 6,
            now=site.app.now(),
            count=0,
        )

    @site.console.get("/parts/progress")
    async def progress(v: Signed) -> Response:
        return rendered(v, "progress.html", count=next(count))


@pytest.mark.usefixtures("_gallery")
async def test_a_part_that_is_done_asks_no_more(tmp_path: Path) -> None:
    async with site_at(tmp_path) as site:
        await _with_gallery(site)
        async with browsing(site, "noura", Role.IT) as page:
            asked: list[str] = []
            page.on("request", lambda one: asked.append(one.url) if "progress" in one.url else None)
            await page.goto("/parts")
            await page.get_by_text("3 of 3").wait_for()
            before = len(asked)
            await page.wait_for_timeout(500)
            assert len(asked) == before >= 3


async def test_somebody_signs_in_by_a_link_changes_the_language_and_signs_out(tmp_path: Path) -> None:
    async with site_at(tmp_path) as site, browsing(site, None) as page:
        await page.goto("/account")
        await _is_sound(page, "sign-in")
        code = (await make_admin(site.app, actor="person:noura")).text
        await page.goto(f"/sign-in/once?code={code}")
        await _is_sound(page, "once")
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url("/")
        await page.get_by_role("button", name="العربية").click()
        assert await page.get_attribute("html", "lang") == "ar"
        await page.get_by_text("Administrator").click()
        await page.get_by_role("button", name="تسجيل الخروج").click()
        await page.wait_for_url("/signed-out")
        await _is_sound(page, "signed-out-ar")


async def test_without_javascript_everything_works(tmp_path: Path) -> None:
    async with site_at(tmp_path) as site, browsing(site, "noura", Role.HR, javascript=False) as page:
        await page.goto("/account")
        await page.get_by_label("Time zone").fill("Africa/Cairo")
        await page.get_by_label("Show the Hijri date").check()
        await page.get_by_role("button", name="Keep these choices").click()
        assert await page.get_by_role("status").inner_text() == "Your choices are kept."
        assert await page.get_by_label("Time zone").input_value() == "Africa/Cairo"
        assert " AH" in await page.locator("main").inner_text()


async def test_the_keyboard_reaches_everything_in_order(tmp_path: Path) -> None:
    async with site_at(tmp_path) as site, browsing(site, "noura", Role.HR) as page:
        await page.goto("/account")
        reached = []
        for _ in range(4):
            await page.keyboard.press("Tab")
            reached.append(await page.evaluate("document.activeElement.textContent.trim()"))
        assert reached[0] == "Skip to the content"
        assert reached[1:] == ["Bawab", "العربية", "noura"]
        await page.keyboard.press("Enter")
        assert await page.get_by_role("link", name="My account").is_visible()
        await page.goto("/account")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        assert await page.evaluate("document.activeElement.id") == "main"


async def test_what_was_typed_outlives_the_session(tmp_path: Path) -> None:
    async with (
        company(tmp_path) as world,
        console_of(world) as site,
        browsing(site, "noura", Role.HR) as page,
    ):
        await page.goto("/account")
        await page.get_by_label("Time zone").fill("Africa/Cairo")
        world.clock.turn(hours=9)
        await page.get_by_role("button", name="Keep these choices").click()
        await page.wait_for_url("**/sign-in**")
        token = await site.token("noura")
        await page.context.add_cookies([{"name": cookie_name(site.app), "value": token, "url": site.url}])
        await page.goto("/unfinished")
        await _is_sound(page, "unfinished")
        await page.get_by_role("button", name="Send it now").click()
        assert await page.get_by_role("status").inner_text() == "Your choices are kept."
        assert await page.get_by_label("Time zone").input_value() == "Africa/Cairo"
