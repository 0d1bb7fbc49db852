"""Takes one account out of a user group, whose members Slack only lets us replace as a whole list."""

from __future__ import annotations

from connectors.chat.slack import evidence
from connectors.chat.slack.client import Answer, SlackClient, SlackRefused
from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.directory import Directory
from connectors.chat.slack.listing import Listing
from connectors.contract import Evidence, Outcome, Quality, Result, Revocation
from connectors.errors import ConnectorError, MissingScope, Unavailable
from connectors.wire import AnswerLost, NotSent, RateLimited
from policies.model import Refusal

UPDATE = "usergroups.users.update"
_READ = "usergroups.users.list"
# Looking for the deactivated member that breaks an update asks for one account each.
_MOST_LOOKUPS = 30


class UserGroupRemoval:
    """Reads right before it writes, takes out exactly one, and checks afterwards that nobody else went."""

    def __init__(
        self, config: SlackConfig, client: SlackClient, listing: Listing, directory: Directory
    ) -> None:
        self._config = config
        self._client = client
        self._listing = listing
        self._directory = directory

    async def revoke(self, step: Revocation) -> Result:
        """Subtract the account from the list as it is now."""
        group = step.membership.group
        if group.managed_elsewhere:
            source = evidence.without_call("local", ("kept_by", group.managed_elsewhere))
            return evidence.refusal(step.step_id, Refusal.SYNCED, "synced_user_group", source)
        try:
            before = await self._listing.user_group_members(group.id)
        except ConnectorError as error:
            return _unread(step, error)
        if step.account_id not in before:
            proof = _read_evidence(("listed", "no"), ("members", str(len(before))))
            return Result(
                step.step_id, Outcome.SAID_ABSENT, proof, detail="the user group does not list the person"
            )
        remaining = [user for user in before if user != step.account_id]
        if not remaining:
            proof = _read_evidence(("members", "1"))
            return evidence.refusal(step.step_id, Refusal.LAST_MEMBER, "last_member", proof)
        return await self._write(step, remaining)

    async def _write(self, step: Revocation, remaining: list[str]) -> Result:
        # Before and after: a listing read meanwhile may hold either list.
        self._listing.forget_user_groups()
        try:
            answer = await self._client.call(
                UPDATE,
                usergroup=step.membership.group.id,
                users=",".join(remaining),
                team_id=self._config.team_id,
            )
        except (AnswerLost, RateLimited, NotSent) as error:
            return evidence.not_answered(step.step_id, UPDATE, error)
        finally:
            self._listing.forget_user_groups()
        if answer.ok:
            return await self._compared(step, answer, remaining)
        result = evidence.result_of(step.step_id, answer)
        if answer.error in {"invalid_users", "failed_for_some_users"}:
            return await self._naming_deactivated(result, remaining)
        return result

    async def _compared(self, step: Revocation, answer: Answer, expected: list[str]) -> Result:
        """Compare the list after the write with the one meant; a difference is said, never repaired here."""
        try:
            after = set(await self._listing.user_group_members(step.membership.group.id))
        except ConnectorError as error:
            proof = evidence.evidence_of(answer.exchange, Quality.ACKNOWLEDGED, ("others", "not compared"))
            return Result(
                step.step_id, Outcome.REVOKED, proof, detail=f"the others could not be compared: {error}"
            )
        lost = sorted(set(expected) - after)
        joined = sorted(after - set(expected) - {step.account_id})
        facts = [("members", str(len(after))), ("others_lost", str(len(lost)))]
        facts += [("lost", user) for user in lost] + [("joined", user) for user in joined]
        proof = evidence.evidence_of(answer.exchange, Quality.ACKNOWLEDGED, *facts)
        return Result(step.step_id, Outcome.REVOKED, proof, detail=_difference(lost, joined))

    async def _naming_deactivated(self, result: Result, remaining: list[str]) -> Result:
        """Name the deactivated members for whose sake Slack refuses the whole list."""
        gone = []
        try:
            for user in remaining[:_MOST_LOOKUPS]:
                account = await self._directory.account(user)
                if account is None or not account.active:
                    gone.append(user)
        except ConnectorError:
            return result
        named = f"; deactivated or unknown members: {', '.join(gone)}" if gone else ""
        return Result(
            result.step_id,
            result.outcome,
            result.evidence,
            refusal=result.refusal,
            detail=result.detail + named,
            remedy=result.remedy,
        )


def _read_evidence(*facts: tuple[str, str]) -> Evidence:
    return evidence.observed(_READ, *facts)


def _difference(lost: list[str], joined: list[str]) -> str:
    parts = []
    if lost:
        parts.append(
            f"somebody else changed the group meanwhile; no longer in it: {', '.join(lost)} (not re-added)"
        )
    if joined:
        parts.append(f"joined meanwhile: {', '.join(joined)}")
    return "; ".join(parts)


def _unread(step: Revocation, error: ConnectorError) -> Result:
    """Nothing was written, because the list could not be read first."""
    proof = evidence.without_call(_READ, ("sent", "nothing"))
    if isinstance(error, MissingScope):
        return evidence.refusal(
            step.step_id, Refusal.MISSING_SCOPE, "missing_scope", proof, detail=str(error)
        )
    if isinstance(error, SlackRefused):
        gone = error.error == "no_such_subteam"
        why = Refusal.GROUP_GONE if gone else Refusal.UNEXPECTED
        remedy = "user_group_gone" if gone else "unexpected"
        return evidence.refusal(step.step_id, why, remedy, proof, detail=str(error))
    if isinstance(error, RateLimited):
        return evidence.not_answered(step.step_id, _READ, error)
    if isinstance(error, Unavailable):
        return Result(
            step.step_id, Outcome.UNAVAILABLE, proof, retry_after=error.retry_after, detail=str(error)
        )
    raise error
