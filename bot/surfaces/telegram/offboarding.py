"""`/offboard` in a chat: whom, on which day, why, what they would lose, and one button that says it all."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.access.actor import Actor
from bot.acts.cases import open_case
from bot.app import Bawab
from bot.locale import N_, Translator
from bot.locale.digits import western
from bot.locale.keys import state_text
from bot.states import CaseState
from bot.store.access_tables import DraftRow
from bot.store.query import add, change, columns, one
from bot.surfaces.telegram.standing import plain
from bot.views.losses import Losses, ends
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
    when,
)
from bot.words.exit_types import EXIT_TYPES
from bot.words.holds import kind_text
from bot.words.kinds import worded
from connectors.messages import Button, Message, Passage
from policies.model import ExitType
from policies.roles import Permission

ACT = "od"
"""What all buttons of this conversation carry; their value is `draft:field:choice`."""
DAYS = 7
"""Days ahead that have a button; another day is written after the name."""
NEW = "new"
PATH = "telegram/offboard"
LASTS = timedelta(minutes=30)
AT_ONCE = 8
LONGEST_ID = 40
"""Of an employee id in a button; a longer one is written."""
_HOW = N_("Write whom it is about: {example}. A name, an employee id or a work e-mail address will do.")
_OVER = N_("This was decided already, or it took longer than half an hour. Write /offboard to begin again.")
_STOPPED = N_("Nothing was scheduled.")
_NOBODY = N_("HR knows nobody by {what}. Try the employee id.")
_NO_ZONE = N_(
    "Nobody has said in which time zone {person} works, so no last day can be reckoned. Schedule it in the "
    "console, where a zone can be chosen."
)
_WRONG_DAY = N_("{what} cannot be a last day here. Write /offboard and the person to begin again.")

Meanwhile = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What was chosen so far."""

    id: str
    person_id: str
    day: str = ""
    """As ISO writes it."""
    exit_type: str = ""
    count: int = 0
    seen: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What was shown: instance → group ids. It binds."""

    def plain(self) -> dict[str, Any]:
        """Give what the row keeps, by the names of the fields."""
        shown = {instance: list(groups) for instance, groups in self.seen.items()}
        return {
            "person_id": self.person_id,
            "day": self.day,
            "exit_type": self.exit_type,
            "count": self.count,
            "seen": shown,
        }

    def wish(self, zone: str) -> Wish:
        """Give it as the console's form would."""
        return Wish(self.day, "", zone, ExitType(self.exit_type or ExitType.UNSTATED))


