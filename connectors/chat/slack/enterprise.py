"""What only an Enterprise admin token can do to channels: remove somebody where the bot is not."""

from __future__ import annotations

from typing import Any

from connectors.chat.slack import evidence
from connectors.chat.slack.answers import NOT_THERE
from connectors.chat.slack.client import Answer, SlackClient
from connectors.chat.slack.identity import Identity
from connectors.contract import Outcome, Quality, Result, Revocation

ADMIN_KICK = "admin.conversations.kick"
_ALL_FAILED = "failed_for_all_users"


class Enterprise:
    """`admin.conversations.kick`, whose answer lists each person as removed or failed."""

    def __init__(self, client: SlackClient, identity: Identity) -> None:
        self._client = client
        self._identity = identity
        self._refused_here = False

    async def kick(self, step: Revocation) -> Result | None:
        """Remove one account by the admin token; None where there is none, or the plan lacks the method."""
        admin = await self._identity.admin()
        if admin is None or not admin.may("admin.conversations:write") or self._refused_here:
            return None
        answer = await self._client.call(
            ADMIN_KICK, channel_id=step.membership.group.id, user_ids=step.account_id
        )
        if answer.error in NOT_THERE:
            self._refused_here = True
            return None
        return _of_one(step, answer)


def _of_one(step: Revocation, answer: Answer) -> Result:
    """Find this person's part of the answer; an answer that names them nowhere is no success."""
    if not answer.ok and answer.error != _ALL_FAILED:
        return evidence.result_of(step.step_id, answer)
    if step.account_id in _removed(answer):
        return evidence.result_of(step.step_id, answer)
    error = _failures(answer).get(step.account_id)
    if error is not None:
        return evidence.result_of_error(step.step_id, error, answer)
    proof = evidence.evidence_of(
        answer.exchange, Quality.ACKNOWLEDGED, ("listed", "neither removed nor failed")
    )
    return Result(step.step_id, Outcome.UNKNOWN, proof, detail="the answer names the person nowhere")


def _removed(answer: Answer) -> list[str]:
    removed: Any = answer.data.get("removed_user_ids")
    return [str(user) for user in removed] if answer.ok and isinstance(removed, list) else []


def _failures(answer: Answer) -> dict[str, str]:
    failed: Any = answer.data.get("failed_user_ids")
    if not isinstance(failed, list):
        return {}
    return {
        str(row.get("user_id")): str(row.get("error", "unknown_error"))
        for row in failed
        if isinstance(row, dict)
    }
