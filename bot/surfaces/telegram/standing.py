"""Where things stand, in a chat: what needs the reader first, then numbers; their groups; one's case."""

from __future__ import annotations

from collections.abc import Iterator

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

SHOWN = 8
"""Of each sort: a chat is no list. What is left out is counted."""
DIGEST = 16
"""Characters of a digest that a button carries."""
_NOTHING = N_("Nothing waits for you.")


def plain(t: Translator, text: str) -> Message:
    """Give a message of one passage."""
    return Message((Passage(text),), t.language)


async def status(app: Bawab, who: Actor, t: Translator, words: str) -> Message:
    """Say what needs the reader and where the rest stands; with words, the cases these words find."""
    if words and who.may(Permission.CASE_READ):
        return await _found(app, who, t, words)
    now = await today(app, who)
    passages = [*_to_sign(now, t), *_to_confirm(now, t), *_tasks(now.tasks, who, t), *_numbers(now, t)]
    if not now.needs_me:
        passages.insert(0, Passage(t.text(_NOTHING)))
    return Message((*passages, *_console(app, t)), t.language)


async def my_groups(app: Bawab, who: Actor, t: Translator) -> Message:
    """Give the groups somebody answers for, and a button for each thing only they can do."""
    who.must(Permission.OWN_GROUPS)
    now = await today(app, who)
    lines = [
        t.text("• {group} ({platform})", group=t.isolate(group.name), platform=t.isolate(group.title))
        for group in now.groups[:SHOWN]
    ]
    if len(now.groups) > SHOWN:
        lines.append(t.plural("… and {n} more", "… and {n} more of them", len(now.groups) - SHOWN))
    said = t.plural("You look after {n} group:", "You look after {n} groups:", len(now.groups))
    none = t.text("No registered group names you as its owner or deputy.")
    owned = Passage("\n".join([said, *lines]) if now.groups else none)
    return Message((owned, *_tasks(now.tasks, who, t), *_console(app, t)), t.language)


async def _found(app: Bawab, who: Actor, t: Translator, words: str) -> Message:
    page = await cases(app, who, which="all", text=words, limit=SHOWN)
    if not page.lines:
        return plain(t, t.text("No case is found for {what}.", what=t.isolate(words[:100])))
    return Message(tuple(Passage(case_text(line, t)) for line in page.lines), t.language)


def case_text(line: CaseLine, t: Translator) -> str:
    """Say of one case whom it is about, when, and where it stands."""
    said = t.text(
        "{person} {what}: {state}",
        person=t.isolate(line.person),
        what=worded(KINDS, line.kind, t),
        state=state_text(line.state, t),
    )
    return said if line.due is None else f"{said}\n{t.date_time(line.due, line.zone)}"


def _to_sign(now: Today, t: Translator) -> Iterator[Passage]:
    for hold in now.to_sign[:SHOWN]:
        value = hold.digest[:DIGEST]
        counted = t.plural("Approve: {n} person", "Approve: {n} people", hold.count)
        yes = counted if hold.count else t.text("Approve")
        buttons = (Button(yes, "ok", value, "primary"), Button(t.text("Reject"), "no", value, "danger"))
        yield Passage(_held(hold, t), buttons)
    yield from _rest(len(now.to_sign), t)


def _held(hold: HoldLine, t: Translator) -> str:
    why = kind_text(hold.kind, hold.cause, t)
    if hold.people:
        names = t.list([t.isolate(name) for name in hold.people[:SHOWN]])
        said = t.text("Waits for your word: {why} – {people}", why=why, people=names)
    else:
        said = t.text("Waits for your word: {why}", why=why)
    return "\n".join([said, *ends_lines(hold.shown, t)])


def _to_confirm(now: Today, t: Translator) -> Iterator[Passage]:
    for line in now.to_confirm[:SHOWN]:
        buttons = (
            Button(t.text("It was right"), "conf", line.case_id, "primary"),
            Button(t.text("It was wrong"), "disp", line.case_id, "danger"),
        )
        yield Passage(_emergency(line, t), buttons)


def _emergency(line: EmergencyLine, t: Translator) -> str:
    return t.text(
        "{who} ended the access of {person} at once, before anybody was asked. Was it right?",
        who=t.isolate(line.requested_by),
        person=t.isolate(line.person),
    )


def _tasks(tasks: tuple[TaskLine, ...], who: Actor, t: Translator) -> Iterator[Passage]:
    for task in tasks[:SHOWN]:
        buttons = (
            Button(t.text("Done: {group}", group=task.group), "done", task.id, "primary"),
            Button(t.text("I cannot"), "cant", task.id),
        )
        yield Passage(_task(task, who, t), buttons)
    yield from _rest(len(tasks), t)


def _task(task: TaskLine, who: Actor, t: Translator) -> str:
    said = t.text(
        "By {when}: take {person} out of {group} ({platform}).",
        when=t.date_time(task.deadline, who.zone),
        person=t.isolate(task.person),
        group=t.isolate(task.group),
        platform=t.isolate(task.title),
    )
    return f"{said}\n{remedy_text(Refusal(task.refusal), t)}" if task.refusal else said


def _rest(count: int, t: Translator) -> Iterator[Passage]:
    if count > SHOWN:
        yield Passage(t.plural("… and {n} more", "… and {n} more of them", count - SHOWN))


def _numbers(now: Today, t: Translator) -> Iterator[Passage]:
    if not now.reads_cases:
        return
    lines = [t.plural("{n} case is open.", "{n} cases are open.", now.open)]
    if now.overdue:
        lines.append(t.plural("{n} case is overdue.", "{n} cases are overdue.", len(now.overdue)))
    if now.observing:
        lines.append(t.text("Bawab only observes until its first run is released."))
    lines += [
        t.text("{platform} does not answer; its work waits.", platform=t.isolate(trouble.title))
        for trouble in now.troubles
    ]
    lines += [case_text(line, t) for line in now.cases[:SHOWN]]
    yield Passage("\n".join(lines))


def _console(app: Bawab, t: Translator) -> Iterator[Passage]:
    url = app.settings.console.url
    if url:
        yield Passage(t.text("Everything else:"), (Button(t.text("Open the console"), "", "", url=url),))
