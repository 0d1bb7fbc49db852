"""`/offboard` and what may follow it: answered to the asker alone and in their language."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.access.actor import NotAllowed
from bot.acts.refusals import CannotAct
from bot.app import Bawab
from bot.locale import N_, translator
from bot.notices.directory import StoreDirectory
from bot.surfaces.slack import standing
from bot.surfaces.slack.offboarding import Offboarding
from bot.surfaces.slack.replies import Replies
from bot.surfaces.slack.turned_away import TurnedAway
from bot.surfaces.slack.whom import Caller, Whom, speaker_of
from connectors.chat.slack import SlackConnector
from connectors.errors import ConnectorError
from connectors.messages import Message
from connectors.wire import AnswerLost
from policies.roles import Permission

COMMAND = "/offboard"
LONGEST = 300
"""Characters of what is typed after the command that are read."""
STRANGER = N_(
    "Bawab does not know this account. If you work with Bawab, ask IT to tie your account to your staff "
    "record."
)
NOT_YOURS = N_("Your role does not include this. `/offboard help` says what you can ask here.")
_TROUBLE = N_("Slack or Bawab was too slow for this. Please type it once more.")
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")

Answers = Callable[[Caller, str], Awaitable[Message | None]]


class Commands:
    """One workspace's `/offboard`."""

    def __init__(
        self,
        app: Bawab,
        connector: SlackConnector,
        whom: Whom,
        offboarding: Offboarding,
        turned_away: TurnedAway,
    ) -> None:
        self._app = app
        self._instance = connector.instance
        self._whom = whom
        self._replies = Replies(connector)
        self._offboarding = offboarding
        self._turned_away = turned_away

    async def answer(self, body: Mapping[str, Any]) -> None:
        """Answer one command; whoever is nobody here is told so, and nothing else."""
        url = str(body.get("response_url") or "")
        caller = await self._whom.of(speaker_of(body))
        if caller is None:
            t = translator(self._app.settings.language)
            await self._replies.line(url, t.text(STRANGER), t)
            return
        try:
            message = await self._message(
                caller, str(body.get("trigger_id") or ""), str(body.get("text") or "")
            )
        except NotAllowed as refusal:
            await self._turned_away.note(str(refusal.permission), actor=caller.who.logged)
            message = standing.said(caller.t.text(NOT_YOURS), caller.t)
        except CannotAct as refusal:
            message = standing.said(refusal.said(caller.t, caller.who.zone), caller.t)
        except (ConnectorError, AnswerLost):
            message = standing.said(caller.t.text(_TROUBLE), caller.t)
        if message is not None:
            await self._replies.only_you(url, message, caller.t)

    async def _message(self, caller: Caller, trigger_id: str, text: str) -> Message | None:
        word, _, rest = text[:LONGEST].strip().partition(" ")
        known: dict[str, Answers] = {
            "help": self._help,
            "status": self._status,
            "approve": self._approve,
            "cases": self._cases,
        }
        answer = known.get(word.casefold())
        if answer is not None:
            return await answer(caller, rest.strip())
        sought = await self._named(caller, text[:LONGEST].strip())
        instead = await self._offboarding.begin(caller, trigger_id, sought)
        return standing.said(instead, caller.t) if instead else None

    async def _help(self, caller: Caller, _rest: str) -> Message:
        return standing.help_for(caller.who, caller.t)

    async def _status(self, caller: Caller, rest: str) -> Message:
        sought = await self._named(caller, rest) if rest else ""
        return await standing.status(self._app, caller.who, caller.t, sought)

    async def _approve(self, caller: Caller, _rest: str) -> Message:
        return await standing.to_approve(self._app, caller.who, caller.t)

    async def _cases(self, caller: Caller, _rest: str) -> Message:
        return await standing.open_cases(self._app, caller.who, caller.t)

    async def _named(self, caller: Caller, typed: str) -> str:
        """Give the employee id of whoever is mentioned, where that is certain; else what was typed."""
        found = _MENTION.fullmatch(typed)
        if found is None:
            return typed
        caller.who.must(Permission.PERSON_READ)
        async with self._app.store.read() as tx:
            person_id = await StoreDirectory().person_of(tx, self._instance, found[1])
        return person_id or typed
