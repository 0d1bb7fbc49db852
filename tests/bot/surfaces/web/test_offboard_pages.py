"""A new offboarding over real HTTP: found, shown, said in words, confirmed by its number, and opened once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.states import CaseState
from policies.roles import Role
from tests.bot.adversary import everybody
from tests.bot.surfaces.web.stage import console_of
from tests.bot.surfaces.web.test_case_pages import text_of
from tests.bot.views.readers import ana_is_to_leave, general, sales, settled

THURSDAY = {"last_day": "2026-11-26", "time": "", "zone": "Asia/Riyadh", "exit_type": "resignation"}
NASTY = (
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "\u202eevil\u202c\u2067x",
    "🧑‍💼 Zoë",
    "ن" * 300,
    "'; DROP TABLE person; --",
)


async def test_she_leaves_on_thursday_takes_three_forms(tmp_path: Path) -> None:
    async with settled(tmp_path, sales(), general()) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR)
        person = await client.get("/offboarding", params={"q": "ana@corp.test"})
        assert person.url.path == "/offboarding/ana"
        assert 'value="Asia/Riyadh"' in person.text
        groups = await client.get("/offboarding/ana/groups")
        assert "sales-eu" in groups.text
        assert "removed by Bawab" in text_of(groups)
        confirm = await client.get("/offboarding/ana/confirm", params=THURSDAY)
        assert "Access of Ana Q ends Thursday, 26 November 2026, 18:00 (Riyadh time)." in text_of(confirm)
        done = await site.post(client, "/offboarding/ana", **THURSDAY, counted="1")
        assert done.url.path.startswith("/cases/case_")
        assert "Scheduled." in text_of(done)
        (case,) = await world.cases()
        assert (case.state, case.exit_type) == (CaseState.SCHEDULED, "resignation")


async def test_the_same_form_sent_twice_makes_one_case(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR)
        twice = [site.post(client, "/offboarding/ana", **THURSDAY, counted="1") for _ in range(2)]
        answers = await asyncio.gather(*twice)
        (case,) = await world.cases()
        assert [answer.url.path for answer in answers] == [f"/cases/{case.id}"] * 2


async def test_another_number_opens_nothing_and_keeps_what_was_typed(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR)
        for counted, said in (("", "Type the number 1"), ("2", "It is 1."), ("one", "no number")):
            answer = await site.post(client, "/offboarding/ana", **THURSDAY, counted=counted)
            assert answer.status_code == 422
            assert said in text_of(answer)
            assert 'href="#counted"' in answer.text
            assert 'name="last_day" value="2026-11-26"' in answer.text
        assert await world.cases() == []


async def test_a_number_in_arabic_digits_is_a_number(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR, language="ar")
        answer = await site.post(client, "/offboarding/ana", **THURSDAY, counted="١")
        assert "جُدولت" in text_of(answer)
        assert len(await world.cases()) == 1


WRONG: tuple[tuple[dict[str, str], str], ...] = (
    ({"last_day": ""}, "last_day"),
    ({"last_day": "soon"}, "last_day"),
    ({"zone": "Mars/Olympus"}, "zone"),
    ({"zone": ""}, "zone"),
    ({"time": "6pm-ish"}, "time"),
)


async def test_a_wrong_field_is_named_and_keeps_what_was_typed(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR)
        for typed, field in WRONG:
            sent = THURSDAY | typed
            shown = await client.get("/offboarding/ana/confirm", params=sent)
            posted = await site.post(client, "/offboarding/ana", **sent, counted="1")
            for answer in (shown, posted):
                assert answer.status_code == 422
                assert f'href="#{field}"' in answer.text
                assert all(f'value="{value}"' in answer.text for value in typed.values() if value)
        assert await world.cases() == []


async def test_only_hr_plans_and_only_some_hurry(tmp_path: Path) -> None:
    hurry = {Role.HR, Role.IT, Role.BREAK_GLASS}
    async with settled(tmp_path, sales()) as world, console_of(world) as site:
        for role in sorted(Role, key=lambda role: role is Role.HR):
            plans, client = role is Role.HR, await site.client(f"x-{role}", role)
            for path in ("", "/ana", "/ana/groups", "/ana/now"):
                status = (await client.get(f"/offboarding{path}")).status_code
                assert status == (200 if role in hurry else 403), (role, path)
            asked = await client.get("/offboarding/ana/confirm", params=THURSDAY)
            answer = await site.post(client, "/offboarding/ana", **THURSDAY, counted="1")
            assert asked.status_code == answer.status_code == (200 if plans else 403), role
            assert len(await world.cases()) == int(plans), role


async def test_nobody_offboards_themselves(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world, console_of(world) as site:
        client = await site.client("ana", Role.HR, Role.IT, Role.BREAK_GLASS)
        for path in ("", "/groups", "/now", "/confirm?last_day=2026-11-26&zone=Asia/Riyadh"):
            assert (await client.get(f"/offboarding/ana{path}")).status_code == 404, path
        for path, fields in (("", THURSDAY), ("/now", {"reason": "x", "shown": "1"})):
            assert (
                await site.post(client, f"/offboarding/ana{path}", counted="1", **fields)
            ).status_code == 404
        assert await world.cases() == []


async def test_an_emergency_needs_a_reason_and_its_number_and_begins_at_once(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world, console_of(world) as site:
        client = await site.client("omar", Role.IT)
        page = await client.get("/offboarding/ana/now")
        assert "This begins at once" in text_of(page)
        sent = {"reason": "stolen laptop", "shown": "1"}
        for wrong in ({**sent, "counted": "2"}, {**sent, "reason": "", "counted": "1"}):
            assert (await site.post(client, "/offboarding/ana/now", **wrong)).status_code == 422
        assert await world.cases() == []
        done = await site.post(client, "/offboarding/ana/now", **sent, counted="1")
        assert "Everything is being ended now" in text_of(done)
        (case,) = await world.cases()
        own = await site.post(client, f"/cases/{case.id}/confirm", verdict="confirmed")
        assert "You asked for this yourself" in text_of(own)
        noura = await site.client("noura", Role.HR)
        assert "Was that right?" in text_of(await noura.get("/"))
        said = await site.post(noura, f"/cases/{case.id}/confirm", verdict="confirmed", note="seen")
        assert "Your word is noted" in text_of(said)
        assert "Was that right?" not in text_of(await noura.get("/"))
        await world.run()
        assert "UANA" not in world.members("C-sales-eu")


async def test_names_that_mean_harm_do_none(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world, console_of(world) as site:
        rows = [f'n{at},"{name}",n{at}@corp.test,Sales,active,2026-11-26,' for at, name in enumerate(NASTY)]
        world.drop(*everybody(), *rows)
        await world.run()
        await world.release_all()
        client = await site.client("noura", Role.HR)
        for path in ("/", "/cases?which=all", "/offboarding?q=n", "/people?q=n"):
            page = await client.get(path)
            assert page.status_code == 200
            assert "<script>alert" not in page.text
            assert not {"\u202e", "\u202c", "\u2067"} & set(page.text), path
        for at in range(len(NASTY)):
            for path in (f"/offboarding/n{at}", f"/people/n{at}", f"/people/n{at}/places"):
                page = await client.get(path)
                assert page.status_code == 200, path
                assert "<script>alert" not in page.text


async def test_a_search_leads_on_only_by_what_is_exact(tmp_path: Path) -> None:
    async with settled(tmp_path) as world, console_of(world) as site:
        client = await site.client("noura", Role.HR)
        choose = await client.get("/offboarding", params={"q": "na q"})
        assert choose.url.path == "/offboarding"
        assert "Choose the right one" in text_of(choose)
        one = await client.get("/offboarding", params={"q": "Omar"})
        assert one.url.path == "/offboarding"
        nobody = await client.get("/offboarding", params={"q": "zzz"})
        assert "Nobody is found." in text_of(nobody)
        assert (await client.get("/offboarding/zzz")).status_code == 404


async def test_a_departure_that_stands_is_shown_and_no_second_is_opened(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world, console_of(world) as site:
        case = await ana_is_to_leave(world)
        client = await site.client("noura", Role.HR)
        assert f"/cases/{case.id}" in (await client.get("/offboarding/ana")).text
        again = await site.post(client, "/offboarding/ana", **THURSDAY, counted="1")
        one = [row for row in await world.cases() if row.state == CaseState.SCHEDULED]
        assert [again.url.path] == [f"/cases/{row.id}" for row in one]
        later = THURSDAY | {"last_day": "2026-12-31"}
        refused = await site.post(client, "/offboarding/ana", **later, counted="1")
        assert refused.status_code == 409
        assert "reschedule that case" in text_of(refused)
