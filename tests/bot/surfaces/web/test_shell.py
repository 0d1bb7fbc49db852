"""The console's house: who gets in, what every answer carries, and what no request may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.setting_parts import ConsoleSettings, SettingsProblem
from bot.surfaces.listener import listening
from bot.surfaces.web.address import console_address, is_served
from bot.surfaces.web.entering import inside
from bot.surfaces.web.visitor import Signed
from policies.roles import Permission, Role
from tests.bot.surfaces.web.stage import console_of
from tests.bot.world import company

HTTPS = {"console": ConsoleSettings(url="https://bawab.corp.test")}


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


@pytest.mark.parametrize(
    ("way", "leads_to"),
    [
        ("/cases/c1?tab=2", "/cases/c1?tab=2"),
        ("/people/هدى", "/people/%D9%87%D8%AF%D9%89"),
        ("//evil.test/", "/"),
        ("/\\evil.test", "/"),
        ("https://evil.test/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\t/evil.test", "/"),
        ("/%0d%0aset-cookie:x", "/%0d%0aset-cookie:x"),
        ("", "/"),
    ],
)
def test_the_way_back_never_leads_elsewhere(way: str, leads_to: str) -> None:
    assert inside(way) == leads_to


async def test_every_answer_carries_what_keeps_it_apart(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR)
        for path in ("/account", "/sign-in", "/nothing-here", "/static/console.css"):
            headers = (await client.get(path)).headers
            policy = headers["content-security-policy"]
            assert policy.startswith("default-src 'self';"), path
            assert "frame-ancestors 'none'; base-uri 'none'; form-action 'self'" in policy
            assert "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
            assert headers["cache-control"] == ("no-cache" if path.startswith("/static/") else "no-store")
            assert "strict-transport-security" not in headers, "not on plain HTTP"


async def test_pages_hold_nothing_inline_and_nothing_from_outside(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR)
        for path in ("/account", "/sign-in", "/nothing-here"):
            page = (await client.get(path)).text
            for inline in ("<style", " style=", " onclick=", "javascript:", "https://", "http://"):
                assert inline not in page, (path, inline)


@pytest.mark.parametrize(
    "host", ["evil.test", "evil.test:80", "127.0.0.1.evil.test", "", "[::1", "a@evil.test"]
)
async def test_another_host_is_refused(tmp_path: Path, host: str) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR)
        assert (await client.get("/account", headers={"host": host})).status_code == 400


async def test_without_its_address_a_console_takes_nothing_from_a_proxy(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR)
        answer = await client.get("/account", headers={"x-forwarded-for": "203.0.113.9"})
        assert (answer.status_code, "BAWAB_CONSOLE__URL" in answer.text) == (400, True)


async def test_under_https_cookies_are_for_this_host_and_https_alone(tmp_path: Path) -> None:
    async with company(tmp_path, extra=HTTPS) as world, console_of(world) as site:
        client = await site.stranger()
        client.headers["host"] = "bawab.corp.test"
        answer = await client.post("/language", data={"language": "ar"}, follow_redirects=False)
        assert "Secure" in answer.headers["set-cookie"]
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        token = await site.token("nobody")
        assert (await client.get("/account", headers={"cookie": f"bawab={token}"})).url.path == "/sign-in"
        assert (await client.get("/sign-in", headers={"host": "127.0.0.1"})).status_code == 400


async def test_a_console_is_never_served_over_plain_http_beyond_this_machine(tmp_path: Path) -> None:
    def told(listen: str | None, url: str | None) -> Any:
        extra = {"listen": listen, "console": ConsoleSettings(url=url)}
        return world.app.settings.model_copy(update=extra)

    async with company(tmp_path) as world:
        assert is_served(told("127.0.0.1:8080", None))
        assert is_served(told("[::1]:8080", None))
        assert not is_served(told("0.0.0.0:8080", None))
        assert not is_served(told(None, "https://bawab.corp.test"))
        assert is_served(told("0.0.0.0:8080", "https://bawab.corp.test"))
        with pytest.raises(SettingsProblem, match="reverse proxy"):
            is_served(told("0.0.0.0:8080", "http://bawab.corp.test"))
        assert console_address(told("0.0.0.0:1", "https://b.test/"), "http://0.0.0.0:1") == "https://b.test"
        assert console_address(told("0.0.0.0:1", None), "http://0.0.0.0:1") is None


async def test_the_listener_serves_the_console_behind_everything_else(tmp_path: Path) -> None:
    async with (
        company(tmp_path, extra={"listen": "127.0.0.1:0"}) as world,
        listening(world.app) as url,
        httpx.AsyncClient(follow_redirects=True) as client,
    ):
        assert "Sign in to Bawab" in (await client.get(f"{url}/")).text


async def test_faults_have_pages_in_the_readers_language(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        stranger = await site.stranger()
        said = await stranger.get("/nothing-here", headers={"accept-language": "ar"})
        assert (said.status_code, "لا توجد صفحة بهذا العنوان" in said.text) == (404, True)
        client = await site.client("noura", Role.HR)
        assert (await client.get("/sign-out")).status_code == 405
        token = await site.csrf(client)
        long = await client.post("/account", data={"csrf": token, "zone": "x" * 300_000, "language": "en"})
        assert (long.status_code, "too long" in long.text) == (413, True)
        missing = await client.post("/account", data={"csrf": token})
        assert (missing.status_code, "could not be understood" in missing.text) == (400, True)


async def test_a_fault_of_ours_shows_no_detail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR)

        @site.console.get("/breaks")
        async def breaks() -> None:
            raise KeyError("Huda's number is 555")

        answer = await client.get("/breaks", headers={"accept-language": "en"})
        assert (answer.status_code, "Something went wrong here" in answer.text) == (500, True)
        assert "555" not in answer.text + capsys.readouterr().out


async def test_a_right_that_is_missing_says_who_has_it_and_is_logged_once(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("omar", Role.AUDITOR)

        @site.console.get("/only-hr")
        async def only_hr(v: Signed) -> None:
            v.who.must(Permission.CASE_OPEN)

        for _ in range(2):
            await client.get("/only-hr")
        answer = await client.get("/only-hr")
        assert (answer.status_code, "It is for: " in answer.text) == (403, True)
        assert "HR" in answer.text
        refused = [row for row in await world.log() if row["action"] == "access.refuse"]
        assert [row["actor"] for row in refused] == ["person:omar"]


async def test_somebody_chooses_how_they_are_met(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR)
        chosen = {
            "language": "ar",
            "zone": "Europe/Berlin",
            "hijri": "yes",
            "channel": ["email", "", "slack"],
        }
        page = await site.post(client, "/account", **chosen)
        assert 'dir="rtl"' in page.text
        assert "حُفظت اختياراتك" in page.text
        assert "Europe/Berlin" in page.text
        assert "هـ" in page.text, "the Hijri date stands beside the other"
        assert "حُفظت اختياراتك" not in (await client.get("/account")).text, "said once"
        wrong = await site.post(client, "/account", language="ar", zone="Mars/Olympus")
        assert (wrong.status_code, "Mars/Olympus" in wrong.text) == (422, True)
        [entry] = [row for row in await world.log() if row["action"] == "preference.set"]
        assert entry["actor"] == "person:noura"


async def test_the_language_is_switched_in_place(tmp_path: Path) -> None:
    async with company(tmp_path) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR)
        page = await site.post(client, "/language", language="ar", back="/account?x=1")
        assert (page.url.raw_path, 'lang="ar"' in page.text) == (b"/account?x=1", True)
        page = await site.post(client, "/language", language="klingon", back="//evil.test")
        assert (page.url.path, 'lang="en"' in page.text) == ("/", True)
