"""The pages about people over real HTTP: found, read platform by platform, and kept from who may not."""

from __future__ import annotations

from pathlib import Path

from connectors.chat.slack.sandbox import Fault, FaultKind
from policies.roles import Role
from tests.bot.surfaces.web.stage import console_of
from tests.bot.surfaces.web.test_case_pages import text_of
from tests.bot.views.readers import ana_is_to_leave, general, sales, settled

READS = {Role.HR, Role.IT, Role.AUDITOR, Role.BREAK_GLASS}


async def test_where_somebody_is_and_who_can_take_them_out_stands_on_one_page(tmp_path: Path) -> None:
    async with settled(tmp_path, sales(), general()) as world, console_of(world) as site:
        case = await ana_is_to_leave(world)
        hr, it = await site.client("noura", Role.HR), await site.client("omar", Role.IT)
        page, places = await hr.get("/people/ana"), await hr.get("/people/ana/places")
        technical, other = await it.get("/people/ana/places"), await hr.get("/people/sara")
        down = Fault(FaultKind.HTTP_500, "users.conversations", times=99)
        world.sandbox.faults.append(down)
        unread = await hr.get("/people/ana/places")
    assert "leaves on Thursday, 26 November 2026" in text_of(page)
    assert case.id in page.text
    assert f'<a class="button" href="/cases/{case.id}">' in page.text, "it is begun already"
    assert "/offboarding/ana" not in page.text
    assert "/offboarding/sara" in other.text
    said = text_of(places)
    assert "sales-eu public channel Member By the bot" in said
    assert "Not as things stand: everybody in the workspace belongs to this group" in said
    assert ("UANA" in places.text, "UANA" in technical.text) == (False, True)
    assert "Could not be read, so nothing is known of it." in text_of(unread)


async def test_people_are_for_who_may_read_them_and_ones_own_leaving_for_nobody(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world, console_of(world) as site:
        case = await ana_is_to_leave(world)
        for role in Role:
            client = await site.client(f"x-{role}", role)
            for path in ("/people", "/people?q=a", "/people/ana", "/people/ana/places"):
                status = (await client.get(path)).status_code
                assert status == (200 if role in READS else 403), (role, path)
        own = await (await site.client("ana", Role.HR)).get("/people/ana")
    assert own.status_code == 200
    assert case.id not in own.text
    assert "26 November" not in own.text
    assert "/offboarding/ana" not in own.text
