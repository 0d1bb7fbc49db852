"""Disables accounts and ends sessions; never deletes anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

from connectors.chat.teams import evidence
from connectors.chat.teams.asks import Asks
from connectors.chat.teams.batches import Batches, Said
from connectors.chat.teams.client import Answer, GraphClient
from connectors.chat.teams.identity import Identity
from connectors.chat.teams.objects import is_address
from connectors.chat.teams.refusals import MISSING_SCOPE, Meaning, meaning_of
from connectors.contract import Outcome, Presence, Quality, Result, Sight
from connectors.errors import BadCredentials, ConnectorError, Forbidden
from connectors.many import AccountStep
from policies.model import Account, Refusal

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation

ACCOUNT = "GET /users/{user}"
_VALID_FROM = "signInSessionsValidFromDateTime"
_MAY_HAVE_ENDED = (Outcome.REVOKED, Outcome.UNKNOWN)


class Lockout:
    """`accountEnabled` and `revokeSignInSessions`, each read back by its own property."""

    def __init__(self, client: GraphClient, asks: Asks, batches: Batches, identity: Identity) -> None:
        self._client = client
        self._asks = asks
        self._batches = batches
        self._identity = identity
        self._before: dict[str, str] = {}
        """Account id → from when its sessions counted before we ended them."""

    async def deactivate_all(self, steps: Sequence[AccountStep]) -> list[Result]:
        """Ask Entra to disable accounts, twenty in a request; raises only where nothing was sent."""
        blocked = await self._all_blocked(steps)
        written = await self._write([s for s in steps if s.step_id not in blocked], self._asks.disable)
        return [(blocked | written)[step.step_id] for step in steps]

    async def accounts_active(self, steps: Sequence[AccountStep]) -> list[Presence]:
        """Read accounts again; only `accountEnabled: false` counts as disabled."""
        found = await self._read(steps, "id,accountEnabled")
        return [_activity(step.step_id, said) for step, said in zip(steps, found, strict=True)]

    async def end_sessions_of(self, steps: Sequence[AccountStep]) -> list[Result]:
        """Sign accounts out everywhere; first it is read from when their sessions count now."""
        blocked = await self._all_blocked(steps)
        left = [step for step in steps if step.step_id not in blocked]
        found = [_valid_from(step.step_id, said) for step, said in await self._paired(left)]
        written = await self._write(left, self._asks.end_sessions)
        for step, before in zip(left, found, strict=True):
            if isinstance(before, str) and written[step.step_id].outcome in _MAY_HAVE_ENDED:
                self._before[step.account.id] = before
        return [(blocked | written)[step.step_id] for step in steps]

    async def sessions_open_of(self, steps: Sequence[AccountStep]) -> list[Presence]:
        """Give `absent` where sessions count from a later instant than before we ended them.

        Both instants are Entra's own, so no clock of ours is compared. Where none is remembered, because
        Bawab was started again since, they may be open: asking once more does no harm.
        """
        return [self._still_open(step, said) for step, said in await self._paired(steps)]

    def _still_open(self, step: AccountStep, said: Answer | ConnectorError) -> Presence:
        now = _valid_from(step.step_id, said)
        if isinstance(now, Presence):
            return now
        before = self._before.get(step.account.id)
        ended = before is not None and now > before
        proof = evidence.observed(ACCOUNT, None, ("valid_from", now), ("before", before or "not known"))
        return Presence(step.step_id, Sight.ABSENT if ended else Sight.PRESENT, proof)

    async def _paired(
        self, steps: Sequence[AccountStep]
    ) -> list[tuple[AccountStep, Answer | ConnectorError]]:
        return list(zip(steps, await self._read(steps, f"id,{_VALID_FROM}"), strict=True))

    async def _read(self, steps: Sequence[AccountStep], select: str) -> Sequence[Answer | ConnectorError]:
        """Read the accounts; what cannot be read is said in its place, a refused token raised."""
        asks = [self._asks.user(step.account.id, select=select) for step in steps]
        try:
            return await self._batches.read(asks)
        except (BadCredentials, Forbidden):
            raise
        except ConnectorError as error:
            return [error] * len(steps)

    async def _write(
        self, steps: Sequence[AccountStep], ask: Callable[[str], RequestInformation]
    ) -> dict[str, Result]:
        said = await self._batches.write([ask(step.account.id) for step in steps])
        pairs = zip(steps, said, strict=True)
        return {step.step_id: await self._result(step.step_id, one) for step, one in pairs}

    async def _result(self, step_id: str, said: Said) -> Result:
        if not isinstance(said, Answer):
            return evidence.not_answered(step_id, "lockout", said)
        if said.ok:
            return evidence.done(step_id, said)
        try:
            return await self._refused(step_id, said)
        except ConnectorError as error:
            # Others of the same call were done, and must be told: nothing is raised any more.
            return evidence.by_meaning(step_id, said, Meaning(Outcome.UNAVAILABLE), str(error))

    async def _all_blocked(self, steps: Sequence[AccountStep]) -> dict[str, Result]:
        found = {step.step_id: await self._blocked(step.step_id, step.account) for step in steps}
        return {step_id: result for step_id, result in found.items() if result is not None}

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


def _activity(step_id: str, found: Answer | ConnectorError) -> Presence:
    if isinstance(found, ConnectorError):
        return evidence.unreadable(step_id, ACCOUNT, found)
    enabled = found.data.get("accountEnabled")
    if not isinstance(enabled, bool):
        return evidence.unreadable(step_id, ACCOUNT, "Graph did not say whether the account is enabled")
    proof = evidence.evidence_of(found, Quality.OBSERVED, ("account", "enabled" if enabled else "disabled"))
    return Presence(step_id, Sight.PRESENT if enabled else Sight.ABSENT, proof)


def _valid_from(step_id: str, found: Answer | ConnectorError) -> str | Presence:
    if isinstance(found, ConnectorError):
        return evidence.unreadable(step_id, ACCOUNT, found)
    said = found.data.get(_VALID_FROM)
    if not isinstance(said, str) or not said:
        return evidence.unreadable(step_id, ACCOUNT, "Graph did not say from when sessions count")
    return said
