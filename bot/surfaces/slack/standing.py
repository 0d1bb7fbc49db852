"""Where things stand, in a message: what waits for the reader, with buttons; cases; help."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.access.actor import Actor
from bot.app import Bawab
from bot.locale import N_, Translator
from bot.locale.keys import remedy_text, state_text
from bot.views.case_lines import CaseLine
from bot.views.cases import cases
from bot.views.hold_lines import HoldLine
from bot.views.today import Today, today
from bot.views.waiting import EmergencyLine, TaskLine
from bot.words.approvals import ends_lines
from bot.words.holds import kind_text
from bot.words.kinds import KINDS, worded
from connectors.messages import Button, Message, Passage
from policies.model import Refusal
from policies.roles import Permission

SHOWN = 10
"""Of each sort: the console has the rest, and what is left out is counted."""
DIGEST = 16
"""Characters of a digest that a button carries."""
HELP = (
    (Permission.CASE_OPEN, "/offboard", N_("begin an offboarding: person, last day, preview, confirmation")),
    (Permission.CASE_OPEN, "/offboard E1042", N_("the same for this person: @name, employee id or name")),
    (None, "/offboard status", N_("what waits for you, and where the rest stands")),
    (Permission.CASE_READ, "/offboard status E1042", N_("one person's cases, or one case by its id")),
    (Permission.HOLD_RELEASE, "/offboard approve", N_("what waits for your approval")),
    (Permission.CASE_READ, "/offboard cases", N_("open cases, the late ones first")),
    (None, "/offboard help", N_("this list")),
)


def said(text: str, t: Translator) -> Message:
    """Give a message of one passage."""
    return Message((Passage(text),), t.language)


async def status(app: Bawab, who: Actor, t: Translator, sought: str = "") -> Message:
    """Say what waits for the reader, and numbers; with words, the cases these words find."""
    if sought:
        return await _found(app, who, t, sought)
    now = await today(app, who)
    passages = [*waiting(now, who, t), *numbers(now, t)]
    return Message((*passages, *console(app, t)), t.language)


async def to_approve(app: Bawab, who: Actor, t: Translator) -> Message:
    """Give what waits for the reader's word, a button for yes and one for no."""
    who.must(Permission.HOLD_RELEASE)
    now = await today(app, who)
    passages = [*_to_sign(now, who, t), *_to_confirm(now, t)]
    return Message(tuple(passages) or (Passage(t.text("Nothing waits for your word.")),), t.language)


async def open_cases(app: Bawab, who: Actor, t: Translator) -> Message:
    """List what is open, what is late first."""
    who.must(Permission.CASE_READ)
    now = await today(app, who)
    lines = [_late(line, t) for line in now.overdue] + [case_text(line, t) for line in now.cases]
    if not lines:
        return said(t.text("No case is open."), t)
    return Message(
        (*(Passage(line) for line in lines[:SHOWN]), *_rest(len(lines), t), *console(app, t)), t.language
    )


def help_for(who: Actor, t: Translator) -> Message:
    """Say what this reader may ask."""
    lines = [
        f"{t.isolate(typed)} – {t.text(why)}" for right, typed, why in HELP if right is None or who.may(right)
    ]
    return said("\n".join(lines), t)


def waiting(now: Today, who: Actor, t: Translator) -> list[Passage]:
    """Give all that waits for the reader, or say that nothing does."""
    found = [*_to_sign(now, who, t), *_to_confirm(now, t), *tasks(now.tasks, who, t)]
    if now.questions:
        waits = t.plural(
            "{n} account waits for somebody to say whose it is.",
            "{n} accounts wait for somebody to say whose they are.",
            len(now.questions),
        )
        found.append(Passage(waits))
    return found or [Passage(t.text("Nothing waits for you here."))]


def numbers(now: Today, t: Translator) -> Iterator[Passage]:
    """Give where the rest stands, for whoever reads cases."""
    if not now.reads_cases:
        return
    lines = [t.plural("Open: {n} case", "Open: {n} cases", now.open)]
    if now.overdue:
        lines.append(t.plural("Late: {n} case", "Late: {n} cases", len(now.overdue)))
    if now.observing:
        lines.append(t.text("Bawab only observes: it removes nobody before its first run is released."))
    lines += [
        t.text(
            "{platform} lets nothing out now; what waits goes on by itself.", platform=t.isolate(one.title)
        )
        for one in now.troubles
    ]
    yield Passage("\n".join(lines))
    yield from (Passage(_late(line, t)) for line in now.overdue[:SHOWN])


