"""What could delete a person, a group or a team cannot leave: not alone, not in a batch, not disguised."""

from __future__ import annotations

import asyncio
import contextlib
import json
import posixpath
import re
import warnings
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.chat.teams import TeamsConnector
from connectors.chat.teams.client import with_body
from connectors.chat.teams.routes import BATCH, GRAPH, ROUTES, unpack
from connectors.errors import Forbidden
from connectors.routes import Access, Part, Unreadable, admit_parts, find
from tests.connectors.teams.stage import ANA, M365, TEAM, Stage, config, staged

CARRIER = next(route for route in ROUTES if route.name == BATCH)
DELETIONS = (
    "/users/u",
    "/groups/g",
    "/teams/t",
    "/groups/g/members/u",
    "/groups/g/owners/u",
    "/groups/g/members/$ref",
    "/directoryObjects/u",
    "/users('u')",
    "/groups('g')/members/u",
    "/teams/t/channels/c",
    "/chats/c",
    "/teams/t/members/m",
    "/users/u/",
    "//users/u",
    "/users//u",
    "/groups/g/members/u/",
)
DISGUISED = (
    "/groups/g/members/u%2F$ref",
    "/groups/g/members/u%2f%24ref",
    "/groups/x/members/../$ref",
    "/groups/x/members/%2e%2e/$ref",
    "/groups/x/members/%2E%2E/$ref",
    "/groups/x/members/./$ref",
    "/groups/x/members/%252e%252e/$ref",
    "/groups/x/members/u%3F/$ref",
    "/groups/x/members/u%23/$ref",
    "/groups/x/members/u%5C..%5C/$ref",
    "/groups/x/members/u%00/$ref",
    "/groups/x/members/u;v=1/$ref",
    "/chats/c/members/..",
    "/teams/t/channels/c/members/%2e%2e",
    "/chats/..%2f..%2fusers%2fu/members/m",
    "/subscriptions/..",
)


@pytest.mark.parametrize("path", [*DELETIONS, *DISGUISED])
@pytest.mark.parametrize("method", ["DELETE", "delete", "Delete"])
def test_no_deletion_is_on_the_allow_list(method: str, path: str) -> None:
    assert find(ROUTES, method, GRAPH, path) is None


def test_the_only_deletions_end_a_membership_an_ownership_or_a_subscription() -> None:
    deletions = {route.path for route in ROUTES if "DELETE" in route.methods}
    assert deletions == {
        "/groups/{group}/members/{object}/$ref",
        "/groups/{group}/owners/{object}/$ref",
        "/teams/{team}/channels/{channel}/members/{membership}",
        "/chats/{chat}/members/{membership}",
        "/subscriptions/{subscription}",
    }
    assert not any("PUT" in route.methods for route in ROUTES)


@pytest.mark.parametrize("path", ["/groups/{}/archive", "/teams/{}/archive", "/groups/{}/checkMemberGroups"])
def test_nothing_else_can_be_posted_to_groups_and_teams(path: str) -> None:
    assert find(ROUTES, "POST", GRAPH, path.format("x")) is None


def batch(*requests: dict[str, Any]) -> bytes:
    return json.dumps({"requests": list(requests)}).encode()


def asking(method: str, url: str, **rest: Any) -> dict[str, Any]:
    return {"id": "1", "method": method, "url": url, **rest}


def leaves(body: bytes) -> bool:
    """Whether a batch would leave."""
    try:
        return not isinstance(admit_parts(ROUTES, CARRIER, body), Part)
    except Unreadable:
        return False


@pytest.mark.parametrize("path", [*DELETIONS, *DISGUISED])
def test_no_deletion_leaves_inside_a_batch(path: str) -> None:
    harmless = asking("GET", "/users/u")
    assert not leaves(batch(harmless, asking("DELETE", path)))
    assert not leaves(batch(harmless, asking("DELETE", f"{path}?$select=id")))
    assert not leaves(batch(harmless, asking("DELETE", f"{path}?x=/$ref")))


