"""Call by call: who may ask what; nobody does what is another's, and nobody reads of their own leaving."""

from __future__ import annotations

from typing import Any

from bot.groups.report_reading import read_groups
from policies.roles import Permission
from tests.bot.surfaces.api.calling import Office

CASE, TASK, RUN, FEED = (f"{kind}_000000000000" for kind in ("case", "task", "run", "feed"))
HOLD, GROUP = "0" * 64, "0" * 20
PEOPLE = {"hr": "noura", "it": "ibrahim", "auditor": "audra", "glass": "glass", "admin": "owner"}
LEAVER = {"person_id": "nobody", "last_day": "2026-11-30"}
WHY = {"reason": "why"}
CALLS: dict[tuple[str, str], tuple[str, Any]] = {
    ("GET", "/me"): ("hr it auditor glass admin", None),
    ("POST", "/preview"): ("hr", LEAVER),
    ("GET", "/cases"): ("hr it auditor glass", None),
    ("POST", "/cases"): ("hr", LEAVER),
    ("GET", "/cases/{case_id}"): ("hr it auditor glass", None),
    ("POST", "/cases/{case_id}/cancel"): ("hr", WHY),
    ("POST", "/cases/{case_id}/reschedule"): ("hr", {"last_day": "2026-11-30"}),
    ("POST", "/cases/{case_id}/revoke-now"): ("hr it glass", WHY),
    ("POST", "/people/{person_id}/revoke-now"): ("hr it glass", WHY),
    ("POST", "/cases/{case_id}/confirm"): ("hr it", {"verdict": "confirmed"}),
    ("POST", "/cases/{case_id}/retry"): ("it", {}),
    ("GET", "/holds"): ("hr it auditor", None),
    ("GET", "/holds/{digest}"): ("hr it auditor", None),
    ("POST", "/holds/{digest}/sign"): ("hr it", {"verdict": "approve"}),
    ("GET", "/people"): ("hr it auditor glass", None),
    ("GET", "/people/{person_id}"): ("hr it auditor glass", None),
    ("GET", "/people/{person_id}/groups"): ("hr it auditor glass", None),
    ("GET", "/groups"): ("hr it auditor admin", None),
    ("GET", "/groups/{group_key}"): ("hr it auditor admin", None),
    ("PUT", "/groups/{group_key}/registration"): ("hr it admin", {"purpose": "sales"}),
    ("GET", "/tasks"): ("hr it auditor admin", None),
    ("POST", "/tasks/{task_id}/done"): ("hr it admin", {}),
    ("POST", "/tasks/{task_id}/waive"): ("it", {**WHY, "until": "2026-12-01T00:00Z"}),
    ("GET", "/feeds"): ("hr it auditor", None),
    ("GET", "/feeds/{feed_id}"): ("hr it auditor", None),
    ("GET", "/connectors"): ("it auditor", None),
    ("GET", "/connectors/{instance}"): ("it auditor", None),
    ("POST", "/connectors/{instance}/resume"): ("it", {}),
    ("GET", "/audit"): ("it auditor", None),
    ("POST", "/audit/exports"): ("it auditor", {"q": "case:none"}),
    ("GET", "/runs"): ("it auditor", None),
    ("GET", "/runs/{run_id}"): ("it auditor", None),
    ("POST", "/runs/{run_id}/review"): ("it", {"note": "looked"}),
    ("GET", "/figures"): ("hr it auditor glass", None),
}
"""Each call, who may make it, and a body; HR may do for groups and tasks what is their own."""


async def test_each_call_is_for_those_roles_and_for_no_other(desk: Office) -> None:
    described = (await desk.http.get("/openapi.json")).json()["paths"]
    offered = {(method.upper(), path) for path, item in described.items() for method in item}
    assert offered - {("GET", "/health")} == set(CALLS), "every call is in the table"
    for role, person in PEOPLE.items():
        client = await desk.as_(person)
        for (method, path), (allowed, body) in CALLS.items():
            address = path.format(
                case_id=CASE, digest=HOLD, person_id="nobody", group_key=GROUP, task_id=TASK,
                feed_id=FEED, run_id=RUN, instance="nobody",
            )  # fmt: skip
            query = {"q": "ana"} if path == "/people" else None
            answer = await client(method, address, json=body, params=query)
            if role in allowed.split():
                assert answer.status_code in (200, 404), (role, method, path, answer.text)
            else:
                assert answer.status_code == 403, (role, method, path, answer.text)
                assert answer.json()["permission"] in set(Permission)