def case_text(line: CaseLine, t: Translator) -> str:
    """Say of one case whom it is about, where it stands and when it is due."""
    told = t.text(
        "{person} – {what}: {state}",
        person=t.isolate(line.person),
        what=worded(KINDS, line.kind, t),
        state=state_text(line.state, t),
    )
    return told if line.due is None else f"{told}\n{t.date_time(line.due, line.zone)}"


def console(app: Bawab, t: Translator) -> Iterator[Passage]:
    """Give the way to the rest, where there is a console."""
    url = app.settings.console.url
    if url:
        yield Passage(t.text("More is in the console."), (Button(t.text("Open it"), "", "", url=url),))


def tasks(found: Sequence[TaskLine], who: Actor, t: Translator) -> Iterator[Passage]:
    """Give each removal by hand with its buttons."""
    for task in found[:SHOWN]:
        buttons = (
            Button(t.text("Done: {group}", group=t.isolate(task.group)), "done", task.id, "primary"),
            Button(t.text("I cannot do this"), "cant", task.id),
        )
        yield Passage(_task(task, who, t), buttons)
    yield from _rest(len(found), t)


def _late(line: CaseLine, t: Translator) -> str:
    return t.text("Late: {case}", case=case_text(line, t))


async def _found(app: Bawab, who: Actor, t: Translator, sought: str) -> Message:
    page = await cases(app, who, which="all", text=sought, limit=SHOWN)
    if not page.lines:
        return said(t.text("No case is found by {what}.", what=t.isolate(sought[:100])), t)
    more = [Passage(t.text("There are more; name the person or the case."))] if page.next else []
    return Message((*(Passage(case_text(line, t)) for line in page.lines), *more), t.language)


def _to_sign(now: Today, who: Actor, t: Translator) -> Iterator[Passage]:
    due = {line.id: line for line in (*now.overdue, *now.cases)}
    for hold in now.to_sign[:SHOWN]:
        value = hold.digest[:DIGEST]
        line = due.get(hold.cases[0]) if len(hold.cases) == 1 else None
        buttons = (
            Button(_approve(hold, line, t), "ok", value, "primary"),
            Button(t.text("Reject: {why}", why=kind_text(hold.kind, hold.cause, t)), "no", value, "danger"),
        )
        yield Passage(_held(hold, line, who, t), buttons)
    yield from _rest(len(now.to_sign), t)


def _approve(hold: HoldLine, line: CaseLine | None, t: Translator) -> str:
    """Name the act: whom, and when."""
    if line is None:
        return t.plural("Approve: {n} of them", "Approve: all {n}", hold.count)
    if line.due is None:
        return t.text("Approve: {person}", person=t.isolate(line.person))
    when = t.date_time(line.due, line.zone)
    return t.text("Approve: {person}, {when}", person=t.isolate(line.person), when=when)


def _held(hold: HoldLine, line: CaseLine | None, who: Actor, t: Translator) -> str:
    people = t.list([t.isolate(name) for name in hold.people[:SHOWN]])
    why = kind_text(hold.kind, hold.cause, t)
    lines = [t.text("{people}: {why}", people=people, why=why) if people else why]
    if line is not None and line.due is not None:
        lines.append(t.date_time(line.due, line.zone))
    lines += ends_lines(hold.shown, t)
    lines += [
        t.text("{who} approved on {when}.", who=t.isolate(one.name), when=t.date_time(one.at, who.zone))
        for one in hold.signed
        if one.verdict == "approve"
    ]
    return "\n".join(lines)


def _to_confirm(now: Today, t: Translator) -> Iterator[Passage]:
    for line in now.to_confirm[:SHOWN]:
        buttons = (
            Button(t.text("Confirm: it was right"), "conf", line.case_id, "primary"),
            Button(t.text("Dispute: it was wrong"), "disp", line.case_id, "danger"),
        )
        yield Passage(_emergency(line, t), buttons)


def _emergency(line: EmergencyLine, t: Translator) -> str:
    return t.text(
        "{who} had {person} taken out at once, without an approval. A second person must say whether it was "
        "right.",
        who=t.isolate(line.requested_by),
        person=t.isolate(line.person),
    )


def _task(task: TaskLine, who: Actor, t: Translator) -> str:
    told = t.text(
        "Take {person} out of {group} ({platform}) by {when}.",
        person=t.isolate(task.person),
        group=t.isolate(task.group),
        platform=t.isolate(task.title),
        when=t.date_time(task.deadline, who.zone),
    )
    return f"{told}\n{remedy_text(Refusal(task.refusal), t)}" if task.refusal else told


def _rest(count: int, t: Translator) -> Iterator[Passage]:
    if count > SHOWN:
        yield Passage(t.plural("{n} more is in the console.", "{n} more are in the console.", count - SHOWN))
