"""The sandbox's login half: tokens of Entra's form, its refusals, and tokens that really stop counting."""

from __future__ import annotations

import base64
import json

import pytest

from connectors.chat.teams.sandbox import CLIENT_ID, PERMISSIONS, TENANT_ID, Fault, FaultKind
from tests.connectors.teams.sandboxed import client, sign_in, small_tenant, staged

OTHER = "0b1e5a1c-0000-4000-8000-0000000000ff"


async def get_users(url: str, token: str) -> tuple[int, str]:
    async with client(Authorization=f"Bearer {token}") as http:
        answer = await http.get(f"{url}/v1.0/users")
    return answer.status_code, answer.json().get("error", {}).get("code", "")


async def test_a_token_says_whose_it_is_and_what_it_may() -> None:
    async with staged() as stage:
        token = (await sign_in(stage.url)).json()["access_token"]
        middle = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        assert (claims["tid"], claims["appid"]) == (TENANT_ID, CLIENT_ID)
        assert set(claims["roles"]) == set(PERMISSIONS)
        assert claims["exp"] > claims["iat"]


@pytest.mark.parametrize(
    ("changed", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_id": OTHER}, 400, "unauthorized_client", 700016),
        ({"scope": "https://graph.microsoft.com/User.Read"}, 400, "invalid_scope", 1002012),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"tenant": OTHER}, 400, "invalid_request", 90002),
    ],
)
async def test_every_refusal_to_sign_in_carries_its_number(
    changed: dict[str, str], status: int, error: str, number: int
) -> None:
    async with staged() as stage:
        answer = await sign_in(stage.url, **changed)
        said = answer.json()
        assert (answer.status_code, said["error"], said["error_codes"]) == (status, error, [number])
        assert said["error_description"].startswith(f"AADSTS{number}: ")
        assert "access_token" not in said


async def test_a_disabled_app_neither_signs_in_nor_asks() -> None:
    async with staged() as stage:
        stage.sandbox.tenant.app().enabled = False
        assert (await sign_in(stage.url)).json()["error_codes"] == [7000112]
        assert (await stage.ask("GET", "/users")).status_code == 401


async def test_no_broken_expired_revoked_or_foreign_token_opens_anything() -> None:
    tenant = small_tenant()
    tenant.other_tenants.add(OTHER)
    async with staged(tenant) as stage:
        good = (await sign_in(stage.url)).json()["access_token"]
        head, claims, _ = good.split(".")
        foreign = (await sign_in(stage.url, OTHER)).json()["access_token"]
        stage.sandbox.token_seconds = -1.0
        expired = (await sign_in(stage.url)).json()["access_token"]
        stage.sandbox.token_seconds = 3599.0
        for token in ("x", f"{head}.{claims}.forged", expired):
            assert await get_users(stage.url, token) == (401, "InvalidAuthenticationToken")
        del stage.http.headers["Authorization"]
        assert (await stage.ask("GET", "/users")).json()["error"]["message"] == "Access token is empty."
        assert await get_users(stage.url, foreign) == (401, "Authorization_IdentityNotFound")
        assert await get_users(stage.url, good) == (200, "")
        stage.sandbox.tokens.revoke_all()
        assert await get_users(stage.url, good) == (401, "InvalidAuthenticationToken")


async def test_an_expired_token_is_mended_by_signing_in_again_and_a_withdrawn_secret_is_not() -> None:
    async with staged() as stage:
        stage.sandbox.faults.append(Fault(FaultKind.TOKEN_EXPIRED, "GET /users"))
        assert (await stage.ask("GET", "/users")).status_code == 401
        fresh = (await sign_in(stage.url)).json()["access_token"]
        assert await get_users(stage.url, fresh) == (200, "")
        stage.sandbox.faults.append(Fault(FaultKind.TOKEN_REVOKED, "GET /users"))
        assert await get_users(stage.url, fresh) == (401, "InvalidAuthenticationToken")
        assert (await sign_in(stage.url)).status_code == 401


async def test_a_withdrawn_consent_can_count_only_for_tokens_still_to_come() -> None:
    async with staged() as stage:
        old = (await sign_in(stage.url)).json()["access_token"]
        stage.sandbox.withdraw_consent("User.Read.All", at_once=False)
        new = (await sign_in(stage.url)).json()["access_token"]
        assert await get_users(stage.url, old) == (200, "")
        assert await get_users(stage.url, new) == (403, "Authorization_RequestDenied")


async def test_even_signing_in_can_go_wrong() -> None:
    async with staged() as stage:
        stage.sandbox.faults.append(Fault(FaultKind.MALFORMED_JSON, "POST /{tenant}/*"))
        with pytest.raises(json.JSONDecodeError):
            (await sign_in(stage.url)).json()
        assert (await sign_in(stage.url)).status_code == 200
