"""Getting in by a link that works once, staying in, getting out, and what was typed as the session ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.access.first_day import make_admin
from bot.surfaces.web.signing_in import cookie_name
from bot.surfaces.web.visitor import Signed
from bot.views.needs import needs_me
from bot.views.today import today
from policies.roles import Role
from tests.bot.surfaces.web.stage import Site, console_of
from tests.bot.world import World, company

TYPED = {"language": "ar", "zone": "Europe/Berlin", "note": "كتبتُ هذا <b>بعناية</b>", "api_token": "s3cret"}


def _is_in(site: Site, client: httpx.AsyncClient) -> bool:
    return cookie_name(site.app) in client.cookies


async def _refusals(world: World) -> list[Any]:
    return [row for row in await world.log() if row["action"] == "access.refuse"]


async def test_a_link_works_once_and_only_when_its_button_is_pressed(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        code = (await make_admin(world.app, actor="person:noura")).text
        client, second = await site.stranger(), await site.stranger()
        for address in (f"/sign-in/once/{code}", f"/sign-in/once?code={code}"):
            looked = await client.get(address)
            assert (looked.status_code, _is_in(site, client)) == (200, False), "a preview uses nothing up"
        landed = await client.post("/sign-in/once", data={"code": code})
        assert _is_in(site, client)
        assert landed.url.path == "/"
        refused = await second.post("/sign-in/once", data={"code": code})
        assert (refused.status_code, _is_in(site, second)) == (403, False)
        assert "used already" in refused.text
        assert len(await _refusals(world)) == 1
        assert [row["actor"] for row in await world.log() if row["action"] == "access.sign_in"] == [
            "person:local-admin"
        ]


async def test_a_link_that_is_too_old_or_made_up_opens_nothing(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        code = (await make_admin(world.app, actor="person:noura")).text
        world.clock.turn(minutes=16)
        client = await site.stranger()
        for tried in (code, "made-up", "x" * 200):
            assert (await client.post("/sign-in/once", data={"code": tried})).status_code == 403
        assert (await client.post("/sign-in/once", data={"code": "x" * 201})).status_code == 400
        assert not _is_in(site, client)


async def test_another_site_cannot_sign_somebody_in(tmp_path: Path) -> None:
    """Otherwise it could have its victim type into an account that is the attacker's."""
    async with company(tmp_path) as world, console_of(world) as site:
        code = (await make_admin(world.app, actor="person:noura")).text
        client = await site.stranger()
        for sent in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.test"}, {"origin": "null"}):
            answer = await client.post("/sign-in/once", data={"code": code}, headers=sent)
            assert (answer.status_code, _is_in(site, client)) == (400, False)


async def test_signing_in_changes_the_cookie_and_ends_the_session_before(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR)
        before = client.cookies[cookie_name(site.app)]
        code = (await make_admin(world.app, actor="person:noura")).text
        await client.post("/sign-in/once", data={"code": code})
        after = client.cookies.get(cookie_name(site.app), domain="127.0.0.1")
        assert after not in (None, before)
        old = await site.stranger({cookie_name(site.app): before})
        assert (await old.get("/account")).url.path == "/sign-in"


@pytest.mark.parametrize(("idle", "inside"), [(29, True), (31, False)], ids=["used in time", "left alone"])
async def test_a_session_that_nobody_uses_ends(tmp_path: Path, idle: int, inside: bool) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR)
        landed = []
        for _ in range(3):
            world.clock.turn(minutes=idle)
            landed.append((await client.get("/account")).url.path == "/account")
        assert landed == [inside] * 3


async def test_a_session_ends_however_busy(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR)
        landed = []
        for _ in range(17):
            world.clock.turn(minutes=29)
            landed.append((await client.get("/account")).url.path)
        assert landed == ["/account"] * 16 + ["/sign-in"], "after eight hours"


async def test_a_page_that_keeps_itself_up_to_date_keeps_no_session_alive(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR)
        part = {"hx-request": "true"}
        for _ in range(2):
            world.clock.turn(minutes=14)
            assert (await client.get("/account", headers=part)).status_code == 200
        world.clock.turn(minutes=14)
        ended = await client.get("/account", headers=part)
        assert (ended.status_code, ended.headers["hx-redirect"]) == (401, "/sign-in?next=/account")