class Offboarding:
    """One conversation after the other; what was chosen stands in a row, so a restart loses nothing."""

    def __init__(self, app: Bawab) -> None:
        self._app = app

    async def begin(self, who: Actor, t: Translator, words: str) -> Message:
        """Find whom it is about; a day may follow the name. Raises NotAllowed."""
        who.must(Permission.CASE_OPEN)
        sought, day = _with_day(words)
        if not sought:
            return plain(t, t.text(_HOW, example="/offboard E1042"))
        found = await find(self._app, who, sought)
        if not found.people:
            return plain(t, t.text(_NOBODY, what=t.isolate(sought[:100])))
        if found.meant:
            return await self._with(who, t, found.meant.id, day)
        return _choose_person(found.people, t, more=found.more or len(found.people) > AT_ONCE)

    async def pressed(self, who: Actor, t: Translator, value: str, meanwhile: Meanwhile) -> Message:
        """Go on by one choice; raises NotAllowed, CannotAct."""
        who.must(Permission.CASE_OPEN)
        draft, _, rest = value.partition(":")
        if draft == NEW:
            return await self._with(who, t, rest, "")
        plan = await self._plan(who, draft)
        if plan is None:
            return plain(t, t.text(_OVER))
        match rest.partition(":"):
            case ("day", _, day):
                return await self._next(who, t, replace(plan, day=day), meanwhile)
            case ("exit", _, exit_type):
                return await self._next(who, t, replace(plan, exit_type=exit_type), meanwhile)
            case ("do", _, _):
                return await self._schedule(who, t, plan)
            case _:
                await self._keep(who, plan, over=True)
                return plain(t, t.text(_STOPPED))

    async def _with(self, who: Actor, t: Translator, person_id: str, day: str) -> Message:
        """Begin with one person."""
        try:
            whom = await candidate(self._app, who, person_id)
        except NobodyThere:
            return plain(t, t.text(_NOBODY, what=t.isolate(person_id[:100])))
        if not whom.zone:
            return plain(t, t.text(_NO_ZONE, person=t.isolate(whom.name)))
        plan = Plan(secrets.token_hex(6), whom.id, day)
        await self._keep(who, plan)
        return _choose_exit(plan, whom, t) if day else self._choose_day(plan, whom, t)

    async def _next(self, who: Actor, t: Translator, plan: Plan, meanwhile: Meanwhile) -> Message:
        """Ask for what is still missing; then read the platforms and show what would happen."""
        whom = await candidate(self._app, who, plan.person_id)
        await self._keep(who, plan)
        if not plan.day:
            return self._choose_day(plan, whom, t)
        if not plan.exit_type:
            return _choose_exit(plan, whom, t)
        wish = plan.wish(whom.zone)
        moment = await when(self._app, who, plan.person_id, wish)
        if isinstance(moment, WrongWhen):
            return plain(t, t.text(_WRONG_DAY, what=t.isolate(plan.day)))
        await meanwhile(plain(t, t.text("Reading the platforms …")))
        lost = await offer(self._app, who, plan.person_id, wish)
        if isinstance(lost, WrongWhen):
            return plain(t, t.text(_WRONG_DAY, what=t.isolate(plan.day)))
        await self._keep(who, replace(plan, count=lost.count, seen=_of_one_case(lost)))
        return _preview(plan, whom, moment, lost, t)

    async def _schedule(self, who: Actor, t: Translator, plan: Plan) -> Message:
        whom = await candidate(self._app, who, plan.person_id)
        try:
            opened = await open_case(
                self._app,
                who,
                person_id=plan.person_id,
                last_day=date.fromisoformat(plan.day),
                zone=whom.zone,
                exit_type=ExitType(plan.exit_type),
                seen=plan.seen,
            )
        finally:
            await self._keep(who, plan, over=True)
        said = t.text(
            "{person}: {state}. {when}",
            person=t.isolate(whom.name),
            state=state_text(CaseState(opened.case.state), t),
            when=t.date_time(opened.case.due, opened.case.zone or whom.zone) if opened.case.due else "",
        )
        held = [kind_text(hold.kind, hold.cause or {}, t) for hold in opened.holds]
        return Message(tuple(Passage(line) for line in (said, *held)), t.language)

    def _choose_day(self, plan: Plan, whom: Candidate, t: Translator) -> Message:
        first = self._app.now().astimezone(ZoneInfo(whom.zone)).date()
        days = [first + timedelta(days=ahead) for ahead in range(DAYS)]
        stated = whom.last_day.date() if isinstance(whom.last_day, datetime) else whom.last_day
        if stated is not None and stated not in days:
            days = [stated, *days]
        asked = t.text(
            "{person}: which is the last day? Access ends when it ends there ({zone}). For another day, "
            "write it after the id: {example}",
            person=_named(whom, t),
            zone=t.isolate(whom.zone),
            example=t.isolate(f"/offboard {whom.id} {(first + timedelta(days=30)).isoformat()}"),
        )
        rows = [Button(t.day(day), ACT, f"{plan.id}:day:{day.isoformat()}") for day in days]
        return _with_buttons(asked, rows, plan, t)

    # What was chosen so far

    async def _plan(self, who: Actor, draft: str) -> Plan | None:
        drafts = columns(DraftRow)
        mine = [drafts.token_hash == f"{PATH}:{draft}", drafts.staff_id == who.id, drafts.path == PATH]
        async with self._app.store.read() as tx:
            row = await one(tx, DraftRow, *mine, drafts.expires_at > self._app.now())
        return Plan(id=draft, **row.fields) if row is not None else None

    async def _keep(self, who: Actor, plan: Plan, *, over: bool = False) -> None:
        """Keep what was chosen; once it is over, no button of this conversation does anything more."""
        now = self._app.now()
        key, until = f"{PATH}:{plan.id}", now if over else now + LASTS
        values: dict[str, Any] = {"fields": plan.plain(), "expires_at": until}
        async with self._app.store.write() as tx:
            if not await change(tx, DraftRow, values, columns(DraftRow).token_hash == key):
                row = DraftRow(token_hash=key, staff_id=who.id, path=PATH, created_at=now, **values)
                await add(tx, row)