@pytest.mark.parametrize(
    "url",
    [
        "https://graph.microsoft.com/v1.0/groups/g/members/u/$ref",
        "groups/g/members/u/$ref",
        "/v1.0/groups/g/members/u/$ref",
        "/$batch",
        " /groups/g/members/u/$ref",
        "/groups/g/members/u/$ref#/",
        "/groups/g\\members/u/$ref",
        "/groups/g/members/ü/$ref",
        "",
    ],
)
def test_a_part_without_a_plain_relative_path_keeps_the_whole_batch_back(url: str) -> None:
    assert not leaves(batch(asking("DELETE", url)))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"requests": []}',
        b'{"requests": {}}',
        b'{"requests": [1]}',
        b'{"requests": [{"id": "1", "method": "GET"}]}',
        batch(asking("GET", "/users", headers={"X-HTTP-Method-Override": "DELETE"})),
        batch(asking("GET", "/users", URL="/users/u")),
        b'{"requests": [{"id": "1", "method": "GET", "method": "DELETE", "url": "/users/u"}]}',
        b'{"requests": [{"id": "1", "method": "DELETE", "method": "GET", "url": "/users/u"}]}',
        b'{"requests": [{"id": "1", "method": "GET", "url": "/users/u"}], "Requests": []}',
        batch(*[asking("GET", "/users")] * 21),
    ],
)
def test_a_batch_that_could_be_read_in_two_ways_does_not_leave(body: bytes) -> None:
    assert not leaves(body)


def test_a_batch_of_what_is_allowed_leaves_as_what_its_parts_are() -> None:
    reads = admit_parts(ROUTES, CARRIER, batch(asking("GET", "/users/u?$select=id")))
    both = admit_parts(
        ROUTES, CARRIER, batch(asking("GET", "/users/u"), asking("DELETE", "/groups/g/members/u/$ref"))
    )
    assert not isinstance(reads, Part)
    assert not isinstance(both, Part)
    assert (reads.access, both.access) == (Access.READ, Access.WRITE)


def test_both_forms_of_an_id_are_the_same_segment() -> None:
    plain = find(ROUTES, "DELETE", GRAPH, "/chats/19:a@thread.v2/members/MCM=")
    encoded = find(ROUTES, "DELETE", GRAPH, "/chats/19%3Aa%40thread.v2/members/MCM%3D")
    assert plain is not None
    assert plain is encoded


_PIECES = [
    "a",
    "u",
    "/",
    ".",
    "..",
    "%",
    "%2f",
    "%2e",
    "%5c",
    "%3f",
    "$ref",
    "/$ref",
    "/members/",
    "/owners/",
]


@given(st.lists(st.sampled_from(_PIECES), max_size=8))
def test_however_a_deletion_is_put_together_a_server_reads_it_as_one_of_a_membership(
    pieces: list[str],
) -> None:
    path = "/groups/" + "".join(pieces)
    if find(ROUTES, "DELETE", GRAPH, path) is not None:
        as_a_server_may_read_it = posixpath.normpath(unquote(unquote(path)))
        assert re.fullmatch(r"/groups/[^/]+/(members|owners)/[^/]+/\$ref", as_a_server_may_read_it)


@given(st.binary(max_size=200))
def test_no_bytes_make_the_judge_of_batches_fail_in_another_way(body: bytes) -> None:
    with contextlib.suppress(Unreadable):
        unpack(body)


OWNER = {"@odata.type": "#microsoft.graph.aadUserConversationMember", "roles": ["owner"]}
MORE_THAN_ASKED: list[tuple[str, str, Any]] = [
    ("PATCH", "/users/u", {"accountEnabled": True}),
    ("PATCH", "/users/u", {"accountEnabled": 0}),
    ("PATCH", "/users/u", {"accountEnabled": False, "passwordProfile": {"password": "x"}}),
    ("PATCH", "/users/u", {"passwordProfile": {"password": "x"}}),
    ("PATCH", "/users/u", {"mail": "other@example.com"}),
    ("PATCH", "/users/u", {}),
    ("PATCH", "/users/u", None),
    ("PATCH", "/users/u", [{"accountEnabled": False}]),
    ("PATCH", "/teams/t/channels/c/members/m", {**OWNER, "roles": []}),
    ("PATCH", "/teams/t/channels/c/members/m", {**OWNER, "visibleHistoryStartDateTime": "0001-01-01"}),
    ("POST", "/teams/t/channels/c/members", {**OWNER, "roles": ["guest"]}),
    ("POST", "/groups/g/members/$ref", {"@odata.id": "x", "displayName": "y"}),
    ("POST", "/groups/g/owners/$ref", {"@odata.id": 7}),
]


