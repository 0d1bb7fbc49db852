"""Sign-in against a certified provider that is not ours, and against one that lies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bot.surfaces.web.signing_in import cookie_name
from tests.bot.surfaces.web.providers import certified, free_port, log_in, lying, told
from tests.bot.surfaces.web.stage import Site, console_of
from tests.bot.world import World, company

ANA = "E1,Ana,ana@corp.test,People,active,,Asia/Riyadh"
PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "ana-at-idp": {
        "name": "Ana",
        "email": "ana@corp.test",
        "email_verified": True,
        "groups": ["people-team"],
    },
    "visitor": {
        "name": "Somebody",
        "email": "s@elsewhere.test",
        "email_verified": True,
        "groups": ["guests"],
    },
}


async def _said(world: World, action: str) -> list[Any]:
    return [row for row in await world.log() if row["action"] == action]


def _is_in(site: Site, client: httpx.AsyncClient) -> bool:
    return cookie_name(site.app) in client.cookies


@pytest.mark.parametrize("lean", [False, True], ids=["all in the id_token", "the rest by userinfo"])
async def test_whoever_the_provider_vouches_for_lands_where_they_wanted_to_go(
    tmp_path: Path, lean: bool
) -> None:
    port = free_port()
    async with company(tmp_path, extra=told(port)) as world, console_of(world) as site:
        world.drop(ANA)
        await world.run()
        async with certified(port, site.url, PEOPLE, lean=lean):
            client = await site.stranger()
            page = await client.get("/sign-in/start?next=/account%3Fshown%3Dall")
            landed = await log_in(client, page, "ana-at-idp")
        assert str(landed.url) == f"{site.url}/account?shown=all"
        assert "Ana" in landed.text
        assert _is_in(site, client)
        [entry] = await _said(world, "access.sign_in")
        assert entry["actor"] == "person:E1"


async def test_signing_out_ends_the_session_at_the_provider_too(tmp_path: Path) -> None:
    port = free_port()
    async with company(tmp_path, extra=told(port)) as world, console_of(world) as site:
        world.drop(ANA)
        await world.run()
        async with certified(port, site.url, PEOPLE):
            client = await site.stranger()
            await log_in(client, await client.get("/sign-in/start"), "ana-at-idp")
            kept = client.cookies[cookie_name(site.app)]
            asked = await site.post(client, "/sign-out")
            assert str(asked.url).startswith(f"http://127.0.0.1:{port}/session/end")
            assert not _is_in(site, client)
            client.cookies.set(cookie_name(site.app), kept)
            assert str((await client.get("/account")).url).startswith(f"{site.url}/sign-in")


async def test_whoever_has_no_role_here_is_told_so_and_gets_no_session(tmp_path: Path) -> None:
    port = free_port()
    async with company(tmp_path, extra=told(port)) as world, console_of(world) as site:
        async with certified(port, site.url, PEOPLE):
            client = await site.stranger()
            landed = await log_in(client, await client.get("/sign-in/start"), "visitor")
        assert landed.status_code == 403
        assert "You have no role in Bawab" in landed.text
        assert not _is_in(site, client)
        assert len(await _said(world, "access.refuse")) == 1


async def test_an_answer_that_was_used_already_opens_nothing(tmp_path: Path) -> None:
    port = free_port()
    async with company(tmp_path, extra=told(port)) as world, console_of(world) as site:
        world.drop(ANA)
        await world.run()
        async with certified(port, site.url, PEOPLE):
            client = await site.stranger()
            page = await client.get("/sign-in/start")
            remembered = dict(client.cookies)
            landed = await log_in(client, page, "ana-at-idp")
            answer = next(one.url for one in landed.history if one.url.path == "/sign-in/done")
            thief = await site.stranger(remembered)
            again = await thief.get(answer)
        assert (again.status_code, _is_in(site, thief)) == (400, False)
        assert "used already" in again.text
        [entry] = await _said(world, "access.refuse")
        assert '"why":"sign_in_code"' in entry["detail"].replace(" ", "")


async def test_somebody_elses_answer_opens_nothing_in_this_browser(tmp_path: Path) -> None:
    """A code taken from another's browser: the verifier of this attempt does not fit it."""
    port = free_port()
    async with company(tmp_path, extra=told(port)) as world, console_of(world) as site:
        world.drop(ANA)
        await world.run()
        async with certified(port, site.url, PEOPLE):
            victim = await site.stranger()
            victim.follow_redirects = False
            code = await _code_of(victim, site, "ana-at-idp")
            thief = await site.stranger()
            thief.follow_redirects = False
            sent = (await thief.get("/sign-in/start")).headers["location"]
            state = parse_qs(urlsplit(sent).query)["state"][0]
            issuer = f"http://127.0.0.1:{port}"
            taken = await thief.get("/sign-in/done", params={"code": code, "state": state, "iss": issuer})
            assert (taken.status_code, _is_in(site, thief)) == (400, False)
            # And with the state it was made for, which this browser never began.
            taken = await thief.get("/sign-in/done", params={"code": code, "state": "x" * 43, "iss": issuer})
            assert (taken.status_code, _is_in(site, thief)) == (400, False)
        assert len(await _said(world, "access.refuse")) == 2


