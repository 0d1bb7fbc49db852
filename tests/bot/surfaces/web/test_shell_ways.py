"""Who is shown which way through the console, and what is at its end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.surfaces.web.navigation import FIRST, MORE
from policies.roles import Role
from tests.bot.surfaces.web.stage import console_of
from tests.bot.world import company

WAYS = re.compile(r'<nav class="ways".*?</nav>', re.DOTALL)
EVERY = {way.path for way in (*FIRST, *MORE)}


@pytest.mark.parametrize("role", list(Role))
async def test_every_way_that_is_shown_opens_and_no_other_does(tmp_path: Path, role: Role) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("noura", role)
        shown = set(re.findall(r'href="([^"]+)"', WAYS.findall((await client.get("/account")).text)[0]))
        assert shown <= EVERY
        assert "/" in shown
        opened = {path for path in EVERY if (await client.get(path)).status_code == 200}
        assert opened == shown


async def test_the_page_that_is_open_is_marked(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("noura", Role.IT)
        for path in ("/cases", "/connectors"):
            nav = WAYS.findall((await client.get(path)).text)[0]
            assert re.findall(r'href="([^"]+)" aria-current="page"', nav) == [path]
            assert ('data-here="yes"' in nav) is (path == "/connectors"), "it is behind More"