def _of_one_case(lost: Losses) -> Mapping[str, Sequence[str]]:
    return next(iter(lost.seen.values()), {})


def _with_day(words: str) -> tuple[str, str]:
    """Part a day written last from the name before it."""
    name, _, last = words.strip().rpartition(" ")
    try:
        return (name.strip(), date.fromisoformat(western(last)).isoformat()) if name else (last, "")
    except ValueError:
        return words.strip(), ""


def _named(whom: Candidate | Found, t: Translator) -> str:
    return " · ".join(t.isolate(part) for part in (whom.name, whom.department) if part)


def _choose_person(people: Sequence[Found], t: Translator, *, more: bool) -> Message:
    able = [person for person in people[:AT_ONCE] if len(person.id.encode()) <= LONGEST_ID]
    buttons = [Button(f"{person.name} · {person.id}", ACT, f"{NEW}:{person.id}") for person in able]
    rows = [
        Passage(t.text("Who is meant?")),
        *(Passage(_named(one, t), (b,)) for one, b in zip(able, buttons, strict=True)),
    ]
    if more or len(able) < len(people):
        rows.append(Passage(t.text("There are more. Write more of the name, or the employee id.")))
    return Message(tuple(rows), t.language)


def _choose_exit(plan: Plan, whom: Candidate, t: Translator) -> Message:
    asked = t.text("{person}: why does the person leave? Only HR and IT see it.", person=_named(whom, t))
    rows = [Button(worded(EXIT_TYPES, one, t), ACT, f"{plan.id}:exit:{one}") for one in ExitType]
    return _with_buttons(asked, rows, plan, t)


def _with_buttons(text: str, buttons: Sequence[Button], plan: Plan, t: Translator) -> Message:
    """Put two buttons in a row: a phone cuts what is longer."""
    stop = Button(t.text("Stop"), ACT, f"{plan.id}:stop")
    pairs = [tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2)]
    rows = [Passage("", pair) for pair in (*pairs[1:], (stop,))]
    return Message((Passage(text, pairs[0]), *rows), t.language)


def _preview(plan: Plan, whom: Candidate, moment: When, lost: Losses, t: Translator) -> Message:
    """Say all that would happen, and name it on the button."""
    said = [_when_text(whom, moment, t), *_losses_text(lost, t)]
    if whom.observing:
        said.append(t.text("Bawab only observes until its first run is released: this will wait for that."))
    if moment.approval:
        said.append(t.text("Somebody else must approve it before it runs."))
    do = t.plural("Schedule: {n} group", "Schedule: {n} groups", lost.count)
    buttons = (
        Button(do, ACT, f"{plan.id}:do", "danger"),
        Button(t.text("Stop"), ACT, f"{plan.id}:stop"),
    )
    return Message((Passage("\n".join(said), buttons),), t.language)


def _when_text(whom: Candidate, moment: When, t: Translator) -> str:
    if moment.past:
        return t.text("{person}: access ends at once.", person=_named(whom, t))
    at = t.date_time(moment.due, moment.zone)
    return t.text("{person}: access ends {when}.", person=_named(whom, t), when=at)


def _losses_text(lost: Losses, t: Translator) -> Iterator[str]:
    for platform in lost.platforms:
        ending = [row for row in platform.rows if ends(row)]
        yield t.plural(
            "• {platform}: {n} group",
            "• {platform}: {n} groups",
            len(ending),
            platform=t.isolate(platform.title),
        )
    if lost.by_hand:
        yield t.plural(
            "{n} of them only a person can end: they will be asked.",
            "{n} of them only people can end: they will be asked.",
            lost.by_hand,
        )
    if not lost.complete:
        yield t.text("Not every platform could be read; what is found there later is listed, not left out.")
