"""Slack connectors with one part replaced by a plausible, wrong one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from connectors.chat.slack import evidence
from connectors.chat.slack.client import Answer, SlackClient
from connectors.chat.slack.connector import SlackConnector
from connectors.chat.slack.removal import ChannelRemoval
from connectors.chat.slack.user_groups import UserGroupRemoval
from connectors.contract import ChatConnector, Result, Revocation
from connectors.wire import AnswerLost, Exchange
from tests.contract.stage import Stage


class FirstPageClient(SlackClient):
    """Stops after page one, the commonest bug of all connectors."""

    async def pages(
        self, method: str, key: str, /, *, admin: bool | None = None, **params: Any
    ) -> AsyncIterator[tuple[list[Any], Exchange]]:
        async for page in super().pages(method, key, admin=admin, **params):
            yield page
            return


class KicksByEmail(ChannelRemoval):
    """Asks Slack who has the e-mail now, and kicks that account."""

    async def _kick(self, step: Revocation) -> Answer:
        found = await self._client.read("users.lookupByEmail", email=step.membership.account.email)
        user = found.data["user"]["id"]
        return await self._client.call("conversations.kick", channel=step.membership.group.id, user=user)


class KicksAgain(ChannelRemoval):
    """Repeats a write whose answer was lost, and believes the second answer."""

    async def _kick(self, step: Revocation) -> Answer:
        try:
            return await super()._kick(step)
        except AnswerLost:
            return await super()._kick(step)


class TrustsNotInChannel(ChannelRemoval):
    """Takes `not_in_channel` at its word, though it may be said of the bot."""

    async def _disambiguate(self, step: Revocation, said: Answer) -> Result:
        return evidence.result_of(step.step_id, said)


class LosesAnotherMember(UserGroupRemoval):
    """Sends back one too few."""

    async def _write(
        self, group_id: str, steps: Sequence[Revocation], remaining: list[str]
    ) -> dict[str, Result]:
        return await super()._write(group_id, steps, remaining[:-1])


class EmptiesTheUserGroup(UserGroupRemoval):
    """Has no guard for the last member, and leaves it to Slack to refuse."""

    async def revoke(self, steps: Sequence[Revocation]) -> list[Result]:
        group_id = steps[0].membership.group.id
        before = await self._listing.user_group_members(group_id)
        if before != [step.account_id for step in steps]:
            return await super().revoke(steps)
        return list((await self._write(group_id, steps, [])).values())


def _slack(connector: ChatConnector) -> SlackConnector:
    assert isinstance(connector, SlackConnector)
    return connector


def first_page_only(connector: ChatConnector, _: Stage) -> ChatConnector:
    """Let the one client all parts share read first pages only."""
    slack = _slack(connector)
    slack._client.__class__ = FirstPageClient
    return slack


def with_removal(removal: type[ChannelRemoval], connector: ChatConnector) -> ChatConnector:
    """Replace how channels are left."""
    slack = _slack(connector)
    sound = slack._channels
    slack._channels = removal(sound._config, sound._client, sound._listing, sound._enterprise)
    return slack


def with_user_groups(removal: type[UserGroupRemoval], connector: ChatConnector) -> ChatConnector:
    """Replace how user groups are left."""
    slack = _slack(connector)
    sound = slack._user_groups
    slack._user_groups = removal(sound._config, sound._client, sound._listing, sound._directory)
    return slack
