"""The one list of all that only its reader can do, over every case: a button for each group, bounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from bot.locale import Translator
from bot.notices.saying import LONGEST_ON_BUTTON, MOST_CHARACTERS, Means, named
from connectors.messages import Button, Passage

MOST_TASKS = 20
"""Each takes two of Slack's 50 blocks, and two of Telegram's 100 buttons."""
ORDER = ("escalation", "reminder", "second", "new")
PAGE = "/tasks"


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One thing only the reader can do, until when, and the id it is confirmed by."""

    id: str
    person: str
    """Whose membership is to end."""
    group: str
    deadline: datetime
    kind: str = "new"
    """new | reminder | escalation | second: what became of it so far."""
    second_needed: bool = False
    """A second, different person must confirm as well."""
    guide: tuple[str, ...] = ()
    """What to do, in order, in the reader's language."""


def task_list(tasks: Sequence[TaskLine], zone: str, t: Translator, means: Means) -> tuple[Passage, ...]:
    """Give the list, the most pressing first; what does not fit is counted, with a link to all of it."""
    ordered = sorted(tasks, key=lambda one: (ORDER.index(one.kind), one.person, one.deadline, one.group))
    shown = _fitting(ordered, zone, t, means)
    passages: list[Passage] = []
    for (kind, person), found in groupby(shown, key=lambda one: (one.kind, one.person)):
        some = list(found)
        total = sum(1 for one in ordered if (one.kind, one.person) == (kind, person))
        passages += _chapter(_opening(kind, total, named(person, t), t), some, zone, t, means)
    rest = len(ordered) - len(shown)
    more = t.plural("… and {n} more task", "… and {n} more tasks", rest) if rest else ""
    link = means.link(PAGE, t.text("Open all my tasks"))
    return (*passages, Passage(more, link)) if more or link else tuple(passages)


def _chapter(
    opening: str, tasks: Sequence[TaskLine], zone: str, t: Translator, means: Means
) -> list[Passage]:
    lines = [_line(task, zone, t, means) for task in tasks]
    if not means.buttons:
        return [Passage("\n".join([opening, *lines]))]
    return [
        Passage(opening),
        *[Passage(line, _buttons(task, t)) for line, task in zip(lines, tasks, strict=True)],
    ]


def _fitting(tasks: Sequence[TaskLine], zone: str, t: Translator, means: Means) -> list[TaskLine]:
    kept: list[TaskLine] = []
    room = MOST_CHARACTERS
    for task in tasks[:MOST_TASKS]:
        opening = 200 if not kept or (kept[-1].kind, kept[-1].person) != (task.kind, task.person) else 0
        room -= len(_line(task, zone, t, means)) + 2 + opening
        if kept and room < 0:
            break
        kept.append(task)
    return kept


def _line(task: TaskLine, zone: str, t: Translator, means: Means) -> str:
    group, deadline = named(task.group, t), t.date_time(task.deadline, zone)
    if means.buttons or means.console:
        said = t.text("• {group}: by {deadline}", group=group, deadline=deadline)
    else:
        command = t.isolate(f"bawab task attest {task.id}")
        said = t.text(
            "• {group}: by {deadline}. When it is done: {command}",
            group=group,
            deadline=deadline,
            command=command,
        )
    lines = [said]
    if task.second_needed:
        lines.append(t.text("   A second person must look and confirm as well."))
    return "\n".join([*lines, *[f"   {t.number(place)}. {step}" for place, step in enumerate(task.guide, 1)]])


def _buttons(task: TaskLine, t: Translator) -> tuple[Button, ...]:
    group = named(task.group, t, LONGEST_ON_BUTTON)
    return (
        Button(t.text("Done: {group}", group=group), "done", task.id, "primary"),
        Button(t.text("I cannot: {group}", group=group), "cant", task.id),
    )


def all_done(t: Translator) -> tuple[Passage, ...]:
    """Give what stands there once nothing on the list is left to do."""
    return (Passage(t.text("Nothing on this list is left for you to do. Thank you.")),)


def newer_list(t: Translator) -> tuple[Passage, ...]:
    """Give what stands there once a newer list was sent."""
    return (Passage(t.text("There is a newer list of what waits for you, below.")),)


def _opening(kind: str, n: int, person: str, t: Translator) -> str:
    if kind == "reminder":
        return t.plural(
            "Reminder: please remove {person} by hand from {n} group, then confirm it:",
            "Reminder: please remove {person} by hand from {n} groups, then confirm each:",
            n,
            person=person,
        )
    if kind == "escalation":
        return t.plural(
            "This was not confirmed in time. Please remove {person} by hand from {n} group:",
            "This was not confirmed in time. Please remove {person} by hand from {n} groups:",
            n,
            person=person,
        )
    if kind == "second":
        return t.plural(
            "One person has confirmed that {person} is out of {n} group. Please look and confirm it too:",
            "One person has confirmed that {person} is out of {n} groups. Please look and confirm it too:",
            n,
            person=person,
        )
    return t.plural(
        "Please remove {person} by hand from {n} group, which Bawab cannot reach, then confirm it:",
        "Please remove {person} by hand from {n} groups, which Bawab cannot reach, then confirm each:",
        n,
        person=person,
    )
