"""Everything goes through the wire: paced by team, no retries of the SDK's own, its words unharmed."""

from __future__ import annotations

import time

import pytest

from connectors.chat.teams import TeamsConfig, TeamsConnector
from connectors.chat.teams.refusals import MESSAGES, meaning_of
from connectors.chat.teams.remedies import REMEDIES, remedy_text
from connectors.chat.teams.routes import GRAPH, ROUTES, TOKEN
from connectors.chat.teams.sandbox import FaultKind, Limits, create_sandbox
from connectors.contract import Outcome
from connectors.errors import Unavailable
from connectors.routes import find
from connectors.wire import RateLimited
from policies.model import Refusal
from tests.connectors.teams.stage import ANA, CHAT, M365, PRIVATE, SECURITY, TEAM, staged, step, tenant


def test_requests_on_one_team_channel_or_chat_are_paced_together() -> None:
    reads = find(ROUTES, "GET", GRAPH, "/teams/t1/channels/c1/members")
    writes = find(ROUTES, "POST", GRAPH, "/teams/t1/members/remove")
    chats = find(ROUTES, "GET", GRAPH, "/chats/c1/members")
    assert reads is not None
    assert writes is not None
    assert chats is not None
    assert ("team_rps:t1", "team_rps") in reads.paces("/teams/t1/channels/c1/members")
    assert ("team_rps:t1", "team_rps") in writes.paces("/teams/t1/members/remove")
    assert ("team_rps:c1", "team_rps") in chats.paces("/chats/c1/members")


def test_every_route_is_paced_by_a_limit_of_the_manifest() -> None:
    limits = {
        limit.bucket: limit for limit in TeamsConnector(TeamsConfig("x", "t", "c", "s")).capabilities.limits
    }
    used = {route.limit for route in ROUTES} | {limit for route in ROUTES for _, limit in route.per}
    assert used == set(limits)
    assert (limits["team_rps"].calls, limits["team_rps"].seconds) == (4, 1.0)


async def test_the_published_limits_are_kept_inside_batches_too() -> None:
    sandbox = create_sandbox(tenant(), limits=Limits(on=True))
    async with staged(sandbox=sandbox, pace_scale=0.05) as paced:
        # Twenty times as fast as published: the sandbox refuses, each part says so, and nothing is lost.
        results = await paced.revoke(*map(step, (M365, TEAM, SECURITY, PRIVATE, CHAT)))
        gone = {
            result.step_id.split("/")[0] for result in results if result.outcome is not Outcome.RATE_LIMITED
        }
        assert not [group_id for group_id in gone if ANA in paced.inside(group_id)]
    assert {result.outcome for result in results} <= {
        Outcome.REVOKED,
        Outcome.SAID_ABSENT,
        Outcome.RATE_LIMITED,
    }


async def test_four_reads_of_one_team_leave_together_and_the_next_as_late_as_published() -> None:
    async with staged(pace_scale=0.2) as stage:
        await stage.teams.own_account_ids()
        before = time.monotonic()
        for _ in range(3):
            await stage.look(step(PRIVATE), step("19:b@thread.tacv2", kind=_PRIVATE, parent_id=TEAM))
        assert time.monotonic() - before >= 0.25 * 0.2


_PRIVATE = step(PRIVATE).membership.group.kind


async def test_a_refusal_for_now_is_not_sent_again_by_the_sdk() -> None:
    async with staged(longest_read_wait_seconds=0.0) as stage:
        stage.fault(FaultKind.LIMITED_429, "DELETE /groups/*/members/*/$ref", times=0, seconds=5.0)
        result = await stage.one(M365)
        assert result.outcome is Outcome.RATE_LIMITED
        assert len(stage.writes()) == 1


async def test_a_write_that_got_no_answer_is_not_sent_again_by_the_sdk() -> None:
    async with staged() as stage:
        for kind in (FaultKind.HTTP_500, FaultKind.HTTP_503, FaultKind.DROP, FaultKind.REDIRECT):
            stage.sandbox.journal.clear()
            stage.sandbox.faults.clear()
            stage.fault(kind, "DELETE /groups/*/members/*/$ref", times=0)
            assert (await stage.one(M365)).outcome is Outcome.UNKNOWN
            assert len(stage.writes()) == 1


async def test_a_read_refused_for_longer_than_a_read_may_wait_raises_with_the_seconds() -> None:
    async with staged(longest_read_wait_seconds=0.0) as stage:
        stage.fault(FaultKind.LIMITED_429, "GET /users", times=0, seconds=30.0)
        with pytest.raises(RateLimited) as caught:
            [account async for account in stage.teams.accounts()]
    assert caught.value.retry_after is not None
    assert caught.value.retry_after >= 30.0


@pytest.mark.parametrize("kind", [FaultKind.EMPTY_BODY, FaultKind.MALFORMED_JSON, FaultKind.HTML_PAGE])
async def test_an_answer_that_makes_no_sense_is_no_empty_listing(kind: FaultKind) -> None:
    async with staged() as stage:
        stage.fault(kind, "GET /users", times=0)
        with pytest.raises(Unavailable):
            [account async for account in stage.teams.accounts()]


async def test_every_socket_goes_to_the_configured_addresses() -> None:
    async with staged() as stage:
        await stage.teams.check()
        await stage.revoke(*map(step, (M365, TEAM, PRIVATE, CHAT)))
        port = int(stage.url.rsplit(":", 1)[1])
        assert set(stage.teams.wire.connections) == {("127.0.0.1", port)}
        assert stage.teams.wire.requests_sent == len(stage.requests())


async def test_proxies_of_the_environment_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with staged() as stage:
        assert (await stage.one(M365)).outcome is Outcome.REVOKED


async def test_a_tenant_whose_token_cannot_be_read_is_asked_for_its_id() -> None:
    async with staged() as stage:
        tokens = stage.teams._client.tokens
        known = await tokens.token()
        opaque = type(known)(known.value, known.until, "", "", None)
        tokens._token = opaque
        assert await stage.teams.own_account_ids() == frozenset()
        assert len(stage.sandbox.calls("GET /organization")) == 1
        await stage.memberships()
        assert len(stage.sandbox.calls("GET /organization")) == 1


def test_signing_in_is_a_route_of_its_own_and_not_a_write() -> None:
    (route,) = [route for route in ROUTES if route.name == TOKEN]
    assert route.base != GRAPH
    assert find(ROUTES, "POST", GRAPH, f"/{ANA}/oauth2/v2.0/token") is None


@pytest.mark.parametrize(("words", "meaning"), MESSAGES)
def test_words_are_found_in_whatever_case_and_company(words: str, meaning: object) -> None:
    assert meaning_of(400, f"Oh no: {words.upper()}. Try again.") is meaning


@pytest.mark.parametrize("status", [400, 402, 405, 406, 411, 413, 415, 422, 451, 207])
def test_a_status_nobody_foresaw_is_a_refusal_and_never_a_success(status: int) -> None:
    meaning = meaning_of(status, "something new")
    assert (meaning.outcome, meaning.refusal) == (Outcome.REFUSED, Refusal.UNEXPECTED)


def test_every_remedy_named_exists_in_both_languages() -> None:
    for _, meaning in MESSAGES:
        assert not meaning.remedy or remedy_text(meaning.remedy)
    for key in REMEDIES:
        assert remedy_text(key, "ar") != remedy_text(key)
        assert any("\u0600" <= char <= "\u06ff" for char in remedy_text(key, "ar"))
