"""Addresses and forms nobody's page made: refused in a page, never a fault of ours, never long work."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.audit.query import LONGEST, MOST_TERMS
from bot.surfaces.web.entering import inside
from policies.roles import Role
from tests.bot.surfaces.web.stage import console_of
from tests.bot.world import company

ENDLESS = "9" * 23
ADDRESSES = (
    f"/audit?before={ENDLESS}",
    f"/audit/{ENDLESS}",
    f"/feeds?after={ENDLESS}",
    f"/links?after={ENDLESS}",
    f"/groups?after={ENDLESS}",
    "/cases?after=9999-12-31T23:59:59-23:59~x",
    "/cases?after=0001-01-01T00:00:00%2B23:59~x",
    "/cases?after=~",
    "/cases/%00",
    "/people/%00",
    "/people?q=%00",
    "/runs/%00",
    "/holds/%00aaaaaaaaaaa",
    "/holds/________",
    "/audit?q=created:%3E%3D99999-01-01",
    "/audit?q=" + "a+" * 1000,
    "/offboarding/x/confirm?last_day=0001-01-01&zone=Asia/Riyadh",
)


async def test_no_address_brings_a_fault_of_ours(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("both", Role.HR, Role.IT)
        answers = {address: (await client.get(address)).status_code for address in ADDRESSES}
        assert {address: code for address, code in answers.items() if code >= 500} == {}


async def test_a_nul_is_refused_wherever_it_is_typed(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("both", Role.HR, Role.IT)
        asked = [await client.get(address) for address in ("/people?q=a%00b", "/people/a%00b")]
        typed = await site.post(client, "/tokens", title="a\x00b", days="30")
        assert [answer.status_code for answer in (*asked, typed)] == [400, 404, 400]
        assert "Nothing was done" in typed.text


@pytest.mark.parametrize("origin", ["http://[", "null", "https://evil.test"])
async def test_an_origin_that_is_none_is_another(origin: str, tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR)
        said = {"csrf": await site.csrf(client), "language": "ar"}
        answer = await client.post("/account", data=said, headers={"origin": origin})
        assert answer.status_code == 400


def test_a_way_that_is_no_address_leads_home() -> None:
    assert inside("//[") == "/"


async def test_an_export_of_an_endless_search_is_refused_at_once(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("omar", Role.IT)
        for typed in ("x" * (LONGEST + 1), "a " * (MOST_TERMS + 1)):
            answer = await site.post(client, "/audit/export", q=typed)
            assert answer.status_code == 400
            assert "This asks for too much at once" in answer.text
        kept = list((world.app.settings.data_dir / "handed-out").iterdir())
        assert kept == []


async def test_a_stranger_who_guesses_links_fills_no_log(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.stranger()
        for guess in range(20):
            answer = await client.post("/sign-in/once", data={"code": f"guess-{guess}"})
            assert answer.status_code == 403
        assert [entry["action"] for entry in await world.log()].count("access.refuse") == 1


async def test_no_token_can_make_tokens(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("omar", Role.IT)
        answer = await site.post(client, "/tokens", title="mine", days="30", scope=["case.read", "token.own"])
        assert answer.status_code == 409
        assert "bwb_" not in answer.text