async def test_signing_out_ends_the_session_on_the_server(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR)
        kept = client.cookies[cookie_name(site.app)]
        assert (await site.post(client, "/sign-out")).url.path == "/signed-out"
        again = await site.stranger({cookie_name(site.app): kept})
        assert (await again.get("/account")).url.path == "/sign-in"


async def test_signing_out_everywhere_ends_every_session_of_that_person_alone(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        here, there = await site.client("noura", Role.HR), await site.client("noura", Role.HR)
        other = await site.client("omar", Role.IT)
        assert (await site.post(here, "/account/sign-out-everywhere")).url.path == "/signed-out"
        assert (await there.get("/account")).url.path == "/sign-in"
        assert (await other.get("/account")).url.path == "/account"


FORGED = {
    "no token": ({}, {}),
    "a made-up token": ({"csrf": "x" * 43}, {}),
    "another session's token": ({"csrf": "OTHER"}, {}),
    "another site": ({"csrf": "OWN"}, {"sec-fetch-site": "cross-site"}),
    "a sister site": ({"csrf": "OWN"}, {"sec-fetch-site": "same-site"}),
    "another origin": ({"csrf": "OWN"}, {"origin": "https://evil.test"}),
    "a hidden origin": ({"csrf": "OWN"}, {"origin": "null"}),
}


async def test_no_other_page_acts_in_somebodys_name(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client, other = await site.client("noura", Role.HR), await site.client("omar", Role.HR)
        tokens = {"OWN": await site.csrf(client), "OTHER": await site.csrf(other)}
        for name, (fields, headers) in FORGED.items():
            data = {**TYPED, **{key: tokens.get(value, value) for key, value in fields.items()}}
            answer = await client.post("/account", data=data, headers=headers)
            assert (answer.status_code, "nothing was done" in answer.text) == (400, True), name
        assert [row for row in await world.log() if row["action"] == "preference.set"] == []
        assert [row["actor"] for row in await _refusals(world)] == ["person:noura"], "said once, then counted"
        own = {**TYPED, "csrf": tokens["OWN"]}
        kept = await client.post("/account", data=own, headers={"origin": site.url})
        assert kept.status_code == 200


async def test_what_was_typed_is_given_back_once_to_whoever_typed_it(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        got: list[dict[str, str]] = []

        @site.console.post("/typed")
        async def typed(v: Signed) -> dict[str, str]:
            got.append({key: str(value) for key, value in (await v.request.form()).items() if key != "csrf"})
            return {}

        client = await site.client("noura", Role.HR)
        token = await site.csrf(client)
        world.clock.turn(hours=9)
        landed = await client.post("/typed", data={"csrf": token, **TYPED})
        assert (landed.url.path, got) == ("/sign-in", [])
        client.cookies.set(cookie_name(site.app), await site.token("noura"))
        offered = await client.get("/unfinished")
        assert "كتبتُ هذا &lt;b&gt;بعناية&lt;/b&gt;" in offered.text
        assert "s3cret" not in offered.text
        sent = {key: value for key, value in TYPED.items() if key != "api_token"}
        await site.post(client, "/unfinished", unfinished="send", **sent)
        assert got == [{"unfinished": "send", **sent}]
        assert (await client.get("/unfinished")).url.path == "/", "once"


async def test_somebody_else_at_the_same_browser_sees_nothing_of_it(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR)
        token = await site.csrf(client)
        world.clock.turn(hours=9)
        await client.post("/account", data={"csrf": token, **TYPED})
        await site.staff("omar", Role.HR)
        client.cookies.set(cookie_name(site.app), await site.token("omar"))
        landed = await client.get("/unfinished")
        assert "بعناية" not in landed.text
        assert landed.url.path == "/"


async def test_nothing_is_kept_of_what_another_page_sent(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR)
        world.clock.turn(hours=9)
        landed = await client.post("/account", data={"csrf": "x" * 43, **TYPED}, follow_redirects=False)
        assert landed.status_code == 303
        assert "draft" not in landed.headers.get("set-cookie", "")


async def test_the_badge_counts_what_todays_page_lists(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        world.drop("E1,Ana,ana@corp.test,Sales,active,,Asia/Riyadh")
        await world.run()
        await site.staff("noura", Role.HR)
        found = await site.actor("noura")
        assert await needs_me(world.app, found) == (await today(world.app, found)).needs_me == 1
        client = await site.client("noura", Role.HR)
        assert 'class="count">1<' in (await client.get("/account")).text
