"""A platform that is down, in a real browser: for IT and HR, in both languages, and asked again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.lanes import stumbled
from bot.store.query import columns, one
from bot.store.tables import LaneRow
from connectors.errors import Unavailable
from policies.roles import Role
from tests.bot.settled import take_over
from tests.bot.surfaces.web.stage import Site, console_of
from tests.bot.views.conftest import departed_firm, settled_firm
from tests.bot.views.firm import firm
from tests.browser.stage import browsing, fits, photo, serious

__all__ = ["departed_firm", "settled_firm"]


@pytest.fixture
async def site(tmp_path: Path, departed_firm: Path) -> AsyncIterator[Site]:
    """Slack stopped to answer three minutes ago, and is not due to be asked."""
    take_over(departed_firm, tmp_path)
    async with firm(tmp_path) as world, console_of(world) as opened:
        await stumbled(
            world.app, "acme", "slack", Unavailable("auth.test: HTTP 503, 3 times; wait and try again")
        )
        world.clock.turn(minutes=3)
        await stumbled(
            world.app, "acme", "slack", Unavailable("auth.test: HTTP 503, 1 times; wait and try again")
        )
        yield opened


@pytest.mark.parametrize(("language", "phone"), [("en", False), ("ar", True)], ids=["desktop", "phone-dark"])
async def test_an_outage_is_whole_accessible_and_fits(site: Site, language: str, *, phone: bool) -> None:
    async with browsing(site, "I1", Role.IT, language=language, phone=phone, dark=phone) as page:
        for path in ("/", "/connectors", "/connectors/acme"):
            await page.goto(path)
            await photo(page, f"outage-{path.count('/')}-{language}")
            assert await serious(page) == [], path
            assert await fits(page), path
        assert "HTTP 503" in await page.inner_text("main")


async def test_hr_is_told_that_nobody_is_lost_and_it_has_the_platform_asked_again(site: Site) -> None:
    async with browsing(site, "H1", Role.HR) as page:
        await page.goto("/")
        told = await page.inner_text("main")
        assert "Nobody is lost." in told
        assert "503" not in told
    async with browsing(site, "I1", Role.IT, javascript=False) as page:
        await page.goto("/connectors/acme")
        await page.click("form[action='/connectors/acme/resume'] button")
        assert "It is asked again now." in await page.inner_text("main")
    async with site.app.store.read() as tx:
        lane = await one(tx, LaneRow, columns(LaneRow).instance == "acme")
    assert lane is not None
    assert lane.next_probe is not None
    assert abs(lane.next_probe - site.app.now()) < timedelta(seconds=1)
