"""Ends sessions and deactivates accounts where an admin token allows it; never erases anything."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus

import aiohttp
from yarl import URL

from connectors.chat.slack import evidence
from connectors.chat.slack.answers import NOT_THERE
from connectors.chat.slack.client import SlackClient
from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.directory import Directory
from connectors.chat.slack.identity import Identity
from connectors.chat.slack.remedies import remedy_text
from connectors.chat.slack.routes import SCIM_DEACTIVATE
from connectors.contract import Outcome, Presence, Quality, Result, Sight
from connectors.errors import BadCredentials, ConnectorError, Forbidden
from connectors.many import AccountStep
from connectors.together import Job, abreast, together
from connectors.wire import AnswerLost, Exchange, NotSent, RateLimited
from policies.model import Account, Refusal

RESET = "admin.users.session.reset"
RESET_BULK = "admin.users.session.resetBulk"
# Refusals that concern one of the accounts: which one, Slack does not say in a form to rely on.
_OF_SOME = frozenset(
    {
        "cannot_reset_bot",
        "cannot_reset_primary_owner",
        "failed_for_some_users",
        "session_reset_not_allowed",
        "user_not_found",
    }
)
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

    async def end_sessions_of(self, steps: Sequence[AccountStep]) -> list[Result]:
        """Sign up to a thousand accounts out with one request; one alone by the method for one.

        Where Slack does not know the bulk method, or refuses it because of one of them, each is signed out
        by itself. Raises ConnectorError only where nothing was sent.
        """
        blocked = {step.step_id: await self._blocked(step.step_id, step.account) for step in steps}
        left = [step for step in steps if blocked[step.step_id] is None]
        done = await (self._in_bulk(left) if len(left) > 1 else self._one_by_one(left))
        return [blocked[step.step_id] or done[step.step_id] for step in steps]

    async def _in_bulk(self, steps: Sequence[AccountStep]) -> dict[str, Result]:
        admin = await self._identity.admin()
        if admin is None or not admin.may("admin.users:write"):
            return await self._one_by_one(steps)  # which says why not
        try:
            answer = await self._client.call(RESET_BULK, user_ids=[step.account.id for step in steps])
        except (AnswerLost, RateLimited, NotSent) as error:
            return {step.step_id: evidence.not_answered(step.step_id, RESET_BULK, error) for step in steps}
        if answer.ok:
            # "Enqueues an asynchronous job" (docs.slack.dev): only reading back tells when it is done.
            proof = evidence.evidence_of(answer.exchange, Quality.ACKNOWLEDGED, ("accounts", str(len(steps))))
            return {step.step_id: Result(step.step_id, Outcome.REQUESTED, proof) for step in steps}
        if answer.error in NOT_THERE or answer.error in _OF_SOME:
            return await self._one_by_one(steps)
        return {step.step_id: evidence.result_of(step.step_id, answer) for step in steps}

    async def _one_by_one(self, steps: Sequence[AccountStep]) -> dict[str, Result]:
        jobs = [Job((step.step_id,), partial(self._alone, step)) for step in steps]
        return await together([jobs], 1) if jobs else {}

    async def _alone(self, step: AccountStep) -> list[Result]:
        return [await self.end_sessions(step.step_id, step.account)]

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

    async def accounts_active(self, steps: Sequence[AccountStep]) -> list[Presence]:
        """Read accounts again, all asked for in one moment: the directory reads them in the fewest calls."""
        reads = [partial(self.account_active, step.step_id, step.account) for step in steps]
        return await abreast(reads, len(reads))

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
