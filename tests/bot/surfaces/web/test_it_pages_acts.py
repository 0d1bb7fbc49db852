"""What the pages of IT do: tasks, people in again, lanes, doubts, tokens, a file set aside, suppositions."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.lanes import stumbled
from bot.states import LaneState
from bot.store.access_tables import TokenRow
from bot.store.group_tables import DriftRow
from bot.store.query import add, where
from bot.store.tables import LaneRow, LinkQuestionRow, LinkRow, TaskRow
from connectors.errors import BadCredentials
from policies.roles import Role
from tests.bot.settled import take_over
from tests.bot.surfaces.web.stage import Site, console_of
from tests.bot.views.conftest import departed_firm, settled_firm
from tests.bot.views.firm import STAFF, firm
from tests.bot.world import POLICY, World

__all__ = ["departed_firm", "settled_firm"]


@pytest.fixture
async def world(tmp_path: Path, departed_firm: Path) -> AsyncIterator[World]:
    take_over(departed_firm, tmp_path)
    async with firm(tmp_path) as opened:
        yield opened


@pytest.fixture
async def site(world: World) -> AsyncIterator[Site]:
    async with console_of(world) as opened:
        yield opened


async def tasks(site: Site) -> list[TaskRow]:
    async with site.app.store.read() as tx:
        return await where(tx, TaskRow)


async def test_a_sensitive_task_takes_two_people_and_is_waived_by_it_with_reason_and_end(site: Site) -> None:
    first, second = sorted(await tasks(site), key=lambda task: task.id)
    admin, it = await site.client("E2"), await site.client("E4", Role.IT)
    answer = await site.post(admin, f"/tasks/{first.id}/done")
    assert "A second person is asked" in answer.text
    assert "It is written down" in (await site.post(it, f"/tasks/{first.id}/done")).text
    refused = await site.post(it, f"/tasks/{second.id}/waive", until="2026-12-31", reason="")
    assert "said-error" in refused.text
    refused = await site.post(it, f"/tasks/{second.id}/waive", until="soon", reason="archive")
    assert "said-error" in refused.text
    done = await site.post(it, f"/tasks/{second.id}/waive", until="2026-12-31", reason="archive")
    assert "Waived" in done.text
    assert {task.state for task in await tasks(site)} == {"attested", "waived"}
    assert "waived" in (await it.get("/tasks?ended=1")).text


async def test_somebody_in_again_is_taken_out_by_choice_and_nothing_chosen_is_said(
    world: World, site: Site
) -> None:
    world.clock.turn(hours=2)
    await world.run()
    async with site.app.store.read() as tx:
        (first, *_) = await where(tx, DriftRow)
    it = await site.client("I1", Role.IT)
    assert first.id in (await it.get("/drifts")).text
    assert "Choose at least one." in (await site.post(it, "/drifts/remove")).text
    assert (
        "1 membership will be removed again." in (await site.post(it, "/drifts/remove", drift=first.id)).text
    )


async def test_a_paused_lane_is_tried_again_and_its_reason_is_harmless(site: Site) -> None:
    await stumbled(site.app, "acme", "slack", BadCredentials("invalid_auth <script>alert(1)</script>"))
    it = await site.client("I1", Role.IT)
    shown = (await it.get("/connectors/acme")).text
    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>alert" not in shown
    assert "is tried again now" in (await site.post(it, "/connectors/acme/resume")).text
    async with site.app.store.read() as tx:
        (lane,) = [row for row in await where(tx, LaneRow) if row.instance == "acme"]
    assert (lane.state, lane.next_probe) == (LaneState.PAUSED, site.app.now())
    assert (await it.get("/connectors/nowhere")).status_code == 404


async def test_a_doubt_is_answered_by_hr_who_never_sees_the_accounts_id(site: Site) -> None:
    question = LinkQuestionRow(
        id="ask_1",
        instance="acme",
        people=["E4"],
        accounts=["USTRANGER"],
        why="person_has_another_account",
        asked_at=site.app.now(),
    )
    async with site.app.store.write() as tx:
        await add(tx, question)
    hr = await site.client("H1", Role.HR)
    shown = (await hr.get("/links/questions/ask_1")).text
    assert "USTRANGER" not in shown
    (key,) = re.findall(r'name="account" value="(\w+)"', shown)
    wrong = await site.post(hr, "/links/questions/ask_1/confirm", person="E4", account="0" * 20)
    assert wrong.status_code == 404
    answer = await site.post(hr, "/links/questions/ask_1/confirm", person="E4", account=key)
    assert "the account is theirs" in answer.text
    async with site.app.store.read() as tx:
        tied = {(row.person_id, row.account_id) for row in await where(tx, LinkRow)}
    assert ("E4", "USTRANGER") in tied


async def test_a_file_in_quarantine_leads_to_its_release(world: World, site: Site) -> None:
    world.clock.turn(hours=2)
    world.drop(*STAFF[:1], name="<b>short<b>.csv")
    await world.run()
    hr = await site.client("H1", Role.HR, language="ar")
    feeds = (await hr.get("/feeds")).text
    assert "<b>short" not in feeds
    (feed,) = set(re.findall(r'class="button" href="(/feeds/feed_\w+)"', feeds))
    shown = (await hr.get(feed)).text
    (way,) = re.findall(r'href="(/holds/\w+)"', shown)
    assert "اختفى \u20684\u2069 من \u20685\u2069" in shown
    assert (await hr.get(way)).status_code == 200


async def test_a_token_is_shown_on_one_answer_and_works_until_it_is_ended(site: Site) -> None:
    it = await site.client("I1", Role.IT)
    made = await site.post(it, "/tokens", title="report", days="30", scope=["case.read"])
    (token,) = re.findall(r"bwb_[\w-]+", made.text)
    assert made.headers["cache-control"] == "no-store"
    assert token not in (await it.get("/tokens")).text
    async with site.app.store.read() as tx:
        (row,) = await where(tx, TokenRow)
    assert "The token has ended." in (await site.post(it, f"/tokens/{row.id}/end")).text
    beyond = await site.post(it, "/tokens", title="x", days="30", scope=["case.open"])
    assert (beyond.status_code, "bwb_" in beyond.text) == (409, False)
    longer = await site.post(it, "/tokens", title="x", days="4000", scope=["case.read"])
    assert longer.status_code == 409


async def test_nobody_ends_anothers_token_but_it(site: Site) -> None:
    it = await site.client("I1", Role.IT)
    await site.post(it, "/tokens", title="report", days="30", scope=["case.read"])
    async with site.app.store.read() as tx:
        (row,) = await where(tx, TokenRow)
    hr = await site.client("H1", Role.HR)
    assert "said-error" in (await site.post(hr, f"/tokens/{row.id}/end")).text
    async with site.app.store.read() as tx:
        assert [token.ended_at for token in await where(tx, TokenRow)] == [None]


async def test_a_changed_policy_is_compared_and_a_wrong_one_said_at_its_place(site: Site) -> None:
    hr = await site.client("H1", Role.HR)
    changed = POLICY.replace("groups: all", "groups:\n      - name: nothing", 1)
    form = {"kind": "person", "person": "E2", "live": "yes"}
    answer = await site.post(hr, "/policies/what-if", **form, policy=changed)
    assert "would no longer lose it" in answer.text
    assert "C-well" not in answer.text
    wrong = await site.post(hr, "/policies/what-if", **form, policy="version: 1\nrulez: []\n")
    assert wrong.status_code == 409
    assert "policy.yaml:2:1" in wrong.text
    other = await site.client("H2", Role.HR)
    assert "would no longer lose it" not in (await other.get("/policies/what-if")).text
    nobody = await site.post(hr, "/policies/what-if", kind="person", person="E999")
    assert "Nobody HR names today" in nobody.text


async def test_a_pasted_policy_is_escaped_and_a_huge_one_is_refused(site: Site) -> None:
    it = await site.client("I1", Role.IT)
    answer = await site.post(it, "/policies/check", policy='</textarea><script>alert("x")</script>: 1')
    assert '<script>alert("x")' not in answer.text
    huge = await site.post(it, "/policies/check", policy="a" * 300_000)
    assert huge.status_code == 413
