"""Signing in: one token at a time, kept while it counts, refused by name, and never shown."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

import pytest

from connectors.chat.teams import TeamsConnector
from connectors.chat.teams.sandbox import APP_OBJECT_ID, CLIENT_SECRET, FaultKind, create_sandbox
from connectors.chat.teams.tokens import Token
from connectors.errors import BadCredentials, ConnectorError, Unavailable
from connectors.wire import NotSent
from tests.connectors.teams.stage import M365, config, staged, step, tenant

LOGIN = "POST /{tenant}/oauth2/v2.0/token"
OTHER = "0b1e5a1c-ffff-4000-8000-000000000001"


async def test_one_token_serves_all_and_is_fetched_once() -> None:
    async with staged() as stage:
        await asyncio.gather(*(stage.teams.own_account_ids() for _ in range(5)))
        await stage.memberships()
        assert len(stage.sandbox.calls(LOGIN)) == 1


async def test_the_apps_own_principal_is_never_a_target() -> None:
    async with staged() as stage:
        assert await stage.teams.own_account_ids() == {APP_OBJECT_ID}


async def test_a_token_is_replaced_before_its_end() -> None:
    sandbox = create_sandbox(tenant())
    sandbox.token_seconds = 60.0
    async with staged(sandbox=sandbox) as stage:
        tokens, began = stage.teams._client.tokens, time.monotonic()
        await stage.teams.own_account_ids()
        assert tokens.known is not None
        assert tokens.known.until - time.monotonic() <= 30.0, "half of a short one is kept in reserve"
        assert tokens.known.until - began >= 30.0
        # Half a minute later: it still counts at Entra.
        tokens._token = replace(tokens.known, until=tokens.known.until - 30.0)
        await stage.memberships()
        assert not [entry for entry in sandbox.journal if entry.status == 401]
        assert len(sandbox.calls(LOGIN)) == 2


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"client_secret": "wrong-secret-wrong"}, "AADSTS7000215", "Certificates & secrets"),
        ({"client_id": "00000000-0000-4000-8000-00000000dead"}, "AADSTS700016", "client_id"),
        ({"tenant_id": "00000000-0000-4000-8000-00000000beef"}, "AADSTS90002", "tenant_id"),
    ],
)
async def test_a_refused_app_calls_an_operator_with_entras_code_and_the_remedy(
    changes: dict[str, Any], code: str, says: str
) -> None:
    async with staged(**changes) as stage:
        with pytest.raises(BadCredentials, match=code) as caught:
            await stage.memberships()
    assert says in str(caught.value)
    assert "wrong-secret-wrong" not in str(caught.value)


async def test_a_disabled_app_calls_an_operator() -> None:
    world = tenant()
    world.app().enabled = False
    async with staged(world) as stage:
        with pytest.raises(BadCredentials, match="AADSTS7000112"):
            await stage.memberships()


async def test_a_token_for_another_tenant_is_refused_naming_both_and_nothing_is_read() -> None:
    world = tenant()
    world.other_tenants.add(OTHER)
    sandbox = create_sandbox(world)
    async with staged(sandbox=sandbox) as stage:
        # A proxy in between that signs in elsewhere: the tenant asked for is not the token's.
        await stage.teams.aclose()
        for asking in ("revoke", "memberships"):
            teams = TeamsConnector(config(stage.url, tenant_id=OTHER.upper()))
            token = teams._client.tokens._checked(_token(OTHER))
            assert token.tenant_id == OTHER
            with pytest.raises(BadCredentials, match=OTHER) as caught:
                TeamsConnector(config(stage.url))._client.tokens._checked(_token(OTHER))
            assert world.id in str(caught.value), asking
            await teams.aclose()


def _token(tenant_id: str) -> Token:
    return Token("value", 1e12, tenant_id, "", frozenset())


async def test_entra_asking_for_patience_is_not_bad_credentials() -> None:
    async with staged() as stage:
        refused = stage.teams._client.tokens._refused
        assert isinstance(refused(400, {"error": "temporarily_unavailable"}), Unavailable)
        assert isinstance(refused(400, {"error": "invalid_grant"}), BadCredentials)


@pytest.mark.parametrize(
    "kind", [FaultKind.EMPTY_BODY, FaultKind.MALFORMED_JSON, FaultKind.HTML_PAGE, FaultKind.DROP]
)
async def test_an_answer_of_entra_that_makes_no_sense_is_not_bad_credentials(kind: FaultKind) -> None:
    async with staged(read_tries=1) as stage:
        stage.fault(kind, LOGIN, times=0)
        with pytest.raises(Unavailable):
            await stage.memberships()


async def test_no_connection_at_all_means_that_nothing_was_sent() -> None:
    teams = TeamsConnector(config("http://127.0.0.1:9", read_tries=1))
    with pytest.raises(NotSent):
        await teams.own_account_ids()
    await teams.aclose()


async def test_neither_secret_nor_token_shows_in_what_is_given_or_raised() -> None:
    async with staged() as stage:
        await stage.memberships()
        token = (await stage.teams._client.tokens.token()).value
        given: list[object] = [stage.teams, stage.teams._client.tokens.known, *await stage.found()]
        given += [*await stage.teams.check(), *await stage.revoke(step(M365)), *await stage.look(step(M365))]
        stage.sandbox.tenant.app().secrets.clear()
        stage.sandbox.tokens.revoke_all()
        try:
            await stage.memberships()
        except ConnectorError as error:
            given += [error, error.__context__, error.__cause__, error.args]
        texts = [repr(thing) + str(thing) for thing in given]
        assert not [text for text in texts if CLIENT_SECRET in text or token in text]
        assert token not in stage.teams._client.redact(f"odd text with {token} inside")


def test_importing_the_connector_loads_no_sdk() -> None:
    asked = (
        "import sys, connectors.chat.teams; "
        "print([name for name in ('msgraph', 'httpx', 'kiota_http', 'azure') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
