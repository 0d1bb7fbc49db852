"""Takes accounts out of groups and channels: looks first, demotes where it may, then removes."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from functools import partial

from telegram import ChatMember

from connectors.chat.telegram import evidence
from connectors.chat.telegram.client import Answer, TelegramClient
from connectors.chat.telegram.evidence import Fact
from connectors.chat.telegram.objects import Standing, barred, is_basic, standing_of
from connectors.chat.telegram.reading import MEMBER, Reading, others_in_charge
from connectors.chat.telegram.rights import NO_RIGHTS, may_demote, promotion
from connectors.contract import Outcome, Quality, Result, Revocation
from connectors.errors import ConnectorError, Unavailable
from connectors.sights import Sights
from connectors.together import Job, together
from connectors.wire import AnswerLost
from policies.model import Manner, Refusal

BAN = "banChatMember"
UNBAN = "unbanChatMember"
PROMOTE = "promoteChatMember"
ABREAST = 30
"""How many acts are under way at once; how fast they leave is the pace's business."""


class Removal:
    """Each membership on what Telegram says now; never repeats a write whose answer was lost."""

    def __init__(self, client: TelegramClient, reading: Reading, sights: Sights) -> None:
        self._client = client
        self._reading = reading
        self._sights = sights
        self._admins: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        """By group: of two admins who leave together, the second is judged when the first has gone."""

    async def together(self, steps: Sequence[Revocation]) -> dict[str, Result]:
        """End memberships side by side; raises ConnectorError only where nothing was sent."""
        jobs = [Job((step.step_id,), partial(self._alone, step)) for step in steps]
        return await together([[job] for job in jobs], ABREAST)

    async def _alone(self, step: Revocation) -> list[Result]:
        return [await self.revoke(step)]

    async def revoke(self, step: Revocation) -> Result:
        """End one membership; raises BadCredentials and Forbidden, and only where nothing was sent."""
        try:
            return await self._revoke(step)
        except (AnswerLost, Unavailable) as error:
            return evidence.not_answered(step.step_id, BAN, error)

    async def _revoke(self, step: Revocation) -> Result:
        if (was := self._seen_as(step)) is not None:
            return await self._remove(step, ("was", was), ("seen", "when planned"))
        seen = await self._reading.member(step.membership.group.id, step.account_id)
        if seen.value is None:
            return evidence.result_of_error(step.step_id, seen)
        match standing_of(seen.value):
            case Standing.CREATOR:
                return _refused(step, seen, Refusal.CREATOR, "creator")
            case Standing.UNCLEAR:
                return _refused(step, seen, Refusal.UNEXPECTED, "unexpected")
            case _ if seen.value.user.is_bot:
                return _refused(step, seen, Refusal.AMBIGUOUS, "bot_account")
            case Standing.LEFT | Standing.BARRED:
                return await self._gone_already(step, seen, seen.value)
            case Standing.ADMIN:
                async with self._admins[step.membership.group.id]:
                    return await self._admin(step, seen, seen.value)
            case _:
                return await self._remove(step, ("was", str(seen.value.status)))

    def _seen_as(self, step: Revocation) -> str | None:
        """Give the plain status of a moment ago, where a bar may rest on it.

        A bar that is asked for is set whether they are still inside or not, and who is above the bot is
        refused; a kick would lift a bar that somebody set meanwhile, so it never rests on it.
        """
        if step.manner is not Manner.BAR:
            return None
        return self._sights.take(step.membership.group.id, step.account_id)

    async def _gone_already(self, step: Revocation, seen: Answer[ChatMember], member: ChatMember) -> Result:
        """Nobody to remove; where a bar is asked for, it is set all the same, so that no link leads back.

        One that ends by itself is made anew, without end.
        """
        bar = barred(member)
        facts = [("was", str(member.status))]
        if bar != "yes" and step.manner is Manner.BAR and not is_basic(step.membership.group):
            answer = await self._ban(step)
            bar = "yes" if answer.value is True else bar
            facts += [("error", answer.error)] if answer.error else []
        proof = evidence.evidence_of(seen.exchange, Quality.OBSERVED, *facts, ("barred", bar))
        detail = "Telegram says that the person is not in the group"
        return Result(step.step_id, Outcome.SAID_ABSENT, proof, detail=detail)

    async def _admin(self, step: Revocation, seen: Answer[ChatMember], member: ChatMember) -> Result:
        """Demote, then remove; never the last human admin, never one above the bot."""
        group_id = step.membership.group.id
        admins = await self._reading.administrators(group_id)
        if admins.value is None:
            return evidence.result_of_error(step.step_id, admins)
        if not others_in_charge(admins.value, step.account_id):
            return _refused(step, seen, Refusal.LAST_OWNER, "last_admin")
        if not may_demote(member, step.membership.group):
            return _refused(step, seen, Refusal.UNMANAGEABLE_ADMIN, "unmanageable_admin")
        demoted = await self._client.ask(
            PROMOTE,
            promotion(self._client.bot, group_id, step.account_id, NO_RIGHTS),
        )
        if demoted.value is not True:
            return evidence.result_of_error(step.step_id, demoted)
        facts = (("was", str(member.status)), ("demoted", "yes"))
        try:
            return await self._remove(step, *facts)
        except (AnswerLost, ConnectorError) as error:
            # Something was done: an exception would say that nothing was.
            return evidence.not_answered(step.step_id, BAN, error, *facts)

    async def _remove(self, step: Revocation, *facts: Fact) -> Result:
        """Bar, or kick: unbanning a member throws them out of a supergroup and lets them join again."""
        bars = step.manner is Manner.BAR and not is_basic(step.membership.group)
        answer = await (self._ban(step) if bars or is_basic(step.membership.group) else self._unban(step))
        said = (*facts, ("barred", "yes" if bars else "no"))
        if answer.value is not True:
            return evidence.result_of_error(step.step_id, answer, *facts)
        return Result(
            step.step_id, Outcome.REVOKED, evidence.evidence_of(answer.exchange, Quality.ACKNOWLEDGED, *said)
        )

    async def _ban(self, step: Revocation) -> Answer[bool]:
        """For ever, and without deleting a message; in a basic group this removes and bars nobody."""
        chat_id, user_id = int(step.membership.group.id), int(step.account_id)
        return await self._client.ask(
            BAN, self._client.bot.ban_chat_member(chat_id, user_id, revoke_messages=False)
        )

    async def _unban(self, step: Revocation) -> Answer[bool]:
        chat_id, user_id = int(step.membership.group.id), int(step.account_id)
        return await self._client.ask(
            UNBAN, self._client.bot.unban_chat_member(chat_id, user_id, only_if_banned=False)
        )


def _refused(step: Revocation, seen: Answer[ChatMember], why: Refusal, remedy: str) -> Result:
    status = str(seen.value.status) if seen.value is not None else ""
    proof = evidence.evidence_of(seen.exchange, Quality.OBSERVED, ("status_in_group", status))
    return evidence.refusal(step.step_id, why, remedy, proof, detail=f"{MEMBER}: {status}")
