"""Finds out what an ambiguous refusal meant: the group, the person or the membership is read again."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

from connectors.chat.teams import evidence
from connectors.chat.teams.asks import Asks
from connectors.chat.teams.batches import Batches
from connectors.chat.teams.client import Answer, GraphClient, Row
from connectors.chat.teams.fresh import IN_TEAMS, ask_for
from connectors.chat.teams.objects import MANAGED_ELSEWHERE, group_of
from connectors.chat.teams.parts import Verdict
from connectors.chat.teams.refusals import MISSING_SCOPE, GraphRefused, Meaning, PageRefused
from connectors.contract import Evidence, Outcome, Quality, Result, Revocation
from connectors.errors import ConnectorError, MissingScope, Unavailable
from policies.model import Refusal

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation

Reading = list[Row] | Answer | ConnectorError


class Doubts:
    """Reads what a 403 or 404 leaves open; a doubt that cannot be settled is said, never guessed."""

    def __init__(self, client: GraphClient, asks: Asks, batches: Batches) -> None:
        self._client = client
        self._asks = asks
        self._batches = batches

    async def settle(self, verdicts: Sequence[Verdict]) -> dict[str, Result]:
        """Give a result per step id; nothing is written."""
        results = {one.step.step_id: one.result for one in verdicts}
        for one in verdicts:
            if one.answer is None or one.meaning is None:
                continue
            try:
                results[one.step.step_id] = await self._meant(one, one.answer, one.meaning)
            except ConnectorError as error:
                # Others of the same call were done, and must be told: nothing is raised any more.
                results[one.step.step_id] = self._unclear(one.step, one.answer, error)
        return results

    async def _meant(self, verdict: Verdict, said: Answer, meaning: Meaning) -> Result:
        step_id = verdict.step.step_id
        if said.status == HTTPStatus.FORBIDDEN and (needed := await self._client.missing(said)):
            return evidence.by_meaning(step_id, said, MISSING_SCOPE, needed)
        return await self._settled(verdict, said) if _open(meaning) else verdict.result

    def unread(self, step: Revocation, trouble: ConnectorError) -> Result:
        """Say what a group that cannot even be read means for a step there; nothing was sent."""
        source = evidence.without_call("revoke", ("sent", "nothing"))
        if isinstance(trouble, GraphRefused) and trouble.status == HTTPStatus.NOT_FOUND:
            return evidence.refusal(step.step_id, Refusal.GROUP_GONE, "group_gone", source, str(trouble))
        if isinstance(trouble, MissingScope):
            return evidence.refusal(
                step.step_id, Refusal.MISSING_SCOPE, "missing_permission", source, str(trouble)
            )
        if isinstance(trouble, Unavailable | PageRefused):
            return evidence.not_answered(step.step_id, "revoke", trouble)
        return evidence.refusal(step.step_id, Refusal.NO_RIGHT, "no_right", source, str(trouble))

    async def _settled(self, verdict: Verdict, said: Answer) -> Result:
        if verdict.step.membership.group.kind in IN_TEAMS:
            return await self._in_teams(verdict, said)
        return await self._in_directory(verdict, said)

    async def _in_teams(self, verdict: Verdict, said: Answer) -> Result:
        """Read the channel or chat once more."""
        step = verdict.step
        if said.status == HTTPStatus.FORBIDDEN:
            return verdict.result
        (rows,) = await self._batches.listings([ask_for(self._asks, step.membership.group)])
        if isinstance(rows, ConnectorError):
            return self.unread(step, rows) if _gone(rows) else self._unclear(step, said, rows)
        return self._by_listing(step, said, any(row.get("userId") == step.account_id for row in rows))

    async def _in_directory(self, verdict: Verdict, said: Answer) -> Result:
        """Read the group, the person, and what the person is in."""
        step = verdict.step
        group_id, account_id = step.membership.group.id, step.account_id
        asks: list[RequestInformation] = [
            self._asks.group(group_id),
            self._asks.user(account_id, select="id"),
            self._asks.member_of_ids(account_id),
        ]
        group, user, direct = await self._batches.read(asks)
        if isinstance(group, ConnectorError):
            return self.unread(step, group) if _gone(group) else self._unclear(step, said, group)
        kept = group_of(self._client.config.instance, group.data).managed_elsewhere
        if kept is not None:
            return evidence.refusal(step.step_id, MANAGED_ELSEWHERE[kept], kept, _proof(said), _said(said))
        if said.status == HTTPStatus.FORBIDDEN:
            return verdict.result
        if isinstance(user, ConnectorError):
            return self._unknown_user(step, said, user)
        if isinstance(direct, ConnectorError):
            return self._unclear(step, said, direct)
        ids = {row.get("id") async for page, _ in self._client.pages_from(direct) for row in page}
        return self._by_listing(step, said, group_id in ids)

    def _unknown_user(self, step: Revocation, said: Answer, error: ConnectorError) -> Result:
        if _gone(error):
            return evidence.refusal(
                step.step_id, Refusal.ACCOUNT_UNKNOWN, "account_unknown", _proof(said), _said(said)
            )
        return self._unclear(step, said, error)

    def _by_listing(self, step: Revocation, said: Answer, listed: bool) -> Result:
        if listed:
            detail = f"{_said(said)}, yet lists the person as a member"
            return Result(step.step_id, Outcome.UNKNOWN, _proof(said), detail=detail)
        proof = evidence.evidence_of(said, Quality.OBSERVED, ("listed", "no"), ("group", "exists"))
        return Result(
            step.step_id, Outcome.SAID_ABSENT, proof, detail="the group is there, without the person"
        )

    def _unclear(self, step: Revocation, said: Answer, error: Exception) -> Result:
        """The write surely did nothing, but whether the person is in the group could not be read."""
        retry_after = error.retry_after if isinstance(error, Unavailable) else None
        detail = f"{_said(said)}; reading the group failed: {error}"
        return Result(step.step_id, Outcome.UNAVAILABLE, _proof(said), retry_after=retry_after, detail=detail)


def _open(meaning: Meaning) -> bool:
    return meaning.doubtful or meaning.refusal is Refusal.NO_RIGHT


def _gone(error: ConnectorError) -> bool:
    return isinstance(error, GraphRefused) and error.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


def _proof(said: Answer) -> Evidence:
    return evidence.evidence_of(said, Quality.ACKNOWLEDGED)


def _said(said: Answer) -> str:
    return f"Graph said {said.status} {said.code}"
