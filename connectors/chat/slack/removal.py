"""Takes one account out of one channel, and finds out what an ambiguous refusal meant."""

from __future__ import annotations

from connectors.chat.slack import evidence
from connectors.chat.slack.answers import AMBIGUOUS_ABSENCE, AMBIGUOUS_CHANNEL
from connectors.chat.slack.client import Answer, SlackClient, SlackRefused
from connectors.chat.slack.config import SlackConfig
from connectors.chat.slack.enterprise import Enterprise
from connectors.chat.slack.listing import Listing
from connectors.contract import Outcome, Quality, Result, Revocation
from connectors.errors import MissingScope, Unavailable
from connectors.wire import AnswerLost, NotSent, RateLimited
from policies.model import GroupKind, Refusal

KICK = "conversations.kick"
_PRIVATE = frozenset({GroupKind.PRIVATE_CHANNEL, GroupKind.SHARED_CHANNEL})


class ChannelRemoval:
    """`conversations.kick`, and what stands behind its answers."""

    def __init__(
        self, config: SlackConfig, client: SlackClient, listing: Listing, enterprise: Enterprise
    ) -> None:
        self._config = config
        self._client = client
        self._listing = listing
        self._enterprise = enterprise

    async def revoke(self, step: Revocation) -> Result:
        """Kick once, and once more only after having joined; never repeats a write whose answer was lost."""
        group = step.membership.group
        if group.kind is GroupKind.GROUP_CHAT:
            source = evidence.without_call("local", ("kind", group.kind.value))
            return evidence.refusal(step.step_id, Refusal.FIXED_MEMBERSHIP, "fixed_membership", source)
        try:
            answer = await self._kick(step)
            if answer.error in AMBIGUOUS_ABSENCE | AMBIGUOUS_CHANNEL:
                return await self._disambiguate(step, answer)
        except (AnswerLost, RateLimited, NotSent) as error:
            return evidence.not_answered(step.step_id, KICK, error)
        return evidence.result_of(step.step_id, answer)

    async def _kick(self, step: Revocation) -> Answer:
        return await self._client.call(KICK, channel=step.membership.group.id, user=step.account_id)

    async def _disambiguate(self, step: Revocation, said: Answer) -> Result:
        """Ask whether the bot is in the channel, then whether the person is."""
        try:
            seen = await self._client.read("conversations.info", channel=step.membership.group.id)
        except SlackRefused as refused:
            return await self._unseen_channel(step, said, refused.error)
        except (MissingScope, Unavailable) as error:
            return self._unclear(step, said, error)
        if not seen.data["channel"].get("is_member", False):
            return await self._bot_outside(step, said, private=bool(seen.data["channel"].get("is_private")))
        return await self._person_outside(step, said)

    async def _person_outside(self, step: Revocation, said: Answer) -> Result:
        try:
            present = step.account_id in await self._listing.channel_members(step.membership.group.id)
        except (MissingScope, SlackRefused, Unavailable) as error:
            return self._unclear(step, said, error)
        if present:
            detail = f"Slack said {said.error}, yet lists the person as a member"
            proof = evidence.evidence_of(said.exchange, Quality.OBSERVED, ("error", said.error))
            return Result(step.step_id, Outcome.UNKNOWN, proof, detail=detail)
        proof = evidence.evidence_of(
            said.exchange,
            Quality.OBSERVED,
            ("error", said.error),
            ("listed", "no"),
            ("bot_in_channel", "yes"),
        )
        return Result(
            step.step_id, Outcome.SAID_ABSENT, proof, detail="the bot is in the channel, the person is not"
        )

    async def _unseen_channel(self, step: Revocation, said: Answer, error: str) -> Result:
        """The bot cannot see it: a private one may well exist, a public one is gone."""
        if step.membership.group.kind in _PRIVATE:
            return await self._bot_outside(step, said, private=True)
        proof = evidence.evidence_of(
            said.exchange, Quality.ACKNOWLEDGED, ("error", said.error), ("info", error)
        )
        return evidence.refusal(
            step.step_id, Refusal.GROUP_GONE, "channel_gone", proof, detail=f"error: {error}"
        )

    async def _bot_outside(self, step: Revocation, said: Answer, *, private: bool) -> Result:
        """Act as an Enterprise admin where that is allowed, else join where policy says so, else refuse."""
        as_admin = await self._enterprise.kick(step)
        if as_admin is not None:
            return as_admin
        if (step.may_join or self._config.may_join_public) and not private:
            joined = await self._client.call("conversations.join", channel=step.membership.group.id)
            if not joined.ok:
                return evidence.result_of(step.step_id, joined)
            again = await self._kick(step)
            if again.error in AMBIGUOUS_ABSENCE:
                return await self._person_outside(step, again)
            return evidence.result_of(step.step_id, again)
        proof = evidence.evidence_of(
            said.exchange, Quality.ACKNOWLEDGED, ("error", said.error), ("bot_in_channel", "no")
        )
        detail = f"Slack said {said.error}: the bot is not in the channel"
        return evidence.refusal(step.step_id, Refusal.BOT_NOT_IN_GROUP, "bot_not_in_channel", proof, detail)

    def _unclear(self, step: Revocation, said: Answer, error: Exception) -> Result:
        """The kick surely did nothing, but whether the person is in the channel could not be read."""
        proof = evidence.evidence_of(said.exchange, Quality.ACKNOWLEDGED, ("error", said.error))
        retry_after = error.retry_after if isinstance(error, Unavailable) else None
        detail = f"Slack said {said.error}; reading the channel failed: {error}"
        return Result(step.step_id, Outcome.UNAVAILABLE, proof, retry_after=retry_after, detail=detail)