async def _code_of(client: httpx.AsyncClient, site: Site, who: str) -> str:
    """Go through the provider's pages by hand, and stop before the console sees the answer."""
    page = await client.get("/sign-in/start")
    for _ in range(12):
        while page.is_redirect:
            to = str(page.url.join(page.headers["location"]))
            if to.startswith(f"{site.url}/sign-in/done"):
                return parse_qs(urlsplit(to).query)["code"][0]
            page = await client.get(to)
        page = await log_in(client, page, who)
    raise AssertionError("the provider never answered")


LIES = [
    "nonce",
    "no nonce",
    "audience",
    "issuer",
    "time",
    "key",
    "a shared secret for a key",
    "no signature",
    "no id_token",
    "person of the userinfo",
]


async def test_an_id_token_that_does_not_fit_in_any_part_is_refused(tmp_path: Path) -> None:
    port = free_port()
    async with company(tmp_path, extra=told(port)) as world, console_of(world) as site, lying(port) as liar:
        for lie in LIES:
            world.clock.turn(hours=1)  # past the window in which the same refusal is only counted
            client = await site.stranger()
            client.follow_redirects = False
            before = len(await _said(world, "access.refuse"))
            answer = await _answered(client, liar, lie)
            assert (answer.status_code, _is_in(site, client)) == (400, False), lie
            assert len(await _said(world, "access.refuse")) == before + 1, lie
        assert await _said(world, "access.sign_in") == []


async def test_the_same_provider_telling_the_truth_is_believed(tmp_path: Path) -> None:
    port = free_port()
    async with company(tmp_path, extra=told(port)) as world, console_of(world) as site, lying(port) as liar:
        client = await site.stranger()
        client.follow_redirects = False
        answer = await _answered(client, liar, "")
        assert (answer.status_code, _is_in(site, client)) == (303, True)


async def _answered(client: httpx.AsyncClient, liar: Any, lie: str) -> httpx.Response:
    liar.lie = ""
    sent = parse_qs(urlsplit((await client.get("/sign-in/start")).headers["location"]).query)
    assert sent["code_challenge_method"] == ["S256"]
    liar.lie, liar.nonce = lie, sent["nonce"][0]
    return await client.get("/sign-in/done", params={"code": "c", "state": sent["state"][0]})


async def test_a_provider_that_speaks_for_another_is_not_asked(tmp_path: Path) -> None:
    port = free_port()
    async with company(tmp_path, extra=told(port)) as world, console_of(world) as site, lying(port) as liar:
        liar.lie = "issuer of the configuration"
        answer = await (await site.stranger()).get("/sign-in/start")
        assert answer.status_code == 503


@pytest.mark.parametrize(("language", "words"), [("en", "does not work now"), ("ar", "لا يعمل")])
async def test_a_provider_that_is_down_is_said_with_what_to_do(
    tmp_path: Path, language: str, words: str
) -> None:
    async with company(tmp_path, extra=told(free_port())) as world, console_of(world) as site:
        client = await site.stranger()
        answer = await client.get("/sign-in/start", headers={"accept-language": language})
        assert answer.status_code == 503
        assert words in answer.text
