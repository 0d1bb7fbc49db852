"""Ends sessions and deactivates accounts where an admin token allows it; never erases anything."""

from __future__ import annotations

from http import HTTPStatus

import aiohttp
from yarl import URL

from connectors.chat.slack import evidence
from connectors.chat.slack.client import SlackClient
from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.directory import Directory
from connectors.chat.slack.identity import Identity
from connectors.chat.slack.remedies import remedy_text
from connectors.chat.slack.routes import SCIM_DEACTIVATE
from connectors.contract import Outcome, Presence, Quality, Result, Sight
from connectors.errors import BadCredentials, ConnectorError, Forbidden
from connectors.wire import AnswerLost, Exchange, NotSent, RateLimited
from policies.model import Account, Refusal

RESET = "admin.users.session.reset"
DEACTIVATE = "admin.users.deactivate"
_SCIM_SCHEMA = "urn:scim:schemas:core:1.0"


class Lockout:
    """`admin.users.session.reset`, SCIM and `admin.users.deactivate`, by the admin token."""

    def __init__(
        self, config: SlackConfig, client: SlackClient, identity: Identity, directory: Directory
    ) -> None:
        self._config = config
        self._client = client
        self._identity = identity
        self._directory = directory

    async def end_sessions(self, step_id: str, account: Account) -> Result:
        """Sign the account out on all devices; `no_api` where the token cannot."""
        if (blocked := await self._blocked(step_id, account)) is not None:
            return blocked
        admin = await self._identity.admin()
        if admin is None or not admin.may("admin.users:write"):
            return _no_api(step_id, RESET, "no admin token with admin.users:write")
        return await self._guarded(step_id, RESET, account.id)

    async def deactivate(self, step_id: str, account: Account) -> Result:
        """Deactivate by SCIM where the token has `admin`, else by admin.users.deactivate."""
        if (blocked := await self._blocked(step_id, account)) is not None:
            return blocked
        admin = await self._identity.admin()
        # SCIM needs the scope to be known: an unknown one would send a plan without SCIM a write it refuses.
        if admin is not None and admin.may("admin"):
            return await self._by_scim(step_id, account)
        if admin is not None and admin.may("admin.users:write"):
            return await self._guarded(step_id, DEACTIVATE, account.id)
        return _no_api(step_id, DEACTIVATE, "no admin token with admin or admin.users:write")

    async def account_active(self, step_id: str, account: Account) -> Presence:
        """Read the account again; only a `deleted` account counts as deactivated."""
        try:
            now = await self._directory.account(account.id)
        except (BadCredentials, Forbidden):
            raise
        except ConnectorError as error:
            return evidence.unreadable(step_id, "users.info", error)
        if now is None:
            proof = evidence.without_call("users.info")
            return Presence(step_id, Sight.UNREADABLE, proof, f"Slack does not know the account {account.id}")
        proof = evidence.observed("users.info", ("account", "active" if now.active else "deactivated"))
        return Presence(step_id, Sight.PRESENT if now.active else Sight.ABSENT, proof)

    async def _blocked(self, step_id: str, account: Account) -> Result | None:
        source = evidence.without_call("local")
        if account.instance != self._config.instance:
            return evidence.refusal(step_id, Refusal.NOT_MANAGED, "other_instance", source)
        if account.id in await self._identity.own_account_ids():
            return evidence.refusal(step_id, Refusal.BOT_ITSELF, "bot_itself", source)
        if account.primary_owner:
            return evidence.refusal(step_id, Refusal.OWNER, "primary_owner", source)
        return None

    async def _guarded(self, step_id: str, method: str, account_id: str) -> Result:
        try:
            answer = await self._client.call(method, user_id=account_id)
        except (AnswerLost, RateLimited, NotSent) as error:
            return evidence.not_answered(step_id, method, error)
        return evidence.result_of(step_id, answer)

    async def _by_scim(self, step_id: str, account: Account) -> Result:
        try:
            status, exchange = await self._patch(account.id)
        except (AnswerLost, RateLimited, NotSent) as error:
            return evidence.not_answered(step_id, SCIM_DEACTIVATE, error)
        return self._scim_result(step_id, status, exchange)

    async def _patch(self, account_id: str) -> tuple[int, Exchange]:
        # slack_sdk's SCIM client is synchronous, so the one request it would send is sent here.
        base = self._config.scim_url if self._config.scim_url.endswith("/") else self._config.scim_url + "/"
        with self._client.wire.recording() as exchanges:
            async with self._client.wire.session.patch(
                URL(base) / "Users" / account_id,
                json={"schemas": [_SCIM_SCHEMA], "active": False},
                headers={aiohttp.hdrs.AUTHORIZATION: f"Bearer {self._config.admin_token}"},
            ) as response:
                return response.status, exchanges[-1]

    def _scim_result(self, step_id: str, status: int, exchange: Exchange) -> Result:
        if status in (HTTPStatus.OK, HTTPStatus.NO_CONTENT):
            return Result(step_id, Outcome.REVOKED, evidence.evidence_of(exchange, Quality.ACKNOWLEDGED))
        if status == HTTPStatus.UNAUTHORIZED:
            self._identity.forget()
            raise BadCredentials(f"{self._config.instance}: SCIM refuses the admin token; give a valid one")
        refusals: dict[int, tuple[Refusal, str]] = {
            HTTPStatus.FORBIDDEN: (Refusal.NO_RIGHT, "org_admin"),
            HTTPStatus.NOT_FOUND: (Refusal.ACCOUNT_UNKNOWN, "account_unknown"),
        }
        why, remedy = refusals.get(status, (Refusal.UNEXPECTED, "try_by_hand"))
        proof = evidence.evidence_of(exchange, Quality.ACKNOWLEDGED, ("error", f"http_{status}"))
        return evidence.refusal(step_id, why, remedy, proof, detail=f"SCIM answered HTTP {status}")


def _no_api(step_id: str, source: str, why: str) -> Result:
    return Result(
        step_id,
        Outcome.NO_API,
        evidence.without_call(source, ("sent", "nothing"), ("remedy", "enterprise_only")),
        detail=why,
        remedy=remedy_text("enterprise_only"),
    )
