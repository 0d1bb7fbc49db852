"""Reviews and runs in the console: what went wrong first, signed by somebody else, closed to other roles."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from policies.roles import Role
from tests.bot.adversary import actions
from tests.bot.surfaces.web.departed_site import STAFF, Firm, firm
from tests.bot.views.departed import made_departed


@pytest.fixture(scope="module")
def made() -> Path:
    return made_departed()


@pytest.fixture
async def there(made: Path, tmp_path: Path) -> AsyncIterator[Firm]:
    async with firm(made, tmp_path) as opened:
        yield opened


async def as_(there: Firm, staff_id: str, language: str = "en") -> httpx.AsyncClient:
    return await there.site.client(staff_id, STAFF[staff_id], language=language)


async def test_it_finds_what_waits_reads_what_to_do_and_signs_with_a_note(there: Firm) -> None:
    client, run = await as_(there, "omar"), await there.run_of("lina")
    waiting = await client.get("/reviews")
    assert f'href="/runs/{run}"' in waiting.text
    assert "to be reviewed" in waiting.text
    shown = await client.get(f"/runs/{run}")
    trouble, cases = shown.text.index('id="exceptions"'), shown.text.index('id="cases"')
    assert trouble < cases, "what went wrong comes first"
    assert "Access ends when IT closes the account." in shown.text
    signed = await there.site.post(client, f"/reviews/{run}", note="seen: <b>the default channel</b>")
    assert str(signed.url).endswith("/reviews")
    assert "Signed off." in signed.text
    assert "Nothing waits for a review." in signed.text
    again = await client.get(f"/runs/{run}")
    assert "seen: &lt;b&gt;the default channel" in again.text
    assert (await actions(there.world, "run."))[-1] == "run.review"


async def test_a_sign_off_without_a_note_is_refused_on_the_page_of_the_run(there: Firm) -> None:
    run = await there.run_of("lina")
    answer = await there.site.post(await as_(there, "omar"), f"/reviews/{run}", note="  ")
    assert str(answer.url).endswith(f"/runs/{run}")
    assert "Say why" in answer.text


async def test_an_overdue_run_says_so_in_words_not_by_colour_alone(there: Firm) -> None:
    there.world.clock.turn(days=4)
    await there.world.run()
    page = await (await as_(there, "omar")).get("/reviews")
    assert "waits too long" in page.text
    assert "escalated" in page.text


async def test_every_run_is_listed_page_by_page(there: Firm) -> None:
    page = await (await as_(there, "aud")).get("/reviews", params={"every": "1"})
    assert page.text.count('href="/runs/') == 6


async def test_an_auditor_reads_runs_and_signs_none(there: Firm) -> None:
    client, run = await as_(there, "aud"), await there.run_of("lina")
    shown = await client.get(f"/runs/{run}")
    assert shown.status_code == 200
    assert "Sign off this run" not in shown.text
    assert (await there.site.post(client, f"/reviews/{run}", note="mine")).status_code == 403
    assert "run.review" not in (await actions(there.world, "run."))[3:]


async def test_runs_are_no_page_of_anybody_else(there: Firm) -> None:
    run = await there.run_of("lina")
    for staff_id in ("noura", "sara", "huda"):
        client = await as_(there, staff_id)
        for path in ("/reviews", "/reviews?every=1", f"/runs/{run}"):
            page = await client.get(path)
            assert (page.status_code, "Lina" in page.text) == (403, False)
        assert (await there.site.post(client, f"/reviews/{run}", note="x")).status_code == 403


async def test_a_run_that_is_not_there_is_no_page(there: Firm) -> None:
    assert (await (await as_(there, "omar")).get("/runs/run_nothing")).status_code == 404


async def test_a_leaver_from_it_gets_in_nowhere(there: Firm) -> None:
    client = await there.site.client("lina", Role.IT)
    for path in ("/reviews", f"/runs/{await there.run_of('lina')}", "/audit", "/figures"):
        assert "/sign-in" in str((await client.get(path)).url)
