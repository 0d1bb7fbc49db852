"""What people use it for: a departure from preview to proof, approvals by two, pages, exports, runs."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from tests.bot.surfaces.api.calling import DOCUMENT, POLICY_WITH_APPROVAL, Client, Office, office

LEAVES = {"person_id": "ana", "last_day": "2026-11-30", "exit_type": "resignation"}


async def every_page(client: Client, path: str, **query: Any) -> list[Any]:
    """Follow the cursor to the end."""
    found, cursor = [], None
    while True:
        page = await client.get(path, **query, **({"cursor": cursor} if cursor else {}))
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found


async def test_a_departure_is_previewed_opened_by_its_count_moved_and_called_off(desk: Office) -> None:
    noura = await desk.as_("noura")
    shown = (await noura("POST", "/preview", json=LEAVES)).json()
    assert {row["group"] for row in shown["rows"]} >= {"sales", "general", "Drivers"}
    assert (shown["count"], shown["by_hand"], shown["complete"]) == (3, 1, True)
    assert shown["when"]["zone"] == "Asia/Riyadh"
    assert await desk.world.cases() == [], "a preview opens nothing"
    wrong = await noura("POST", "/cases", json={**LEAVES, "counted": 2})
    assert (wrong.status_code, wrong.json()["reason"]) == (409, "count_differs")
    opened = await noura("POST", "/cases", json={**LEAVES, "counted": 3})
    assert opened.status_code == 201, opened.text
    case = (
        await desk.http.get(
            opened.headers["location"].removeprefix("/api/v1"),
            headers={"Authorization": f"Bearer {noura.token}"},
        )
    ).json()
    assert (case["state"], case["acts"]) == ("scheduled", ["cancel", "reschedule", "revoke_now"])
    path = f"/cases/{case['id']}"
    later = {"last_day": "2026-12-31T18:00:00+03:00"}
    refused = await noura("POST", f"{path}/reschedule", json=later)
    assert refused.json()["reason"] == "later_needs_reason"
    moved = await noura("POST", f"{path}/reschedule", json={**later, "reason": "prolonged"})
    assert datetime.fromisoformat(moved.json()["due"]) == datetime(2026, 12, 31, 15, 0, tzinfo=UTC)
    stale = await noura("POST", f"{path}/cancel", json={"reason": "no", "expected": "executing"})
    assert stale.status_code == 409
    over = await noura("POST", f"{path}/cancel", json={"reason": "HR entered the wrong person"})
    assert (over.json()["state"], over.json()["acts"]) == ("cancelled", [])


async def test_an_emergency_runs_first_and_is_confirmed_by_somebody_else(desk: Office) -> None:
    glass, noura = await desk.as_("glass"), await desk.as_("noura")
    now = await glass("POST", "/people/ana/revoke-now", json={"reason": "stole a laptop"})
    assert now.status_code == 201, now.text
    path = f"/cases/{now.json()['id']}"
    await desk.world.run()
    assert "UANA" not in desk.world.members("C-sales")
    assert (await glass("POST", f"{path}/confirm", json={"verdict": "confirmed"})).status_code == 403
    done = await noura("POST", f"{path}/confirm", json={"verdict": "confirmed"})
    assert done.json()["emergency"]["verdict"] == "confirmed"
    again = await noura("POST", f"{path}/confirm", json={"verdict": "disputed"})
    assert again.json()["reason"] == "confirmed_already"


async def test_an_approval_binds_what_was_shown_and_is_somebody_elses(tmp_path: Any) -> None:
    async with office(tmp_path, policy=POLICY_WITH_APPROVAL) as desk:
        noura, huda = await desk.as_("noura"), await desk.as_("huda")
        opened = await noura("POST", "/cases", json=LEAVES)
        digest = opened.json()["hold"]
        assert [one["digest"] for one in (await huda.get("/holds"))["items"]] == [digest]
        own = await noura("POST", f"/holds/{digest}/sign", json={"verdict": "approve"})
        assert (own.status_code, own.json()["reason"]) == (409, "is_requester")
        page = await huda.get(f"/holds/{digest}", preview=True)
        assert page["preview"]["count"] == 3
        shown = page["preview"]["shown"]
        desk.world.sandbox.workspace.channels["C-general"].members.remove("UANA")
        stale = await huda("POST", f"/holds/{digest}/sign", json={"verdict": "approve", "shown": shown})
        assert (stale.status_code, stale.json()["reason"]) == (409, "moved_meanwhile")
        shown = (await huda.get(f"/holds/{digest}", preview=True))["preview"]["shown"]
        signed = await huda("POST", f"/holds/{digest}/sign", json={"verdict": "approve", "shown": shown})
        assert (signed.status_code, signed.json()["state"]) == (200, "released"), signed.text
        assert [one["by"] for one in signed.json()["signed"]] == ["huda"]
        late = await huda("POST", f"/holds/{digest}/sign", json={"verdict": "reject"})
        assert late.json()["reason"] == "released"


async def test_pages_hold_everything_once_and_a_cursor_belongs_to_its_list(desk: Office) -> None:
    noura, audra = await desk.as_("noura"), await desk.as_("audra")
    for person in ("ana", "omar", "owner", "both", "glass"):
        assert (await noura("POST", "/cases", json={**LEAVES, "person_id": person})).status_code == 201
    cases = await every_page(audra, "/cases", limit=2)
    assert sorted(one["person_id"] for one in cases) == ["ana", "both", "glass", "omar", "owner"]
    assert [one["id"] for one in await every_page(audra, "/cases", which="all", limit=1)] != []
    entries = await every_page(audra, "/audit", limit=200)
    numbers = [one["seq"] for one in entries]
    assert numbers == sorted(set(numbers), reverse=True)
    assert len(await every_page(audra, "/audit", q="action:case.open", limit=2)) == 5
    groups = await every_page(audra, "/groups", limit=1)
    assert len({one["key"] for one in groups}) == len(groups) >= 2
    other = (await audra.get("/cases", limit=1))["next"]
    for path in ("/groups", "/audit", "/runs", "/holds", "/tasks"):
        assert (await audra("GET", path, params={"cursor": other})).status_code == 422, path


async def test_an_export_proves_itself_is_logged_and_is_given_again_for_its_key(desk: Office) -> None:
    audra = await desk.as_("audra")
    wish = {"q": "action:run", "reason": "November"}
    first = await audra("POST", "/audit/exports", json=wish, key="k")
    assert first.headers["content-type"] == "application/jsonl"
    *lines, end = first.text.splitlines(keepends=True)
    assert json.loads(end)["sha256"] == hashlib.sha256("".join(lines).encode()).hexdigest()
    again = await audra("POST", "/audit/exports", json=wish, key="k")
    assert again.content == first.content
    assert len(await desk.entries("audit.export")) == 1
    sheet = await audra("POST", "/audit/exports", json={**wish, "format": "csv"})
    assert sheet.text.startswith("\ufeff")
    kept = [path for path in desk.app.settings.data_dir.rglob("entries.*") if path.is_file()]
    assert len(kept) == 2
    assert {path.stat().st_mode & 0o077 for path in kept} == {0}
    silent = await audra("POST", "/audit/exports", json={**wish, "reveal": True, "reason": " "})
    assert (silent.status_code, silent.json()["reason"]) == (409, "reason_missing")
    for path in kept:
        path.unlink()
    assert (await audra("POST", "/audit/exports", json=wish, key="k")).status_code == 404


async def test_a_group_is_registered_by_it_and_its_purpose_said_by_its_owner(desk: Office) -> None:
    ibrahim, owner = await desk.as_("ibrahim"), await desk.as_("owner")
    sales = next(one for one in (await ibrahim.get("/groups"))["items"] if one["name"] == "sales")
    path = f"/groups/{sales['key']}/registration"
    body = {"sensitivity": "sensitive", "purpose": "Region North"}
    for _ in range(2):
        put = await ibrahim("PUT", path, json=body)
        assert (put.json()["sensitivity"], put.json()["purpose"]) == ("sensitive", "Region North"), put.text
    assert len(await desk.entries("group.register")) == 1
    assert (await owner("PUT", path, json={"purpose": "All sales"})).json()["purpose"] == "All sales"
    refused = await owner("PUT", path, json={"owner": "omar"})
    assert (refused.status_code, refused.json()["permission"]) == (403, "group.write")


async def test_a_run_is_signed_off_once_and_what_it_left_is_shown(desk: Office) -> None:
    await desk.leaves("ana")
    ibrahim, audra = await desk.as_("ibrahim"), await desk.as_("audra")
    run = next(one for one in await every_page(audra, "/runs", every=True) if one["cases"])
    page = await audra.get(f"/runs/{run['id']}")
    assert [one["line"]["person_id"] for one in page["cases"]] == ["ana"]
    signed = await ibrahim("POST", f"/runs/{run['id']}/review", json={"note": "looked at all"})
    assert signed.status_code in (200, 409), signed.text
    figures = await audra.get("/figures", weeks=2)
    assert len(figures["weeks"]) == 2
    assert (await audra.get("/feeds"))["sources"][0]["source"] == "hr"
    connectors = (await audra.get("/connectors"))["items"]
    assert {one["instance"] for one in connectors} == {"acme", "phones"}
    lane = await ibrahim("POST", "/connectors/acme/resume", json={})
    assert lane.json()["reason"] == "lane_open"


async def test_the_description_is_current_and_is_for_anybody(desk: Office) -> None:
    answer = await desk.http.get("/openapi.json")
    assert answer.json() == json.loads(DOCUMENT.read_text("utf-8")), (
        "run: python -m bot.surfaces.api.schema > docs/openapi.json"
    )
    assert answer.json()["openapi"].startswith("3.1")
    assert (await desk.http.get("/health")).json() == {"status": "ok"}