@pytest.mark.parametrize(("method", "path", "body"), MORE_THAN_ASKED)
def test_a_body_that_says_more_than_is_ever_asked_keeps_a_batch_back(
    method: str, path: str, body: Any
) -> None:
    whole = asking(method, path) if body is None else asking(method, path, body=body)
    assert not leaves(batch(asking("GET", "/users/u"), whole))


async def test_a_body_that_says_more_than_is_ever_asked_does_not_leave_alone_either() -> None:
    async with staged() as stage:
        await stage.teams.own_account_ids()
        before = len(stage.sandbox.journal)
        for method, path, body in MORE_THAN_ASKED:
            with pytest.raises(Forbidden, match="nothing was sent"):
                await stage.teams.wire.session.request(
                    method, f"{stage.url}/v1.0{path}", data=json.dumps(body) if body is not None else None
                )
        twice = '{"accountEnabled": false, "accountEnabled": true}'
        with pytest.raises(Forbidden):
            await stage.teams.wire.session.patch(f"{stage.url}/v1.0/users/{ANA}", data=twice)
        assert len(stage.sandbox.journal) == before
        assert stage.sandbox.tenant.users[ANA].account_enabled


async def refused(stage: Stage, acting: Any) -> None:
    """Demand that a coroutine is kept back and that nothing arrives."""
    await stage.teams.own_account_ids()
    before = len(stage.sandbox.journal)
    with pytest.raises(Forbidden):
        await acting
    assert len(stage.sandbox.journal) == before
    assert ANA in stage.sandbox.tenant.users
    assert M365 in stage.sandbox.tenant.groups


async def test_the_sdks_own_deletions_do_not_leave() -> None:
    async with staged() as stage:
        stage.sandbox.tenant.app().granted += ["User.ReadWrite.All", "Group.ReadWrite.All"]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            graph: Any = stage.teams.graph
            await refused(stage, graph.users.by_user_id(ANA).delete())
            await refused(stage, graph.groups.by_group_id(M365).delete())
            await refused(stage, graph.teams.by_team_id(TEAM).delete())
            await refused(stage, graph.teams.by_team_id(TEAM).unarchive.post())


async def test_a_deletion_inside_a_batch_of_the_sdk_does_not_leave() -> None:
    async with staged() as stage:
        sdk = stage.teams._client.sdk
        for url in (f"/users/{ANA}", f"/groups/{M365}", f"/groups/{M365}/members/{ANA}"):
            carrier = with_body(
                sdk.at(f"{stage.url}/v1.0/$batch", "POST"),
                {"requests": [asking("GET", "/users"), asking("DELETE", url) | {"id": "2"}]},
            )
            await refused(stage, sdk.send(carrier))


async def test_a_deletion_sent_past_the_sdk_does_not_leave_either() -> None:
    async with staged() as stage:
        await stage.teams.own_account_ids()
        before = len(stage.sandbox.journal)
        for path in (
            f"/users/{ANA}",
            f"/groups/{M365}/members/{ANA}",
            f"/groups/{M365}/members/{ANA}%2F$ref",
        ):
            with pytest.raises(Forbidden):
                await stage.teams.wire.session.delete(f"{stage.url}/v1.0{path}")
        assert len(stage.sandbox.journal) == before


async def test_a_header_that_makes_a_post_a_deletion_is_left_behind() -> None:
    heard: list[str] = []

    async def listening(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(listening, "127.0.0.1", 0)
    async with server, staged() as stage:
        await stage.teams.own_account_ids()
        client = stage.teams._client
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        elsewhere = TeamsConnector(config(url))._client
        elsewhere.tokens._token = client.tokens.known
        ask = elsewhere.sdk.at(f"{url}/v1.0/users/{ANA}/revokeSignInSessions", "POST")
        ask.headers.add("X-HTTP-Method-Override", "DELETE")
        await elsewhere.sdk.send(ask)
        await elsewhere.aclose()
    (request,) = heard
    assert request.startswith("post /v1.0/users/")
    assert "override" not in request


async def test_a_next_page_on_another_server_is_not_followed() -> None:
    async with staged() as stage:
        sdk = stage.teams._client.sdk
        for link in (
            "https://evil.example/v1.0/users",
            f"{stage.url}/v1.0evil/users",
            f"{stage.url}/beta/users",
        ):
            with pytest.raises(Forbidden):
                sdk.at(link)
