"""Who is asking in Slack: an account of this workspace that is certainly one person's, with a role here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.access.actor import Actor
from bot.access.actors import actor_by_account
from bot.app import Bawab
from bot.locale import Translator
from bot.surfaces.slack.turned_away import TurnedAway
from connectors.chat.slack import SlackConnector
from connectors.errors import ConnectorError
from policies.model import Account, AccountKind


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who may use Bawab here, and their language."""

    who: Actor
    account_id: str
    t: Translator


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whom a request names: an account, and the workspaces (or organisation) Slack says it comes from."""

    account_id: str
    team_id: str
    homes: tuple[str, ...]
    """Where the person belongs; somebody from elsewhere acts here through a shared channel."""


def speaker_of(body: Mapping[str, Any]) -> Speaker:
    """Read who acts, which a command writes otherwise than a press, a submission or a suggestion."""
    user = body.get("user")
    if not isinstance(user, Mapping):
        home = (str(body.get("team_id") or ""), str(body.get("enterprise_id") or ""))
        return Speaker(str(body.get("user_id") or ""), home[0], home)
    team, organisation = body.get("team") or {}, body.get("enterprise") or {}
    here = str(team.get("id") or user.get("team_id") or organisation.get("id") or "")
    return Speaker(str(user.get("id") or ""), here, (str(user.get("team_id") or here),))


class Whom:
    """Asks Slack and the store anew each time: whoever left a minute ago is nobody here."""

    def __init__(self, app: Bawab, connector: SlackConnector, turned_away: TurnedAway) -> None:
        self._app = app
        self._connector = connector
        self._turned_away = turned_away

    async def of(self, speaker: Speaker) -> Caller | None:
        """Give who asks; None for everybody else, and one entry in the log that says why."""
        try:
            why = await self._not_ours(speaker)
        except ConnectorError:
            why = "platform_unreachable"
        if why:
            await self._turned_away.note(why, account_id=speaker.account_id)
            return None
        async with self._app.store.read() as tx:
            who = await actor_by_account(self._app, tx, self._connector.instance, speaker.account_id, "slack")
        if who is None:
            await self._turned_away.note("nobody_here", account_id=speaker.account_id)
            return None
        return Caller(who, speaker.account_id, who.translator)

    async def _not_ours(self, speaker: Speaker) -> str:
        """Say why an account is turned away before anybody looks whose it is; empty where it is not."""
        side = self._connector.app_side
        if not speaker.account_id or not await side.is_ours(speaker.team_id):
            return "other_workspace"
        if not await side.is_ours(*speaker.homes):
            return "other_workspace"
        return _why_not(await side.account(speaker.account_id))


def _why_not(account: Account | None) -> str:
    if account is None:
        return "unknown_account"
    if not account.active:
        return "deactivated"
    return "" if account.kind is AccountKind.MEMBER else f"is_{account.kind}"
