"""The console's house: who gets in, what every answer carries, and what no request may be."""

from __future__ import annotations

from pathlib import Path

from policies.roles import Role
from tests.bot.surfaces.web.stage import console_of
from tests.bot.world import company


async def test_a_page_greets_whoever_is_signed_in(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR, name="نورة")
        answer = await client.get("/account")
        assert answer.status_code == 200
        assert '<bdi class="name">نورة</bdi>' in answer.text


async def test_nobody_is_sent_to_sign_in_and_back(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.stranger()
        client.follow_redirects = False
        answer = await client.get("/account?tab=2")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/account%3Ftab%3D2")
