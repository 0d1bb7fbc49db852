"""Figures in the console: pictures with the same numbers behind, in the reader's language and direction."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.bot.surfaces.web.departed_site import STAFF, Firm, firm
from tests.bot.surfaces.web.stage import console_of
from tests.bot.views.departed import made_departed
from tests.bot.world import company


@pytest.fixture(scope="module")
def made() -> Path:
    return made_departed()


@pytest.fixture
async def there(made: Path, tmp_path: Path) -> AsyncIterator[Firm]:
    async with firm(made, tmp_path) as opened:
        yield opened


async def as_(there: Firm, staff_id: str, language: str = "en") -> httpx.AsyncClient:
    return await there.site.client(staff_id, STAFF[staff_id], language=language)


async def test_each_picture_has_its_words_and_its_numbers_behind(there: Firm) -> None:
    for other in ("noura", "aud"):
        assert (await (await as_(there, other)).get("/figures")).status_code == 200
    page = (await (await as_(there, "omar")).get("/figures")).text
    assert page.count('<svg class="chart"') == 3
    assert page.count("<details><summary>The same as numbers") == 3
    for named in re.findall(r'aria-labelledby="(\S+) (\S+)"', page):
        assert all(f'id="{one}"' in page for one in named)
    assert '<td class="number">3</td>' in page
    assert not re.search(r"\bstyle=|<script>", page)


async def test_in_arabic_the_pictures_are_mirrored(there: Firm) -> None:
    page = (await (await as_(there, "omar", "ar")).get("/figures")).text
    assert page.count('direction="rtl"') == 3
    assert "زمن إنهاء الوصول" in page


async def test_a_chat_admin_gets_no_figures(there: Firm) -> None:
    assert (await (await as_(there, "sara")).get("/figures")).status_code == 403


async def test_where_nothing_happened_yet_that_is_said_instead_of_an_empty_picture(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        page = (await (await site.client("it", STAFF["omar"])).get("/figures")).text
    assert '<svg class="chart"' not in page
    assert page.count("Nothing to draw yet.") == 3
