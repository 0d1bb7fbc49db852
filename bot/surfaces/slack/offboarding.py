"""`/offboard` as a form: whom and when, what they would lose, the count that confirms it, one case."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

from bot.access.actor import NotAllowed
from bot.acts.cases import Opened, open_case
from bot.acts.refusals import CannotAct
from bot.app import Bawab
from bot.locale import N_, Translator
from bot.locale.keys import state_text
from bot.states import CaseState
from bot.surfaces.slack import filled, forms
from bot.surfaces.slack.drafts import Draft, Drafts
from bot.surfaces.slack.filled import Filled
from bot.surfaces.slack.kit import MOST_OPTIONS, Block, option
from bot.surfaces.slack.later import Later
from bot.surfaces.slack.whom import Caller
from bot.views.offboarding import (
    Candidate,
    Found,
    NobodyThere,
    When,
    Wish,
    WrongWhen,
    candidate,
    find,
    offer,
    read_wish,
    when,
)
from connectors.chat.slack import SlackConnector
from connectors.errors import ConnectorError
from connectors.wire import AnswerLost
from policies.roles import Permission

PATIENCE_SECONDS = 2.0
"""Slack takes a form's answer within 3 s; what takes longer is shown in the form once it is there."""
PAUSE_SECONDS = 0.5
"""Between such an answer and what takes its place: Slack must have shown the one before it gets the other."""
Answer = Mapping[str, Any]
"""What a submission is acknowledged with."""

WRONG: dict[str, str] = {
    "no_day": N_("Choose the last day."),
    "bad_day": N_("This is no day."),
    "bad_time": N_("This is no time of day."),
    "no_zone": N_("Choose in which time zone this day ends."),
    "bad_zone": N_("This time zone is not known. Choose one from the list."),
    "far": N_("This is too far away. Look at the year again."),
    "no_rule": N_("No rule of the policy does anything on this day. Ask IT to look at it."),
}
_NOBODY = N_("HR knows nobody by this. Look at the name or the employee id again.")
OLD = N_("This form is too old. Close it and begin again.")
_COUNT = N_("Type the number that stands above.")
_UNREAD = N_("The platforms could not be read just now. Close this and begin again in a minute.")
_LATER = N_("This takes longer than usual. It goes on; the result is shown here.")


