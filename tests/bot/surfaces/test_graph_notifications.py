"""Graph tells that memberships changed: each notification makes Bawab look, none is believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.hearing import troubles
from bot.store.group_tables import ReconcileRow
from bot.store.query import add
from bot.surfaces.bodies import MOST_BYTES
from bot.surfaces.graph.door import MOST_TOKEN
from bot.surfaces.graph.meanings import GroupChanged, changes_of
from bot.surfaces.graph.subscriptions import RESOURCES
from connectors.chat.teams.sandbox import Fault, FaultKind
from tests.bot.surfaces.hearing_graph import ANA, CHAT, SALES, SOCIAL, Tenant, told_by_graph


async def _post(both: Tenant, body: Any, **more: Any) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.post(both.url, json=body, **more)


async def _troubles(both: Tenant) -> list[str]:
    async with both.company.app.store.read() as tx:
        return [found.key for found in await troubles(tx)]


async def test_whoever_is_added_again_is_found_within_a_tick(tmp_path: Path) -> None:
    async with told_by_graph(tmp_path) as both:
        await both.ana_is_out()
        await both.keeper.keep()
        both.sandbox.world.add_member(SALES, ANA)
        assert await both.sandbox.notifier.deliver() > 0
        await both.company.run()
        assert await both.drifts() == ["Sales"]
        assert await _troubles(both) == []


async def test_a_chat_that_names_no_account_has_everybody_taken_out_of_it_looked_at(tmp_path: Path) -> None:
    async with told_by_graph(tmp_path) as both:
        await both.ana_is_out()
        await both.keeper.keep()
        both.sandbox.world.join_chat(CHAT, ANA)
        await both.sandbox.notifier.deliver()
        await both.company.run()
        assert await both.drifts() == ["Lunch"]


async def test_somebody_departed_who_is_added_to_another_group_is_found_too(tmp_path: Path) -> None:
    async with told_by_graph(tmp_path) as both:
        await both.ana_is_out()
        await both.keeper.keep()
        both.sandbox.world.add_member(SOCIAL, ANA)
        await both.sandbox.notifier.deliver()
        await both.company.run()
        assert await both.drifts() == ["Social"]


async def test_a_notification_is_a_hint_and_reading_decides(tmp_path: Path) -> None:
    async with told_by_graph(tmp_path) as both:
        await both.ana_is_out()
        await both.keeper.keep()
        both.sandbox.world.add_member(SALES, ANA)
        both.sandbox.world.tenant.groups[SALES].members.remove(ANA)
        await both.sandbox.notifier.deliver()
        await both.company.run()
        assert await both.hinted() == 1
        assert await both.drifts() == []


async def test_a_forged_notification_changes_nothing_and_learns_nothing(tmp_path: Path) -> None:
    async with told_by_graph(tmp_path) as both:
        await both.ana_is_out()
        await both.keeper.keep()
        row = (await both.subscribed())[0]
        before = len(await both.company.log())
        item = {"resource": f"Groups/{SALES}", "resourceData": {"id": SALES}, "changeType": "updated"}
        for forged in (
            {**item, "subscriptionId": row.id, "clientState": "guessed"},
            {**item, "subscriptionId": row.id},
            {**item, "subscriptionId": row.id, "clientState": row.state_hash},
            {**item, "subscriptionId": "unknown", "clientState": "guessed"},
            {"subscriptionId": row.id, "clientState": "guessed", "lifecycleEvent": "subscriptionRemoved"},
        ):
            assert (await _post(both, {"value": [forged]})).status_code == 202
        assert len(await both.company.log()) == before
        assert len(await both.subscribed()) == len(RESOURCES)


async def test_what_is_no_collection_of_notifications_is_refused(tmp_path: Path) -> None:
    async with told_by_graph(tmp_path) as both:
        wrong: tuple[Any, ...] = ([], {}, {"value": {}}, {"value": [{}] * 1001}, "text", None)
        for body in wrong:
            assert (await _post(both, body)).status_code == 400, body
        async with httpx.AsyncClient(trust_env=False) as http:
            deep = await http.post(both.url, content=b"[" * 100_000)
            assert deep.status_code == 400
        odd = {"value": [{"lifecycleEvent": {}}, {"lifecycleEvent": []}, "no item"]}
        assert (await _post(both, odd)).status_code == 202, "a forger's, answered like any other"


async def test_the_address_echoes_a_validation_token_and_nothing_larger(tmp_path: Path) -> None:
    async with told_by_graph(tmp_path) as both:
        token = "a <b>token</b> & more"
        answer = await _post(both, None, params={"validationToken": token})
        assert (answer.status_code, answer.text) == (200, token)
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.headers["x-content-type-options"] == "nosniff"
        long = await _post(both, None, params={"validationToken": "x" * (MOST_TOKEN + 1)})
        assert long.status_code == 400
        async with httpx.AsyncClient(trust_env=False) as http:
            huge = await http.post(both.url, content=b"x" * (MOST_BYTES + 1))
            assert huge.status_code == 413
            assert (await http.get(both.url)).status_code == 405


async def test_subscriptions_are_made_once_renewed_in_time_and_made_again_when_lost(tmp_path: Path) -> None:
    async with told_by_graph(tmp_path) as both:
        clock = both.company.clock
        clock.now = datetime.now(UTC) - timedelta(hours=40)  # the tenant goes by the real clock
        await both.keeper.keep()
        first = await both.subscribed()
        assert [row.resource for row in first] == sorted(RESOURCES)
        await both.keeper.keep()
        assert [row.id for row in await both.subscribed()] == [row.id for row in first]
        teams = next(row for row in first if row.resource == "/teams/getAllMembers")
        clock.turn(hours=40)
        both.sandbox.tenant.subscriptions.pop(first[0].id)
        await both.keeper.keep()
        after = {row.resource: row for row in await both.subscribed()}
        assert after[teams.resource].id == teams.id
        assert after[teams.resource].expires_at == teams.expires_at + timedelta(hours=40)
        assert after[first[0].resource].id != first[0].id, "Graph had lost it"
        assert len(both.sandbox.tenant.subscriptions) == len(RESOURCES)


async def test_what_graph_says_of_a_subscription_is_followed(tmp_path: Path) -> None:
    async with told_by_graph(tmp_path) as both:
        await both.keeper.keep()
        chats, groups, teams = await both.subscribed()
        assert await both.sandbox.notifier.lifecycle(groups.id, "reauthorizationRequired")
        assert await both.sandbox.notifier.lifecycle(teams.id, "subscriptionRemoved")
        asked = len(both.sandbox.journal)
        await both.keeper.keep()
        names = [entry.name for entry in both.sandbox.journal[asked:] if "subscriptions" in entry.name]
        assert names == ["PATCH /subscriptions/{subscription}", "POST /subscriptions"]
        assert {row.id for row in await both.subscribed()} >= {chats.id, groups.id}
        assert teams.id not in {row.id for row in await both.subscribed()}


async def test_lost_notifications_are_said_until_everybody_was_compared(tmp_path: Path) -> None:
    async with told_by_graph(tmp_path) as both:
        await both.keeper.keep()
        row = (await both.subscribed())[0]
        for _ in range(2):
            await both.sandbox.notifier.lifecycle(row.id, "missed")
        assert await _troubles(both) == ["events_missed"]
        await both.keeper.keep()
        assert await _troubles(both) == ["events_missed"]
        now = both.company.app.now() + timedelta(hours=1)
        async with both.company.app.store.write() as tx:
            await add(tx, ReconcileRow(id="r1", actor="person:noura", started_at=now, ended_at=now))
        await both.keeper.keep()
        assert await _troubles(both) == []


async def test_a_tenant_that_refuses_is_said_once_and_asked_again(tmp_path: Path) -> None:
    async with told_by_graph(tmp_path) as both:
        refusal = Fault(FaultKind.REFUSED, "POST /subscriptions", times=2 * len(RESOURCES))
        both.sandbox.faults.append(refusal)
        for _ in range(2):
            await both.keeper.keep()
        assert await both.subscribed() == []
        assert await _troubles(both) == ["subscription_refused"]
        said = [entry for entry in await both.company.log() if entry["action"] == "listen.fail"]
        assert len(said) == 1
        assert "/chats" not in said[0]["detail"], "which a tenant may well not grant"
        await both.keeper.keep()
        assert await _troubles(both) == []
        assert len(await both.subscribed()) == len(RESOURCES)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (
            {
                "changeType": "updated",
                "resource": "Groups/g1",
                "resourceData": {
                    "id": "g1",
                    "members@delta": [{"id": "u1"}, {"id": "u2", "@removed": "deleted"}],
                },
            },
            [GroupChanged("g1", ("u1",))],
        ),
        (
            {
                "changeType": "updated",
                "resource": "Groups/g1",
                "resourceData": {"id": "g1", "members@delta": [{"id": "u2", "@removed": "deleted"}]},
            },
            [],
        ),
        (
            {"changeType": "created", "resource": "teams('t1')/members('m1')", "resourceData": {"id": "m1"}},
            [GroupChanged("t1")],
        ),
        (
            {"changeType": "created", "resource": "teams('t1')/channels('19:c')/members('m')"},
            [GroupChanged("19:c")],
        ),
        ({"changeType": "created", "resource": "chats('19:x')/members('m')"}, [GroupChanged("19:x")]),
        ({"changeType": "deleted", "resource": "teams('t1')/members('m1')"}, []),
        ({"changeType": "created", "resource": "/teams/getAllMembers"}, []),
        ({"changeType": "updated", "resource": "Users/u1"}, []),
        ({"changeType": "updated", "resource": 7, "resourceData": []}, []),
    ],
)
def test_what_a_notification_names(item: dict[str, Any], expected: list[GroupChanged]) -> None:
    assert list(changes_of(item)) == expected
