"""The pages of groups: what a form writes into the registry, what it refuses and keeps, and whose it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.groups.report_reading import read_groups
from bot.views.groups import key_of
from policies.roles import Role
from tests.bot.settled import take_over
from tests.bot.surfaces.web.stage import Site, console_of
from tests.bot.views.conftest import departed_firm, settled_firm
from tests.bot.views.firm import firm

__all__ = ["departed_firm", "settled_firm"]

WELL, WILD = f"/groups/{key_of('acme', 'C-well')}", f"/groups/{key_of('acme', 'C-wild')}"


@pytest.fixture
async def site(tmp_path: Path, departed_firm: Path) -> AsyncIterator[Site]:
    take_over(departed_firm, tmp_path)
    async with firm(tmp_path) as world, console_of(world) as opened:
        await read_groups(world.app)
        yield opened


def registry(site: Site) -> str:
    path = site.app.settings.registry
    assert path is not None
    return path.read_text(encoding="utf-8")


async def test_a_group_is_registered_and_then_given_an_owner_by_name(site: Site) -> None:
    it = await site.client("I1", Role.IT)
    assert "It is registered" in (await site.post(it, f"{WILD}/register")).text
    answer = await site.post(it, WILD, owner="نورة القحطاني", deputy="lina@corp.test", purpose="games")
    assert "Saved." in answer.text
    assert "C-wild" in registry(site)
    assert "owner: E2" in registry(site).split("C-wild")[1]


async def test_what_was_left_as_it_was_is_not_asked_about_again(site: Site) -> None:
    """Ana, who owns it, has left by now; the purpose can be written all the same."""
    it = await site.client("I1", Role.IT)
    answer = await site.post(it, WELL, owner="E1", deputy="E2", purpose="lunch", sensitivity="normal")
    assert "Saved." in answer.text
    assert "purpose: lunch" in registry(site)


async def test_somebody_who_left_cannot_be_made_owner_and_what_was_typed_stays(site: Site) -> None:
    it = await site.client("I1", Role.IT)
    before = registry(site)
    answer = await site.post(it, WELL, owner="E9", deputy="E4", purpose="kept words", sensitivity="normal")
    assert answer.status_code == 409
    assert "has left the company" in answer.text
    assert 'value="kept words"' in answer.text
    assert registry(site) == before


async def test_a_file_changed_by_hand_meanwhile_is_not_written_over(site: Site) -> None:
    it = await site.client("I1", Role.IT)
    path = site.app.settings.registry
    assert path is not None
    path.write_text(registry(site).replace("group: C-well", "group: C-elsewhere"), encoding="utf-8")
    answer = await site.post(it, WELL, owner="E1", deputy="E4", purpose="lunch", sensitivity="normal")
    assert answer.status_code == 409
    assert "purpose: lunch" not in registry(site)


async def test_a_chat_admin_writes_purpose_but_not_owner_and_reviews_their_own(site: Site) -> None:
    admin = await site.client("E2")
    answer = await site.post(admin, WELL, owner="E2", deputy="E2", purpose="ours", sensitivity="sensitive")
    assert "Saved." in answer.text
    row = registry(site).split("C-well")[1].split("- {")[0]
    assert "owner: E1" in row
    assert "sensitive" not in row
    assert "looked at who is inside today" in (await site.post(admin, f"{WELL}/review")).text
    assert "reviewed_by: E2" in registry(site)
    assert (await site.post(admin, f"/groups/{key_of('acme', 'C-sales')}/review")).status_code == 404


async def test_whoever_hands_their_seat_on_sees_the_group_no_more(site: Site) -> None:
    admin = await site.client("E2")
    answer = await site.post(admin, WELL, deputy="lina@corp.test", purpose="")
    assert (answer.status_code, answer.url.path) == (200, "/groups")
    assert (await admin.get(WELL)).status_code == 404


async def test_what_only_a_person_can_do_in_a_group_stands_on_its_page(site: Site) -> None:
    family = f"/groups/{key_of('phones', 'العائلة')}"
    for client in (await site.client("E2"), await site.client("A1", Role.AUDITOR)):
        shown = (await client.get(family)).text
        assert "Ana Quispe" in shown
        assert 'href="/tasks#task_' in shown
    assert 'href="/tasks#task_' not in (await client.get(WELL)).text


async def test_hr_is_shown_no_platform_id_on_any_page_of_groups(site: Site) -> None:
    hr = await site.client("H1", Role.HR)
    for path in ("/groups", WELL, f"/groups/{key_of('acme', 'C-lunch')}"):
        assert "C-well" not in (await hr.get(path)).text
        assert "UANA" not in (await hr.get(path)).text


async def test_a_look_inside_is_asked_for_told_and_shown(site: Site) -> None:
    it = await site.client("I1", Role.IT)
    answer = await site.post(it, "/groups/look")
    assert "outsiders inside" in answer.text
    assert "former staff inside" in answer.text
    found = await it.get("/groups", params={"gap": "outsiders", "q": "LUNCH"})
    assert ">lunch<" in found.text
    assert ">well<" not in found.text
