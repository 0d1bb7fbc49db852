"""Page by page: every page of IT, opened and acted upon as every role, and as nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot.store.query import add, where
from bot.store.tables import LinkQuestionRow, TaskRow
from bot.views.groups import key_of
from policies.roles import Role
from tests.bot.settled import take_over
from tests.bot.surfaces.web.stage import Site, console_of
from tests.bot.views.conftest import departed_firm, settled_firm
from tests.bot.views.firm import firm

__all__ = ["departed_firm", "settled_firm"]

WELL, FAR = key_of("acme", "C-well"), key_of("acme", "C-far")
PEOPLE: dict[str, tuple[str, tuple[Role, ...]]] = {
    "hr": ("H1", (Role.HR,)),
    "it": ("I1", (Role.IT,)),
    "auditor": ("A1", (Role.AUDITOR,)),
    "chat_admin": ("E2", ()),
    "break_glass": ("B1", (Role.BREAK_GLASS,)),
}
READS: dict[str, set[str]] = {
    "/groups": {"hr", "it", "auditor", "chat_admin"},
    f"/groups/{WELL}": {"hr", "it", "auditor", "chat_admin"},
    "/groups/look": {"hr", "it", "auditor"},
    "/tasks": {"hr", "it", "auditor", "chat_admin"},
    "/drifts": {"hr", "it", "auditor", "break_glass"},
    "/holds": {"hr", "it", "auditor"},
    "/links": {"hr", "it", "auditor"},
    "/links/questions/ask_1": {"hr", "it", "auditor"},
    "/feeds": {"hr", "it", "auditor"},
    "/connectors": {"it", "auditor"},
    "/connectors/check": {"it", "auditor"},
    "/connectors/acme": {"it", "auditor"},
    "/policies": {"hr", "it", "auditor"},
    "/policies/check": {"hr", "it"},
    "/policies/what-if": {"hr", "it"},
    "/policies/what-if/progress": {"hr", "it"},
    "/staff": {"it", "auditor"},
    "/tokens": {"hr", "it"},
}
ACTS: dict[str, set[str]] = {
    "/groups/look": {"it"},
    f"/groups/{WELL}": {"it", "chat_admin"},
    f"/groups/{FAR}": {"it"},
    f"/groups/{WELL}/register": {"it"},
    f"/groups/{WELL}/review": {"it", "chat_admin"},
    "/tasks/TASK/waive": {"it"},
    "/drifts/remove": {"it"},
    "/drifts/drift_1/accept": {"it"},
    "/links/questions/ask_1/refuse": {"hr", "it"},
    "/links/confirm": {"hr", "it"},
    "/links/untie": {"hr", "it"},
    "/connectors/acme/resume": {"it"},
    "/connectors/check": {"it", "auditor"},
    "/policies/check": {"hr", "it"},
    "/policies/what-if": {"hr", "it"},
    "/staff/I9/sign-out": {"it"},
    "/staff/I9/untie": {"it"},
    "/tokens": {"hr", "it"},
    "/tokens/tok_1/end": {"hr", "it"},
}
"""Who is let through to the act itself, which may still refuse what was sent."""
FIELDS = {
    "kind": "person",
    "person": "E1",
    "instance": "acme",
    "reason": "",
    "drift": "drift_1",
    "until": "2026-12-31",
    "policy": "version: 1",
    "title": "",
    "owner": "E1",
    "deputy": "E2",
    "purpose": "lunch",
}


@pytest.fixture
async def site(tmp_path: Path, departed_firm: Path) -> AsyncIterator[Site]:
    take_over(departed_firm, tmp_path)
    async with firm(tmp_path) as world, console_of(world) as opened:
        question = LinkQuestionRow(
            id="ask_1",
            instance="acme",
            people=["E4"],
            accounts=["USTRANGER"],
            why="person_has_another_account",
            asked_at=world.clock.now,
        )
        async with world.app.store.write() as tx:
            await add(tx, question)
        yield opened


async def clients(site: Site) -> dict[str, httpx.AsyncClient]:
    return {name: await site.client(id_, *roles) for name, (id_, roles) in PEOPLE.items()}


async def test_each_page_opens_for_the_roles_it_is_for_and_for_no_other(site: Site) -> None:
    opened = {path: set[str]() for path in READS}
    for name, client in (await clients(site)).items():
        for path in READS:
            answer = await client.get(path)
            assert answer.status_code in (200, 403, 404), (path, name, answer.status_code)
            if answer.status_code == 200:
                opened[path].add(name)
    assert opened == READS


async def test_each_act_is_let_through_for_the_roles_that_may_and_for_no_other(site: Site) -> None:
    async with site.app.store.read() as tx:
        task = (await where(tx, TaskRow))[0].id
    through = {path: set[str]() for path in ACTS}
    for name, client in (await clients(site)).items():
        token = await site.csrf(client)
        client.follow_redirects = False
        for path in ACTS:
            answer = await client.post(path.replace("TASK", task), data={"csrf": token, **FIELDS})
            if answer.status_code not in (403, 404):
                through[path].add(name)
            assert answer.status_code != 500, (path, name)
    assert through == ACTS


async def test_nobody_is_sent_to_sign_in_from_every_page(site: Site) -> None:
    stranger = await site.stranger()
    stranger.follow_redirects = False
    for path in READS:
        answer = await stranger.get(path)
        assert answer.headers["location"].startswith("/sign-in?next="), path
    for path in ACTS:
        answer = await stranger.post(path, data=FIELDS)
        assert answer.status_code == 303, path


async def test_an_act_without_the_sessions_token_does_nothing(site: Site) -> None:
    client = await site.client("I1", Role.IT)
    for path in ACTS:
        assert (await client.post(path, data=FIELDS)).status_code == 400, path


async def test_every_page_speaks_the_readers_language(site: Site) -> None:
    client = await site.client("I1", Role.IT, language="ar")
    for path in READS:
        answer = await client.get(path)
        assert answer.status_code == 200
        if "<html" in answer.text:
            assert '<html lang="ar" dir="rtl"' in answer.text
