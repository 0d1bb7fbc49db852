"""Pressed buttons: one door to the acts, the message changed in its place, the loser of a race told alone."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from bot.access.actor import NotAllowed
from bot.acts.buttons import press
from bot.acts.refusals import CannotAct
from bot.app import Bawab
from bot.locale import translator
from bot.surfaces.slack import forms, standing
from bot.surfaces.slack.commands import NOT_YOURS, STRANGER
from bot.surfaces.slack.home import Home
from bot.surfaces.slack.kit import Block, note
from bot.surfaces.slack.replies import Replies
from bot.surfaces.slack.turned_away import TurnedAway
from bot.surfaces.slack.whom import Caller, Whom, speaker_of
from connectors.chat.slack import SlackConnector
from connectors.chat.slack.blocks import OPENS
from connectors.errors import ConnectorError
from connectors.messages import Message, Passage
from connectors.wire import AnswerLost

OVER = frozenset(
    {
        "confirmed_already", "has_signed", "is_requester", "is_subject", "no_button", "no_hold", "no_task",
        "not_an_emergency", "nothing_missing", "rejected", "released", "task_ended", "withdrawn",
        "withdrawn_by",
    }
)  # fmt: skip
"""Refusals after which the same button can come to nothing any more."""


class Presses:
    """The buttons of one workspace."""

    def __init__(
        self, app: Bawab, connector: SlackConnector, whom: Whom, home: Home, turned_away: TurnedAway
    ) -> None:
        self._app = app
        self._side = connector.app_side
        self._whom = whom
        self._home = home
        self._replies = Replies(connector)
        self._turned_away = turned_away

    async def pressed(self, body: Mapping[str, Any]) -> None:
        """Do what a button stands for, if whoever pressed it may."""
        action = (body.get("actions") or [{}])[0]
        act, value = str(action.get("action_id") or ""), str(action.get("value") or "")
        if act == OPENS or not act:
            return
        caller = await self._whom.of(speaker_of(body))
        if caller is None:
            t = translator(self._app.settings.language)
            await self._replies.line(str(body.get("response_url") or ""), t.text(STRANGER), t)
            return
        told, over = await self._done(caller, act, value)
        await self._tell(caller, body, (act, value), told, over=over)

    async def _done(self, caller: Caller, act: str, value: str) -> tuple[str, bool]:
        """Do it; gives what is said, and whether the button has done its work."""
        t, who = caller.t, caller.who
        try:
            pressed = await press(self._app, who, act, value)
        except NotAllowed as refusal:
            await self._turned_away.note(str(refusal.permission), actor=who.logged)
            return t.text(NOT_YOURS), False
        except CannotAct as refusal:
            return refusal.said(t, who.zone), refusal.code in OVER
        when = t.date_time(self._app.now(), who.zone)
        said = t.text("{said} ({who}, {when})", said=pressed.said, who=t.isolate(who.name), when=when)
        return said, True

    async def _tell(
        self, caller: Caller, body: Mapping[str, Any], button: tuple[str, str], told: str, *, over: bool
    ) -> None:
        if (body.get("container") or {}).get("type") == "view":
            await self._in_view(caller, body, told)
            return
        url = str(body.get("response_url") or "")
        if not over:
            await self._replies.line(url, told, caller.t)
            return
        shown = (body.get("message") or {}).get("blocks")
        if shown:
            await self._replies.blocks_instead(url, _settled(shown, *button, told), told)
        else:
            # Slack does not hand over what only one person sees: it is said anew, without this button.
            fresh = await standing.status(self._app, caller.who, caller.t)
            passages = (Passage(told), *fresh.passages)
            await self._replies.instead(url, Message(passages, caller.t.language), caller.t)

    async def _in_view(self, caller: Caller, body: Mapping[str, Any], told: str) -> None:
        """Show what came of it over the Home tab, and the tab as it is now."""
        with suppress(ConnectorError, AnswerLost):  # the tab itself shows it
            await self._side.open_view(str(body.get("trigger_id") or ""), forms.said(told, caller.t))
        await self._home.show(caller)


def _settled(shown: list[Block], act: str, value: str, told: str) -> list[Block]:
    """Put what came of it where the button was pressed; all else in the message stays."""
    return [note(told) if _has(block, act, value) else block for block in shown]


def _has(block: Block, act: str, value: str) -> bool:
    buttons = block.get("elements", ()) if block.get("type") == "actions" else ()
    return any((one.get("action_id"), one.get("value", "")) == (act, value) for one in buttons)
