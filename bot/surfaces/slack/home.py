"""The Home tab: what waits for its reader, by role, with the buttons to do it; fresh after every act."""

from __future__ import annotations

from collections.abc import Iterator

import structlog

from bot.app import Bawab
from bot.locale import Translator, translator
from bot.surfaces.slack import standing
from bot.surfaces.slack.commands import STRANGER
from bot.surfaces.slack.kit import Block, header, note, section, sure
from bot.surfaces.slack.whom import Caller, Speaker, Whom
from bot.views.reviews import runs
from bot.views.today import Today, today
from connectors.chat.slack import SlackConnector
from connectors.chat.slack.blocks import blocks
from connectors.errors import ConnectorError
from connectors.messages import Message, Passage
from connectors.wire import AnswerLost
from policies.roles import Permission

MOST_BLOCKS = 100
"""docs.slack.dev/reference/views: of a Home tab."""

logger = structlog.get_logger(__name__)


class Home:
    """The Home tabs of one workspace."""

    def __init__(self, app: Bawab, connector: SlackConnector, whom: Whom) -> None:
        self._app = app
        self._side = connector.app_side
        self._whom = whom

    async def opened(self, speaker: Speaker) -> None:
        """Show somebody who opened it their tab; a stranger sees that they are one."""
        caller = await self._whom.of(speaker)
        if caller is not None:
            await self.show(caller)
            return
        t = translator(self._app.settings.language)
        await self._publish(speaker.account_id, [section(t.text(STRANGER))])

    async def show(self, caller: Caller) -> None:
        """Publish somebody's tab as things stand now."""
        now = await today(self._app, caller.who)
        reviews = await self._unsigned(caller)
        made = [*_mine(now, caller), *_rest(self._app, now, caller, reviews)]
        await self._publish(caller.account_id, sure(made, caller.t)[:MOST_BLOCKS])

    async def _unsigned(self, caller: Caller) -> int:
        """Count the runs IT has not signed off, for whoever does."""
        if not caller.who.may(Permission.RUN_REVIEW):
            return 0
        return len((await runs(self._app, caller.who)).lines)

    async def _publish(self, account_id: str, made: list[Block]) -> None:
        try:
            await self._side.publish_home(account_id, {"type": "home", "blocks": made})
        except (ConnectorError, AnswerLost) as error:
            logger.warning("slack_home_unpublished", error=type(error).__name__)


def _mine(now: Today, caller: Caller) -> Iterator[Block]:
    t = caller.t
    yield header(t.text("Waits for you"))
    yield from _blocks(standing.waiting(now, caller.who, t), t)
    if now.groups:
        n = len(now.groups)
        yield note(t.plural("{n} registered group is yours.", "{n} registered groups are yours.", n))


def _rest(app: Bawab, now: Today, caller: Caller, reviews: int) -> Iterator[Block]:
    t, who = caller.t, caller.who
    if now.reads_cases:
        yield header(t.text("Where things stand"))
        yield from _blocks(list(standing.numbers(now, t)), t)
        lines = [standing.case_text(line, t) for line in now.cases[: standing.SHOWN]]
        yield from _blocks([Passage(line) for line in lines], t)
    if who.may(Permission.DRIFT_DECIDE) and now.drifts:
        again = t.plural(
            "{n} membership is there again, and somebody must decide.",
            "{n} memberships are there again, and somebody must decide.",
            now.drifts,
        )
        yield section(again)
    if reviews:
        yield section(
            t.plural("{n} run waits for IT's sign-off.", "{n} runs wait for IT's sign-off.", reviews)
        )
    if who.may(Permission.CASE_OPEN):
        yield note(t.text("Type /offboard anywhere in Slack to begin an offboarding."))
    yield from _blocks(list(standing.console(app, t)), t)


def _blocks(passages: list[Passage], t: Translator) -> list[Block]:
    return blocks(Message(tuple(passages), t.language))
