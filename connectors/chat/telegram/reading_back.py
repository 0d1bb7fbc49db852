"""Reads memberships again after a removal: one call per membership is the fewest Telegram offers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from telegram import ChatMember

from connectors.chat.telegram import evidence
from connectors.chat.telegram.answers import NOT_A_PARTICIPANT
from connectors.chat.telegram.client import Answer
from connectors.chat.telegram.evidence import Fact
from connectors.chat.telegram.objects import Standing, barred, is_group_id, is_user_id, standing_of
from connectors.chat.telegram.reading import MEMBER, Reading
from connectors.chat.telegram.removal import ABREAST
from connectors.contract import Presence, Quality, Revocation, Sight
from connectors.errors import BadCredentials, ConnectorError, Forbidden
from connectors.together import abreast

_GONE = frozenset({Standing.LEFT, Standing.BARRED})


class ReadingBack:
    """`absent` only where Telegram says of this very account that it left or is barred."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def read(self, steps: Sequence[Revocation]) -> list[Presence]:
        """Give one presence per step, in order; raises BadCredentials and Forbidden, else unreadable."""
        return await abreast([partial(self._one, step) for step in steps], ABREAST)

    async def _one(self, step: Revocation) -> Presence:
        group_id = step.membership.group.id
        if not (is_group_id(group_id) and is_user_id(step.account_id)):
            return evidence.unreadable(step.step_id, "local", "not the numeric ids of a group and an account")
        try:
            answer = await self._reading.member(group_id, step.account_id)
            if answer.moved_to is None:
                return _judged(step, answer)
            moved = ("moved_to", answer.moved_to)
            return _judged(step, await self._reading.member(answer.moved_to, step.account_id), moved)
        except (BadCredentials, Forbidden):
            raise
        except ConnectorError as error:
            return evidence.unreadable(step.step_id, MEMBER, str(error))


def _judged(step: Revocation, answer: Answer[ChatMember], *facts: Fact) -> Presence:
    if answer.value is None:
        if answer.error == NOT_A_PARTICIPANT:
            said = (("error", answer.error), ("barred", "no"), *facts)
            proof = evidence.evidence_of(answer.exchange, Quality.OBSERVED, *said)
            return Presence(step.step_id, Sight.ABSENT, proof)
        return evidence.unreadable(step.step_id, MEMBER, f"{MEMBER}: {answer.error}")
    standing = standing_of(answer.value)
    if standing is Standing.UNCLEAR:
        return evidence.unreadable(step.step_id, MEMBER, f"an unknown status: {answer.value.status}")
    said = (("status_in_group", str(answer.value.status)), ("barred", barred(answer.value)), *facts)
    proof = evidence.evidence_of(answer.exchange, Quality.OBSERVED, *said)
    return Presence(step.step_id, Sight.ABSENT if standing in _GONE else Sight.PRESENT, proof)
