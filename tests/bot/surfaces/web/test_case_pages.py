"""The pages of cases over real HTTP: who reads and does what, and who was there first."""

from __future__ import annotations

import asyncio
import re
from html import unescape
from pathlib import Path

import httpx

from bot.states import CaseState
from bot.surfaces.web.signing_in import cookie_name
from policies.roles import Role
from tests.bot.surfaces.web.stage import console_of
from tests.bot.views.readers import APPROVED, ana_is_to_leave, case_of, general, sales, settled

ALLOWED = {
    Role.HR: {"cancel", "reschedule"},
    Role.IT: set[str](),
    Role.AUDITOR: set[str](),
    Role.BREAK_GLASS: set[str](),
    Role.CHAT_ADMIN: set[str](),
}
LATER = {"last_day": "2026-12-03", "time": "", "zone": "Asia/Riyadh", "why": "stays a week longer"}


def text_of(answer: httpx.Response) -> str:
    """The page's words, without tags and fences."""
    plain = unescape(re.sub(r"<[^>]+>", " ", answer.text)).translate({0x2068: None, 0x2069: None})
    return " ".join(plain.split())


async def test_a_case_says_in_words_who_leaves_when_and_what_happens_next(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world, console_of(world) as site:
        case = await ana_is_to_leave(world)
        page = await (await site.client("noura", Role.HR)).get(f"/cases/{case.id}")
        arabic = await (await site.client("omar", Role.IT, language="ar")).get(f"/cases/{case.id}")
    said = text_of(page)
    assert "Ana Q leaves Thursday, 26 November 2026, 18:00 (Riyadh time)" in said
    assert "Bawab begins by itself Thursday, 26 November 2026, 18:00 (Riyadh time)." in said
    assert "مغادرة Ana Q: الخميس، 26 نوفمبر 2026" in text_of(arabic)
    assert 'dir="rtl"' in arabic.text


async def test_page_by_page_nobody_reads_what_is_not_theirs(tmp_path: Path) -> None:
    async with settled(tmp_path, sales(), policy=APPROVED) as world, console_of(world) as site:
        case = await ana_is_to_leave(world)
        (hold,) = await world.holds()
        reads = {Role.HR, Role.IT, Role.AUDITOR, Role.BREAK_GLASS}
        paths = [f"/cases/{case.id}{part}" for part in ("", "/preview", "/record", "/now")]
        for role in Role:
            client = await site.client(f"x-{role}", role)
            for path in ["/cases", *paths]:
                status = (await client.get(path)).status_code
                assert status == (200 if role in reads else 403), (role, path)
            for path in (f"/holds/{hold.digest}", f"/holds/{hold.digest}/decide"):
                status = (await client.get(path)).status_code
                assert status == (200 if role in reads - {Role.BREAK_GLASS} else 403), (role, path)


async def test_the_subject_finds_no_case_and_no_hold_whatever_their_roles(tmp_path: Path) -> None:
    async with settled(tmp_path, sales(), policy=APPROVED) as world, console_of(world) as site:
        case = await ana_is_to_leave(world)
        (hold,) = await world.holds()
        client = await site.client("ana", *Role)
        for part in ("", "/preview", "/record", "/now"):
            assert (await client.get(f"/cases/{case.id}{part}")).status_code == 404, part
        for path in ("/", "/cases?which=all", f"/holds/{hold.digest}", f"/holds/{hold.digest}/decide"):
            page = await client.get(path)
            assert case.id not in page.text
            assert "26 November" not in page.text, path
        assert (await site.post(client, f"/holds/{hold.digest}", verdict="approve")).status_code == 200
        assert (await case_of(world, "ana")).state == CaseState.AWAITING_APPROVAL


async def test_call_by_call_nobody_does_what_is_not_theirs(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world, console_of(world) as site:
        case = await ana_is_to_leave(world)
        calls = {
            "retry": {},
            "confirm": {"verdict": "confirmed"},
            "reschedule": LATER,
            "cancel": {"reason": "stays after all"},
        }
        for role in sorted(Role, key=lambda role: len(ALLOWED[role])):
            client = await site.client(f"x-{role}", role)
            for act, fields in calls.items():
                before = await case_of(world, "ana")
                answer = await site.post(client, f"/cases/{case.id}/{act}", **fields)
                changed = (await case_of(world, "ana")) != before
                assert changed is (act in ALLOWED[role]), (role, act, answer.status_code)
                if role in (Role.CHAT_ADMIN, Role.AUDITOR):
                    assert answer.status_code == 403, (role, act)


async def test_an_approval_binds_what_was_shown_after_its_number_was_typed(tmp_path: Path) -> None:
    async with settled(tmp_path, sales(), general(), policy=APPROVED) as world, console_of(world) as site:
        case = await ana_is_to_leave(world)
        (hold,) = await world.holds()
        client = await site.client("noura", Role.HR)
        page = await client.get(f"/holds/{hold.digest}/decide")
        mark = re.search(r'name="mark" value="(\w+)"', page.text)
        assert mark is not None
        assert "C-sales-eu" not in page.text
        sent = {"verdict": "approve", "mark": mark[1], "note": "seen with Sara"}
        wrong = await site.post(client, f"/holds/{hold.digest}", **sent, counted="7")
        assert wrong.status_code == 422
        assert "It is 1." in text_of(wrong)
        assert "seen with Sara" in wrong.text
        done = await site.post(client, f"/holds/{hold.digest}", **sent, counted="١")
        assert "Approved" in text_of(done)
        row = await case_of(world, "ana")
        assert (row.id, row.state) == (case.id, CaseState.SCHEDULED)
        assert {at: set(ids) for at, ids in row.approved.items()} == {"acme": {"C-sales-eu", "C-general"}}


async def test_what_changed_while_somebody_looked_is_shown_again_before_it_is_bound(tmp_path: Path) -> None:
    async with settled(tmp_path, sales(), general(), policy=APPROVED) as world, console_of(world) as site:
        await ana_is_to_leave(world)
        (hold,) = await world.holds()
        client = await site.client("noura", Role.HR)
        mark = await _mark(client, hold.digest)
        world.sandbox.workspace.channels["C-general"].members.remove("UANA")
        sent = {"verdict": "approve", "mark": mark, "counted": "1"}
        again = await site.post(client, f"/holds/{hold.digest}", **sent)
        assert again.status_code == 422
        assert "Something changed while you looked" in text_of(again)
        assert (await case_of(world, "ana")).state == CaseState.AWAITING_APPROVAL


async def _mark(client: httpx.AsyncClient, digest: str) -> str:
    found = re.search(r'name="mark" value="(\w+)"', (await client.get(f"/holds/{digest}/decide")).text)
    assert found is not None
    return found[1]


async def test_approve_and_call_off_in_the_same_second_has_one_winner_and_both_are_told(
    tmp_path: Path,
) -> None:
    async with settled(tmp_path, sales(), policy=APPROVED) as world, console_of(world) as site:
        case = await ana_is_to_leave(world)
        (hold,) = await world.holds()
        noura, huda = await site.client("noura", Role.HR), await site.client("huda", Role.HR)
        sent = {"verdict": "approve", "counted": "1", "mark": await _mark(noura, hold.digest)}
        off = {"reason": "stays after all", "expected": "awaiting_approval"}
        approved, cancelled = await asyncio.gather(
            site.post(noura, f"/holds/{hold.digest}", **sent),
            site.post(huda, f"/cases/{case.id}/cancel", **off),
        )
        row = await case_of(world, "ana")
    if row.state == CaseState.SCHEDULED:
        assert "Approved" in text_of(approved)
        assert "Noura Q changed this" in text_of(cancelled)
    else:
        assert row.state == CaseState.CANCELLED
        assert "Called off" in text_of(cancelled)
        assert "Huda Q cancelled it" in text_of(approved)


async def test_a_last_day_that_cannot_be_keeps_what_was_typed_and_names_its_field(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world, console_of(world) as site:
        case = await ana_is_to_leave(world)
        client, path = await site.client("noura", Role.HR), f"/cases/{case.id}/reschedule"
        for typed, field in (
            ({**LATER, "zone": "Riyad"}, "zone"),
            ({**LATER, "last_day": "31.12."}, "last_day"),
            ({**LATER, "why": ""}, "why"),
        ):
            answer = await site.post(client, path, **typed)
            assert answer.status_code == 422, field
            assert f'href="#{field}"' in answer.text
            assert all(f'value="{value}"' in answer.text for value in typed.values() if value)
        assert "Asia/Riyadh" in text_of(await site.post(client, path, **{**LATER, "zone": "Riyad"}))
        moved = await site.post(client, path, **LATER, expected="scheduled")
        assert "leaves Thursday, 3 December 2026, 18:00 (Riyadh time)" in text_of(moved)


async def test_calling_off_needs_a_reason_and_is_done_once(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world, console_of(world) as site:
        case = await ana_is_to_leave(world)
        client, path = await site.client("noura", Role.HR), f"/cases/{case.id}/cancel"
        assert (await site.post(client, path, reason="  ")).status_code == 422
        said = text_of(await site.post(client, path, reason="stays"))
        assert "Called off: Ana Q leaves" in said
        assert "has ended; nothing changed" in text_of(await site.post(client, path, reason="stays"))


async def test_the_record_and_the_steps_say_what_was_done_and_what_was_not(tmp_path: Path) -> None:
    async with settled(tmp_path, sales(), general()) as world, console_of(world) as site:
        case = await ana_is_to_leave(world)
        world.clock.turn(days=7)
        await world.run()
        hr = await (await site.client("noura", Role.HR)).get(f"/cases/{case.id}/record")
        it = await (await site.client("omar", Role.IT, language="ar")).get(f"/cases/{case.id}")
    said = text_of(hr)
    assert "1 of 2 done" in said
    assert "removed, and checked" in said
    assert "not done: everybody in the workspace belongs to this group" in said
    assert "UANA" not in hr.text
    assert "UANA" in it.text
    assert "ينتهي الوصول عندما تغلق تقنية المعلومات الحساب" in text_of(it)
    assert "sales-eu (Slack): removed, and checked" in said, "HR is told which group, by its name"
    assert (" acme" in said, "general" in said) == (False, True)


async def test_the_list_filters_searches_and_bears_a_broken_link(tmp_path: Path) -> None:
    async with settled(tmp_path, sales()) as world, console_of(world) as site:
        case = await ana_is_to_leave(world)
        client = await site.client("auditor", Role.AUDITOR)
        for query, there in (
            ("", True),
            ("?which=ended", False),
            ("?q=ANA", True),
            ("?which=all&q=omar", False),
            ("?which=nonsense&after=x~y", True),
            ("?q=%3Cscript%3Ealert(1)%3C/script%3E", False),
        ):
            page = await client.get(f"/cases{query}")
            assert (page.status_code, case.id in page.text) == (200, there), query
            assert "<script>alert" not in page.text


async def test_a_case_under_way_asks_for_itself_until_it_has_ended(tmp_path: Path) -> None:
    async with settled(tmp_path, sales(), general()) as world, console_of(world) as site:
        case = await ana_is_to_leave(world)
        client = await site.client("noura", Role.HR)
        asks, part = f'hx-get="/cases/{case.id}/now"', {"hx-request": "true"}
        assert asks not in (await client.get(f"/cases/{case.id}")).text
        world.clock.turn(days=6, hours=7)
        token = await site.token("noura")
        await world.service.tick()
        client.cookies.set(cookie_name(world.app), token)
        under_way = await client.get(f"/cases/{case.id}")
        assert asks in under_way.text
        assert "0 of 2 done" in text_of(under_way)
        await world.run()
        client.cookies.set(cookie_name(world.app), await site.token("noura"))
        ended = await client.get(f"/cases/{case.id}/now", headers=part)
        assert asks not in ended.text
        assert "1 of 2 done" in text_of(ended)
        assert (await client.get(f"/cases/{case.id}/now")).url.path == f"/cases/{case.id}"