async def test_a_chat_admin_sees_their_own_tasks_and_groups_and_never_why(desk: Office) -> None:
    await read_groups(desk.app)
    case = await desk.leaves("ana", "dismissal")
    owner, ibrahim, huda = await desk.as_("owner"), await desk.as_("ibrahim"), await desk.as_("huda")
    (task,) = (await owner.get("/tasks"))["items"]
    assert (task["person"], task["group"], task["case_id"], task["note"]) == ("Ana Test", "Drivers", "", "")
    seen = (await owner("GET", "/tasks")).text + (await owner("GET", "/groups")).text
    assert "dismissal" not in seen
    assert case not in seen
    assert {one["name"]: one["id"] for one in (await owner.get("/groups"))["items"]} == {
        "sales": "",
        "Drivers": "",
    }
    assert len((await ibrahim.get("/groups"))["items"]) > 2
    assert (await huda.get("/tasks"))["items"][0]["may_confirm"] is False
    refused = await huda("POST", f"/tasks/{task['id']}/done", json={})
    assert (refused.status_code, refused.json()["reason"]) == (409, "not_yours")
    done = await owner("POST", f"/tasks/{task['id']}/done", json={"note": "out"}, key="k")
    assert done.json()["state"] == "attested", done.text
    again = await owner("POST", f"/tasks/{task['id']}/done", json={"note": "out"}, key="k")
    assert again.content == done.content
    assert len(await desk.entries("task.attest")) == 1


async def test_ids_of_platforms_are_for_who_looks_after_connectors_and_reasons_for_who_may_read_them(
    desk: Office,
) -> None:
    case = await desk.leaves("ana", "dismissal")
    noura, ibrahim, glass = await desk.as_("noura"), await desk.as_("ibrahim"), await desk.as_("glass")
    hr, it = await noura.get(f"/cases/{case}"), await ibrahim.get(f"/cases/{case}")
    assert {step["group_id"] for step in it["steps"]} >= {"C-sales"}
    assert any(step["evidence"] for step in it["steps"])
    told = (await noura("GET", f"/cases/{case}")).text + (await noura("GET", "/people/ana/groups")).text
    assert "C-sales" not in told
    assert "UANA" not in told
    assert hr["exit_type"] == it["exit_type"] == "dismissal"
    assert (await glass.get(f"/cases/{case}"))["exit_type"] is None
    few = await desk.as_("ibrahim", [Permission.AUDIT_READ, Permission.CASE_READ])
    log = (await few("GET", "/audit", params={"q": f"case:{case}"})).text
    assert "dismissal" not in log
    assert "C-sales" not in log
    assert "Ana" not in log


async def test_nobody_reads_of_their_own_leaving(desk: Office) -> None:
    noura = await desk.as_("noura")
    opened = await noura("POST", "/cases", json={"person_id": "ibrahim", "last_day": "2027-01-31"})
    case = opened.json()["id"]
    ibrahim = await desk.as_("ibrahim")
    assert (await ibrahim("GET", f"/cases/{case}")).status_code == 404
    assert (await ibrahim.get("/people/ibrahim"))["last_day"] is None
    for path, query in (("/cases", {"which": "all"}), ("/audit", {}), ("/audit", {"q": case}), ("/runs", {})):
        assert case not in (await ibrahim("GET", path, params=query)).text.replace(f'"search":"{case}"', "")
    export = await ibrahim("POST", "/audit/exports", json={})
    assert export.status_code == 200
    assert case not in export.text
    assert case in (await (await desk.as_("audra"))("POST", "/audit/exports", json={})).text