class Offboarding:
    """The forms of one workspace; every right is asked anew at each of them."""

    def __init__(self, app: Bawab, connector: SlackConnector, later: Later, patience: float) -> None:
        self._app = app
        self._patience = min(patience, PATIENCE_SECONDS)
        self._side = connector.app_side
        self._later = later
        self._drafts = Drafts(app, connector.instance)
        self._sending: dict[str, asyncio.Task[Answer]] = {}
        """By view: sent twice, a form is taken once, and both are told the same."""

    async def begin(self, caller: Caller, trigger_id: str, sought: str) -> str:
        """Open the form, the person preset where it is clear who is meant; raises NotAllowed.

        Gives what to say instead where nothing was opened, else nothing.
        """
        caller.who.must(Permission.CASE_OPEN)
        chosen: Candidate | None = None
        among: Sequence[Found] = ()
        if sought:
            found = await find(self._app, caller.who, sought)
            if not found.people:
                return caller.t.text(_NOBODY)
            sole = found.meant
            among = () if sole else found.people
            chosen = await candidate(self._app, caller.who, sole.id) if sole else None
        await self._side.open_view(trigger_id, forms.ask(caller.who, caller.t, chosen, among))
        return ""

    async def person_chosen(self, caller: Caller, view: Mapping[str, Any]) -> None:
        """Preset the zone, and say what is known, as soon as a person is chosen."""
        form = filled.read(view)
        try:
            chosen = await candidate(self._app, caller.who, form.person_id)
        except (NobodyThere, NotAllowed):
            return
        await self._show(form.view_id, forms.ask(caller.who, caller.t, chosen), hash_=form.hash)

    async def people(self, caller: Caller, typed: str) -> list[Block]:
        """Give people to choose from; raises NotAllowed."""
        caller.who.must(Permission.CASE_OPEN)
        return forms.people((await find(self._app, caller.who, typed[:200])).people, caller.t)

    def zones(self, typed: str) -> list[Block]:
        """Give the time zones whose name holds what was typed."""
        sought = typed.strip().casefold().replace(" ", "_")
        return [option(name, name) for name in sorted(available_timezones()) if sought in name.casefold()][
            :MOST_OPTIONS
        ]

    async def asked(self, caller: Caller, view: Mapping[str, Any]) -> Answer:
        """Look at the first form; where it is right, show what is lost."""
        caller.who.must(Permission.CASE_OPEN)
        form, t = filled.read(view), caller.t
        try:
            found = await when(self._app, caller.who, form.person_id, _wish(caller, form))
        except NobodyThere:
            return _errors(form.place(forms.PERSON), t.text(_NOBODY))
        if isinstance(found, WrongWhen):
            return _errors(form.place(_FIELDS.get(found.field, forms.DAY)), t.text(WRONG[found.why]))
        return await self._soon(form.view_id, self._look(caller, form, found), forms.reading(t), t)

    async def _look(self, caller: Caller, form: Filled, moment: When) -> Answer:
        """Read every platform, and give the form that says what is lost."""
        who, t, wish = caller.who, caller.t, _wish(caller, form)
        try:
            lost = await offer(self._app, who, form.person_id, wish)
            chosen = await candidate(self._app, who, form.person_id)
        except (ConnectorError, NobodyThere, NotAllowed):
            return _shows(forms.said(t.text(_UNREAD), t))
        if isinstance(lost, WrongWhen):
            return _shows(forms.said(t.text(WRONG[lost.why]), t))
        seen = {instance: sorted(groups) for instance, groups in lost.ending.items()}
        await self._drafts.keep(form.view_id, who.id, Draft(form.person_id, wish, seen))
        return _shows(forms.confirm(chosen, moment, lost, t))

    async def confirmed(self, caller: Caller, view: Mapping[str, Any]) -> Answer:
        """Open the case; sent twice, it is one."""
        form = filled.read(view)
        return await self._soon(
            form.view_id, self._once(caller, form), forms.said(caller.t.text(_LATER), caller.t), caller.t
        )

    async def _once(self, caller: Caller, form: Filled) -> Answer:
        """Open the case, or wait for the one that is being opened from the same form."""
        task = self._sending.get(form.view_id)
        if task is None:
            task = asyncio.create_task(self._open(caller, form))
            self._sending[form.view_id] = task
            task.add_done_callback(lambda _: self._sending.pop(form.view_id, None))
        return await asyncio.shield(task)

    async def _soon(
        self, view_id: str, work: Coroutine[Any, Any, Answer], meanwhile: forms.View, t: Translator
    ) -> Answer:
        """Give what some work comes to; where Slack cannot wait for it, show it in the form later."""
        task = asyncio.create_task(work)
        done, _ = await asyncio.wait({task}, timeout=self._patience)
        if done:
            return task.result()
        self._later.do(self._shown_late(view_id, task, t))
        return _shows(meanwhile)

    async def _open(self, caller: Caller, form: Filled) -> Answer:
        who, t = caller.who, caller.t
        draft = await self._drafts.of(form.view_id, who.id)
        place = form.place(forms.COUNT)
        if draft is None:
            return _errors(place, t.text(OLD))
        if form.count is None:
            return _errors(place, t.text(_COUNT))
        try:
            opened = await self._opened(caller, draft, form.count)
        except CannotAct as error:
            return _errors(place, error.said(t, who.zone))
        await self._drafts.forget(form.view_id)
        return _shows(forms.said(_told(opened, t), t))

    async def _opened(self, caller: Caller, draft: Draft, counted: int) -> Opened:
        last_day = read_wish(draft.wish)
        if isinstance(last_day, WrongWhen):
            raise CannotAct("no_moment", what=draft.wish.last_day)
        return await open_case(
            self._app,
            caller.who,
            person_id=draft.person_id,
            last_day=last_day,
            zone=draft.wish.zone or None,
            exit_type=draft.wish.exit_type,
            counted=counted,
            seen=draft.seen,
        )

    async def _shown_late(self, view_id: str, task: asyncio.Task[Answer], t: Translator) -> None:
        # What Slack was told to show meanwhile must be there first, or it would stand in this one's place.
        answer, _ = await asyncio.gather(task, asyncio.sleep(PAUSE_SECONDS))
        view = answer.get("view") or forms.said(" ".join(answer["errors"].values()), t)
        await self._show(view_id, view)

    async def _show(self, view_id: str, view: forms.View, *, hash_: str | None = None) -> None:
        """Put a view in a form's place; where it was closed or has moved on, that is nobody's loss."""
        try:
            await self._side.update_view(view_id, view, hash=hash_)
        except (ConnectorError, AnswerLost):
            return


_FIELDS = {"last_day": forms.DAY, "time": forms.TIME, "zone": forms.ZONE}


def _wish(caller: Caller, form: Filled) -> Wish:
    """Take the reason only from whoever may know reasons."""
    wish = form.wish
    return wish if caller.who.may(Permission.REASON_READ) else Wish(wish.last_day, wish.time, wish.zone)


def _shows(view: forms.View) -> Answer:
    return {"response_action": "update", "view": view}


def _errors(place: str, why: str) -> Answer:
    return {"response_action": "errors", "errors": {place: why}}


def _told(opened: Opened, t: Translator) -> str:
    case = opened.case
    state = state_text(CaseState(case.state), t)
    person = t.isolate(opened.person.name)
    if case.due is None:
        return t.text("{person}: {state}.", person=person, state=state)
    moment = t.date_time(case.due, case.zone or "UTC")
    return t.text("{person}: {state}. Access ends on {when}.", person=person, state=state, when=moment)
