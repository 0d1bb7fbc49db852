"""Takes accounts out of a user group, whose members Slack only lets us replace as a whole list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

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
    """Reads right before it writes, takes out those meant, and checks afterwards that nobody else went."""

    def __init__(
        self, config: SlackConfig, client: SlackClient, listing: Listing, directory: Directory
    ) -> None:
        self._config = config
        self._client = client
        self._listing = listing
        self._directory = directory

    async def revoke(self, steps: Sequence[Revocation]) -> list[Result]:
        """Subtract accounts from the list of their one user group as it is now, in one write.

        Raises ConnectorError only where nothing was sent.
        """
        group = steps[0].membership.group
        if group.managed_elsewhere:
            source = evidence.without_call("local", ("kept_by", group.managed_elsewhere))
            return [_refused(step, Refusal.SYNCED, "synced_user_group", source) for step in steps]
        try:
            before = await self._listing.user_group_members(group.id)
        except ConnectorError as error:
            return [_unread(step, error) for step in steps]
        results = {step.step_id: _absent(step, before) for step in steps if step.account_id not in before}
        leaving = [step for step in steps if step.step_id not in results]
        going = {step.account_id for step in leaving}
        remaining = [user for user in before if user not in going]
        if leaving and not remaining:
            # Slack keeps no empty user group: whoever was asked for last stays, and is said so.
            stays = leaving[-1].account_id
            proof = _read_evidence(("members", str(len(before))))
            last = [step for step in leaving if step.account_id == stays]
            results |= {one.step_id: _refused(one, Refusal.LAST_MEMBER, "last_member", proof) for one in last}
            leaving = [step for step in leaving if step.account_id != stays]
            remaining = [stays]
        if leaving:
            results |= await self._write(group.id, leaving, remaining)
        return [results[step.step_id] for step in steps]

    async def _write(
        self, group_id: str, steps: Sequence[Revocation], remaining: list[str]
    ) -> dict[str, Result]:
        # Before and after: a listing read meanwhile may hold either list.
        self._listing.forget_user_groups()
        try:
            answer = await self._client.call(
                UPDATE, usergroup=group_id, users=",".join(remaining), team_id=self._config.team_id
            )
        except (AnswerLost, RateLimited, NotSent) as error:
            return {step.step_id: evidence.not_answered(step.step_id, UPDATE, error) for step in steps}
        finally:
            self._listing.forget_user_groups()
        if answer.ok:
            return await self._compared(group_id, steps, answer, remaining)
        results = {step.step_id: evidence.result_of(step.step_id, answer) for step in steps}
        if answer.error in {"invalid_users", "failed_for_some_users"}:
            return await self._naming_deactivated(results, remaining)
        return results

    async def _compared(
        self, group_id: str, steps: Sequence[Revocation], answer: Answer, expected: list[str]
    ) -> dict[str, Result]:
        """Compare the list after the write with the one meant; a difference is said, never repaired here."""
        try:
            after = set(await self._listing.user_group_members(group_id))
        except ConnectorError as error:
            proof = evidence.evidence_of(answer.exchange, Quality.ACKNOWLEDGED, ("others", "not compared"))
            return _revoked(steps, proof, f"the others could not be compared: {error}")
        lost = sorted(set(expected) - after)
        joined = sorted(after - set(expected) - {step.account_id for step in steps})
        facts = [("members", str(len(after))), ("others_lost", str(len(lost)))]
        facts += [("lost", user) for user in lost] + [("joined", user) for user in joined]
        proof = evidence.evidence_of(answer.exchange, Quality.ACKNOWLEDGED, *facts)
        return _revoked(steps, proof, _difference(lost, joined))

    async def _naming_deactivated(
        self, results: dict[str, Result], remaining: list[str]
    ) -> dict[str, Result]:
        """Name the deactivated members for whose sake Slack refuses the whole list."""
        gone = []
        try:
            for user in remaining[:_MOST_LOOKUPS]:
                account = await self._directory.account(user)
                if account is None or not account.active:
                    gone.append(user)
        except ConnectorError:
            return results
        named = f"; deactivated or unknown members: {', '.join(gone)}" if gone else ""
        return {id_: replace(result, detail=result.detail + named) for id_, result in results.items()}


def _refused(step: Revocation, why: Refusal, remedy: str, proof: Evidence) -> Result:
    return evidence.refusal(step.step_id, why, remedy, proof)


def _absent(step: Revocation, members: Sequence[str]) -> Result:
    proof = _read_evidence(("listed", "no"), ("members", str(len(members))))
    detail = "the user group does not list the person"
    return Result(step.step_id, Outcome.SAID_ABSENT, proof, detail=detail)


def _revoked(steps: Sequence[Revocation], proof: Evidence, detail: str) -> dict[str, Result]:
    return {step.step_id: Result(step.step_id, Outcome.REVOKED, proof, detail=detail) for step in steps}


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
