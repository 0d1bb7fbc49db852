"""Who is told and who is asked: ties cases and delegated steps to notices and tasks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import Bawab
from bot.groups.succession import Succession
from bot.notices.asking import Asking
from bot.notices.directory import StoreDirectory
from bot.notices.enqueue import OUTCOMES
from bot.notices.outage_letters import outage_id
from bot.notices.outage_news import OutageNews
from bot.notices.outbox import Outbox
from bot.notices.ports import NoticeLimits
from bot.notices.recipients import Subject
from bot.notices.send import NoticeSender
from bot.settings import Settings
from bot.shown import look_before_asking
from bot.states import CASE_RUNNING, StepState
from bot.store.query import chunks, columns, where
from bot.store.tables import CaseRow, NoticeRow, StepRow
from bot.tasks.tasks import TaskRules, Tasks
from bot.values import event_from_plain

LOOK_BACK = timedelta(days=1)
"""A case that ended while the process died is looked at again after the restart."""
SETTLED = OUTCOMES | {StepState.CANCELLED}
"""What is on its way is told to nobody, so a step that moves on within it is no news."""
A_TRANSACTION = 20
"""Cases looked at in one transaction: a lane must not wait long for its turn to write."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case stands, as far as there is something to say of it."""

    state: str
    steps: int = 0
    settled: tuple[tuple[object, ...], ...] = ()
    """(instance, stage, state, how many, when the last of them was written) of what is on its way no more."""


class Messages:
    """The notice sender and the task keeper of one service."""

    def __init__(self, app: Bawab) -> None:
        self._app = app
        settings = app.settings
        limits = limits_of(settings)
        self._sender = NoticeSender(
            app.store,
            app.audit,
            {**app.chat, **app.posts},
            StoreDirectory(),
            app.registry,
            limits,
            app.now,
            deaf=deaf_channels(settings),
            judge=self._judge,
        )
        self._told: dict[str, Standing] = {}
        """case → how it stood when it was looked at; after a restart everything recent is new."""
        rules = TaskRules(it_contact=settings.it_contact)
        self.tasks = Tasks(app.store, app.audit, self._sender.outbox, rules, app.now)
        self.succession = Succession(app, self._sender.outbox)
        self._asking = Asking(app, self._sender.outbox)
        self._outages = OutageNews(app, self._sender.outbox)

    @property
    def outbox(self) -> Outbox:
        """What chooses the readers, by the rows of the group registry."""
        return self._sender.outbox

    async def delegate(self, tx: AsyncConnection, step: StepRow) -> None:
        """Make a task of a step that only a person can do, in the transaction that says so."""
        await self.tasks.open_task(tx, step)

    async def about_news(self) -> None:
        """Store what can now be said about every case that stands differently since the last look."""
        async with self._app.store.read() as tx:
            standing = await self._standing(tx)
        fresh = [case_id for case_id, now in standing.items() if self._told.get(case_id) != now]
        self._told = {case_id: now for case_id, now in self._told.items() if case_id in standing}
        for part in chunks([case_id for case_id in fresh if standing[case_id].settled], A_TRANSACTION):
            await self._app.store.at_once(partial(self._about, part))
            self._told |= {case_id: standing[case_id] for case_id in part}

    async def _standing(self, tx: AsyncConnection) -> dict[str, Standing]:
        """Sum up where each running or lately ended case stands, as far as there is anything to say."""
        cases, steps = columns(CaseRow), columns(StepRow)
        lately = cases.finished_at >= self._app.now() - LOOK_BACK
        looked = select(cases.id).where(or_(cases.state.in_(CASE_RUNNING), lately))
        states = {row[0]: row[1] for row in await tx.execute(looked.add_columns(cases.state))}
        # Grouped as `ix_step_stage` is ordered, which holds all that is read here.
        at = (steps.case_id, steps.instance, steps.stage, steps.state)
        summed = select(*at, func.count(), func.max(steps.updated_at)).where(steps.case_id.in_(looked))
        found: dict[str, Standing] = {}
        for case_id, *place, count, latest in await tx.execute(summed.group_by(*at).order_by(*at)):
            known = found.get(case_id) or Standing(states[case_id])
            news = ((*place, count, latest),) if place[-1] in SETTLED else ()
            found[case_id] = Standing(known.state, known.steps + count, known.settled + news)
        return found

    async def _about(self, ids: Sequence[str], tx: AsyncConnection) -> None:
        app, cases, steps = self._app, columns(CaseRow), columns(StepRow)
        taken: dict[str, list[StepRow]] = defaultdict(list)
        for step in await where(tx, StepRow, steps.case_id.in_(ids)):
            taken[step.case_id].append(step)
        for case in await where(tx, CaseRow, cases.id.in_(ids)):
            rule = (await app.shelf.version(tx, case.policy_digest)).rule(case.rule)
            person = event_from_plain(case.event).person
            await self._sender.enqueue_for_case(tx, case, taken[case.id], person, rule)

    async def send_due(self) -> None:
        """Chase what is late, ask who must decide, tell IT what is down, then send what waits."""
        now = self._app.now()
        await self.tasks.remind_due(now)
        await look_before_asking(self._app)
        await self._asking.ask_due()
        await self._outages.follow()
        await self._sender.send_due(now)

    async def _judge(self, tx: AsyncConnection, notice: NoticeRow) -> Subject | None:
        return await (self._outages if outage_id(notice) else self._asking).judge(tx, notice)


def limits_of(settings: Settings) -> NoticeLimits:
    """Give who may be written to, how often and by what, as the settings say."""
    told, only_to = settings.notices, settings.notices.only_to
    return NoticeLimits(
        per_hour=told.per_hour,
        per_person=told.per_person,
        only_to=None if only_to is None else frozenset(only_to),
        stopped=not told.enabled,
        language=settings.language,
        time_zone=settings.time_zone or "UTC",
        hijri=settings.console.hijri,
        channels=tuple(told.channels),
        console=settings.console.url.rstrip("/") if settings.console.url else None,
        patience=told.failover_after,
    )


def deaf_channels(settings: Settings) -> frozenset[str]:
    """Name the chat platforms whose pressed buttons nobody here would hear: their messages carry none."""
    heard = settings.listen is not None
    slack = {name for name, one in settings.slack.items() if not (one.app() or (heard and one.signing()))}
    telegram = {name for name, one in settings.telegram.items() if one.updates == "off"}
    return frozenset(slack | telegram)
