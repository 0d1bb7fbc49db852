"""The sandbox's `$batch` and its limits and faults: twenty at most, in no order, each part by itself."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from connectors.chat.teams.sandbox import Fault, FaultKind, Limits, Rate
from tests.connectors.teams.sandboxed import ANA, BADR, SALES, SECURITY, TEAM, Stage, small_tenant, staged

JSON = {"Content-Type": "application/json"}


def get(id_: str, url: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, "method": "GET", "url": url, **more}


def leave(id_: str, group: str, user: str = ANA) -> dict[str, Any]:
    return {"id": id_, "method": "DELETE", "url": f"/groups/{group}/members/{user}/$ref"}


async def test_parts_fare_each_on_their_own_and_answer_in_another_order() -> None:
    async with staged() as stage:
        requests = [leave("1", SALES), leave("2", "nowhere"), get("3", f"/users/{ANA}?$select=id,mail")]
        answer = await stage.ask("POST", "/$batch", {"requests": requests})
        parts = answer.json()["responses"]
        assert answer.status_code == 200
        assert [part["id"] for part in parts] != ["1", "2", "3"]
        by_id = {part["id"]: part for part in parts}
        assert {id_: part["status"] for id_, part in by_id.items()} == {"1": 204, "2": 404, "3": 200}
        assert "body" not in by_id["1"]
        assert by_id["3"]["body"]["mail"] == "ana@example.com"
        assert ANA not in stage.sandbox.tenant.groups[SALES].members


async def test_the_journal_lists_the_parts_apart_and_says_which_write() -> None:
    async with staged() as stage:
        await stage.batch(leave("1", SALES), get("2", "/groups"))
        carrier, *parts = stage.sandbox.journal[-3:]
        assert (carrier.name, carrier.write, carrier.part_of) == ("POST /$batch", False, None)
        where = stage.sandbox.journal.index(carrier)
        assert [(part.template, part.write, part.part_of) for part in parts] == [
            ("/groups/{group}/members/{id}/$ref", True, where),
            ("/groups", False, where),
        ]


async def test_a_part_that_depends_on_a_failed_one_is_not_done() -> None:
    async with staged() as stage:
        first, second = leave("1", "nowhere"), leave("2", SALES) | {"dependsOn": ["1"]}
        parts = await stage.batch(first, second)
        assert (parts["1"]["status"], parts["2"]["status"]) == (404, 424)
        assert ANA in stage.sandbox.tenant.groups[SALES].members


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [get(str(number), "/users") for number in range(21)],
        [get("1", "/users"), get("1", "/groups")],
        [get("1", "https://graph.microsoft.com/v1.0/users")],
        [{"id": "1", "method": "POST", "url": "/$batch", "headers": JSON, "body": {"requests": []}}],
        [{"id": "1", "method": "POST", "url": f"/groups/{SALES}/members/$ref", "body": {"@odata.id": "x"}}],
        [leave("0", SECURITY), {"id": "1", "method": "PATCH", "url": f"/users/{ANA}", "headers": JSON}],
    ],
    ids=["none", "too many", "one id twice", "absolute", "nested", "no content type", "no body"],
)
async def test_a_batch_graph_does_not_take_is_refused_whole(requests: list[dict[str, Any]]) -> None:
    async with staged() as stage:
        answer = await stage.ask("POST", "/$batch", {"requests": requests})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")
        assert ANA in stage.sandbox.tenant.groups[SECURITY].members


async def test_a_dangerous_part_is_seen_in_the_journal_as_what_it_is() -> None:
    tenant = small_tenant()
    tenant.app().granted.append("User.ReadWrite.All")
    async with staged(tenant) as stage:
        parts = await stage.batch({"id": "1", "method": "delete", "url": f"users('{ANA}')"})
        assert parts["1"]["status"] == 204
        assert ANA not in stage.sandbox.tenant.users
        assert stage.sandbox.calls("DELETE /users/{user}")[0].part_of is not None


async def test_one_part_alone_is_refused_for_load_with_its_own_seconds() -> None:
    async with staged() as stage:
        stage.sandbox.faults.append(Fault(FaultKind.LIMITED_429, "DELETE /groups/*", within=SALES, seconds=9))
        parts = await stage.batch(leave("1", SALES), leave("2", SECURITY))
        assert (parts["1"]["status"], parts["1"]["headers"]["Retry-After"]) == (429, "9")
        assert parts["2"]["status"] == 204


async def test_the_whole_batch_can_be_refused_too() -> None:
    async with staged() as stage:
        stage.sandbox.faults.append(Fault(FaultKind.HTTP_503, "POST /$batch"))
        answer = await stage.ask("POST", "/$batch", {"requests": [leave("1", SALES)]})
        assert answer.status_code == 503
        assert ANA in stage.sandbox.tenant.groups[SALES].members


@pytest.mark.parametrize(("after", "there"), [(False, True), (True, False)])
async def test_a_cut_connection_takes_every_parts_answer_with_it(after: bool, there: bool) -> None:
    async with staged() as stage:
        fault = Fault(FaultKind.DROP, "DELETE /groups/*", within=SALES, after_effect=after)
        stage.sandbox.faults.append(fault)
        with pytest.raises(httpx.RemoteProtocolError):
            await stage.batch(leave("1", SECURITY), leave("2", SALES))
        groups = stage.sandbox.tenant.groups
        assert [ANA in groups[id_].members for id_ in (SECURITY, SALES)] == [there, there]


async def test_a_part_can_be_left_out_kept_or_done_later() -> None:
    async with staged() as stage:
        stage.sandbox.faults += [
            Fault(FaultKind.PART_MISSING, "DELETE *", within=SALES),
            Fault(FaultKind.OK_BUT_KEPT, "DELETE *", within=SECURITY),
            Fault(FaultKind.DELAYED_EFFECT, "DELETE *", within=TEAM, seconds=3600),
        ]
        parts = await stage.batch(leave("1", SALES), leave("2", SECURITY), leave("3", TEAM))
        assert {id_: part["status"] for id_, part in parts.items()} == {"2": 204, "3": 204}
        assert [ANA in stage.sandbox.tenant.groups[id_].members for id_ in (SALES, SECURITY, TEAM)] == [
            False,
            True,
            True,
        ]
        stage.sandbox.settle()
        assert ANA not in stage.sandbox.tenant.groups[TEAM].members


async def test_a_token_that_dies_between_two_parts_lets_the_first_one_stand() -> None:
    async with staged() as stage:
        stage.sandbox.faults.append(Fault(FaultKind.TOKEN_REVOKED, "DELETE *", within=SECURITY))
        parts = await stage.batch(leave("1", SALES), leave("2", SECURITY))
        assert (parts["1"]["status"], parts["2"]["status"]) == (204, 401)


async def test_four_a_second_on_one_team_and_no_more_though_in_one_batch() -> None:
    # A second that lasts thirty: however slow we are, all five fall into one.
    async with staged(limits=Limits(on=True, scale=30.0)) as stage:
        asks = [get(str(number), f"/teams/{TEAM}/members") for number in range(5)]
        parts = await stage.batch(*asks, get("other", "/teams"))
        refused = [part for part in parts.values() if part["status"] == 429]
        assert len(refused) == 1
        assert 1 <= int(refused[0]["headers"]["Retry-After"]) <= 8, "until a fourth of it has passed"
        assert parts["other"]["status"] == 200


async def test_a_scaled_second_lets_the_next_one_in_sooner() -> None:
    async with staged(limits=Limits(on=True, scale=0.01)) as stage:
        for _ in range(20):
            answer = await stage.ask("GET", f"/teams/{TEAM}/members")
            assert answer.status_code in {200, 429}
        assert float((await _refused(stage)).headers["Retry-After"]) < 0.1


async def _refused(stage: Stage) -> httpx.Response:
    """Ask in one go until one is refused for load."""
    for _ in range(50):
        parts = await stage.ask(
            "POST",
            "/$batch",
            {"requests": [get(str(number), f"/teams/{TEAM}/members") for number in range(20)]},
        )
        for part in parts.json()["responses"]:
            if part["status"] == 429:
                return httpx.Response(429, headers=part["headers"])
    raise AssertionError("nothing was ever refused")


async def test_directory_answers_carry_their_cost_and_how_full_the_bucket_is() -> None:
    rates = {"directory_units": Rate(10, 10), "directory_writes": Rate(1, 150)}
    async with staged(limits=Limits(on=True, scale=30.0, rates=rates)) as stage:
        plain = await stage.ask("GET", f"/groups/{SALES}/members")
        assert plain.headers["x-ms-resource-unit"] == "3"
        cheap = await stage.ask("GET", f"/groups/{SALES}/members?$select=id&$top=5")
        assert cheap.headers["x-ms-resource-unit"] == "1"
        full = await stage.ask("GET", f"/groups/{SALES}/transitiveMembers")
        assert float(full.headers["x-ms-throttle-limit-percentage"]) >= 0.8
        refused = await stage.ask("GET", f"/groups/{SALES}/transitiveMembers")
        assert (refused.status_code, refused.headers["x-ms-throttle-scope"]) == (429, "Application/Read")
        assert stage.sandbox.engine.limiter.refusals == 1


@pytest.mark.parametrize("kind", [FaultKind.EMPTY_BODY, FaultKind.MALFORMED_JSON, FaultKind.HTML_PAGE])
async def test_an_answer_that_is_none_brings_nothing_about(kind: FaultKind) -> None:
    async with staged() as stage:
        stage.sandbox.faults.append(Fault(kind, "DELETE *"))
        answer = await stage.ask("DELETE", f"/groups/{SALES}/members/{ANA}/$ref")
        assert answer.status_code == 200
        with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
            answer.json()
        assert ANA in stage.sandbox.tenant.groups[SALES].members


async def test_a_page_can_be_left_out_or_lead_to_itself() -> None:
    async with staged(page_cap=1) as stage:
        stage.sandbox.faults.append(Fault(FaultKind.PAGE_MISSING, "GET /groups/*", nth=1))
        rows = (await stage.ask("GET", f"/groups/{SALES}/members")).json()["value"]
        assert [row["id"] for row in rows] == [BADR]
        stage.sandbox.faults.append(Fault(FaultKind.PAGE_LOOP, "GET /groups/*"))
        first = (await stage.ask("GET", f"/groups/{SALES}/members")).json()
        again = (await stage.http.get(first["@odata.nextLink"])).json()
        assert again["value"] == first["value"]


async def test_faults_come_over_http_too_and_nonsense_is_refused() -> None:
    async with staged() as stage:
        faults = f"{stage.url}/_sandbox/faults"
        assert (
            await stage.http.post(faults, json={"kind": "http_500", "on": "GET /users"})
        ).status_code == 200
        assert (await stage.ask("GET", "/users")).status_code == 500
        assert (await stage.http.post(faults, json={"kind": "no such"})).status_code == 400
        assert (await stage.http.delete(faults)).json() == {"faults": 0}
        assert (await stage.ask("GET", "/users")).status_code == 200
