"""Disables accounts and ends sessions; never deletes anything."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

from connectors.chat.teams import evidence
from connectors.chat.teams.asks import Asks
from connectors.chat.teams.client import Answer, GraphClient
from connectors.chat.teams.identity import Identity
from connectors.chat.teams.objects import is_address
from connectors.chat.teams.refusals import MISSING_SCOPE, Meaning, meaning_of
from connectors.contract import Outcome, Presence, Quality, Result, Sight
from connectors.errors import BadCredentials, ConnectorError, Forbidden, Unavailable
from connectors.wire import AnswerLost
from policies.model import Account, Refusal

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation

ACCOUNT = "GET /users/{user}"
_VALID_FROM = "signInSessionsValidFromDateTime"


class Lockout:
    """`accountEnabled` and `revokeSignInSessions`, each read back by its own property."""

    def __init__(self, client: GraphClient, asks: Asks, identity: Identity) -> None:
        self._client = client
        self._asks = asks
        self._identity = identity
        self._before: dict[str, str] = {}
        """Account id → from when its sessions counted before we ended them."""

    async def deactivate(self, step_id: str, account: Account) -> Result:
        """Ask Entra to disable the account."""
        return await self._write(step_id, account, self._asks.disable)

    async def account_active(self, step_id: str, account: Account) -> Presence:
        """Read the account again; only `accountEnabled: false` counts as disabled."""
        found = await self._read(step_id, account, "id,accountEnabled")
        if isinstance(found, Presence):
            return found
        enabled = found.data.get("accountEnabled")
        if not isinstance(enabled, bool):
            return evidence.unreadable(step_id, ACCOUNT, "Graph did not say whether the account is enabled")
        proof = evidence.evidence_of(
            found, Quality.OBSERVED, ("account", "enabled" if enabled else "disabled")
        )
        return Presence(step_id, Sight.PRESENT if enabled else Sight.ABSENT, proof)

    async def end_sessions(self, step_id: str, account: Account) -> Result:
        """Sign the account out everywhere; first it is read from when its sessions count now."""
        if (blocked := await self._blocked(step_id, account)) is not None:
            return blocked
        before = await self._valid_from(step_id, account)
        result = await self._write(step_id, account, self._asks.end_sessions)
        if isinstance(before, str) and result.outcome in (Outcome.REVOKED, Outcome.UNKNOWN):
            self._before[account.id] = before
        return result

    async def sessions_open(self, step_id: str, account: Account) -> Presence:
        """Give `absent` where sessions count from a later instant than before we ended them.

        Both instants are Entra's own, so no clock of ours is compared. Where none is remembered, because
        Bawab was started again since, they may be open: asking once more does no harm.
        """
        now = await self._valid_from(step_id, account)
        if isinstance(now, Presence):
            return now
        before = self._before.get(account.id)
        ended = before is not None and now > before
        proof = evidence.observed(ACCOUNT, None, ("valid_from", now), ("before", before or "not known"))
        return Presence(step_id, Sight.ABSENT if ended else Sight.PRESENT, proof)

    async def _valid_from(self, step_id: str, account: Account) -> str | Presence:
        found = await self._read(step_id, account, f"id,{_VALID_FROM}")
        if isinstance(found, Presence):
            return found
        said = found.data.get(_VALID_FROM)
        if not isinstance(said, str) or not said:
            return evidence.unreadable(step_id, ACCOUNT, "Graph did not say from when sessions count")
        return said

    async def _read(self, step_id: str, account: Account, select: str) -> Answer | Presence:
        try:
            return await self._client.read(self._asks.user(account.id, select=select))
        except (BadCredentials, Forbidden):
            raise
        except ConnectorError as error:
            return evidence.unreadable(step_id, ACCOUNT, error)

    async def _write(
        self, step_id: str, account: Account, ask: Callable[[str], RequestInformation]
    ) -> Result:
        if (blocked := await self._blocked(step_id, account)) is not None:
            return blocked
        try:
            answer = await self._client.call(ask(account.id))
        except (AnswerLost, Unavailable) as error:
            return evidence.not_answered(step_id, "lockout", error)
        if answer.ok:
            return evidence.done(step_id, answer)
        return await self._refused(step_id, answer)

    async def _refused(self, step_id: str, answer: Answer) -> Result:
        if answer.status == HTTPStatus.NOT_FOUND:
            meaning = Meaning(Outcome.REFUSED, Refusal.ACCOUNT_UNKNOWN, "account_unknown")
        elif answer.status == HTTPStatus.FORBIDDEN:
            if needed := await self._client.missing(answer):
                return evidence.by_meaning(step_id, answer, MISSING_SCOPE, needed)
            # The app has the permission, so it is the account: one with an administrator role.
            meaning = Meaning(Outcome.REFUSED, Refusal.NO_RIGHT, "privileged_account")
        else:
            meaning = meaning_of(answer.status, answer.message)
            if meaning.refusal is Refusal.SYNCED:
                meaning = Meaning(Outcome.REFUSED, Refusal.SYNCED, "synced_account")
        return evidence.by_meaning(step_id, answer, meaning)

    async def _blocked(self, step_id: str, account: Account) -> Result | None:
        source = evidence.without_call("local", ("sent", "nothing"))
        if account.instance != self._client.config.instance:
            return evidence.refusal(step_id, Refusal.NOT_MANAGED, "other_instance", source)
        if account.id in await self._identity.own_account_ids():
            return evidence.refusal(step_id, Refusal.BOT_ITSELF, "bot_itself", source)
        if is_address(account.id):
            return evidence.refusal(step_id, Refusal.ACCOUNT_UNKNOWN, "account_unknown", source)
        return None
