"""One workspace's app: what people do in Slack, handed to whoever answers it; HTTP or websocket alike."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.access.actor import NotAllowed
from bot.app import Bawab
from bot.locale import translator
from bot.surfaces.slack import forms
from bot.surfaces.slack.commands import COMMAND, NOT_YOURS, STRANGER, Commands
from bot.surfaces.slack.events import PATIENCE_SECONDS, Events
from bot.surfaces.slack.home import Home
from bot.surfaces.slack.later import Later
from bot.surfaces.slack.offboarding import OLD, Answer, Offboarding
from bot.surfaces.slack.presses import Presses
from bot.surfaces.slack.turned_away import TurnedAway
from bot.surfaces.slack.whom import Caller, Speaker, Whom, speaker_of
from connectors.chat.slack import SlackConnector

_Body = dict[str, Any]
_Take = Callable[[Caller, Mapping[str, Any]], Awaitable[Answer]]
_ANY = re.compile(".*", re.DOTALL)


class Surface:
    """Everything people meet in one workspace."""

    def __init__(self, app: Bawab, connector: SlackConnector, patience: float = PATIENCE_SECONDS) -> None:
        self._app = app
        self._connector = connector
        self.later = Later()
        self.turned_away = TurnedAway(app, connector.instance)
        self._whom = Whom(app, connector, self.turned_away)
        self._offboarding = Offboarding(app, connector, self.later, patience)
        self._commands = Commands(app, connector, self._whom, self._offboarding, self.turned_away)
        self._home = Home(app, connector, self._whom)
        self._presses = Presses(app, connector, self._whom, self._home, self.turned_away)
        self._events = Events(app, connector, patience, self._home_opened)

    def bolt(self, signing_secret: str = "") -> AsyncApp:
        """Give the Bolt app; an event is answered once it is stored, all else at once, and then done."""
        logger = logging.getLogger("bawab.slack.events")
        # Bolt's warnings quote the bodies of requests, and bodies may hold messages.
        logger.setLevel(logging.CRITICAL)
        app = AsyncApp(
            name="bawab",
            logger=logger,
            client=self._connector.web_client,
            signing_secret=signing_secret,
            authorize=_nobody_asked,
            process_before_response=True,
            ignoring_self_events_enabled=False,
            attaching_function_token_enabled=False,
            attaching_conversation_kwargs_enabled=False,
        )
        app.command(COMMAND)(self._command)
        app.options(_ANY)(self._suggest)
        app.view(forms.ASK)(self._asked)
        app.view(forms.CONFIRM)(self._confirmed)
        app.view(_ANY)(self._unknown_form)
        app.action(forms.PERSON)(self._person_chosen)
        app.action(_ANY)(self._pressed)
        # Every event: one without a listener is answered 404, and Slack stops telling whoever fails.
        app.event(re.compile(".+"))(self._events.take)
        return app

    async def _command(self, ack: AsyncAck, body: _Body) -> None:
        await ack()
        self.later.do(self._commands.answer(body))

    async def _pressed(self, ack: AsyncAck, body: _Body) -> None:
        await ack()
        self.later.do(self._presses.pressed(body))

    async def _suggest(self, ack: AsyncAck, body: _Body) -> None:
        """Give choices; to whoever is nobody here, none."""
        caller = await self._whom.of(speaker_of(body))
        if caller is None:
            await ack(options=[])
        elif body.get("action_id") == forms.ZONE:
            await ack(options=self._offboarding.zones(str(body.get("value") or "")))
        else:
            await ack(options=await self._people(caller, body))

    async def _people(self, caller: Caller, body: _Body) -> list[dict[str, Any]]:
        try:
            return await self._offboarding.people(caller, str(body.get("value") or ""))
        except NotAllowed as refusal:
            await self.turned_away.note(str(refusal.permission), actor=caller.who.logged)
            return []

    async def _person_chosen(self, ack: AsyncAck, body: _Body) -> None:
        await ack()
        self.later.do(self._preset(body))

    async def _preset(self, body: _Body) -> None:
        caller = await self._whom.of(speaker_of(body))
        if caller is not None:
            await self._offboarding.person_chosen(caller, body.get("view") or {})

    async def _asked(self, ack: AsyncAck, body: _Body) -> None:
        await self._submitted(ack, body, self._offboarding.asked)

    async def _confirmed(self, ack: AsyncAck, body: _Body) -> None:
        await self._submitted(ack, body, self._offboarding.confirmed)

    async def _unknown_form(self, ack: AsyncAck) -> None:
        """Say of a form that this release does not know any more that it leads nowhere."""
        t = translator(self._app.settings.language)
        await ack(response_action="update", view=forms.said(t.text(OLD), t))

    async def _submitted(self, ack: AsyncAck, body: _Body, take: _Take) -> None:
        """Take a form from whoever may send it at this very moment; roles may have ended since it opened."""
        caller = await self._whom.of(speaker_of(body))
        t = caller.t if caller else translator(self._app.settings.language)
        if caller is None:
            await ack(response_action="update", view=forms.said(t.text(STRANGER), t))
            return
        try:
            await ack(**await take(caller, body.get("view") or {}))
        except NotAllowed as refusal:
            await self.turned_away.note(str(refusal.permission), actor=caller.who.logged)
            await ack(response_action="update", view=forms.said(t.text(NOT_YOURS), t))

    async def _home_opened(self, event: _Body, body: _Body) -> None:
        if event.get("tab") == "home":
            team = str(body.get("team_id") or "")
            speaker = Speaker(str(event.get("user") or ""), team, (team,))
            self.later.do(self._home.opened(speaker))


async def _nobody_asked() -> AuthorizeResult:
    """Requests need no token of their own: their signature is their proof, and Slack is asked nothing."""
    return AuthorizeResult(enterprise_id=None, team_id=None)
