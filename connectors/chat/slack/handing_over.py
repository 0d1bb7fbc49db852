"""Makes a successor manager of a channel, and lets a manager step down before they are taken out."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from connectors.chat.slack import evidence
from connectors.chat.slack.channel_managers import ADD, LIST, READ_SCOPE, REMOVE, WRITE_SCOPE, ChannelManagers
from connectors.chat.slack.client import Answer, SlackClient, SlackRefused
from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.directory import Directory
from connectors.chat.slack.identity import Identity
from connectors.chat.slack.listing import Listing
from connectors.chat.slack.remedies import remedy_text
from connectors.contract import Outcome, Presence, Promotion, Result, Revocation, Sight
from connectors.errors import BadCredentials, ConnectorError, Forbidden, MissingScope, Unavailable
from connectors.wire import AnswerLost, NotSent, RateLimited
from policies.model import GroupKind, Refusal

INVITE = "conversations.invite"
_MANAGED = frozenset({GroupKind.PUBLIC_CHANNEL, GroupKind.PRIVATE_CHANNEL, GroupKind.SHARED_CHANNEL})
_OUTSIDE = frozenset({"channel_not_found", "fetch_members_failed", "not_in_channel"})
# Of several people or channels; here there is one of each, so the role was simply refused.
_PARTLY = frozenset(
    {"failed_for_some_entities", "failed_for_some_users", "failed_for_some_users_and_entities"}
)


@dataclass(frozen=True, slots=True)
class SteppedDown:
    """What came before a removal: a result that stands in its place, or a note that goes along with it."""

    instead: Result | None = None
    note: tuple[str, str] | None = None

    async def then(self, step: Revocation, revoke: Callable[[Revocation], Awaitable[Result]]) -> Result:
        """Remove, and put the note into the removal's own result.

        Once a role was taken, a refused token is no exception any more: that would say that nothing was sent.
        """
        try:
            result = await revoke(step)
        except BadCredentials as error:
            if self.note is None:
                raise
            proof = evidence.without_call("conversations.kick", ("sent", "refused"))
            result = Result(step.step_id, Outcome.UNAVAILABLE, proof, detail=str(error))
        return result if self.note is None else _noted(result, self.note)


class HandingOver:
    """`admin.roles.addAssignments` and `removeAssignments`, each read back by `listAssignments`."""

    def __init__(
        self,
        config: SlackConfig,
        client: SlackClient,
        identity: Identity,
        listing: Listing,
        directory: Directory,
        managers: ChannelManagers,
    ) -> None:
        self._config = config
        self._client = client
        self._identity = identity
        self._listing = listing
        self._directory = directory
        self._managers = managers

    async def promote(self, step: Promotion) -> Result:
        """Let the successor in where they are not, then make them manager; safe to repeat."""
        if (blocked := await self._blocked(step)) is not None:
            return blocked
        try:
            return await self._promote(step)
        except (AnswerLost, RateLimited, NotSent) as error:
            return evidence.not_answered(step.step_id, ADD, error)
        except (SlackRefused, MissingScope, Unavailable) as error:
            return _unread(step.step_id, error)

    async def _promote(self, step: Promotion) -> Result:
        account = await self._directory.account(step.account.id)
        if account is None or not account.active:
            proof = evidence.observed("users.info", ("account", "closed" if account else "unknown"))
            return evidence.refusal(step.step_id, Refusal.ACCOUNT_UNKNOWN, "other_successor", proof)
        # Before the first write, so that a bad admin token lets nobody in.
        managers = await self._managers.of(step.group.id)
        if (kept_out := await self._let_in(step)) is not None:
            return kept_out
        if step.account.id in managers:
            proof = evidence.observed(LIST, ("manager", "already"))
            return Result(step.step_id, Outcome.REVOKED, proof, detail="is a manager of the channel already")
        answer = await self._managers.add(step.group.id, step.account.id)
        return _of_role(step.step_id, answer)

    async def _let_in(self, step: Promotion) -> Result | None:
        """Invite the successor where they are no member; a result says why they could not be let in."""
        try:
            members = await self._listing.channel_members(step.group.id)
        except SlackRefused as refused:
            if refused.error not in _OUTSIDE:
                raise
            proof = evidence.observed("conversations.members", ("error", refused.error))
            return evidence.refusal(
                step.step_id, Refusal.BOT_NOT_IN_GROUP, "bot_not_in_channel", proof, str(refused)
            )
        if step.account.id in members:
            return None
        answer = await self._client.call(INVITE, channel=step.group.id, users=step.account.id)
        if answer.ok or answer.error == "already_in_channel":
            return None
        if answer.error in _OUTSIDE:
            proof = evidence.observed(INVITE, ("error", answer.error))
            return evidence.refusal(step.step_id, Refusal.BOT_NOT_IN_GROUP, "bot_not_in_channel", proof)
        return evidence.result_of(step.step_id, answer)

    async def sole_ownership(self, step: Promotion) -> Presence:
        """Read the managers again: `absent` where the successor is one of them."""
        try:
            if not await self._managers.may(READ_SCOPE):
                return _unreadable(step.step_id, f"no Enterprise admin token with {READ_SCOPE}")
            managers = await self._managers.of(step.group.id)
        except (BadCredentials, Forbidden):
            raise
        except ConnectorError as error:
            return _unreadable(step.step_id, str(error))
        there = step.account.id in managers
        proof = evidence.observed(
            LIST, ("managers", str(len(managers))), ("successor", "yes" if there else "no")
        )
        return Presence(step.step_id, Sight.ABSENT if there else Sight.PRESENT, proof)

    async def step_down(self, step: Revocation) -> SteppedDown:
        """Take a manager's role away before the membership, and never the last manager's.

        First, because a removal that was read back as done is never looked at again.
        """
        group = step.membership.group
        if group.kind not in _MANAGED or not await self._managers.may(READ_SCOPE):
            return SteppedDown()
        try:
            return await self._step_down(step)
        except AnswerLost as error:
            return SteppedDown(evidence.not_answered(step.step_id, REMOVE, error))
        except (RateLimited, NotSent) as error:
            return SteppedDown(evidence.not_answered(step.step_id, LIST, error))
        except Unavailable as error:
            return SteppedDown(_unread(step.step_id, error))
        except (SlackRefused, MissingScope):
            return SteppedDown()  # the planning said so in a gap; access goes first

    async def _step_down(self, step: Revocation) -> SteppedDown:
        channel = step.membership.group.id
        if step.account_id not in (await self._managers.lately()).get(channel, frozenset()):
            return SteppedDown()
        managers = await self._managers.of(channel)
        if step.account_id not in managers:
            return SteppedDown()
        if await self._managers.nobody_else(step.account_id, managers):
            proof = evidence.observed(LIST, ("managers", str(len(managers))))
            return SteppedDown(evidence.refusal(step.step_id, Refusal.LAST_OWNER, "last_manager", proof))
        if not await self._managers.may(WRITE_SCOPE):
            return SteppedDown(note=("manager_role_kept", f"the admin token lacks {WRITE_SCOPE}"))
        answer = await self._managers.remove(channel, step.account_id)
        if answer.ok:
            return SteppedDown(note=("manager_role", "removed"))
        return SteppedDown(note=("manager_role_kept", answer.error))

    async def _blocked(self, step: Promotion) -> Result | None:
        """Refuse, before anything leaves, what names another workspace, the leaver, or ourselves."""
        source = evidence.without_call("local", ("sent", "nothing"))
        if {step.account.instance, step.group.instance} != {self._config.instance}:
            return evidence.refusal(step.step_id, Refusal.NOT_MANAGED, "other_instance", source)
        if step.account.id == step.leaver_id:
            return evidence.refusal(step.step_id, Refusal.AMBIGUOUS, "wrong_person", source)
        if step.account.id in await self._identity.own_account_ids():
            return evidence.refusal(step.step_id, Refusal.BOT_ITSELF, "bot_itself", source)
        able = await self._managers.may(READ_SCOPE) and await self._managers.may(WRITE_SCOPE)
        if step.group.kind in _MANAGED and able:
            return None
        why = f"{step.group.kind.value}: no Enterprise admin token with {READ_SCOPE} and {WRITE_SCOPE}"
        return Result(
            step.step_id, Outcome.NO_API, source, detail=why, remedy=remedy_text("managers_by_hand")
        )


def _noted(result: Result, note: tuple[str, str]) -> Result:
    proof = dataclasses.replace(result.evidence, facts=(*result.evidence.facts, note))
    said = "; ".join(filter(None, (result.detail, f"{note[0]}: {note[1]}")))
    return dataclasses.replace(result, evidence=proof, detail=said)


def _of_role(step_id: str, answer: Answer) -> Result:
    if answer.error not in _PARTLY:
        return evidence.result_of(step_id, answer)
    proof = evidence.observed(ADD, ("error", answer.error), *_rejections(answer))
    said = ", ".join(f"{name}: {value}" for name, value in proof.facts)
    return evidence.refusal(step_id, Refusal.NO_RIGHT, "other_successor", proof, said)


def _rejections(answer: Answer) -> list[tuple[str, str]]:
    """Give why each person or channel was rejected, as Slack lists it."""
    rows = [
        row
        for key in ("rejected_users", "rejected_entities")
        if isinstance(listed := answer.data.get(key), list)
        for row in listed
        if isinstance(row, dict)
    ]
    return [("rejected", f"{row.get('id')} {row.get('error')}") for row in rows]


def _unread(step_id: str, error: ConnectorError) -> Result:
    """Nothing was written, because what must be known first could not be read."""
    proof = evidence.without_call(LIST, ("sent", "nothing"))
    if isinstance(error, Unavailable):
        return Result(step_id, Outcome.UNAVAILABLE, proof, retry_after=error.retry_after, detail=str(error))
    if isinstance(error, MissingScope):
        return evidence.refusal(step_id, Refusal.MISSING_SCOPE, "missing_scope", proof, str(error))
    return evidence.refusal(step_id, Refusal.NO_RIGHT, "org_admin", proof, str(error))


def _unreadable(step_id: str, why: str) -> Presence:
    return Presence(step_id, Sight.UNREADABLE, evidence.without_call(LIST), why)
