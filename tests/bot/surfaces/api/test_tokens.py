"""Who gets in: a token that works now, with no more than its owner's rights now; refusals are said once."""

from __future__ import annotations

from bot.store.access_tables import StaffRow, TokenRow
from bot.store.query import change, columns, where
from policies.roles import Permission
from tests.bot.surfaces.api.calling import Office

PROBLEM = "application/problem+json"


async def test_without_a_token_that_works_nobody_gets_in_and_is_told_how_to(desk: Office) -> None:
    for given in (
        "",
        "Bearer",
        "Bearer bwb_nobodys",
        "Basic bm91cmE6eA==",
        "Bearer " + "x" * 5000,
        "Bearer ÿ",
    ):
        headers = {"Authorization": given.encode("latin-1")} if given else {}
        answer = await desk.http.get("/me", headers=headers)  # type: ignore[arg-type]
        assert answer.status_code == 401, given
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == PROBLEM
        assert answer.json()["code"] == ("token_refused" if given else "token_missing")


async def test_a_cookie_opens_nothing_and_no_other_site_is_let_in(desk: Office) -> None:
    answer = await desk.http.get(
        "/me", headers={"Cookie": "__Host-bawab=anything", "Origin": "https://evil.test"}
    )
    assert answer.status_code == 401
    assert not [name for name in answer.headers if name.startswith("access-control")]
    preflight = await desk.http.options("/me", headers={"Origin": "https://evil.test"})
    assert preflight.status_code == 405


async def test_a_token_may_do_what_its_scopes_and_its_owner_may_now(desk: Office) -> None:
    noura = await desk.as_("noura", [Permission.CASE_READ, Permission.AUDIT_READ])
    me = await noura.get("/me")
    assert (me["id"], me["roles"], me["rights"]) == ("noura", ["hr"], ["case.read"])


async def test_an_ended_an_expired_and_an_ended_owners_token_open_nothing(desk: Office) -> None:
    ended, expired, orphaned = await desk.as_("noura"), await desk.as_("huda"), await desk.as_("ibrahim")
    rows, staff, now = columns(TokenRow), columns(StaffRow), desk.app.now()
    async with desk.app.store.write() as tx:
        await change(tx, TokenRow, {"ended_at": now}, rows.staff_id == "noura")
        await change(tx, TokenRow, {"expires_at": now}, rows.staff_id == "huda")
        # Ibrahim is still the deputy of a group, and so a chat admin; nothing of IT is left.
        await change(tx, StaffRow, {"ended_at": now}, staff.id == "ibrahim")
    assert (await ended("GET", "/me")).status_code == 401
    assert (await expired("GET", "/me")).status_code == 401
    assert (await orphaned.get("/me"))["rights"] == ["own.groups", "own.tasks"]
    assert (await orphaned("GET", "/cases")).status_code == 403


async def test_whoever_is_leaving_loses_their_tokens_with_the_case(desk: Office) -> None:
    noura = await desk.as_("noura")
    desk.world.drop("noura,Noura Test,noura@corp.test,Sales,terminated,2026-11-19,", name="leaves.csv")
    await desk.world.run()
    await desk.world.release_all(by="person:huda")
    await desk.world.run()
    assert (await noura("GET", "/me")).status_code == 401


async def test_refusals_are_logged_once_and_a_flood_is_only_counted(desk: Office) -> None:
    owner = await desk.as_("owner")
    for _ in range(5):
        answer = await owner("GET", "/cases")
        assert answer.status_code == 403
        assert answer.json()["permission"] == "case.read"
        assert (await desk.http.get("/me")).status_code == 401
    logged = await desk.entries("access.refuse")
    assert sorted(row["actor"] for row in logged) == ["api", "person:owner"]
    desk.world.clock.turn(minutes=16)
    await owner("GET", "/cases")
    assert '"more_before":4' in (await desk.entries("access.refuse"))[-1]["detail"]


async def test_the_time_a_token_was_last_used_is_kept(desk: Office) -> None:
    noura = await desk.as_("noura")
    desk.world.clock.turn(hours=1)
    await noura.get("/me")
    async with desk.app.store.read() as tx:
        (row,) = await where(tx, TokenRow)
    assert row.used_at == desk.app.now()
