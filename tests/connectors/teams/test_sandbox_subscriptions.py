"""The sandbox's change notifications and delta queries: a real handshake, and posted until taken."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from connectors.chat.teams.sandbox import Fault, FaultKind, running_sandbox
from connectors.sandboxing import cut
from tests.connectors.teams.sandboxed import (
    ANA,
    BADR,
    CARLA,
    CHAT,
    PRIVATE,
    SALES,
    SECURITY,
    TEAM,
    Stage,
    staged,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@dataclass(slots=True)
class Receiver:
    """Whoever subscribed: echoes the validation token, and writes down what it is told."""

    echoes: bool = True
    status: int = 202
    told: list[dict[str, Any]] = field(default_factory=list)
    transports: dict[tuple[str, int], Any] = field(default_factory=dict)

    @property
    def asgi(self) -> Starlette:
        return Starlette(routes=[Route("/hook", self._hook, methods=["POST"])])

    def cut_all(self) -> None:
        cut(self.transports)

    async def _hook(self, request: Request) -> Response:
        token = request.query_params.get("validationToken")
        if token is not None:
            return PlainTextResponse(token if self.echoes else "hello")
        self.told += (await request.json())["value"] if self.status < 300 else []
        return Response(status_code=self.status)


@asynccontextmanager
async def hooked() -> AsyncIterator[tuple[Stage, Receiver, str]]:
    receiver = Receiver()
    async with running_sandbox(receiver) as url, staged() as stage:
        yield stage, receiver, f"{url}/hook"


def wish(url: str, resource: str = "groups", minutes: float = 50, **more: Any) -> dict[str, Any]:
    return {
        "changeType": "created,updated,deleted",
        "notificationUrl": url,
        "resource": resource,
        "expirationDateTime": (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat(),
        "clientState": "our secret",
        **more,
    }


async def test_whoever_echoes_the_token_is_told_of_each_change_with_the_state_they_gave() -> None:
    async with hooked() as (stage, receiver, url):
        made = await stage.ask("POST", "/subscriptions", wish(url))
        assert made.status_code == 201, made.text
        assert made.json()["clientState"] is None
        await stage.ask("DELETE", f"/groups/{SALES}/members/{ANA}/$ref")
        await stage.sandbox.notifier.deliver()
        (told,) = receiver.told
        assert (told["clientState"], told["subscriptionId"]) == ("our secret", made.json()["id"])
        assert told["resourceData"]["id"] == SALES
        assert told["resourceData"]["members@delta"] == [{"id": ANA, "@removed": "deleted"}]


async def test_an_address_that_does_not_echo_gets_no_subscription() -> None:
    async with hooked() as (stage, receiver, url):
        receiver.echoes = False
        for address in (url, "http://127.0.0.1:9/hook"):
            answer = await stage.ask("POST", "/subscriptions", wish(address))
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "ValidationError")
        assert (await stage.ask("GET", "/subscriptions")).json()["value"] == []


@pytest.mark.parametrize(
    ("resource", "minutes", "more", "words"),
    [
        ("groups", -1, {}, "must be in the future"),
        ("groups", 41_800, {}, "41760 minutes"),
        ("chats/getAllMembers", 4_400, {"lifecycleNotificationUrl": "http://127.0.0.1:9"}, "4320 minutes"),
        ("chats/getAllMembers", 90, {}, "lifecycleNotificationUrl is a required property"),
        ("planets", 50, {}, "not supported"),
        ("groups", 50, {"clientState": "x" * 129}, "128"),
    ],
)
async def test_what_graph_would_not_subscribe_to_is_refused(
    resource: str, minutes: float, more: dict[str, Any], words: str
) -> None:
    async with hooked() as (stage, _, url):
        answer = await stage.ask("POST", "/subscriptions", wish(url, resource, minutes, **more))
        assert answer.status_code == 400
        assert words in answer.json()["error"]["message"]


async def test_less_than_forty_five_minutes_become_forty_five_and_renewal_prolongs() -> None:
    async with hooked() as (stage, _, url):
        made = (await stage.ask("POST", "/subscriptions", wish(url, minutes=5))).json()
        left = datetime.fromisoformat(made["expirationDateTime"]) - datetime.now(UTC)
        assert timedelta(minutes=44) < left < timedelta(minutes=46)
        later = (datetime.now(UTC) + timedelta(days=20)).isoformat()
        path = f"/subscriptions/{made['id']}"
        renewed = (await stage.ask("PATCH", path, {"expirationDateTime": later})).json()
        assert renewed["expirationDateTime"] > made["expirationDateTime"]
        assert (await stage.ask("POST", f"{path}/reauthorize")).status_code == 204
        assert (await stage.ask("DELETE", path)).status_code == 204
        assert (await stage.ask("GET", path)).status_code == 404


async def test_an_expired_subscription_is_gone_and_told_nothing() -> None:
    async with hooked() as (stage, receiver, url):
        made = (await stage.ask("POST", "/subscriptions", wish(url))).json()
        stage.sandbox.tenant.subscriptions[made["id"]].expires = datetime.now(UTC)
        stage.sandbox.world.add_member(SALES, CARLA)
        await stage.sandbox.notifier.deliver()
        assert receiver.told == []
        assert (await stage.ask("GET", f"/subscriptions/{made['id']}")).status_code == 404


async def test_what_is_not_taken_is_posted_again_and_nothing_twice() -> None:
    async with hooked() as (stage, receiver, url):
        await stage.ask("POST", "/subscriptions", wish(url))
        receiver.status = 503
        stage.sandbox.world.add_member(SALES, CARLA)
        assert await stage.sandbox.notifier.deliver() == 0
        receiver.status = 202
        assert await stage.sandbox.notifier.deliver() == 1
        assert await stage.sandbox.notifier.deliver() == 0
        assert len(receiver.told) == 1


async def test_each_resource_tells_of_its_own_only() -> None:
    resources = {
        "users": "users",
        f"teams/{TEAM}/members": "team",
        f"teams/{TEAM}/channels/getAllMembers": "channels",
        "chats/getAllMembers": "chats",
        f"groups/{SECURITY}": "one group",
    }
    async with hooked() as (stage, receiver, url):
        for resource, name in resources.items():
            made = await stage.ask("POST", "/subscriptions", wish(url, resource, clientState=name))
            assert made.status_code == 201, made.text
        world = stage.sandbox.world
        world.touch_user(ANA)
        world.leave_chat(CHAT, ANA)
        world.add_member(TEAM, CARLA)
        world.join_channel(PRIVATE, CARLA)
        world.remove_member(SECURITY, ANA)
        world.remove_member(SALES, ANA)
        await stage.sandbox.notifier.deliver()
        told = [(one["clientState"], one["changeType"]) for one in receiver.told]
        assert sorted(told) == [
            ("channels", "created"),
            ("chats", "deleted"),
            ("one group", "updated"),
            ("team", "created"),
            ("users", "updated"),
        ]


async def test_lifecycle_notices_go_to_their_own_address() -> None:
    async with hooked() as (stage, receiver, url):
        body = wish(url, "chats/getAllMembers", 90, lifecycleNotificationUrl=url)
        made = (await stage.ask("POST", "/subscriptions", body)).json()
        assert await stage.sandbox.notifier.lifecycle(made["id"], "missed")
        assert await stage.sandbox.notifier.lifecycle(made["id"], "subscriptionRemoved")
        assert [one["lifecycleEvent"] for one in receiver.told] == ["missed", "subscriptionRemoved"]
        assert (await stage.ask("GET", f"/subscriptions/{made['id']}")).status_code == 404


async def test_a_subscription_whose_answer_is_lost_may_stand_all_the_same() -> None:
    async with hooked() as (stage, _, url):
        stage.sandbox.faults.append(Fault(FaultKind.EMPTY_BODY, "POST /subscriptions", after_effect=True))
        assert (await stage.ask("POST", "/subscriptions", wish(url))).text == ""
        assert len((await stage.ask("GET", "/subscriptions")).json()["value"]) == 1


async def test_delta_gives_all_once_and_then_only_what_changed() -> None:
    async with staged(page_cap=2) as stage:
        page = await stage.graph.users.delta.get()
        found: list[Any] = []
        while page is not None:
            found += [user.id for user in page.value or []]
            if page.odata_delta_link:
                break
            page = await stage.graph.users.delta.with_url(str(page.odata_next_link)).get()
        assert page is not None
        assert sorted(found) == sorted(stage.sandbox.tenant.users)
        link = str(page.odata_delta_link)
        stage.sandbox.tenant.users[ANA].account_enabled = False
        stage.sandbox.world.touch_user(ANA)
        stage.sandbox.world.delete(BADR)
        rows = (await stage.http.get(link)).json()["value"]
        assert [(row["id"], "@removed" in row) for row in rows] == [(ANA, False), (BADR, True)]


async def test_a_change_between_two_pages_of_a_delta_is_in_the_next_one() -> None:
    async with staged(page_cap=2) as stage:
        first = (await stage.ask("GET", "/users/delta")).json()
        stage.sandbox.world.touch_user(ANA)
        page = first
        while "@odata.nextLink" in page:
            page = (await stage.http.get(page["@odata.nextLink"])).json()
        rows = (await stage.http.get(page["@odata.deltaLink"])).json()["value"]
        assert [row["id"] for row in rows] == [ANA]


async def test_group_deltas_tell_members_who_came_and_who_went() -> None:
    async with staged() as stage:
        first = (await stage.ask("GET", "/groups/delta?$select=displayName,members")).json()
        sales = next(row for row in first["value"] if row["id"] == SALES)
        assert [one["id"] for one in sales["members@delta"]] == [ANA, BADR]
        stage.sandbox.world.remove_member(SALES, ANA)
        stage.sandbox.world.add_member(SALES, CARLA)
        (row,) = (await stage.http.get(first["@odata.deltaLink"])).json()["value"]
        assert [(one["id"], "@removed" in one) for one in row["members@delta"]] == [
            (ANA, True),
            (CARLA, False),
        ]


async def test_a_delta_link_that_is_none_asks_for_a_full_sync() -> None:
    async with staged() as stage:
        for path in ("/users/delta()?$deltatoken=nonsense", "/groups/delta?$deltatoken=L3VzZXJzL2RlbHRhOjA="):
            answer = await stage.ask("GET", path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (410, "syncStateNotFound")
