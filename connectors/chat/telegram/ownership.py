"""Makes a successor admin of a group before its last human admin goes."""

from __future__ import annotations

from telegram import ChatMember

from connectors.chat.telegram import evidence
from connectors.chat.telegram.client import Answer, TelegramClient
from connectors.chat.telegram.objects import Standing, is_group_id, is_user_id, standing_of
from connectors.chat.telegram.reading import ADMINISTRATORS, Reading
from connectors.chat.telegram.rights import PROMOTE as MAY_PROMOTE
from connectors.chat.telegram.rights import promotion, rights_of
from connectors.contract import Outcome, Presence, Promotion, Quality, Result, Sight
from connectors.errors import BadCredentials, ConnectorError, Forbidden, Unavailable
from connectors.wire import AnswerLost
from policies.model import Refusal

PROMOTE = "promoteChatMember"
_IN_CHARGE = frozenset({Standing.CREATOR, Standing.ADMIN})


class Ownership:
    """A bot can make admins, with the rights it has itself; nobody but a creator can make a creator."""

    def __init__(self, instance: str, client: TelegramClient, reading: Reading) -> None:
        self._instance = instance
        self._client = client
        self._reading = reading

    async def promote(self, step: Promotion) -> Result:
        """Make the successor an admin; what it raises means that nothing was sent."""
        try:
            return await self._blocked(step) or await self._promote(step)
        except (AnswerLost, Unavailable) as error:
            return evidence.not_answered(step.step_id, PROMOTE, error)

    async def sole_ownership(self, step: Promotion) -> Presence:
        """Give `absent` where the successor is seen among the admins; the group no longer hangs on one."""
        if not is_group_id(step.group.id):
            return evidence.unreadable(step.step_id, "local", "not the numeric id of a group")
        try:
            admins = await self._reading.administrators(step.group.id)
            if admins.moved_to is not None:
                admins = await self._reading.administrators(admins.moved_to)
        except (BadCredentials, Forbidden):
            raise
        except ConnectorError as error:
            return evidence.unreadable(step.step_id, ADMINISTRATORS, str(error))
        if admins.value is None:
            return evidence.unreadable(step.step_id, ADMINISTRATORS, admins.error)
        made = any(
            str(admin.user.id) == step.account.id and standing_of(admin) in _IN_CHARGE
            for admin in admins.value
        )
        facts = (("successor_admin", "yes" if made else "no"), ("admins", str(len(admins.value))))
        proof = evidence.evidence_of(admins.exchange, Quality.OBSERVED, *facts)
        return Presence(step.step_id, Sight.ABSENT if made else Sight.PRESENT, proof)

    async def _blocked(self, step: Promotion) -> Result | None:
        own = str((await self._reading.me()).id)
        elsewhere = {step.account.instance, step.group.instance} != {self._instance}
        reasons = (
            (elsewhere, Refusal.NOT_MANAGED, "other_instance"),
            (step.account.id == step.leaver_id, Refusal.AMBIGUOUS, "wrong_person"),
            (step.account.id == own, Refusal.BOT_ITSELF, "bot_itself"),
            (not is_user_id(step.account.id), Refusal.ACCOUNT_UNKNOWN, "not_a_user_id"),
            (not is_group_id(step.group.id), Refusal.GROUP_GONE, "not_a_group_id"),
        )
        for wrong, why, remedy in reasons:
            if wrong:
                return evidence.local_refusal(step.step_id, why, remedy)
        return None

    async def _promote(self, step: Promotion) -> Result:
        seen = await self._reading.member(step.group.id, step.account.id)
        if seen.value is None:
            return evidence.result_of_error(step.step_id, seen)
        standing = standing_of(seen.value)
        if standing in _IN_CHARGE:
            proof = evidence.evidence_of(seen.exchange, Quality.OBSERVED, ("was", str(seen.value.status)))
            return Result(
                step.step_id, Outcome.SAID_ABSENT, proof, detail="the successor is an admin already"
            )
        if seen.value.user.is_bot:
            return _refused(step, seen, Refusal.AMBIGUOUS, "bot_account")
        if standing is not Standing.MEMBER:
            return _refused(step, seen, Refusal.LAST_OWNER, "successor_outside")
        return await self._grant(step)

    async def _grant(self, step: Promotion) -> Result:
        """Pass on the rights the bot has here: it cannot give others, and the group needs all of them."""
        own = str((await self._reading.me()).id)
        me = await self._reading.member(step.group.id, own)
        if me.value is None:
            return evidence.result_of_error(step.step_id, me)
        rights = rights_of(me.value)
        if MAY_PROMOTE not in rights:
            return _refused(step, me, Refusal.NO_RIGHT, "no_right")
        answer = await self._client.ask(
            PROMOTE,
            promotion(self._client.bot, step.group.id, step.account.id, dict.fromkeys(rights, True)),
        )
        if answer.value is not True:
            return evidence.result_of_error(step.step_id, answer)
        proof = evidence.evidence_of(answer.exchange, Quality.ACKNOWLEDGED, ("rights", str(len(rights))))
        return Result(step.step_id, Outcome.REVOKED, proof)


def _refused(step: Promotion, seen: Answer[ChatMember], why: Refusal, remedy: str) -> Result:
    status = str(seen.value.status) if seen.value is not None else ""
    proof = evidence.evidence_of(seen.exchange, Quality.OBSERVED, ("status_in_group", status))
    return evidence.refusal(step.step_id, why, remedy, proof, detail=f"{seen.method}: {status}")
