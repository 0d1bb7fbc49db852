"""Finds what an account is in: one question per group Bawab remembers, and a gap where none was answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

from telegram import ChatMember

from connectors.chat.telegram import gaps
from connectors.chat.telegram.answers import NOT_A_PARTICIPANT
from connectors.chat.telegram.objects import PRESENT, Standing, is_group_id, is_user_id, standing_of
from connectors.chat.telegram.reading import ADMINISTRATORS, MEMBER, Reading, others_in_charge
from connectors.chat.telegram.removal import ABREAST
from connectors.chat.telegram.rights import may_demote
from connectors.contract import KnownGroups
from connectors.sights import Sights
from connectors.together import abreast
from policies.model import Account, Gap, Group, GroupKind, Membership, Refusal, Role


class Listing:
    """`getChatMember` in every known group; complete over them, or a gap, or it raises."""

    def __init__(self, instance: str, reading: Reading, sights: Sights) -> None:
        self._instance = instance
        self._reading = reading
        self._sights = sights

    async def memberships(self, account: Account, known: KnownGroups) -> AsyncIterator[Membership | Gap]:
        """Yield all the account is in, the gaps among them, and the standing gap last."""
        if not is_user_id(account.id):
            yield gaps.no_user_id(self._instance)
            return
        groups = {group.id: group for group in known.groups if group.instance == self._instance}
        asked: set[str] = set()
        self._sights.tidy()
        reads = [partial(self._in, account, group, asked) for group in groups.values()]
        for seen in await abreast(reads, ABREAST):
            for found in seen:
                yield found
        yield gaps.learnt_only(self._instance)

    async def _in(self, account: Account, group: Group, asked: set[str]) -> list[Membership | Gap]:
        return [found async for found in self._in_group(account, group, asked)]

    async def _in_group(
        self, account: Account, group: Group, asked: set[str]
    ) -> AsyncIterator[Membership | Gap]:
        if group.id in asked:
            return
        asked.add(group.id)
        if not is_group_id(group.id):
            yield gaps.of_refusal(self._instance, group.id, MEMBER, "chat not found")
            return
        answer = await self._reading.member(group.id, account.id)
        if answer.moved_to is not None:
            yield gaps.moved(self._instance, group.id, answer.moved_to)
            followed = replace(group, id=answer.moved_to, kind=GroupKind.SUPERGROUP)
            async for found in self._in_group(account, followed, asked):
                yield found
        elif answer.value is not None:
            async for found in self._judged(account, group, answer.value):
                yield found
        elif answer.error != NOT_A_PARTICIPANT:
            yield gaps.of_refusal(self._instance, group.id, MEMBER, answer.error)

    async def _judged(
        self, account: Account, group: Group, member: ChatMember
    ) -> AsyncIterator[Membership | Gap]:
        standing = standing_of(member)
        if standing is Standing.UNCLEAR:
            yield gaps.of_refusal(self._instance, group.id, MEMBER, f"unknown status {member.status}")
        elif standing is Standing.CREATOR:
            yield Membership(account, group, Role.OWNER, refusal=Refusal.CREATOR)
        elif standing is Standing.ADMIN:
            async for found in self._admin(account, group, member):
                yield found
        elif standing in PRESENT:
            if not member.user.is_bot:
                self._sights.saw(group.id, account.id, str(member.status))
            yield Membership(account, group)

    async def _admin(
        self, account: Account, group: Group, member: ChatMember
    ) -> AsyncIterator[Membership | Gap]:
        """Say whether the bot may demote the admin, and whether anybody is left in charge without them."""
        refusal = None if may_demote(member, group) else Refusal.UNMANAGEABLE_ADMIN
        admins = await self._reading.administrators(group.id)
        if admins.value is None:
            yield gaps.of_refusal(self._instance, group.id, ADMINISTRATORS, admins.error)
        sole = admins.value is not None and not others_in_charge(admins.value, account.id)
        yield Membership(account, group, Role.ADMIN, sole_owner=sole, refusal=refusal)
