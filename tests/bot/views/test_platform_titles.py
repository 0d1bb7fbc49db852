"""What platforms are called: by their title, and told apart only where two of them share one."""

from __future__ import annotations

from pathlib import Path

from bot.settings import ManualInstance
from bot.views.platforms import title_of, titles
from tests.bot.world import company


async def test_a_platform_goes_by_its_title_and_never_by_the_name_of_its_setting(tmp_path: Path) -> None:
    stories = ManualInstance(platform="snapchat", title="Stories")
    manual = {"wa": ManualInstance(platform="whatsapp"), "snap": stories}
    async with company(tmp_path, manual=manual) as world:
        assert titles(world.app) == [("acme", "Slack"), ("snap", "Stories"), ("wa", "WhatsApp")]


async def test_two_of_one_title_are_told_apart_by_the_names_of_their_settings(tmp_path: Path) -> None:
    manual = {"jeddah": ManualInstance(platform="whatsapp"), "riyadh": ManualInstance(platform="whatsapp")}
    async with company(tmp_path, manual=manual) as world:
        assert title_of(world.app, "jeddah") == "WhatsApp (jeddah)"
        assert title_of(world.app, "riyadh") == "WhatsApp (riyadh)"
        assert title_of(world.app, "acme") == "Slack"


async def test_an_instance_that_is_configured_no_more_goes_by_its_own_name(tmp_path: Path) -> None:
    async with company(tmp_path) as world:
        assert title_of(world.app, "gone") == "gone"
